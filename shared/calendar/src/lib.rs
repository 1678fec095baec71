//! Civil dates, intervals, months, timelines and Swedish working days. Pure: nobody here knows what day it is.

pub mod compact;
mod interval;
mod month;
mod timeline;
mod working_days;

pub use chrono::{Datelike, NaiveDate, Weekday};
pub use interval::{Interval, OPEN_END};
pub use month::{Month, MonthError};
pub use timeline::Timeline;
pub use working_days::{add_working_days, is_working_day, public_holiday};

/// A civil date from its parts, for constants and tests; `None` if there is no such day.
#[must_use]
pub fn date(year: i32, month: u32, day: u32) -> Option<NaiveDate> {
    NaiveDate::from_ymd_opt(year, month, day)
}

/// The next civil day; [`OPEN_END`] stays where it is.
#[must_use]
pub fn day_after(day: NaiveDate) -> NaiveDate {
    if day >= OPEN_END { OPEN_END } else { day.succ_opt().unwrap_or(OPEN_END) }
}

/// The civil day before.
#[must_use]
pub fn day_before(day: NaiveDate) -> NaiveDate {
    day.pred_opt().unwrap_or(day)
}

/// `day` moved by a number of calendar days (negative: earlier). [`OPEN_END`] stays where it is.
#[must_use]
pub fn plus_days(day: NaiveDate, days: i64) -> NaiveDate {
    if day >= OPEN_END {
        return OPEN_END;
    }
    chrono::Duration::try_days(days)
        .and_then(|d| day.checked_add_signed(d))
        .map_or(OPEN_END, |d| d.min(OPEN_END))
}
