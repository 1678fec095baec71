//! One operation a function: read the request, claim its id, load, call the rules, save, tell.

mod grants;
mod import;
mod measurements;
mod persons;
mod watch;

use futures_util::future::BoxFuture;
use niva_kit::auth::Caller;
use niva_kit::feed::NewEvent;
use niva_kit::request::Call;
use niva_kit::{OpError, Tx};
use niva_proto::assessment::v1 as pb;

use crate::App;
use crate::wire::Answers;

/// Most rows on a page.
const MAX_PAGE: u32 = 1_000;

/// An answer, and what the feed is to tell.
type Done<R> = (R, Vec<NewEvent>);

impl App {
    /// Runs `work` once for a request id: in one transaction with the claim, the events and the stored answer.
    async fn change<'a, Q, R, F>(&'a self, call: &'a Call<'a, Q>, work: F) -> Result<R, OpError>
    where
        Q: prost::Message,
        R: prost::Message + Default + 'static,
        F: for<'t> Fn(&'t Tx<'a>) -> BoxFuture<'t, Result<Done<R>, OpError>> + Send + Sync,
    {
        self.feed.once(call, self.clock.now(), work).await
    }

    fn answers(&self) -> Answers<'_> {
        Answers { catalogue: &self.catalogue, instruments: &self.instruments }
    }
}

/// Refuses to work on what belongs to a district that the caller has nothing to do with.
fn in_district(caller: &Caller, district: &str) -> Result<(), OpError> {
    if caller.sees(district) {
        return Ok(());
    }
    let words = format!("{district} is not one of your districts: ask an officer of that board");
    Err(OpError::denied("DISTRICT_NOT_YOURS", words))
}

fn taken(kind: &str, id: &str) -> OpError {
    OpError::already_exists("ID_TAKEN", format!("there is a {kind} {id} already: choose another id"))
}

fn person_unknown(id: &str) -> OpError {
    OpError::precondition("PERSON_UNKNOWN", format!("there is no person {id}: register the person first"))
        .with("person_id", id)
}

fn grant_event(grant: &pb::Grant) -> NewEvent {
    let fact = pb::assessment_event::Fact::Grant(grant.clone());
    NewEvent::new("grant", grant.grant_id.clone(), &pb::AssessmentEvent { fact: Some(fact) })
}

fn level_event(decision: &pb::LevelDecision) -> NewEvent {
    let fact = pb::assessment_event::Fact::LevelDecision(decision.clone());
    NewEvent::new(
        "level_decision",
        decision.level_decision_id.clone(),
        &pb::AssessmentEvent { fact: Some(fact) },
    )
}
