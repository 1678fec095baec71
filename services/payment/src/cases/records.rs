//! Which records are of one person, as was known at a fact number: people who were recorded more than once are few.

use std::collections::BTreeSet;

use niva_names::{Merge, Merges, PersonId, PersonMergeId};
use niva_payment_domain::{Case, FactKind, Recorded};

use super::CaseKey;

/// All that was told of merges, with the number of each telling, in order.
#[derive(Debug, Clone, Default)]
pub(crate) struct Records {
    told: Vec<(i64, Merge)>,
    merges: Merges,
    /// Whoever is or was merged.
    persons: BTreeSet<PersonId>,
}

impl Records {
    /// Takes a telling in; whether it says anything new.
    pub(crate) fn tell(&mut self, number: i64, merge: Merge) -> bool {
        let news = self.merges.tell(merge.clone());
        if news {
            self.persons.extend([merge.from.clone(), merge.into.clone()]);
            self.told.push((number, merge));
        }
        news
    }

    /// What was told up to a number.
    pub(crate) fn as_of(&self, number: i64) -> Self {
        let mut then = Self::default();
        for (at, merge) in self.told.iter().take_while(|(at, _)| *at <= number) {
            then.tell(*at, merge.clone());
        }
        then
    }

    /// What was told after a number, in order.
    pub(crate) fn since(&self, number: i64) -> impl Iterator<Item = &(i64, Merge)> {
        self.told.iter().filter(move |(at, _)| *at > number)
    }

    /// Everybody who has, or was taken to have, several records.
    pub(crate) fn persons(&self) -> &BTreeSet<PersonId> {
        &self.persons
    }

    /// Whether a person has, or was taken to have, several records.
    pub(crate) fn are_several(&self, person: &PersonId) -> bool {
        self.persons.contains(person)
    }

    /// All ids that are the person's, itself among them.
    pub(crate) fn same(&self, person: &PersonId) -> BTreeSet<PersonId> {
        if self.are_several(person) { self.merges.same(person) } else { [person.clone()].into() }
    }

    /// All ids that are or were taken for the person's, itself among them.
    pub(crate) fn ever_same(&self, person: &PersonId) -> BTreeSet<PersonId> {
        self.merges.ever_same(person)
    }

    /// The case in which what is of a record is paid.
    pub(crate) fn paid_in(&self, key: &CaseKey) -> CaseKey {
        CaseKey { person_id: self.merges.survivor(&key.person_id).clone(), service: key.service }
    }

    /// The cases of the service that other records have which are or were taken for the same person's.
    pub(crate) fn beside(&self, key: &CaseKey) -> Vec<CaseKey> {
        if !self.are_several(&key.person_id) {
            return Vec::new();
        }
        let others = self.merges.ever_same(&key.person_id).into_iter();
        let others = others.filter(|person| *person != key.person_id);
        others.map(|person_id| CaseKey { person_id, service: key.service }).collect()
    }

    /// What was told after a number of merges of a person's records.
    pub(crate) fn news(&self, person: &PersonId, after: i64) -> Vec<Recorded> {
        if !self.are_several(person) {
            return Vec::new();
        }
        let same = self.merges.ever_same(person);
        let told = self.since(after).filter(|(_, merge)| same.contains(&merge.from));
        told.map(|(number, merge)| Recorded {
            number: *number,
            placement_id: None,
            kind: FactKind::PersonMerge,
            id: (&merge.id).into(),
            revision: merge.revision,
            withdrawn: !merge.stands,
        })
        .collect()
    }

    /// Whether a merge is, or was, one of a person's records.
    pub(crate) fn is_of(&self, person: &PersonId, merge: &PersonMergeId) -> bool {
        let same = self.merges.ever_same(person);
        self.merges.all().any(|known| known.id == *merge && same.contains(&known.from))
    }

    /// The case of a record, with those that are read beside it.
    pub(crate) fn join(&self, own: Case, beside: impl IntoIterator<Item = Case>) -> Case {
        if self.are_several(&own.person_id) { own.beside(beside, &self.merges) } else { own }
    }
}
