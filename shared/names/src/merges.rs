use std::collections::{BTreeMap, BTreeSet};

use crate::{PersonId, PersonMergeId};

/// A telling that two records are of one person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Merge {
    /// Names it.
    pub id: PersonMergeId,
    /// Of two revisions the higher counts.
    pub revision: i64,
    /// The record that goes.
    pub from: PersonId,
    /// The record that stays.
    pub into: PersonId,
    /// It was not withdrawn.
    pub stands: bool,
}

/// Which ids are one person's: all that was told of merges, in any order and any number of times.
///
/// A record is merged into one other at a time, and that may be merged further; each way ends at the record that stays.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Merges(BTreeMap<PersonMergeId, Merge>);

impl FromIterator<Merge> for Merges {
    fn from_iter<T: IntoIterator<Item = Merge>>(told: T) -> Self {
        let mut merges = Self::default();
        for merge in told {
            merges.tell(merge);
        }
        merges
    }
}

impl Merges {
    /// Takes a telling in; whether it says anything new.
    pub fn tell(&mut self, merge: Merge) -> bool {
        let news = self.0.get(&merge.id).is_none_or(|known| known.revision < merge.revision);
        if news {
            self.0.insert(merge.id.clone(), merge);
        }
        news
    }

    /// Whether none has been heard of.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All, withdrawn ones too, each in its newest revision.
    pub fn all(&self) -> impl Iterator<Item = &Merge> {
        self.0.values()
    }

    /// The record that stays of the person who has this one.
    #[must_use]
    pub fn survivor<'a>(&'a self, person: &'a PersonId) -> &'a PersonId {
        let mut at = person;
        // A way that led back to itself, which nobody may tell, ends where all have been seen.
        for _ in 0..=self.0.len() {
            match self.0.values().find(|merge| merge.stands && merge.from == *at) {
                Some(merge) if merge.into != *person => at = &merge.into,
                _ => break,
            }
        }
        at
    }

    /// All ids of the person who has this one, itself among them.
    #[must_use]
    pub fn same(&self, person: &PersonId) -> BTreeSet<PersonId> {
        self.reached(person, |merge| merge.stands)
    }

    /// All ids that are or were taken for those of one person with this one, itself among them.
    #[must_use]
    pub fn ever_same(&self, person: &PersonId) -> BTreeSet<PersonId> {
        self.reached(person, |_| true)
    }

    fn reached(&self, person: &PersonId, counts: impl Fn(&Merge) -> bool) -> BTreeSet<PersonId> {
        let (mut found, mut next) = (BTreeSet::new(), vec![person]);
        while let Some(at) = next.pop() {
            if found.insert(at.clone()) {
                let beside = self.0.values().filter(|merge| counts(merge));
                next.extend(beside.filter_map(|merge| match (&merge.from, &merge.into) {
                    (from, into) if from == at => Some(into),
                    (from, into) if into == at => Some(from),
                    _ => None,
                }));
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn merge(from: &str, into: &str, revision: i64, stands: bool) -> Merge {
        let id = format!("{from}>{into}").into();
        Merge { id, revision, from: from.into(), into: into.into(), stands }
    }

    fn ids(of: &[&str]) -> BTreeSet<PersonId> {
        of.iter().map(|id| (*id).into()).collect()
    }

    #[test]
    fn a_way_ends_at_the_record_that_stays() {
        let merges: Merges = [merge("A", "B", 1, true), merge("B", "C", 1, true)].into_iter().collect();
        for id in ["A", "B", "C"] {
            assert_eq!(merges.survivor(&id.into()), "C");
            assert_eq!(merges.same(&id.into()), ids(&["A", "B", "C"]));
        }
        assert_eq!(merges.survivor(&"D".into()), "D");
        assert_eq!(merges.same(&"D".into()), ids(&["D"]));
    }

    #[test]
    fn what_is_withdrawn_parts_them_and_is_not_forgotten() {
        let told = [merge("B", "C", 2, false), merge("A", "B", 1, true), merge("B", "C", 1, true)];
        let merges: Merges = told.into_iter().collect();
        assert_eq!(merges.survivor(&"A".into()), "B");
        assert_eq!(merges.same(&"C".into()), ids(&["C"]));
        assert_eq!(merges.ever_same(&"C".into()), ids(&["A", "B", "C"]));
    }

    #[test]
    fn a_circle_has_an_end() {
        let merges: Merges = [merge("A", "B", 1, true), merge("B", "A", 1, true)].into_iter().collect();
        assert_eq!(merges.survivor(&"A".into()), "B");
        assert_eq!(merges.same(&"A".into()), ids(&["A", "B"]));
    }
}
