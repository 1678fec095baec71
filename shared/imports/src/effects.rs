//! What came of the entries of an import.

use std::collections::{BTreeMap, BTreeSet};

use niva_base::{OpError, Violation, Violations};
use niva_feed::NewEvent;
use niva_names::FactId;
use niva_rpc::wire::read::MAX_ID;

use crate::MAX_ERRORS;

/// An entry with its number in the stream, from 0.
#[derive(Debug, Clone)]
pub struct Numbered<E> {
    /// The number.
    pub number: i64,
    /// The entry.
    pub entry: E,
}

/// How many entries came to what.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) created: i64,
    pub(crate) corrected: i64,
    pub(crate) unchanged: i64,
    pub(crate) refused: i64,
}

/// Something wrong with an entry.
#[derive(Debug, Clone)]
pub(crate) struct Refusal {
    pub(crate) number: i64,
    pub(crate) origin: String,
    pub(crate) violation: Violation,
}

/// What came of entries, and what is to be told of them.
#[derive(Debug, Default)]
pub struct Effects {
    pub(crate) counts: Counts,
    pub(crate) refusals: Vec<Refusal>,
    pub(crate) events: Vec<NewEvent>,
    /// Entries at hand that are refused.
    refused: BTreeSet<i64>,
    /// Where the entries at hand come from.
    origins: BTreeMap<i64, String>,
    /// Facts that the import has a refused entry of, by kind and id: what depends on them needs no error of its own. As many
    /// as errors are kept: what depends on others has an error that nobody reads.
    withheld: BTreeSet<(&'static str, FactId)>,
}

impl Effects {
    /// The entry was a fact not known before.
    pub fn created(&mut self) {
        self.counts.created += 1;
    }

    /// The entry corrected a fact.
    pub fn corrected(&mut self) {
        self.counts.corrected += 1;
    }

    /// The entry said what was known.
    pub fn unchanged(&mut self) {
        self.counts.unchanged += 1;
    }

    /// What the feed is to tell.
    pub fn tell(&mut self, event: NewEvent) {
        self.events.push(event);
    }

    /// Something is wrong with an entry: field, reason and words.
    pub fn refuse(&mut self, number: i64, field: &str, reason: &'static str, words: impl Into<String>) {
        let violation = Violation { field: field.to_owned(), reason, description: words.into() };
        self.refuse_all(number, [violation]);
    }

    /// Several things are wrong with an entry.
    pub fn refuse_all(&mut self, number: i64, violations: impl IntoIterator<Item = Violation>) {
        for violation in violations {
            if self.refused.insert(number) {
                self.counts.refused += 1;
            }
            if self.refusals.len() < MAX_ERRORS {
                let origin = self.origins.get(&number).cloned().unwrap_or_default();
                self.refusals.push(Refusal { number, origin, violation });
            }
        }
    }

    /// Reads a part of an entry, every violation at once: the value, or nothing when something is wrong with it.
    pub fn read<V>(&mut self, number: i64, read: impl FnOnce(&mut Violations) -> Option<V>) -> Option<V> {
        let mut v = Violations::new();
        let value = read(&mut v);
        match v.finish() {
            Ok(()) => value,
            Err(error) => {
                if let OpError::Invalid(violations) = error {
                    self.refuse_all(number, violations);
                }
                None
            }
        }
    }

    /// Notes that the import has a fact of this kind and id that is wrong in itself.
    pub fn withhold(&mut self, kind: &'static str, id: impl Into<FactId>) {
        let id = id.into();
        // What names an id that is longer than any may be is wrong in itself: nobody looks for it, and ten thousand fill the memory.
        if id.as_str().len() <= MAX_ID && self.withheld.len() < MAX_ERRORS {
            self.withheld.insert((kind, id));
        }
    }

    /// Whether the import has a fact of this kind and id that is wrong in itself.
    #[must_use]
    pub fn is_withheld(&self, kind: &'static str, id: impl Into<FactId>) -> bool {
        self.withheld.contains(&(kind, id.into()))
    }

    /// The next entries are at hand, each with where it comes from: memory holds what is of use for them alone.
    pub(crate) fn next_part(&mut self, origins: BTreeMap<i64, String>) {
        self.refused.clear();
        self.origins = origins;
    }

    pub(crate) fn is_sound(&self) -> bool {
        self.counts.refused == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_in_itself_is_remembered_by_ids_that_there_can_be() {
        let mut effects = Effects::default();
        effects.withhold("person", "P-1");
        effects.withhold("person", "x".repeat(MAX_ID + 1));
        assert!(effects.is_withheld("person", "P-1") && !effects.is_withheld("grant of", "P-1"));
        assert_eq!(effects.withheld.len(), 1, "a long id takes memory and helps nobody");
    }
}
