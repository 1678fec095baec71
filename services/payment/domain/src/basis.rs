//! What a line's price is by, among the facts of its placement.

use crate::facts::{PlacementFacts, Special};
use crate::owed::{Basis, Line};
use niva_names::FactId;

impl<'a> PlacementFacts<'a> {
    /// Id of the agreement or special compensation that a line's price is by; `None` where it is the model's.
    #[must_use]
    pub fn word(&self, line: &Line) -> Option<&'a FactId> {
        match line.basis {
            Basis::Agreement => self.agreements.at(line.days.first).map(|agreement| agreement.id),
            Basis::Special(index) => self.special.get(usize::from(index)).map(|special| special.id),
            Basis::Published | Basis::Transition | Basis::ActualCost | Basis::PrivatePremises => None,
        }
    }

    /// The special compensation that a line is a part of.
    #[must_use]
    pub fn special(&self, line: &Line) -> Option<Special> {
        let Basis::Special(index) = line.basis else { return None };
        self.special.get(usize::from(index)).map(|special| special.value)
    }
}
