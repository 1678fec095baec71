//! Grants: messages to commands and back.

use std::collections::BTreeMap;

use niva_assessment_domain::{Grant, HoursRefused, parse_hours};
use niva_calendar::{Interval, NaiveDate};
use niva_kit::wire::read::{self, date, district, id, interval, optional_id, service};
use niva_kit::wire::write;
use niva_kit::{OpError, Violations};
use niva_models::Scope;
use niva_names::{ServiceCatalogue, ServiceKey};
use niva_proto::assessment::v1 as pb;
use niva_proto::common::v1 as common;

/// A grant as asked for.
pub(super) struct NewGrant {
    pub(super) grant_id: Option<String>,
    pub(super) person_id: String,
    pub(super) service: ServiceKey,
    pub(super) district: String,
    pub(super) valid: Interval,
    pub(super) scope: Option<Scope>,
}

fn scope(v: &mut Violations, given: Option<&common::GrantScope>) -> Option<Scope> {
    read::scope(v, "scope", given, |text| {
        parse_hours(text).map_err(|error| {
            let reason = match error {
                HoursRefused::NotWhole(_) => "HOURS_NOT_WHOLE",
                HoursRefused::OutOfRange(_) => "HOURS_OUT_OF_RANGE",
            };
            (reason, error.to_string())
        })
    })
}

/// The day on which the board of a grant must be there.
fn first_day(valid: Option<common::DateInterval>) -> Option<common::Date> {
    valid?.first
}

/// RecordGrant.
pub(super) fn new_grant(
    request: &pb::RecordGrantRequest,
    city: &ServiceCatalogue,
) -> Result<NewGrant, OpError> {
    let mut v = Violations::new();
    let grant_id = optional_id(&mut v, "grant_id", &request.grant_id);
    let person_id = id(&mut v, "person_id", &request.person_id);
    let service = service(&mut v, "service", &request.service, city);
    let district = district(&mut v, "district", &request.district, city, first_day(request.valid));
    let valid = interval(&mut v, "valid", request.valid);
    let scope = match &request.scope {
        None => Some(None),
        given => scope(&mut v, given.as_ref()).map(Some),
    };
    let grant = (|| {
        Some(NewGrant {
            grant_id: grant_id?,
            person_id: person_id?,
            service: service?,
            district: district?,
            valid: valid?,
            scope: scope?,
        })
    })();
    v.finish_with(grant)
}

/// ChangeGrantScope: the grant, the first day, the scope.
pub(super) fn new_scope(
    request: &pb::ChangeGrantScopeRequest,
) -> Result<(String, NaiveDate, Scope), OpError> {
    let mut v = Violations::new();
    let grant_id = id(&mut v, "grant_id", &request.grant_id);
    let first = date(&mut v, "valid_from", request.valid_from);
    let scope = scope(&mut v, request.scope.as_ref());
    v.finish_with((|| Some((grant_id?, first?, scope?)))())
}

/// EndGrant: the grant and its last day.
pub(super) fn end_grant(request: &pb::EndGrantRequest) -> Result<(String, NaiveDate), OpError> {
    let mut v = Violations::new();
    let grant_id = id(&mut v, "grant_id", &request.grant_id);
    let last = date(&mut v, "last", request.last);
    v.finish_with(grant_id.zip(last))
}

/// A grant as it is read, written: its revision is the service's own.
pub(crate) fn told_grant(v: &mut Violations, given: &pb::Grant, city: &ServiceCatalogue) -> Option<Grant> {
    let grant_id = id(v, "grant_id", &given.grant_id);
    let person_id = id(v, "person_id", &given.person_id);
    let service = service(v, "service", &given.service, city);
    let district = district(v, "district", &given.district, city, first_day(given.valid));
    let valid = interval(v, "valid", given.valid);
    let mut scopes = Some(BTreeMap::new());
    for (i, period) in given.scopes.iter().enumerate() {
        let read = v.nested(&format!("scopes[{i}]"), |v| scope_period(v, period, valid));
        match (read, &mut scopes) {
            (Some((first, scope)), Some(known)) => {
                let free = known.insert(first, scope).is_none();
                let words = format!("two scopes begin on {first}: keep one of them");
                v.require(free, "scopes", "SCOPE_TWICE", words);
            }
            _ => scopes = None,
        }
    }
    Some(Grant {
        grant_id: grant_id?,
        person_id: person_id?,
        service: service?,
        district: district?,
        valid: valid?,
        scopes: scopes?,
        revision: 1,
    })
}

fn scope_period(
    v: &mut Violations,
    period: &pb::ScopePeriod,
    valid: Option<Interval>,
) -> Option<(NaiveDate, Scope)> {
    let first = date(v, "valid_from", period.valid_from);
    if let (Some(first), Some(valid)) = (first, valid) {
        let words = format!("{first} is outside the grant: a scope begins on one of its days");
        v.require(valid.contains(first), "valid_from", "OUTSIDE_GRANT", words);
    }
    let scope = scope(v, period.scope.as_ref());
    first.zip(scope)
}

pub(crate) fn grant(grant: &Grant) -> pb::Grant {
    let scopes = grant.scopes.iter().map(|(first, s)| pb::ScopePeriod {
        valid_from: Some(write::date(*first)),
        scope: Some(write::scope(s)),
    });
    pb::Grant {
        grant_id: grant.grant_id.clone(),
        person_id: grant.person_id.clone(),
        service: grant.service.into(),
        district: grant.district.clone(),
        valid: Some(write::interval(grant.valid)),
        scopes: scopes.collect(),
        revision: grant.revision,
    }
}
