//! What a person's work or absence makes of a day of full compensation.

use niva_calendar::{Interval, Month, NaiveDate, OPEN_END, day_after, day_before, plus_days};
use niva_models::{Parameters, ServiceTerms, TransitionTerms};

use crate::{Known, Outcome, Transition, TransitionTo};

/// How a day of full compensation is spent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stay {
    /// As granted.
    Usual,
    /// In transition to work, with support.
    AtWork,
    /// In transition to work, in a month without a recorded visit to the workplace.
    Unvisited,
    /// After a transition to work of which nobody has said how it ended.
    Undecided,
    /// After a transition to work: the person has left, or has not come back yet.
    Gone,
    /// Away for longer than the model pays for without a question.
    Away,
}

/// Transitions and absences of a placement.
pub(super) struct Stays<'a> {
    /// In order of their first day.
    transitions: &'a [Known<'a, Transition>],
    /// In order of day.
    visits: &'a [Known<'a, NaiveDate>],
    /// In order, none meeting another.
    absences: Vec<Interval>,
}

impl<'a> Stays<'a> {
    pub(super) fn new(
        transitions: &'a [Known<'a, Transition>],
        visits: &'a [Known<'a, NaiveDate>],
        absences: &[Known<'a, Interval>],
    ) -> Self {
        Self { transitions, visits, absences: joined_absences(absences.iter().map(|known| known.value)) }
    }

    /// How `day` is spent by the terms of its model, and the last day that this may stay so.
    pub(super) fn at(&self, terms: Option<&ServiceTerms>, day: NaiveDate) -> (Stay, NaiveDate) {
        let few = self.transitions.is_empty() && self.absences.is_empty();
        let Some(terms) = terms.filter(|_| !few) else { return (Stay::Usual, OPEN_END) };
        match terms.transition.as_ref().map_or((Stay::Usual, OPEN_END), |t| self.transition(t, day)) {
            (Stay::Usual, until) => {
                let (stay, changes) = self.absence(&terms.parameters, day);
                (stay, until.min(changes))
            }
            found => found,
        }
    }

    /// The transition that began last counts.
    fn transition(&self, terms: &TransitionTerms, day: NaiveDate) -> (Stay, NaiveDate) {
        let counted = |known: &&Known<'_, Transition>| terms.studies || known.value.to == TransitionTo::Work;
        let begun = self.transitions.partition_point(|known| known.value.job_start <= day);
        let (before, after) = self.transitions.split_at(begun);
        let until = after.iter().find(counted).map_or(OPEN_END, |next| day_before(next.value.job_start));
        let Some(transition) = before.iter().rev().find(counted).map(|known| known.value) else {
            return (Stay::Usual, until);
        };
        let paid = transition_days(&transition, terms.max_months);
        if let Some(paid) = paid.filter(|paid| paid.contains(day)) {
            let month = Month::of(day).interval().intersect(&paid);
            let visited = !terms.monthly_visit || month.is_some_and(|month| self.visited(month));
            return (if visited { Stay::AtWork } else { Stay::Unvisited }, until.min(paid.last));
        }
        match transition.outcome {
            None => (Stay::Undecided, until),
            Some(Outcome::Left) => (Stay::Gone, until),
            Some(Outcome::Returned(on)) if day < on => (Stay::Gone, until.min(day_before(on))),
            Some(Outcome::Returned(_)) => (Stay::Usual, until),
        }
    }

    fn visited(&self, days: Interval) -> bool {
        let from = self.visits.partition_point(|visit| visit.value < days.first);
        self.visits.get(from).is_some_and(|visit| days.contains(visit.value))
    }

    fn absence(&self, parameters: &Parameters, day: NaiveDate) -> (Stay, NaiveDate) {
        let Some(most) = parameters.absence_days else { return (Stay::Usual, OPEN_END) };
        let held = |days: &Interval| Interval::new(plus_days(days.first, i64::from(most)), days.last);
        let next = self.absences.partition_point(|days| days.last < day);
        match self.absences.get(next..).unwrap_or_default().iter().find_map(held) {
            Some(held) if held.contains(day) => (Stay::Away, held.last),
            Some(held) => (Stay::Usual, day_before(held.first)),
            None => (Stay::Usual, OPEN_END),
        }
    }
}

/// Absences that meet or overlap are one.
pub(crate) fn joined_absences(absences: impl Iterator<Item = Interval>) -> Vec<Interval> {
    let mut sorted: Vec<Interval> = absences.collect();
    sorted.sort_unstable();
    let mut joined: Vec<Interval> = Vec::with_capacity(sorted.len());
    for days in sorted {
        match joined.last_mut() {
            Some(before) if before.is_open() || days.first <= day_after(before.last) => {
                before.last = before.last.max(days.last);
            }
            _ => joined.push(days),
        }
    }
    joined
}

/// The days that a transition to work is paid: from the job's first day for at most `max_months`, while the plan records
/// support, and until the person comes back. `n` months end the day before the day with the same number (or the month's
/// last) `n` months on.
#[must_use]
pub fn transition_days(transition: &Transition, max_months: u16) -> Option<Interval> {
    let limit = transition
        .job_start
        .checked_add_months(chrono::Months::new(u32::from(max_months)))
        .map_or(OPEN_END, day_before);
    let back = match transition.outcome {
        Some(Outcome::Returned(on)) => day_before(on),
        Some(Outcome::Left) | None => OPEN_END,
    };
    Interval::new(transition.job_start, limit.min(transition.support_end.unwrap_or(limit)).min(back))
}
