use std::collections::BTreeMap;

use niva_calendar::NaiveDate;
use niva_facts::Happened;
use niva_names::{DistrictId, PersonId};

/// Group of people whom LSS is for (personkrets, LSS 1 §).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LssGroup {
    /// Intellectual disability, autism, or a condition like autism.
    One,
    /// Considerable and permanent intellectual disability after brain damage in adult age.
    Two,
    /// Other lasting disabilities that are large and plainly not due to normal ageing.
    Three,
}

/// A person, known outside assessment by an opaque id only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// Opaque id.
    pub person_id: PersonId,
    /// District boards by first day; each holds until the next begins. No day: as far back as is known. No board: outside
    /// the city.
    pub residences: BTreeMap<Option<NaiveDate>, Option<DistrictId>>,
    /// Groups of LSS by first day; `None`: of no group.
    pub lss_groups: BTreeMap<NaiveDate, Option<LssGroup>>,
    /// Day of death.
    pub death_date: Option<NaiveDate>,
}

/// Why something cannot be said of a person.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PersonRefused {
    /// The death has not happened.
    #[error("{death} is in the future: record a death when it has happened")]
    DeathInFuture {
        /// Day of death.
        death: NaiveDate,
    },
    /// Something begins after the death.
    #[error("{day} is after the person's death on {death}: correct one of them")]
    AfterDeath {
        /// Its first day.
        day: NaiveDate,
        /// Day of death.
        death: NaiveDate,
    },
}

impl Person {
    /// The board of the district that the person lives in on a day; `None` outside the city or where it is not known.
    #[must_use]
    pub fn district(&self, day: NaiveDate) -> Option<&DistrictId> {
        self.residences.range(..=Some(day)).next_back().and_then(|(_, district)| district.as_ref())
    }

    /// Every board that the person lives, lived or will live under.
    pub fn districts(&self) -> impl Iterator<Item = &DistrictId> {
        self.residences.values().flatten()
    }

    /// Whether all that is said fits together.
    ///
    /// # Errors
    /// The death is in the future; something begins after it.
    pub fn check(&self, today: NaiveDate) -> Result<(), PersonRefused> {
        let Some(death) = self.death_date else { return Ok(()) };
        if death > today {
            return Err(PersonRefused::DeathInFuture { death });
        }
        let begins = self.residences.keys().flatten().chain(self.lss_groups.keys());
        begins.copied().max().map_or(Ok(()), |last| self.lives_on(last))
    }

    /// Whether something may begin on a day.
    ///
    /// # Errors
    /// The day is after the person's death.
    pub fn lives_on(&self, day: NaiveDate) -> Result<(), PersonRefused> {
        match self.death_date {
            Some(death) if day > death => Err(PersonRefused::AfterDeath { day, death }),
            _ => Ok(()),
        }
    }

    /// The person lives somewhere from a day on, until the next residence that is known begins.
    ///
    /// # Errors
    /// The day is after the person's death.
    pub fn move_to(
        mut self,
        first: Option<NaiveDate>,
        district: Option<DistrictId>,
    ) -> Result<Happened<Self>, PersonRefused> {
        first.map_or(Ok(()), |first| self.lives_on(first))?;
        let before = self.residences.insert(first, district.clone());
        Ok(if before == Some(district) { Happened::Already(self) } else { Happened::Now(self) })
    }

    /// The person is of a group from a day on, until the next that is known begins.
    ///
    /// # Errors
    /// The day is after the person's death.
    pub fn assign(
        mut self,
        first: NaiveDate,
        group: Option<LssGroup>,
    ) -> Result<Happened<Self>, PersonRefused> {
        self.lives_on(first)?;
        let before = self.lss_groups.insert(first, group);
        Ok(if before == Some(group) { Happened::Already(self) } else { Happened::Now(self) })
    }

    /// The person has died.
    ///
    /// # Errors
    /// As for [`Person::check`].
    pub fn die(mut self, death: NaiveDate, today: NaiveDate) -> Result<Happened<Self>, PersonRefused> {
        if self.death_date == Some(death) {
            return Ok(Happened::Already(self));
        }
        self.death_date = Some(death);
        self.check(today)?;
        Ok(Happened::Now(self))
    }
}
