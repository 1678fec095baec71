use niva_names::FactId;
use serde::{Deserialize, Serialize};

use crate::Known;

/// Facts of one kind, in order of id, each as its highest revision says, whichever came first. One that was withdrawn
/// leaves its revision, so that an older one which comes late does not bring it back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Revisions<T> {
    facts: Vec<(FactId, i64, Option<T>)>,
}

impl<T> Default for Revisions<T> {
    fn default() -> Self {
        Self { facts: Vec::new() }
    }
}

impl<T: Clone> Revisions<T> {
    /// Takes a revision in; without content it is a withdrawal. `false` when the same or a higher one is known already.
    pub(crate) fn put(&mut self, id: &FactId, revision: i64, content: Option<&T>) -> bool {
        match self.position(id) {
            Ok(at) if self.facts[at].1 >= revision => false,
            Ok(at) => {
                (self.facts[at].1, self.facts[at].2) = (revision, content.cloned());
                true
            }
            Err(at) => {
                self.facts.insert(at, (id.clone(), revision, content.cloned()));
                true
            }
        }
    }

    /// Takes in what others say, as [`Revisions::put`] does.
    pub(crate) fn extend(&mut self, others: Self) {
        for (id, revision, content) in others.facts {
            self.put(&id, revision, content.as_ref());
        }
    }

    /// What a fact says; `None` when it is not known or was withdrawn.
    pub(crate) fn get(&self, id: &FactId) -> Option<&T> {
        self.facts.get(self.position(id).ok()?)?.2.as_ref()
    }

    /// The facts that stand, in order of id.
    pub(crate) fn standing(&self) -> impl Iterator<Item = Known<'_, &T>> {
        self.facts.iter().filter_map(|(id, revision, value)| {
            Some(Known { id, revision: *revision, value: value.as_ref()? })
        })
    }

    /// Those that stand and are kept, in the revisions that they stand in.
    pub(crate) fn only(&self, keep: impl Fn(&FactId, &T) -> bool) -> Self {
        let kept =
            self.facts.iter().filter(|(id, _, value)| value.as_ref().is_some_and(|value| keep(id, value)));
        Self { facts: kept.cloned().collect() }
    }

    fn position(&self, id: &FactId) -> Result<usize, usize> {
        self.facts.binary_search_by(|(known, ..)| known.cmp(id))
    }
}
