//! Legal holds: placed, lifted and listed; the gRPC service that every part adds to its routes.

use std::collections::BTreeMap;
use std::sync::Arc;

use niva_access::{Policy, Scope};
use niva_base::{Clock, OpError, Violations};
use niva_facts::{MAX_REASON, Refused, Telling};
use niva_names::{LegalHoldId, PersonId};
use niva_proto::audit::v1 as pb;
use niva_rpc::wire::read;
use niva_store::{Database, DbError, Secrets, Tx, audit, request};
use pb::legal_hold_service_server::{LegalHoldService, LegalHoldServiceServer};
use sea_orm::ConnectionTrait;
use tonic::{Request, Response, Status};

use crate::chain::{HOLD, HoldStep, Keeps, said, standing};
use crate::people::{Ids, People};
use crate::store::holds;
use crate::wire;

/// Most rows on a page.
const MAX_PAGE: u32 = 1_000;

/// The gRPC service, to add to a part's routes.
#[must_use]
pub fn server(
    db: Database,
    secrets: Secrets,
    people: Arc<dyn People>,
) -> LegalHoldServiceServer<impl LegalHoldService> {
    niva_rpc::bounded!(LegalHoldServiceServer::new(Holds { db, secrets, people }))
}

/// Who may call it.
#[must_use]
pub fn policy() -> Policy {
    niva_rpc::policy("niva.audit.v1")
}

/// Whether a standing hold keeps what is about one of these, who are one person.
///
/// # Errors
/// The database's.
pub async fn is_held(db: &impl ConnectionTrait, persons: &[PersonId]) -> Result<bool, DbError> {
    let steps = holds::steps(db).await?;
    let of = |step: &&HoldStep| step.keeps.person_id.as_ref().is_some_and(|held| persons.contains(held));
    Ok(standing(&steps).iter().any(of))
}

/// Holds as tonic sees them.
pub(crate) struct Holds {
    pub(crate) db: Database,
    pub(crate) secrets: Secrets,
    pub(crate) people: Arc<dyn People>,
}

#[tonic::async_trait]
impl LegalHoldService for Holds {
    async fn place_legal_hold(
        &self,
        request: Request<pb::PlaceLegalHoldRequest>,
    ) -> Result<Response<pb::PlaceLegalHoldResponse>, Status> {
        niva_rpc::answer!(self.place(request))
    }

    async fn lift_legal_hold(
        &self,
        request: Request<pb::LiftLegalHoldRequest>,
    ) -> Result<Response<pb::LiftLegalHoldResponse>, Status> {
        niva_rpc::answer!(self.lift(request))
    }

    async fn list_legal_holds(
        &self,
        request: Request<pb::ListLegalHoldsRequest>,
    ) -> Result<Response<pb::ListLegalHoldsResponse>, Status> {
        niva_rpc::answer!(self.list(request))
    }
}

impl Holds {
    pub(crate) async fn place(
        &self,
        scope: &Scope,
        request: &pb::PlaceLegalHoldRequest,
    ) -> Result<pb::PlaceLegalHoldResponse, OpError> {
        let keeps = &keeps(request)?;
        let id = &LegalHoldId::from(self.secrets.id(scope.author(), request, "legal hold"));
        let ids = &match &keeps.person_id {
            None => None,
            Some(person_id) => Some(Ids::of(&*self.people, &self.db, person_id).await?),
        };
        request::change(&self.db, scope, request, Clock::system().now(), |tx, told| {
            Box::pin(async move {
                holds::lock(tx).await?;
                let step = add(tx, (id, false), keeps.clone(), told).await?;
                if let Some(ids) = ids {
                    holds::keep(tx, id, keeps, ids).await?;
                }
                Ok(pb::PlaceLegalHoldResponse { legal_hold: Some(wire::hold(&step, None)) })
            })
        })
        .await
    }

    pub(crate) async fn lift(
        &self,
        scope: &Scope,
        request: &pb::LiftLegalHoldRequest,
    ) -> Result<pb::LiftLegalHoldResponse, OpError> {
        let id = &read::only_id::<LegalHoldId>("legal_hold_id", &request.legal_hold_id)?;
        request::change(&self.db, scope, request, Clock::system().now(), |tx, told| {
            Box::pin(async move {
                holds::lock(tx).await?;
                let steps = holds::steps(tx).await?;
                let of = |lifts| steps.iter().find(|step| step.id == *id && step.lifts == lifts);
                let placed = of(false).ok_or_else(|| OpError::not_found("legal_hold", id))?;
                if of(true).is_some() {
                    let words = "the hold was lifted already: place a new one to keep what is left";
                    return Err(OpError::precondition("LEGAL_HOLD_LIFTED", words));
                }
                let lifted = add(tx, (id, true), Keeps::default(), told).await?;
                Ok(pb::LiftLegalHoldResponse { legal_hold: Some(wire::hold(placed, Some(&lifted))) })
            })
        })
        .await
    }

    async fn list(
        &self,
        scope: &Scope,
        request: &pb::ListLegalHoldsRequest,
    ) -> Result<pb::ListLegalHoldsResponse, OpError> {
        let person: Option<PersonId> = read::given_id(&request.person_id);
        let lifted_too = if request.include_lifted { "lifted" } else { "" };
        let list = ["legal holds", &request.person_id, lifted_too];
        let asked = (request.page_size, request.page_token.as_str());
        let page = self.secrets.page(scope.author(), asked, &list, MAX_PAGE)?;
        let persons = match &person {
            None => None,
            Some(person) => Some(self.people.same(&self.db, person).await?),
        };
        let steps = holds::steps(self.db.conn()).await?;
        let lifted: BTreeMap<&LegalHoldId, &HoldStep> =
            steps.iter().filter(|step| step.lifts).map(|step| (&step.id, step)).collect();
        let wanted = |step: &&HoldStep| {
            let of = |held: &PersonId| persons.as_ref().is_none_or(|persons| persons.contains(held));
            let of = step.keeps.person_id.as_ref().map_or(persons.is_none(), of);
            !step.lifts && of && (request.include_lifted || !lifted.contains_key(&step.id))
        };
        let found = steps.iter().filter(wanted).map(|step| wire::hold(step, lifted.get(&step.id).copied()));
        let (legal_holds, next_page_token) = page.of(found)?;
        Ok(pb::ListLegalHoldsResponse { legal_holds, next_page_token })
    }
}

/// Adds a step under the lock, and a record that has its hash.
async fn add(
    tx: &Tx<'_>,
    (id, lifts): (&LegalHoldId, bool),
    keeps: Keeps,
    told: Telling,
) -> Result<HoldStep, OpError> {
    let Telling { author, recorded_at, reason } = told;
    if !(1..=MAX_REASON).contains(&reason.chars().count()) {
        return Err(Refused::ReasonMissing.into());
    }
    let steps = holds::steps(tx).await?;
    let before = steps.last();
    let step_no = before.map_or(0, |before| before.step_no) + 1;
    let (id, sha256) = (id.clone(), String::new());
    let step = HoldStep { step_no, id, lifts, keeps, reason, author, recorded_at, sha256 };
    let step = HoldStep { sha256: step.hash(before), ..step };
    holds::add(tx, &step).await?;
    let record = said(HOLD, step.name());
    let (subject, role) = (step.author.subject.clone(), step.author.role.clone());
    audit::record(tx, &niva_access::Record { subject, role, ..record }).await?;
    Ok(step)
}

/// PlaceLegalHold.
fn keeps(request: &pb::PlaceLegalHoldRequest) -> Result<Keeps, OpError> {
    let mut v = Violations::new();
    let person_id = read::optional_id(&mut v, "person_id", &request.person_id);
    let since = read::timestamp(&mut v, "since", request.since.as_ref());
    let until = read::timestamp(&mut v, "until", request.until.as_ref());
    if let (Some(Some(since)), Some(Some(until))) = (since, until) {
        v.require(since < until, "until", "FIELD_INVALID", "is not after `since`");
    }
    let micros = |at: Option<chrono::DateTime<chrono::Utc>>| {
        // As exact as the databases are.
        at.and_then(|at| chrono::DateTime::from_timestamp_micros(at.timestamp_micros()))
    };
    let made = person_id.zip(since).zip(until).map(|((person_id, since), until)| Keeps {
        person_id,
        since: micros(since),
        until: micros(until),
    });
    v.finish_with(made)
}
