//! Whether the facts of a placement can be.

use niva_models::{Catalogue, GrantScope, MAX_HOURS, PriceUnit, ServiceTerms};
use niva_money::Ore;

use crate::{Agreement, FactError, Known, MAX_PRICE, Outcome, PlacementFacts, Schedule, Special, Transition};

/// Checks the facts of a placement; prices are checked where they are read ([`check_price`]).
///
/// # Errors
/// Everything that is wrong with them, in order of field.
pub fn validate(facts: &PlacementFacts<'_>, catalogue: &Catalogue) -> Result<(), Vec<FactError>> {
    let mut errors = Vec::new();
    dates(facts, &mut errors);
    for (index, (days, schedule)) in facts.schedules.spans().iter().enumerate() {
        let granted = facts.granted(days.first).map(|granted| granted.value.scope);
        let terms = catalogue.on(facts.service, days.first).map(|m| m.terms);
        errors.extend(check_schedule(index, schedule.value, granted.as_ref(), terms).err());
    }
    let occasions = facts.occasions.iter().map(|known| known.value).enumerate();
    for (index, o) in occasions.filter(|(_, o)| o.count > 9) {
        errors.push(FactError::CountOutOfRange { index, date: o.date, count: o.count });
    }
    for hours in facts.grants.spans().iter().filter_map(|(_, granted)| granted.value.scope.hours_per_week) {
        errors.extend(check_hours(hours).err());
    }
    for (index, (_, agreement)) in facts.agreements.spans().iter().enumerate() {
        let unit = agreement.value.unit;
        if matches!(unit, PriceUnit::EveningOrNight | PriceUnit::Year | PriceUnit::Period) {
            errors.push(FactError::AgreementUnit { index, unit });
        }
    }
    for (index, transition) in facts.transitions.iter().enumerate() {
        errors.extend(check_transition(index, &transition.value).err());
    }
    for (index, special) in facts.special.iter().enumerate() {
        errors.extend(check_special(index, &special.value).err());
    }
    if errors.is_empty() { Ok(()) } else { Err(errors) }
}

fn dates(facts: &PlacementFacts<'_>, errors: &mut Vec<FactError>) {
    let order = facts.ordered_start;
    match (facts.actual_start, facts.end) {
        (Some(actual), Some(end)) if end < actual.max(order) => {
            errors.push(FactError::EndBeforeStart { end, start: actual.max(order) });
        }
        (None, Some(end)) => errors.push(FactError::EndWithoutStart { end }),
        _ => {}
    }
    if let Some(notice) = facts.notice.filter(|notice| *notice < order) {
        errors.push(FactError::NoticeBeforeOrder { notice, start: order });
    }
}

/// Checks a schedule against what is granted on its first day, and against what the model then in force says that there can
/// be. `index` names its place.
///
/// # Errors
/// [`FactError::ScheduleOutOfRange`], [`FactError::ScheduleExceedsGrant`].
pub fn check_schedule(
    index: usize,
    schedule: Schedule,
    granted: Option<&GrantScope>,
    terms: Option<&ServiceTerms>,
) -> Result<(), FactError> {
    let (sessions, scheduled) = (schedule.sessions, schedule.a_week());
    if let Some(limits) = terms.and_then(|terms| terms.sessions.as_ref()) {
        let (a_day, a_week) = (limits.a_day, limits.a_week.1);
        if scheduled > u16::from(a_week) || sessions.iter().any(|on_day| *on_day > a_day) {
            return Err(FactError::ScheduleOutOfRange { index, sessions, a_day, a_week });
        }
    }
    match granted.and_then(|scope| scope.sessions_per_week) {
        Some(granted) if scheduled > u16::from(granted) => {
            Err(FactError::ScheduleExceedsGrant { index, scheduled, granted })
        }
        _ => Ok(()),
    }
}

/// Checks the days of a transition to work. `index` names its place.
///
/// # Errors
/// [`FactError::SupportEndsBeforeJob`], [`FactError::LeftWithoutSupportEnd`], [`FactError::ReturnBeforeJob`].
pub fn check_transition(index: usize, transition: &Transition) -> Result<(), FactError> {
    let start = transition.job_start;
    match (transition.support_end, transition.outcome) {
        (Some(end), _) if end < start => Err(FactError::SupportEndsBeforeJob { index, end, start }),
        (None, Some(Outcome::Left)) => Err(FactError::LeftWithoutSupportEnd { index }),
        (_, Some(Outcome::Returned(on))) if on <= start => {
            Err(FactError::ReturnBeforeJob { index, on, start })
        }
        _ => Ok(()),
    }
}

/// Checks a special compensation. `index` names its place.
///
/// # Errors
/// [`FactError::SpecialOpen`], [`FactError::AppliedAfterCost`].
pub fn check_special(index: usize, special: &Special) -> Result<(), FactError> {
    let (applied_on, first) = (special.applied_on, special.days.first);
    match special.days.end() {
        None => Err(FactError::SpecialOpen { index }),
        Some(_) if applied_on > first => Err(FactError::AppliedAfterCost { index, applied_on, first }),
        Some(_) => Ok(()),
    }
}

/// What needs two persons, an agreement, a premises cost or a special compensation, is approved by another than the one who told it.
///
/// # Errors
/// [`FactError::SecondPersonNeeded`].
pub fn check_second_person(told_by: &str, approved_by: &str) -> Result<(), FactError> {
    if told_by == approved_by {
        return Err(FactError::SecondPersonNeeded { subject: told_by.to_owned() });
    }
    Ok(())
}

/// Checks that no two agreements of a placement share a day.
///
/// # Errors
/// For each that shares one with an agreement which began before it.
pub fn check_agreements(agreements: &[Known<'_, Agreement>]) -> Result<(), Vec<FactError>> {
    let mut order: Vec<(usize, &Known<'_, Agreement>)> = agreements.iter().enumerate().collect();
    order.sort_by_key(|(index, agreement)| (agreement.value.days, *index));
    let mut errors = Vec::new();
    let mut longest: Option<&Known<'_, Agreement>> = None;
    for (index, agreement) in order {
        if let Some(before) = longest.filter(|before| before.value.days.last >= agreement.value.days.first) {
            let (first, second) = (before.id.to_owned(), agreement.id.to_owned());
            errors.push(FactError::AgreementsOverlap { index, first, second });
        }
        if longest.is_none_or(|before| before.value.days.last < agreement.value.days.last) {
            longest = Some(agreement);
        }
    }
    if errors.is_empty() { Ok(()) } else { Err(errors) }
}

/// Checks a price or a cost that comes from outside: 0 to [`MAX_PRICE`]. `field` names its place.
///
/// # Errors
/// [`FactError::AmountNegative`], [`FactError::AmountTooLarge`].
pub fn check_price(amount: Ore, field: impl FnOnce() -> String) -> Result<(), FactError> {
    match amount {
        Ore(..0) => Err(FactError::AmountNegative { field: field(), amount }),
        _ if amount > MAX_PRICE => Err(FactError::AmountTooLarge { field: field(), amount }),
        _ => Ok(()),
    }
}

fn check_hours(hours: u8) -> Result<(), FactError> {
    if (1..=MAX_HOURS).contains(&hours) {
        Ok(())
    } else {
        Err(FactError::HoursOutOfRange { text: hours.to_string() })
    }
}
