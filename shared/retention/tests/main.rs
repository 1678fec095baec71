//! How long what is kept must be kept.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod rules;

use niva_calendar::NaiveDate;

fn day(year: i32, month: u32, day: u32) -> NaiveDate {
    niva_calendar::date(year, month, day).unwrap()
}
