use std::collections::BTreeMap;

use niva_calendar::{Interval, NaiveDate, Timeline};
use niva_facts::Happened;
use niva_models::GrantScope;
use niva_names::{ApplicationId, DistrictId, GrantId, PersonId, ServiceKey};

/// The decision that gives a person the right to a service (biståndsbeslut).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// Opaque id.
    pub grant_id: GrantId,
    /// The person.
    pub person_id: PersonId,
    /// The service granted.
    pub service: ServiceKey,
    /// The district board that grants and pays.
    pub district: DistrictId,
    /// The days it is valid.
    pub valid: Interval,
    /// Scopes by first day, all within `valid`; each holds until the next begins or the grant ends.
    pub scopes: BTreeMap<NaiveDate, GrantScope>,
    /// The application that it answers.
    pub application_id: Option<ApplicationId>,
}

/// Why a grant cannot become what was asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GrantRefused {
    /// The day is not one of the grant's.
    #[error("{day} is outside the grant, which is valid {}: choose one of its days", days(.valid))]
    OutsideGrant {
        /// The day.
        day: NaiveDate,
        /// The grant's days.
        valid: Interval,
    },
    /// It would end before it starts.
    #[error("the last day {last} is before the first day {first}: a grant is valid one day at least")]
    EndBeforeStart {
        /// First day.
        first: NaiveDate,
        /// Last day asked for.
        last: NaiveDate,
    },
}

impl Grant {
    /// Whether every scope begins on one of its days.
    ///
    /// # Errors
    /// The first that does not.
    pub fn check(&self) -> Result<(), GrantRefused> {
        let outside = self.scopes.keys().find(|first| !self.valid.contains(**first));
        outside.map_or(Ok(()), |day| Err(GrantRefused::OutsideGrant { day: *day, valid: self.valid }))
    }

    /// The scope on each day of the grant that has one.
    #[must_use]
    pub fn timeline(&self) -> Timeline<GrantScope> {
        let mut timeline = Timeline::new();
        for (first, scope) in &self.scopes {
            if let Some(rest) = Interval::new(*first, self.valid.last) {
                timeline.set(rest, *scope);
            }
        }
        timeline
    }

    /// `scope` holds from `first` until the next scope begins or the grant ends. Because a change leaves later
    /// scopes alone, the same changes end in the same scopes whatever their order.
    ///
    /// # Errors
    /// When `first` is outside the grant.
    pub fn change_scope(
        mut self,
        first: NaiveDate,
        scope: GrantScope,
    ) -> Result<Happened<Self>, GrantRefused> {
        if !self.valid.contains(first) {
            return Err(GrantRefused::OutsideGrant { day: first, valid: self.valid });
        }
        if self.scopes.get(&first) == Some(&scope) {
            return Ok(Happened::Already(self));
        }
        self.scopes.insert(first, scope);
        Ok(Happened::Now(self))
    }

    /// Makes `last` its last day, earlier or later than before. Scopes that would begin after it are dropped.
    ///
    /// # Errors
    /// When `last` is before its first day.
    pub fn end(mut self, last: NaiveDate) -> Result<Happened<Self>, GrantRefused> {
        let valid = Interval::new(self.valid.first, last)
            .ok_or(GrantRefused::EndBeforeStart { first: self.valid.first, last })?;
        if valid == self.valid {
            return Ok(Happened::Already(self));
        }
        self.valid = valid;
        self.scopes.retain(|first, _| *first <= last);
        Ok(Happened::Now(self))
    }
}

fn days(valid: &Interval) -> String {
    valid.end().map_or_else(|| format!("from {}", valid.first), |last| format!("{} to {last}", valid.first))
}
