//! The days on which the demo plays, by the demo's own clock.

use niva_calendar::{Month, NaiveDate, date};

const fn or_first(day: Option<NaiveDate>) -> NaiveDate {
    match day {
        Some(day) => day,
        None => NaiveDate::MIN,
    }
}

macro_rules! days {
    ($($(#[$doc:meta])* $name:ident = $year:literal - $month:literal - $day:literal;)+) => {
        $($(#[$doc])* pub(super) fn $name() -> NaiveDate { or_first(date($year, $month, $day)) })+
    };
}

days! {
    /// Monday: the city is imported, and new people come.
    day0 = 2024 - 2 - 26;
    /// Wednesday: people answer.
    answers = 2024 - 2 - 28;
    /// Friday: the day after the last day to answer.
    lapses = 2024 - 3 - 1;
    /// Monday: the ordered first day.
    ordered_start = 2024 - 3 - 4;
    /// Wednesday: who came is recorded.
    starts = 2024 - 3 - 6;
    /// Tuesday after Easter: attendance of March comes, March is paid.
    pays_march = 2024 - 4 - 2;
    /// Wednesday: facts come late.
    late_facts = 2024 - 4 - 10;
    /// Visit of the late measurements.
    late_visit = 2024 - 4 - 9;
    /// Last day of a stay that nobody reported in March.
    late_end = 2024 - 3 - 14;
    /// Day on which a place was given up whose person never came.
    late_notice = 2024 - 3 - 11;
    /// Thursday: April is paid.
    pays_april = 2024 - 5 - 2;
}

fn month(number: u32) -> Month {
    Month::of(or_first(date(2024, number, 1)))
}

/// The first month of the ledger.
pub(super) fn march() -> Month {
    month(3)
}

/// The month that corrects it.
pub(super) fn april() -> Month {
    month(4)
}
