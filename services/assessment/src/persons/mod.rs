//! Persons: who is known, and where they live.

pub(crate) mod import;
pub(crate) mod store;
pub(crate) mod wire;

use std::sync::Arc;

use niva_access::Scope;
use niva_assessment_domain::{Person, PersonRefused};
use niva_base::OpError;
use niva_calendar::NaiveDate;
use niva_facts::{Happened, Info, Telling};
use niva_names::{DistrictId, PersonId};
use niva_proto::assessment::v1 as pb;
use niva_rpc::answer;
use niva_rpc::wire::read;
use niva_store::{Tx, facts, persons as same};
use pb::person_service_server::PersonService;
use tonic::Request;

use crate::{Answer, App, Listed, Told, feed, id_taken, person_merged, person_unknown};

/// Persons as tonic sees them.
pub(crate) struct Persons(pub(crate) Arc<App>);

/// Who is looked for.
pub(crate) struct Filter {
    /// District board, and the day the person lives under it.
    lives: Option<(DistrictId, NaiveDate)>,
    /// What the call reaches.
    reached: Scope,
    listed: Listed,
}

#[tonic::async_trait]
impl PersonService for Persons {
    async fn record_person(
        &self,
        request: Request<pb::RecordPersonRequest>,
    ) -> Answer<pb::RecordPersonResponse> {
        answer!(self.record(request))
    }

    async fn move_person(&self, request: Request<pb::MovePersonRequest>) -> Answer<pb::MovePersonResponse> {
        answer!(self.move_to(request))
    }

    async fn assign_lss_group(
        &self,
        request: Request<pb::AssignLssGroupRequest>,
    ) -> Answer<pb::AssignLssGroupResponse> {
        answer!(self.assign(request))
    }

    async fn record_death(
        &self,
        request: Request<pb::RecordDeathRequest>,
    ) -> Answer<pb::RecordDeathResponse> {
        answer!(self.die(request))
    }

    async fn correct_person(
        &self,
        request: Request<pb::CorrectPersonRequest>,
    ) -> Answer<pb::CorrectPersonResponse> {
        answer!(self.correct(request))
    }

    async fn withdraw_person(
        &self,
        request: Request<pb::WithdrawPersonRequest>,
    ) -> Answer<pb::WithdrawPersonResponse> {
        answer!(self.withdraw(request))
    }

    async fn get_person(&self, request: Request<pb::GetPersonRequest>) -> Answer<pb::GetPersonResponse> {
        answer!(self.get(request))
    }

    async fn list_persons(
        &self,
        request: Request<pb::ListPersonsRequest>,
    ) -> Answer<pb::ListPersonsResponse> {
        answer!(self.list(request))
    }

    async fn list_person_revisions(
        &self,
        request: Request<pb::ListPersonRevisionsRequest>,
    ) -> Answer<pb::ListPersonRevisionsResponse> {
        answer!(self.revisions(request))
    }
}

impl Persons {
    async fn record(
        &self,
        scope: &Scope,
        request: &pb::RecordPersonRequest,
    ) -> Result<pb::RecordPersonResponse, OpError> {
        let made = PersonId::from(self.0.secrets.id(scope.author(), request, "person"));
        let person = &wire::told(request.person.as_ref(), Some(made.clone()), &self.0.city)?;
        scope.own_name("person.person_id", person.person_id.as_str(), made.as_str())?;
        self.check(scope, person)?;
        self.0
            .change(scope, request, |tx, told| {
                Box::pin(async move {
                    let info = Info::first(person.person_id.as_str(), told);
                    if !store::insert(tx, person, &info).await? {
                        return Err(id_taken("person", &person.person_id));
                    }
                    let (person, events) = tell(tx, person, &info).await?;
                    Ok((pb::RecordPersonResponse { person: Some(person), feed_position: 0 }, events))
                })
            })
            .await
    }

    async fn move_to(
        &self,
        scope: &Scope,
        request: &pb::MovePersonRequest,
    ) -> Result<pb::MovePersonResponse, OpError> {
        let (id, (first, district)) = &wire::moved(request, &self.0.city)?;
        self.0
            .change(scope, request, |tx, told| {
                Box::pin(async move {
                    let held = unmerged(tx, scope, id).await?;
                    let moved = |person: Person| person.move_to(*first, district.clone());
                    let (person, events) = happened(tx, held, told, "residence.valid_from", moved).await?;
                    Ok((pb::MovePersonResponse { person: Some(person), feed_position: 0 }, events))
                })
            })
            .await
    }

    async fn assign(
        &self,
        scope: &Scope,
        request: &pb::AssignLssGroupRequest,
    ) -> Result<pb::AssignLssGroupResponse, OpError> {
        let (id, (first, group)) = &wire::assigned(request)?;
        self.0
            .change(scope, request, |tx, told| {
                Box::pin(async move {
                    let held = unmerged(tx, scope, id).await?;
                    let assigned = |person: Person| person.assign(*first, *group);
                    let (person, events) = happened(tx, held, told, "lss_group.valid_from", assigned).await?;
                    Ok((pb::AssignLssGroupResponse { person: Some(person), feed_position: 0 }, events))
                })
            })
            .await
    }

    async fn die(
        &self,
        scope: &Scope,
        request: &pb::RecordDeathRequest,
    ) -> Result<pb::RecordDeathResponse, OpError> {
        let (id, death) = &wire::died(request)?;
        let today = self.0.clock.today();
        self.0
            .change(scope, request, |tx, told| {
                Box::pin(async move {
                    let held = unmerged(tx, scope, id).await?;
                    let died = |person: Person| person.die(*death, today);
                    let (person, events) = happened(tx, held, told, "death_date", died).await?;
                    Ok((pb::RecordDeathResponse { person: Some(person), feed_position: 0 }, events))
                })
            })
            .await
    }

    async fn correct(
        &self,
        scope: &Scope,
        request: &pb::CorrectPersonRequest,
    ) -> Result<pb::CorrectPersonResponse, OpError> {
        let person = &wire::told(request.person.as_ref(), None, &self.0.city)?;
        self.0
            .change(scope, request, |tx, told| {
                Box::pin(async move {
                    let (_, info) = held(tx, scope, &person.person_id).await?;
                    let info = info.corrected(request.expected_revision, told)?;
                    self.check(scope, person)?;
                    store::update(tx, person, &info).await?;
                    let (person, events) = tell(tx, person, &info).await?;
                    Ok((pb::CorrectPersonResponse { person: Some(person), feed_position: 0 }, events))
                })
            })
            .await
    }

    async fn withdraw(
        &self,
        scope: &Scope,
        request: &pb::WithdrawPersonRequest,
    ) -> Result<pb::WithdrawPersonResponse, OpError> {
        let id = &read::only_id("person_id", &request.person_id)?;
        self.0
            .change(scope, request, |tx, told| {
                Box::pin(async move {
                    let (person, info) = unmerged(tx, scope, id).await?;
                    let info = info.withdrawn(request.expected_revision, told)?;
                    if let Some(other) = store::told_of(tx, id).await? {
                        let words = format!("{other} of the person stands: withdraw it first");
                        return Err(OpError::precondition("PERSON_IN_USE", words));
                    }
                    store::update(tx, &person, &info).await?;
                    let (person, events) = tell(tx, &person, &info).await?;
                    Ok((pb::WithdrawPersonResponse { person: Some(person), feed_position: 0 }, events))
                })
            })
            .await
    }

    async fn get(
        &self,
        scope: &Scope,
        request: &pb::GetPersonRequest,
    ) -> Result<pb::GetPersonResponse, OpError> {
        let (id, at) = &read::id_as_of("person_id", &request.person_id, request.as_of.as_ref())?;
        let read = self.0.db.read(|tx| {
            Box::pin(async move {
                let person = self.0.told(tx, scope, id, *at).await?;
                let into = same::merged_into(tx, id).await?;
                let merged_into_person_id = into.map(String::from).unwrap_or_default();
                Ok::<_, OpError>(pb::GetPersonResponse { person: Some(person), merged_into_person_id })
            })
        });
        read.await
    }

    async fn list(
        &self,
        scope: &Scope,
        request: &pb::ListPersonsRequest,
    ) -> Result<pb::ListPersonsResponse, OpError> {
        let (page, filter) = &wire::filter(request, (scope, &self.0.secrets), self.0.clock.today())?;
        let (persons, next_page_token) =
            self.0.listed(page, &|tx| Box::pin(store::list(tx, filter, page))).await?;
        Ok(pb::ListPersonsResponse { persons, next_page_token })
    }

    async fn revisions(
        &self,
        scope: &Scope,
        request: &pb::ListPersonRevisionsRequest,
    ) -> Result<pb::ListPersonRevisionsResponse, OpError> {
        let id = &read::only_id("person_id", &request.person_id)?;
        let page = (request.page_size, request.page_token.as_str());
        let (persons, next_page_token) = self.0.revisions(scope, id, page).await?;
        Ok(pb::ListPersonRevisionsResponse { persons, next_page_token })
    }

    fn check(&self, scope: &Scope, person: &Person) -> Result<(), OpError> {
        if !person.districts().any(|district| scope.holds_district(district)) {
            let elsewhere = DistrictId::from("outside the city");
            scope.in_district(person.districts().next().unwrap_or(&elsewhere))?;
        }
        person.check(self.0.clock.today()).map_err(|e| refused("person.death_date", &e))
    }
}

/// A person of whom something is about to be told, held to the transaction's end.
async fn held(tx: &Tx<'_>, scope: &Scope, id: &PersonId) -> Result<(Person, Info), OpError> {
    let there = store::lock(tx, scope, id).await?;
    let found = read_fact(tx, id).await?.filter(|_| there);
    found.ok_or_else(|| OpError::not_found("person", id))
}

/// [`held`], by a record that was not merged into another.
async fn unmerged(tx: &Tx<'_>, scope: &Scope, id: &PersonId) -> Result<(Person, Info), OpError> {
    let held = held(tx, scope, id).await?;
    stays(tx, id).await?;
    Ok(held)
}

/// A person of whom something that was told is about to change, held to the transaction's end: as the record says that stays.
pub(crate) async fn standing(tx: &Tx<'_>, scope: &Scope, id: &PersonId) -> Result<Person, OpError> {
    let there = store::lock(tx, scope, id).await?;
    let found = read_fact(tx, id).await?.filter(|(_, info)| there && info.stands());
    let (person, _) = found.ok_or_else(|| person_unknown(id))?;
    match same::merged_into(tx, id).await? {
        None => Ok(person),
        Some(into) => Ok(read_fact(tx, &into).await?.ok_or_else(|| person_unknown(&into))?.0),
    }
}

/// A person of whom something new is about to be told, held to the transaction's end.
pub(crate) async fn told_of(tx: &Tx<'_>, scope: &Scope, id: &PersonId) -> Result<Person, OpError> {
    let person = standing(tx, scope, id).await?;
    stays(tx, id).await?;
    Ok(person)
}

/// Refuses to tell anything new of a record that was merged into another.
pub(crate) async fn stays(tx: &Tx<'_>, id: &PersonId) -> Result<(), OpError> {
    let into = same::merged_into(tx, id).await?;
    into.map_or(Ok(()), |into| Err(person_merged(id, &into)))
}

async fn read_fact(tx: &Tx<'_>, id: &PersonId) -> Result<Option<(Person, Info)>, OpError> {
    let Some(message) = facts::newest::<pb::Person>(tx, id).await? else { return Ok(None) };
    Ok(Some((wire::stored(&message)?, crate::info(&message)?)))
}

async fn happened(
    tx: &Tx<'_>,
    (person, info): (Person, Info),
    told: Telling,
    field: &str,
    transition: impl FnOnce(Person) -> Result<Happened<Person>, PersonRefused>,
) -> Result<Told<pb::Person>, OpError> {
    let next = info.happened(told)?;
    match transition(person).map_err(|e| refused(field, &e))? {
        Happened::Already(person) => Ok((wire::message(&person, Some(&info)), Vec::new())),
        Happened::Now(person) => {
            store::update(tx, &person, &next).await?;
            tell(tx, &person, &next).await
        }
    }
}

/// Keeps the revision, and what the feed is to tell of it.
async fn tell(tx: &Tx<'_>, person: &Person, info: &Info) -> Result<Told<pb::Person>, OpError> {
    let message = wire::message(person, Some(info));
    facts::append(tx, std::slice::from_ref(&message)).await?;
    let event = feed::person(&message);
    Ok((message, vec![event]))
}

/// A refusal about what begins on the day of a field.
pub(crate) fn refused(field: &str, error: &PersonRefused) -> OpError {
    let reason = match error {
        PersonRefused::DeathInFuture { .. } => "DEATH_IN_FUTURE",
        PersonRefused::AfterDeath { .. } => "AFTER_DEATH",
    };
    OpError::invalid(field, reason, error.to_string())
}
