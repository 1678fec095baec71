//! What is known of a person's records, for other resources.

use chrono::{DateTime, Utc};
use niva_base::OpError;
use niva_names::{Merges, PersonId};
use niva_proto::assessment::v1 as pb;
use niva_store::{Tx, facts, persons as same};

use super::{store, wire};

/// The ids that were one person's with this one, as was known at a recorded time; as is known now where none is given.
pub(crate) async fn same_at(
    tx: &Tx<'_>,
    person: &PersonId,
    at: Option<DateTime<Utc>>,
) -> Result<Vec<PersonId>, OpError> {
    let Some(at) = at else { return Ok(same::same(tx, person).await?) };
    let mut merges = Merges::default();
    for id in store::ever_of(tx, person).await? {
        if let Some(told) = facts::as_of::<pb::PersonMerge>(tx, &id, at).await? {
            merges.tell(wire::stored(&told)?);
        }
    }
    Ok(merges.same(person).into_iter().collect())
}

/// All that was told of merges of a person's records.
pub(crate) async fn of(tx: &Tx<'_>, person: &PersonId) -> Result<Vec<pb::PersonMerge>, OpError> {
    let mut found = Vec::new();
    for id in store::ever_of(tx, person).await? {
        found.extend(facts::all::<pb::PersonMerge>(tx, &id).await?);
    }
    Ok(found)
}
