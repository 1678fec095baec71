//! The rules of assessment.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod applications;
mod grants;
mod identities;
mod instruments;
mod level_decisions;
mod measurements;
mod merges;
mod person_numbers;
mod persons;

use niva_calendar::NaiveDate;

fn day(year: i32, month: u32, day: u32) -> NaiveDate {
    niva_calendar::date(year, month, day).unwrap()
}
