//! The copy of choice's units: what payment must know of them.

pub(crate) mod store;

use niva_calendar::{NaiveDate, OPEN_END};
use niva_payment_domain::UnitFacts;

/// The first day on which a unit may move money.
pub(crate) fn first_day(unit: &UnitFacts) -> NaiveDate {
    unit.periods.spans().first().map_or(OPEN_END, |(days, _)| days.first)
}

/// The earliest day on which the two may pay differently.
pub(crate) fn first_change(old: &UnitFacts, new: &UnitFacts) -> NaiveDate {
    let starts =
        |unit: &UnitFacts| unit.periods.spans().iter().map(|(days, _)| days.first).collect::<Vec<_>>();
    let differing =
        starts(old).into_iter().chain(starts(new)).filter(|day| old.periods.at(*day) != new.periods.at(*day));
    differing.min().unwrap_or(OPEN_END)
}
