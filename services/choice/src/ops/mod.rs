//! One operation a function: read the request, claim its id, load, call the rules, save, tell.

mod feeds;
mod import;
mod offers;
mod placements;
mod registers;
mod wishes;

use futures_util::future::BoxFuture;
use niva_choice_domain::{Grant, Refusal};
use niva_kit::auth::Caller;
use niva_kit::feed::NewEvent;
use niva_kit::request::Call;
use niva_kit::{DbError, OpError, Tx};
use niva_models::{Service, ServiceTerms};
use niva_proto::choice::v1 as pb;
use pb::choice_event::Fact;

use crate::App;
use crate::sight::Sight;
use crate::store::grants;
use crate::wire::{Reader, field_of};

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

    fn reader(&self) -> Reader<'_> {
        Reader { city: &self.city, today: self.clock.today() }
    }

    /// The rules of a service by the model in force today.
    fn terms(&self, service: Service) -> Result<&ServiceTerms, OpError> {
        let today = self.clock.today();
        self.catalogue.on(service, today).map(|in_force| in_force.terms).ok_or_else(|| {
            let words =
                format!("no compensation model is in force for {service} on {today}; add one that is");
            OpError::precondition("NO_MODEL", words).with("service", service)
        })
    }
}

/// A grant of a district that the caller has to do with, held to the transaction's end.
async fn held_grant(tx: &Tx<'_>, caller: &Caller, id: &str) -> Result<Option<Grant>, OpError> {
    let grant = grants::lock(tx, id).await?;
    if let Some(grant) = &grant {
        Sight::of(caller).district(&grant.district)?;
    }
    Ok(grant)
}

/// What a row names in a column, which the schema says there is.
fn of_row<T>(table: &'static str, column: &'static str, row: &str, named: Option<T>) -> Result<T, OpError> {
    Ok(named.ok_or_else(|| DbError::row(table, column, row, "names what there is not"))?)
}

fn taken(kind: &str, id: &str) -> OpError {
    OpError::already_exists("ID_TAKEN", format!("there is a {kind} {id} already: choose another id"))
}

fn grant_unknown(id: &str) -> OpError {
    let words = format!(
        "there is no grant {id} here: check the id, or wait until the feed of assessment tells of it"
    );
    OpError::precondition("GRANT_UNKNOWN", words).with("grant_id", id)
}

/// A refusal of the rules: about a field of the request, or about how things stand.
#[expect(clippy::needless_pass_by_value, reason = "what `map_err` passes")]
fn refused(refusal: Refusal) -> OpError {
    match field_of(&refusal) {
        "" => OpError::precondition(refusal.reason(), refusal.to_string()),
        field => OpError::invalid(field, refusal.reason(), refusal.to_string()),
    }
}

fn event(kind: &'static str, key: &str, fact: Fact) -> NewEvent {
    NewEvent::new(kind, key, &pb::ChoiceEvent { fact: Some(fact) })
}

fn provider_event(provider: &pb::Provider) -> NewEvent {
    event("provider", &provider.provider_id, Fact::Provider(provider.clone()))
}

fn unit_event(unit: &pb::Unit) -> NewEvent {
    event("unit", &unit.unit_id, Fact::Unit(unit.clone()))
}

fn placement_event(placement: &pb::Placement) -> NewEvent {
    event("placement", &placement.placement_id, Fact::Placement(placement.clone()))
}
