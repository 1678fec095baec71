//! Intervals, months and timelines against day-by-day counting, and working days against a table.
#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests fail by panicking")]

mod days;
mod timelines;
mod working;

use niva_calendar::NaiveDate;

/// A day from `2024-03-01`.
fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

/// A day of the years 2015 to 2035 by its number.
fn nth(number: u32) -> NaiveDate {
    day("2015-01-01") + chrono::Days::new(u64::from(number))
}
