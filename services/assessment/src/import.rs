//! What the records of all resources have in common when they are imported.

use std::collections::{BTreeMap, BTreeSet};

use niva_base::OpError;
use niva_imports::{Effects, Numbered};
use niva_names::PersonId;
use niva_proto::assessment::v1 as pb;
use niva_store::{Tx, facts, persons};

/// Records of one kind, in their order.
pub(crate) type Records<'a, M> = Vec<Numbered<&'a M>>;

/// Notes a refusal, with the field of those that are not about one.
pub(crate) fn refuse(effects: &mut Effects, number: i64, field: &str, error: OpError) -> Result<(), OpError> {
    match error {
        OpError::Invalid(violations) => effects.refuse_all(number, violations),
        OpError::FailedPrecondition { reason, message, .. } => effects.refuse(number, field, reason, message),
        other => return Err(other),
    }
    Ok(())
}

/// Notes a refusal unless all is well: the value, if it is.
pub(crate) fn noted<T>(
    effects: &mut Effects,
    number: i64,
    field: &str,
    result: Result<T, OpError>,
) -> Result<Option<T>, OpError> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) => refuse(effects, number, field, error).map(|()| None),
    }
}

/// The people of an import's records who stand, by id.
pub(crate) struct People {
    /// As the record says that stays.
    people: BTreeMap<PersonId, pb::Person>,
    /// The record that stays, of those that were merged into another.
    merged: BTreeMap<PersonId, PersonId>,
}

impl People {
    pub(crate) async fn load(tx: &Tx<'_>, ids: impl Iterator<Item = PersonId>) -> Result<Self, OpError> {
        let ids: BTreeSet<PersonId> = ids.collect();
        let people = facts::newest_of::<pb::Person>(tx, &ids.iter().collect::<Vec<_>>()).await?;
        let stands = |person: &pb::Person| crate::info(person).is_ok_and(|info| info.stands());
        let mut people: BTreeMap<_, _> = people.into_iter().filter(|(_, person)| stands(person)).collect();
        let merged = persons::merged(tx, people.keys()).await?;
        let stay = facts::newest_of::<pb::Person>(tx, &merged.values().collect::<Vec<_>>()).await?;
        for (id, into) in &merged {
            if let Some(person) = stay.get(into) {
                people.insert(id.clone(), person.clone());
            }
        }
        Ok(Self { people, merged })
    }

    /// Whether a new record may name a person; notes that it may not where the person's record was merged into another.
    pub(crate) fn may_have(&self, effects: &mut Effects, number: i64, kind: &str, id: &PersonId) -> bool {
        let Some(into) = self.merged.get(id) else { return true };
        let words = format!(
            "person {id} is person {into}, into whose record this one was merged: tell it of that one"
        );
        effects.refuse(number, &format!("{kind}.person_id"), "PERSON_MERGED", words);
        false
    }

    /// Their ids.
    pub(crate) fn ids(&self) -> impl Iterator<Item = &PersonId> {
        self.people.keys()
    }

    /// The person; notes that there is none, unless the import has one that is wrong in itself.
    pub(crate) fn find(
        &self,
        effects: &mut Effects,
        number: i64,
        kind: &str,
        id: &PersonId,
    ) -> Option<&pb::Person> {
        let found = self.people.get(id);
        if found.is_none() && !effects.is_withheld("person", id) {
            let words = format!("there is no person {id}, neither here nor in the import: add the person");
            effects.refuse(number, &format!("{kind}.person_id"), "PERSON_UNKNOWN", words);
        }
        found
    }
}
