//! Grants: messages to values and back.

use niva_access::Scope;
use niva_assessment_domain::Grant;
use niva_base::{OpError, Violations};
use niva_calendar::{Interval, NaiveDate};
use niva_facts::{Fact, Info};
use niva_models::GrantScope;
use niva_names::{GrantId, ServiceCatalogue};
use niva_proto::assessment::v1 as pb;
use niva_proto::common::v1 as common;
use niva_rpc::wire::{read, write};
use niva_store::Secrets;
use niva_store::page::PageRequest;

use crate::grants::Filter;
use crate::wire::{district, fact_id, listed, page, periods, service};

/// A grant as a caller tells of one; `made` is the id of one that is recorded without.
pub(super) fn told(
    given: Option<&pb::Grant>,
    made: Option<GrantId>,
    city: &ServiceCatalogue,
) -> Result<Grant, OpError> {
    let mut v = Violations::new();
    let given = v.required("grant", given);
    let grant = given.and_then(|given| v.nested("grant", |v| grant(v, given, made, Some(city))));
    v.finish_with(grant)
}

/// A grant as stored.
pub(crate) fn stored(given: &pb::Grant) -> Result<Grant, OpError> {
    let mut v = Violations::new();
    let read = grant(&mut v, given, None, None);
    v.finish_with(read).map_err(|e| OpError::internal(format!("grant {}: {e}", given.grant_id)))
}

/// A grant; its district must be the city's, if one is given.
pub(crate) fn grant(
    v: &mut Violations,
    given: &pb::Grant,
    made: Option<GrantId>,
    city: Option<&ServiceCatalogue>,
) -> Option<Grant> {
    let grant_id = fact_id(v, "grant_id", &given.grant_id, made);
    let person_id = read::id(v, "person_id", &given.person_id);
    let service = service(v, "service", &given.service, city);
    let district = district(v, "district", &given.district, city, given.valid.and_then(|valid| valid.first));
    let valid = read::interval(v, "valid", given.valid);
    let scopes =
        periods(v, "scopes", &given.scopes, "SCOPE_TWICE", |v, period| scope_period(v, period, valid));
    let application_id = read::optional_id(v, "application_id", &given.application_id);
    Some(Grant {
        grant_id: grant_id?,
        person_id: person_id?,
        service: service?,
        district: district?,
        valid: valid?,
        scopes: scopes?,
        application_id: application_id?,
    })
}

/// A scope and its first day, which must be one of the grant's, if they are known.
fn scope_period(
    v: &mut Violations,
    period: &pb::ScopePeriod,
    valid: Option<Interval>,
) -> Option<(NaiveDate, GrantScope)> {
    let first = read::date(v, "valid_from", period.valid_from);
    if let (Some(first), Some(valid)) = (first, valid) {
        let words = format!("{first} is outside the grant: a scope begins on one of its days");
        v.require(valid.contains(first), "valid_from", "OUTSIDE_GRANT", words);
    }
    let scope = scope(v, period.scope.as_ref());
    first.zip(scope)
}

/// A scope that must be given.
pub(crate) fn scope(v: &mut Violations, given: Option<&common::GrantScope>) -> Option<GrantScope> {
    read::scope(v, "scope", given)
}

/// ChangeGrantScope: the grant, and the scope from when.
pub(crate) fn new_scope(
    request: &pb::ChangeGrantScopeRequest,
) -> Result<(GrantId, (NaiveDate, GrantScope)), OpError> {
    let mut v = Violations::new();
    let grant_id = read::id(&mut v, "grant_id", &request.grant_id);
    let given = v.required("scope", request.scope.as_ref());
    let scope = given.and_then(|given| v.nested("scope", |v| scope_period(v, given, None)));
    v.finish_with(grant_id.zip(scope))
}

/// EndGrant: the grant and its last day.
pub(super) fn end(request: &pb::EndGrantRequest) -> Result<(GrantId, NaiveDate), OpError> {
    let mut v = Violations::new();
    let grant_id = read::id(&mut v, "grant_id", &request.grant_id);
    let last = read::date(&mut v, "last", request.last);
    v.finish_with(grant_id.zip(last))
}

/// ListGrants.
pub(super) fn filter(
    request: &pb::ListGrantsRequest,
    (scope, secrets): (&Scope, &Secrets),
    city: &ServiceCatalogue,
) -> Result<(PageRequest, Filter), OpError> {
    let mut v = Violations::new();
    let service = read::optional_service(&mut v, "service", &request.service, city);
    let day = read::optional_date(&mut v, "day", request.day);
    let listed = listed(&mut v, request.recorded_since, request.include_withdrawn);
    let filter = (|| {
        Some(Filter {
            person_id: read::filter_id(&request.person_id),
            service: service?,
            district: read::filter_id(&request.district),
            day: day?,
            reached: scope.clone(),
            listed: listed?,
        })
    })();
    let filter = v.finish_with(filter)?;
    let asked = pb::ListGrantsRequest { page_size: 0, page_token: String::new(), ..request.clone() };
    Ok((page(secrets, scope, "grants", &asked, (request.page_size, &request.page_token))?, filter))
}

/// A grant as a message.
pub(crate) fn message(grant: &Grant, info: Option<&Info>) -> pb::Grant {
    let scopes = grant.scopes.iter().map(|(first, scope)| pb::ScopePeriod {
        valid_from: Some(write::date(*first)),
        scope: Some(write::scope(scope)),
    });
    let mut message = pb::Grant {
        grant_id: grant.grant_id.to_string(),
        person_id: grant.person_id.to_string(),
        service: service_of(grant),
        district: grant.district.to_string(),
        valid: Some(write::interval(grant.valid)),
        scopes: scopes.collect(),
        application_id: grant.application_id.as_ref().map(String::from).unwrap_or_default(),
        info: None,
    };
    message.set_info(info);
    message
}

/// The service that is granted, as messages name it.
pub(super) fn service_of(grant: &Grant) -> String {
    grant.service.into()
}
