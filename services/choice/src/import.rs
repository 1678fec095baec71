//! What the records of all resources have in common when they are imported.

use std::collections::BTreeMap;

use niva_base::OpError;
use niva_facts::{Fact, Info, Telling};
use niva_imports::{Effects, Numbered, Upsert, upsert};
use niva_store::Tx;
use prost::Message;

/// Records of one kind, in their order.
pub(crate) type Records<'a, M> = Vec<Numbered<&'a M>>;

/// A record that says something new.
pub(crate) struct Change<M, S> {
    pub(crate) number: i64,
    /// The fact in its new revision.
    pub(crate) fact: M,
    /// What it says.
    pub(crate) said: S,
    pub(crate) info: Info,
    /// What stood; none: it was not known.
    pub(crate) before: Option<M>,
}

/// Those of some records that say something new. What they say in the domain's words goes with them.
pub(crate) async fn changes<M, S>(
    tx: &Tx<'_>,
    told: &Telling,
    given: Vec<Numbered<(M, S)>>,
    effects: &mut Effects,
) -> Result<Vec<Change<M, S>>, OpError>
where
    M: Fact + Message + Default + Clone + PartialEq,
{
    let (mut said, mut facts) = (BTreeMap::new(), Vec::with_capacity(given.len()));
    for Numbered { number, entry: (fact, says) } in given {
        said.insert(number, says);
        facts.push(Numbered { number, entry: fact });
    }
    let mut changes = Vec::new();
    for Numbered { number, entry } in upsert(tx, told, facts, effects).await? {
        let (before, fact) = match entry {
            Upsert::Created(fact) => (None, fact),
            Upsert::Corrected { before, after } => (Some(before), after),
        };
        let lost = || OpError::internal(format!("{} {} of an import is lost", M::KIND, fact.fact_id()));
        let said = said.remove(&number).ok_or_else(lost)?;
        let info = fact.info().ok_or_else(lost)?;
        changes.push(Change { number, fact, said, info, before });
    }
    Ok(changes)
}

/// Notes a refusal, with the field of those that are not about one.
pub(crate) fn refuse(effects: &mut Effects, number: i64, field: &str, error: OpError) -> Result<(), OpError> {
    match error {
        OpError::Invalid(violations) => effects.refuse_all(number, violations),
        OpError::FailedPrecondition { reason, message, .. } => effects.refuse(number, field, reason, message),
        other => return Err(other),
    }
    Ok(())
}
