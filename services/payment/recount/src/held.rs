//! What held on one day, of all that was told.

use std::cmp::Reverse;

use niva_calendar::{Month, NaiveDate};
use niva_models::{GrantScope, Parameters, PreliminaryDifference, ServiceTerms, TransitionTerms};
use niva_names::{DistrictId, FactId};

use crate::told::{Case, Dates, Days, Decision, LevelKind, Newest, Outcome, Placement, To, Transition};

/// Of the facts that hold on a day the one that began last; of two that began together the one that ends first, and of
/// two with the same days the one with the later id.
pub(crate) fn last_begun<T>(
    facts: &Newest<T>,
    days: impl Fn(&T) -> Days,
    day: NaiveDate,
) -> Option<(&FactId, &T)> {
    let holding = facts.standing().filter(|(_, fact)| days(fact).has(day));
    holding.max_by_key(|(_, fact)| (days(fact).first, Reverse(days(fact).last)))
}

/// Who pays, and for how much of the service.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Granted<'a> {
    pub(crate) district: &'a DistrictId,
    pub(crate) scope: GrantScope,
}

/// What is granted on a day. Days after the person is gone are paid by the last grant before, when none holds any more.
pub(crate) fn granted<'a>(case: &'a Case, dates: &Dates, day: NaiveDate) -> Option<Granted<'a>> {
    let gone = match dates.came {
        Some(_) => dates.left.is_some_and(|left| day > left),
        None => dates.notice.is_some_and(|notice| day > notice),
    };
    granted_on(case, day).or_else(|| {
        let last = case.grants.standing().map(|(_, grant)| grant.valid.last).filter(|last| *last < day).max();
        granted_on(case, last.filter(|_| gone)?)
    })
}

fn granted_on(case: &Case, day: NaiveDate) -> Option<Granted<'_>> {
    let (_, grant) = last_begun(&case.grants, |grant| grant.valid, day)?;
    let begun = grant.scopes.iter().filter(|(from, _)| *from <= day);
    let scope = begun.max_by_key(|(from, _)| *from).map(|(_, scope)| *scope).unwrap_or_default();
    Some(Granted { district: &grant.district, scope })
}

/// The level that a day is paid at: the decision with the greatest first day, and of those the one decided last. Where the
/// model lets a preliminary level stand until another is decided, that one on the days that came before it was.
pub(crate) fn level<'a>(case: &'a Case, parameters: &Parameters, day: NaiveDate) -> Option<&'a Decision> {
    let now = newest(case, |_, decision| decision.valid_from <= day)?;
    if now.kind == LevelKind::Preliminary || parameters.preliminary_difference == PreliminaryDifference::Pay {
        return Some(now);
    }
    let then = newest(case, |id, decision| counts_from(case, id, decision) <= day);
    Some(then.filter(|then| then.kind == LevelKind::Preliminary).unwrap_or(now))
}

fn newest(case: &Case, counts: impl Fn(&FactId, &Decision) -> bool) -> Option<&Decision> {
    let counting = case.levels.standing().filter(|(id, decision)| counts(id, decision));
    counting.max_by_key(|(_, decision)| (decision.valid_from, decision.decided)).map(|(_, decision)| decision)
}

/// The day that a decision began to be known for its own: a preliminary one at once, any other when it was made.
fn counts_from(case: &Case, id: &FactId, decision: &Decision) -> NaiveDate {
    match decision.kind {
        LevelKind::Preliminary => decision.valid_from,
        LevelKind::Measured | LevelKind::Stated | LevelKind::Conversion => {
            decision.valid_from.max(case.decided_on(id, decision))
        }
    }
}

/// The weekly schedule of a day: the one that began last; none is a week without sessions.
pub(crate) fn schedule(placement: &Placement, day: NaiveDate) -> [u8; 5] {
    let begun = placement.schedules.standing().filter(|(_, schedule)| schedule.from <= day);
    begun.max_by_key(|(_, schedule)| schedule.from).map(|(_, schedule)| schedule.schedule).unwrap_or_default()
}

/// Evenings and nights that were reported for a day.
pub(crate) fn occasions(placement: &Placement, day: NaiveDate) -> i128 {
    let of_day = placement.occasions.standing().filter(|(_, occasion)| occasion.date == day);
    of_day.map(|(_, occasion)| i128::from(occasion.count)).sum()
}

/// How a day is spent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stay {
    Usual,
    /// In transition to work, with support.
    AtWork,
    /// The same, in a month without a visit to the workplace.
    Unvisited,
    /// After the support, and nobody has said how it ended.
    Undecided,
    /// After the support: left, or not back yet.
    Gone,
    /// Away for longer than the model pays.
    Away,
}

pub(crate) fn stay(placement: &Placement, terms: &ServiceTerms, day: NaiveDate) -> Stay {
    let at_work = terms.transition.as_ref().map_or(Stay::Usual, |terms| transition(placement, terms, day));
    match (at_work, terms.parameters.absence_days) {
        (Stay::Usual, Some(most)) if away(placement, day) > u32::from(most) => Stay::Away,
        (found, _) => found,
    }
}

/// The transition that began last counts.
fn transition(placement: &Placement, terms: &TransitionTerms, day: NaiveDate) -> Stay {
    let told = placement.transitions.standing().map(|(_, transition)| transition);
    let counted = told.filter(|told| told.job_start <= day && (terms.studies || told.to == To::Work));
    let Some(last) = counted.max() else { return Stay::Usual };
    if supported(last, terms.max_months, day) {
        let mut visits = placement.visits.standing().map(|(_, visit)| *visit);
        let counts =
            |visit: NaiveDate| Month::of(visit) == Month::of(day) && supported(last, terms.max_months, visit);
        let visited = !terms.monthly_visit || visits.any(counts);
        return if visited { Stay::AtWork } else { Stay::Unvisited };
    }
    match last.outcome {
        None => Stay::Undecided,
        Some(Outcome::Returned(back)) if back <= day => Stay::Usual,
        Some(Outcome::Returned(_) | Outcome::Left) => Stay::Gone,
    }
}

/// Whether a day is one that the plan supports, within so many months of the job's first day.
fn supported(transition: &Transition, max_months: u16, day: NaiveDate) -> bool {
    let over = transition.job_start.checked_add_months(chrono::Months::new(u32::from(max_months)));
    let back = match transition.outcome {
        Some(Outcome::Returned(back)) => Some(back),
        Some(Outcome::Left) | None => None,
    };
    transition.job_start <= day
        && over.is_none_or(|over| day < over)
        && transition.support_end.is_none_or(|end| day <= end)
        && back.is_none_or(|back| day < back)
}

/// For how many days in a row the person has been away, this one included.
fn away(placement: &Placement, day: NaiveDate) -> u32 {
    let is_away = |day: NaiveDate| placement.absences.standing().any(|(_, days)| days.has(day));
    let (mut day, mut days) = (Some(day), 0);
    while let Some(on) = day.filter(|on| is_away(*on)) {
        (day, days) = (on.pred_opt(), days + 1);
    }
    days
}
