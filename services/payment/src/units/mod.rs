//! The copy of choice's units: what payment must know of them.

pub(crate) mod store;

use niva_calendar::NaiveDate;
use niva_payment_domain::UnitFacts;

/// Before every day that a contract can name.
const EARLIEST: NaiveDate = match NaiveDate::from_ymd_opt(1900, 1, 1) {
    Some(day) => day,
    None => NaiveDate::MIN,
};

/// The first day on which a unit may move money.
pub(crate) fn first_day(unit: &UnitFacts) -> NaiveDate {
    unit.regimes.spans().first().map_or(EARLIEST, |(days, _)| days.first)
}

/// The earliest day on which the two may pay differently.
pub(crate) fn first_change(old: &UnitFacts, new: &UnitFacts) -> NaiveDate {
    if old.provider_id != new.provider_id || old.district != new.district {
        return first_day(old).min(first_day(new));
    }
    let starts =
        |unit: &UnitFacts| unit.regimes.spans().iter().map(|(days, _)| days.first).collect::<Vec<_>>();
    let differing =
        starts(old).into_iter().chain(starts(new)).filter(|day| old.regimes.at(*day) != new.regimes.at(*day));
    differing.min().unwrap_or_else(|| first_day(new))
}
