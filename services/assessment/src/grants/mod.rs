//! Grants: decisions that give people the right to services.

pub(crate) mod import;
pub(crate) mod store;
pub(crate) mod wire;

use std::sync::Arc;

use niva_access::Scope;
use niva_assessment_domain::{Grant, GrantRefused, Person};
use niva_base::OpError;
use niva_calendar::NaiveDate;
use niva_facts::{Fact, Happened, Info, Telling};
use niva_names::{ApplicationId, DistrictId, GrantId, PersonId, ServiceKey};
use niva_proto::assessment::v1 as pb;
use niva_rpc::answer;
use niva_rpc::wire::read;
use niva_store::{Tx, facts, persons as same};
use pb::grant_service_server::GrantService;
use tonic::Request;

use crate::{Answer, App, Listed, Told, feed, fixed, id_taken, persons};

/// Grants as tonic sees them.
pub(crate) struct Grants(pub(crate) Arc<App>);

/// Which grants are looked for; what is empty does not matter.
pub(crate) struct Filter {
    person_id: Option<PersonId>,
    service: Option<ServiceKey>,
    district: Option<DistrictId>,
    /// A day on which it is valid.
    day: Option<NaiveDate>,
    /// What the call reaches.
    reached: Scope,
    listed: Listed,
}

#[tonic::async_trait]
impl GrantService for Grants {
    async fn record_grant(
        &self,
        request: Request<pb::RecordGrantRequest>,
    ) -> Answer<pb::RecordGrantResponse> {
        answer!(self.record(request))
    }

    async fn change_grant_scope(
        &self,
        request: Request<pb::ChangeGrantScopeRequest>,
    ) -> Answer<pb::ChangeGrantScopeResponse> {
        answer!(self.change_scope(request))
    }

    async fn end_grant(&self, request: Request<pb::EndGrantRequest>) -> Answer<pb::EndGrantResponse> {
        answer!(self.end(request))
    }

    async fn correct_grant(
        &self,
        request: Request<pb::CorrectGrantRequest>,
    ) -> Answer<pb::CorrectGrantResponse> {
        answer!(self.correct(request))
    }

    async fn withdraw_grant(
        &self,
        request: Request<pb::WithdrawGrantRequest>,
    ) -> Answer<pb::WithdrawGrantResponse> {
        answer!(self.withdraw(request))
    }

    async fn get_grant(&self, request: Request<pb::GetGrantRequest>) -> Answer<pb::GetGrantResponse> {
        answer!(self.get(request))
    }

    async fn list_grants(&self, request: Request<pb::ListGrantsRequest>) -> Answer<pb::ListGrantsResponse> {
        answer!(self.list(request))
    }

    async fn list_grant_revisions(
        &self,
        request: Request<pb::ListGrantRevisionsRequest>,
    ) -> Answer<pb::ListGrantRevisionsResponse> {
        answer!(self.revisions(request))
    }
}

impl Grants {
    async fn record(
        &self,
        scope: &Scope,
        request: &pb::RecordGrantRequest,
    ) -> Result<pb::RecordGrantResponse, OpError> {
        let made = GrantId::from(self.0.secrets.id(scope.author(), request, "grant"));
        let grant = &wire::told(request.grant.as_ref(), Some(made.clone()), &self.0.city)?;
        scope.own_name("grant.grant_id", grant.grant_id.as_str(), made.as_str())?;
        scope.in_district(&grant.district)?;
        self.0
            .change(scope, request, |tx, told| {
                Box::pin(async move {
                    let person = persons::told_of(tx, scope, &grant.person_id).await?;
                    check(tx, scope, &person, grant).await?;
                    let info = Info::first(grant.grant_id.as_str(), told);
                    if !store::insert(tx, grant, &info).await? {
                        return Err(id_taken("grant", &grant.grant_id));
                    }
                    let (grant, events) = tell(tx, grant, &info, true).await?;
                    Ok((pb::RecordGrantResponse { grant: Some(grant), feed_position: 0 }, events))
                })
            })
            .await
    }

    async fn change_scope(
        &self,
        scope: &Scope,
        request: &pb::ChangeGrantScopeRequest,
    ) -> Result<pb::ChangeGrantScopeResponse, OpError> {
        let (id, (first, granted)) = &wire::new_scope(request)?;
        self.0
            .change(scope, request, |tx, told| {
                Box::pin(async move {
                    let held = held(tx, scope, id).await?;
                    let changed = |grant: Grant| grant.change_scope(*first, *granted);
                    let (grant, events) = happened(tx, held, told, changed).await?;
                    Ok((pb::ChangeGrantScopeResponse { grant: Some(grant), feed_position: 0 }, events))
                })
            })
            .await
    }

    async fn end(
        &self,
        scope: &Scope,
        request: &pb::EndGrantRequest,
    ) -> Result<pb::EndGrantResponse, OpError> {
        let (id, last) = &wire::end(request)?;
        self.0
            .change(scope, request, |tx, told| {
                Box::pin(async move {
                    let held = held(tx, scope, id).await?;
                    let (grant, events) = happened(tx, held, told, |grant: Grant| grant.end(*last)).await?;
                    Ok((pb::EndGrantResponse { grant: Some(grant), feed_position: 0 }, events))
                })
            })
            .await
    }

    async fn correct(
        &self,
        scope: &Scope,
        request: &pb::CorrectGrantRequest,
    ) -> Result<pb::CorrectGrantResponse, OpError> {
        let grant = &wire::told(request.grant.as_ref(), None, &self.0.city)?;
        scope.in_district(&grant.district)?;
        self.0
            .change(scope, request, |tx, told| {
                Box::pin(async move {
                    let (person, standing, info) = held(tx, scope, &grant.grant_id).await?;
                    let info = info.corrected(request.expected_revision, told)?;
                    subject_fixed(&standing, grant)?;
                    check(tx, scope, &person, grant).await?;
                    let (grant, events) = save(tx, grant, &info).await?;
                    Ok((pb::CorrectGrantResponse { grant: Some(grant), feed_position: 0 }, events))
                })
            })
            .await
    }

    async fn withdraw(
        &self,
        scope: &Scope,
        request: &pb::WithdrawGrantRequest,
    ) -> Result<pb::WithdrawGrantResponse, OpError> {
        let id = &read::only_id("grant_id", &request.grant_id)?;
        self.0
            .change(scope, request, |tx, told| {
                Box::pin(async move {
                    let (_, grant, info) = held(tx, scope, id).await?;
                    let info = info.withdrawn(request.expected_revision, told)?;
                    let (grant, events) = save(tx, &grant, &info).await?;
                    Ok((pb::WithdrawGrantResponse { grant: Some(grant), feed_position: 0 }, events))
                })
            })
            .await
    }

    async fn get(
        &self,
        scope: &Scope,
        request: &pb::GetGrantRequest,
    ) -> Result<pb::GetGrantResponse, OpError> {
        let (id, at) = &read::id_as_of("grant_id", &request.grant_id, request.as_of.as_ref())?;
        let grant = self.0.get(scope, id, *at).await?;
        Ok(pb::GetGrantResponse { grant: Some(grant) })
    }

    async fn list(
        &self,
        scope: &Scope,
        request: &pb::ListGrantsRequest,
    ) -> Result<pb::ListGrantsResponse, OpError> {
        let (page, filter) = &wire::filter(request, (scope, &self.0.secrets), &self.0.city)?;
        let (grants, next_page_token) =
            self.0.listed(page, &|tx| Box::pin(store::list(tx, filter, page))).await?;
        Ok(pb::ListGrantsResponse { grants, next_page_token })
    }

    async fn revisions(
        &self,
        scope: &Scope,
        request: &pb::ListGrantRevisionsRequest,
    ) -> Result<pb::ListGrantRevisionsResponse, OpError> {
        let id = &read::only_id("grant_id", &request.grant_id)?;
        let page = (request.page_size, request.page_token.as_str());
        let (grants, next_page_token) = self.0.revisions(scope, id, page).await?;
        Ok(pb::ListGrantRevisionsResponse { grants, next_page_token })
    }
}

/// A grant that is about to change, held with its person to the transaction's end.
async fn held(tx: &Tx<'_>, scope: &Scope, id: &GrantId) -> Result<(Person, Grant, Info), OpError> {
    let unknown = || OpError::not_found("grant", id);
    let person = store::person(tx, scope, id).await?.ok_or_else(unknown)?;
    let person = persons::standing(tx, scope, &person).await?;
    let message = facts::newest::<pb::Grant>(tx, id).await?.ok_or_else(unknown)?;
    let (grant, info) = (wire::stored(&message)?, crate::info(&message)?);
    scope.in_district(&grant.district)?;
    Ok((person, grant, info))
}

/// Whether a grant may stand beside the person's death and its application.
async fn check(tx: &Tx<'_>, scope: &Scope, person: &Person, grant: &Grant) -> Result<(), OpError> {
    begins_alive(person, grant)?;
    match &grant.application_id {
        Some(application) => answers(tx, Some(scope), application, grant).await,
        None => Ok(()),
    }
}

fn begins_alive(person: &Person, grant: &Grant) -> Result<(), OpError> {
    person.lives_on(grant.valid.first).map_err(|e| persons::refused("grant.valid.first", &e))
}

/// Refuses to correct what a grant is about.
fn subject_fixed(standing: &Grant, given: &Grant) -> Result<(), OpError> {
    fixed("grant.person_id", &standing.person_id, &given.person_id)?;
    fixed("grant.service", &standing.service, &given.service)
}

/// Whether a grant may answer an application: it stands, and is of the same person and service. One of somebody whom the
/// call does not reach is as good as none; an import reaches everybody, and has no scope.
async fn answers(
    tx: &Tx<'_>,
    scope: Option<&Scope>,
    id: &ApplicationId,
    grant: &Grant,
) -> Result<(), OpError> {
    let found = facts::newest::<pb::Application>(tx, id).await?;
    let mut found = found.filter(|a| a.info().is_some_and(|info| info.stands()));
    if let (Some(scope), Some(application)) = (scope, &found)
        && !persons::store::is_reached::<pb::Person>(tx, scope, &application.person_id.as_str().into())
            .await?
    {
        found = None;
    }
    let Some(application) = found else {
        let words = format!("there is no application {id}: record it first, or name another");
        return Err(OpError::precondition("APPLICATION_UNKNOWN", words).with("application_id", id));
    };
    let same = same::same(tx, &grant.person_id).await?;
    let of_person = same.iter().any(|id| application.person_id == id.as_str());
    if of_person && application.service == wire::service_of(grant) {
        return Ok(());
    }
    let words =
        format!("application {id} is of another person or service: name the one that the grant answers");
    Err(OpError::precondition("APPLICATION_OF_OTHER", words))
}

/// Refuses a grant, written already, that has a day in common with another of the same person and service. One that is not new
/// may have days in common with those of a record that was merged with its own: whoever merged them accepted it.
async fn alone(tx: &Tx<'_>, grant: &Grant, new: bool) -> Result<(), OpError> {
    let found = store::overlapping(tx, &[&grant.grant_id], new).await?;
    found.first().map_or(Ok(()), |(_, other)| Err(overlaps(other)))
}

fn overlaps(other: &GrantId) -> OpError {
    let words = format!(
        "grant {other} of the same person and service has days in common: end or correct it, or choose other days"
    );
    OpError::precondition("PERIOD_OVERLAPS", words).with("fact_id", other)
}

async fn happened(
    tx: &Tx<'_>,
    (_, grant, info): (Person, Grant, Info),
    told: Telling,
    transition: impl FnOnce(Grant) -> Result<Happened<Grant>, GrantRefused>,
) -> Result<Told<pb::Grant>, OpError> {
    let next = info.happened(told)?;
    match transition(grant).map_err(|e| refused(&e))? {
        Happened::Already(grant) => Ok((wire::message(&grant, Some(&info)), Vec::new())),
        Happened::Now(grant) => save(tx, &grant, &next).await,
    }
}

async fn save(tx: &Tx<'_>, grant: &Grant, info: &Info) -> Result<Told<pb::Grant>, OpError> {
    store::update(tx, grant, info).await?;
    tell(tx, grant, info, false).await
}

/// Keeps the revision, and what the feed is to tell of it.
async fn tell(tx: &Tx<'_>, grant: &Grant, info: &Info, new: bool) -> Result<Told<pb::Grant>, OpError> {
    alone(tx, grant, new).await?;
    let message = wire::message(grant, Some(info));
    facts::append(tx, std::slice::from_ref(&message)).await?;
    let event = feed::grant(&message);
    Ok((message, vec![event]))
}

fn refused(error: &GrantRefused) -> OpError {
    match error {
        GrantRefused::OutsideGrant { .. } => {
            OpError::invalid("scope.valid_from", "OUTSIDE_GRANT", error.to_string())
        }
        GrantRefused::EndBeforeStart { .. } => {
            OpError::invalid("last", "END_BEFORE_START", error.to_string())
        }
    }
}
