//! Grants: a copy of what the feed of assessment tells, and which people it says are one. Levels are not our concern.

mod known;
pub(crate) mod store;
pub(crate) mod wire;

use niva_access::Scope;
use niva_base::{OpError, Violations};
use niva_choice_domain::Grant;
use niva_feed::{FeedEvent, FeedSink};
use niva_names::{GrantId, PersonId, ServiceKey};
use niva_store::{Tx, persons};

pub(crate) use wire::source;

/// Name of the feed in the table of cursors, and on the wire.
pub(crate) const FEED: &str = "assessment";

/// Applies the feed.
pub(crate) struct Grants;

#[async_trait::async_trait]
impl FeedSink<wire::Event> for Grants {
    async fn apply(&self, tx: &Tx<'_>, events: &[FeedEvent<wire::Event>]) -> Result<(), OpError> {
        let mut v = Violations::new();
        let told: Vec<_> = events
            .iter()
            .filter_map(|event| {
                v.nested(&format!("event at {}", event.position), |v| wire::grant(v, &event.event))
            })
            .collect();
        let merges: Vec<_> = events
            .iter()
            .filter_map(|event| {
                v.nested(&format!("event at {}", event.position), |v| wire::merge(v, &event.event))
            })
            .collect();
        v.finish()?;
        store::apply(tx, told).await?;
        for (merge, recorded_at) in merges {
            persons::put(tx, &merge, recorded_at).await?;
        }
        Ok(())
    }
}

/// Refuses to tell anything new of a record that was merged into another.
pub(crate) async fn stays(tx: &Tx<'_>, person_id: &PersonId) -> Result<(), OpError> {
    let into = persons::merged_into(tx, person_id).await?;
    into.map_or(Ok(()), |into| Err(merged(person_id, &into)))
}

/// The error that a person's record was merged into another.
pub(crate) fn merged(id: &PersonId, into: &PersonId) -> OpError {
    let words =
        format!("person {id} is person {into}, into whose record this one was merged: tell it of that one");
    OpError::precondition("PERSON_MERGED", words).with("person_id", id).with("into_person_id", into)
}

/// The grant that stands, and with it all that stand of the service to the person; held to the transaction's end.
pub(crate) async fn held(tx: &Tx<'_>, scope: &Scope, id: &GrantId) -> Result<(Grant, Vec<Grant>), OpError> {
    let known = store::find(tx, scope, id).await?.ok_or_else(|| unknown(id))?;
    let standing = of_person(tx, scope, &known.grant.person_id, known.grant.service).await?;
    // As it stands now that it is held.
    let grant = standing.iter().find(|grant| grant.grant_id == *id).cloned();
    Ok((grant.ok_or_else(|| unknown(id))?, standing))
}

/// The grants that stand of a service to a person, by whichever record, held to the transaction's end.
pub(crate) async fn of_person(
    tx: &Tx<'_>,
    scope: &Scope,
    person_id: &PersonId,
    service: ServiceKey,
) -> Result<Vec<Grant>, OpError> {
    let known = store::hold(tx, scope, person_id, service).await?;
    Ok(known.into_iter().filter(|known| known.stands).map(|known| known.grant).collect())
}

/// The error that nothing is known of a grant.
pub(crate) fn unknown(id: &GrantId) -> OpError {
    let words = format!(
        "there is no grant {id} here: check the id, or wait until the feed of assessment tells of it"
    );
    OpError::precondition("GRANT_UNKNOWN", words).with("grant_id", id)
}

/// The error that a person has no grant of a service.
pub(crate) fn none(person_id: &PersonId, service: ServiceKey) -> OpError {
    let words = format!(
        "no grant of {service} to person {person_id} is known here: check the person, or wait until the feed of \
         assessment tells of one"
    );
    OpError::precondition("GRANT_UNKNOWN", words)
}
