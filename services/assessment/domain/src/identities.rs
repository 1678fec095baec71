use std::fmt;

use niva_calendar::NaiveDate;
use niva_facts::{Happened, Info, Telling};
use niva_names::PersonId;

use crate::person_number::{NumberKind, PersonNumber};

/// Who a person is. Nothing of it is printed but whose it is.
#[derive(Clone, PartialEq, Eq)]
pub struct Identity {
    /// The person.
    pub person_id: PersonId,
    /// The number that the person has.
    pub number: PersonNumber,
    /// Given name.
    pub given_name: String,
    /// Family name.
    pub family_name: String,
    /// Whether it is shown to few.
    pub is_protected: bool,
    /// Numbers that the person had, each with its last day where it is known.
    pub former_numbers: Vec<(PersonNumber, Option<NaiveDate>)>,
}

/// Why a number does not take another's place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NumberStays {
    /// The new one is a coordination number.
    #[error(
        "is a coordination number: a personal identity number takes its place, and what is wrong is corrected"
    )]
    NotPersonal,
    /// The one that the person has is personal already.
    #[error("the person has a personal identity number already: correct the identity if it is wrong")]
    PersonalAlready,
}

impl Identity {
    /// All numbers that the person is found by.
    pub fn numbers(&self) -> impl Iterator<Item = &PersonNumber> {
        std::iter::once(&self.number).chain(self.former_numbers.iter().map(|(number, _)| number))
    }

    /// The person was given a personal number from a day on.
    ///
    /// # Errors
    /// The new number is not personal, or the old one is.
    pub fn replace_number(
        mut self,
        number: PersonNumber,
        first: NaiveDate,
    ) -> Result<Happened<Self>, NumberStays> {
        if number.kind() != NumberKind::Personal {
            return Err(NumberStays::NotPersonal);
        }
        if self.number == number {
            return Ok(Happened::Already(self));
        }
        if self.number.kind() == NumberKind::Personal {
            return Err(NumberStays::PersonalAlready);
        }
        let former = std::mem::replace(&mut self.number, number);
        self.former_numbers.push((former, first.pred_opt()));
        Ok(Happened::Now(self))
    }

    /// The revision that tells who somebody is: the first, or the one after a withdrawal, as a person has one identity and
    /// what was told wrongly of it must not stay in its place. `None`: one stands.
    #[must_use]
    pub fn recorded(person_id: &PersonId, before: Option<&Info>, told: Telling) -> Option<Info> {
        match before {
            None => Some(Info::first(person_id.as_str(), told)),
            Some(info) if info.stands() => None,
            Some(info) => {
                let first = Info::first(person_id.as_str(), told);
                Some(Info { revision: info.revision + 1, ..first })
            }
        }
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Identity({})", self.person_id)
    }
}
