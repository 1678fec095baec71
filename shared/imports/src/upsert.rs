//! Facts by id: told anew only where they say something else.

use std::collections::BTreeMap;

use niva_base::OpError;
use niva_facts::{Fact, Info, Telling};
use niva_store::{Tx, facts};
use prost::Message;

use crate::{Effects, Numbered};

/// What an entry comes to.
#[derive(Debug, Clone, PartialEq)]
pub enum Upsert<M> {
    /// A fact not known before, with its first revision.
    Created(M),
    /// Another content for a known fact: what stood, and its next revision.
    Corrected {
        /// What stood.
        before: M,
        /// Its next revision.
        after: M,
    },
}

/// [`compare`] with what the table of revisions has.
///
/// # Errors
/// The database's.
pub async fn upsert<M>(
    tx: &Tx<'_>,
    told: &Telling,
    given: Vec<Numbered<M>>,
    effects: &mut Effects,
) -> Result<Vec<Numbered<Upsert<M>>>, OpError>
where
    M: Fact + Message + Default + Clone + PartialEq,
{
    let ids: Vec<M::Id> = given.iter().map(|fact| fact.entry.id()).collect();
    let known = facts::newest_of(tx, &ids.iter().collect::<Vec<_>>()).await?;
    compare(&known, told, given, effects)
}

/// Compares facts with those that are known, by id, counts them, and answers those that are new or say something else,
/// with their `FactInfo`. What is refused is noted: an id that stands twice (`ID_TAKEN`), a fact that was withdrawn
/// (`FACT_WITHDRAWN`), a correction in an import without a reason (`REASON_MISSING`). Nothing is written.
///
/// # Errors
/// A known fact without `FactInfo`, which is a defect.
pub fn compare<M>(
    known: &BTreeMap<M::Id, M>,
    told: &Telling,
    given: Vec<Numbered<M>>,
    effects: &mut Effects,
) -> Result<Vec<Numbered<Upsert<M>>>, OpError>
where
    M: Fact + Clone + PartialEq,
{
    let mut seen: BTreeMap<M::Id, i64> = BTreeMap::new();
    let mut changed = Vec::new();
    for Numbered { number, entry: mut fact } in given {
        let id = fact.id();
        if let Some(first) = seen.insert(id.clone(), number) {
            let words =
                format!("{} {id} stands twice in this import (also record {first}): take one away", M::KIND);
            effects.refuse(number, M::KIND, "ID_TAKEN", words);
            continue;
        }
        fact.set_info(None);
        let Some(before) = known.get(&id) else {
            fact.set_info(Some(&Info::first(id.as_ref(), told.clone())));
            effects.created();
            changed.push(Numbered { number, entry: Upsert::Created(fact) });
            continue;
        };
        let info =
            before.info().ok_or_else(|| OpError::internal(format!("{} {id} without FactInfo", M::KIND)))?;
        let mut content = before.clone();
        content.set_info(None);
        if content == fact && info.stands() {
            effects.unchanged();
            continue;
        }
        match info.corrected(info.revision, told.clone()) {
            Ok(next) => {
                fact.set_info(Some(&next));
                effects.corrected();
                let entry = Upsert::Corrected { before: before.clone(), after: fact };
                changed.push(Numbered { number, entry });
            }
            Err(refused) => {
                let error = OpError::from(refused);
                effects.refuse(number, M::KIND, error.reason(), error.told());
            }
        }
    }
    Ok(changed)
}
