//! A person who was recorded more than once: what is paid of the cases that records of one person have.

use std::collections::BTreeSet;

use niva_names::{FactId, Merges, PersonId};

use crate::case::{Case, Placement};

impl Case {
    /// The case of a record, beside others of the same service that were ever taken for the same person's. The record that stays has
    /// all that was told of those that are the person's now; of all others, and in a record that went, nothing is owed but what was
    /// paid there is known.
    #[must_use]
    pub fn beside(self, others: impl IntoIterator<Item = Self>, merges: &Merges) -> Self {
        let person = self.person_id.clone();
        let stays = *merges.survivor(&person) == person;
        let mut joined = if stays { self } else { self.elsewhere() };
        for other in others {
            let mine = stays && *merges.survivor(&other.person_id) == person;
            joined.join(if mine { other } else { other.elsewhere() });
        }
        let records = merges.ever_same(&person);
        joined.merges = of(merges, &records).collect();
        joined
    }

    /// What is left of a case in which nothing is owed: its placements are another's.
    fn elsewhere(mut self) -> Self {
        for placement in self.placements.values_mut() {
            let dated = placement.dated.take();
            *placement = Placement { dated, elsewhere: true, ..Placement::default() };
        }
        Self { placements: self.placements, ..Self::new(self.person_id, self.service) }
    }

    /// Takes over what another record has. Of a placement that both were told of, the one counts where it belongs.
    fn join(&mut self, other: Self) {
        self.grants.extend(other.grants);
        self.levels.extend(other.levels);
        self.decided_before.extend(other.decided_before);
        for (id, placement) in other.placements {
            let known = self.placements.get(&id);
            if known.is_none_or(|known| known.is_anothers() && !placement.is_anothers()) {
                self.placements.insert(id, placement);
            }
        }
    }
}

impl Placement {
    /// It is paid in another case, if anywhere.
    fn is_anothers(&self) -> bool {
        self.elsewhere || self.dated.as_ref().is_none_or(|dated| dated.of_another)
    }
}

/// The merges of some records, withdrawn ones too, with their revisions.
fn of<'m>(merges: &'m Merges, records: &'m BTreeSet<PersonId>) -> impl Iterator<Item = (FactId, i64)> + 'm {
    let merges = merges.all().filter(|merge| records.contains(&merge.from));
    merges.map(|merge| ((&merge.id).into(), merge.revision))
}
