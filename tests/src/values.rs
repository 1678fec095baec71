//! Short ways to write the contract's values.

use niva_proto::common::v1::{Date, DateInterval, Money, Month};
use niva_testing::requests::Day;

pub use niva_testing::values::{hours, new_request};

/// "2024-03-01".
///
/// # Panics
/// When it is no date.
#[must_use]
pub fn date(text: &str) -> Date {
    text.field().expect("a day")
}

/// "2024-03-01", for a field.
#[must_use]
pub fn day(text: &str) -> Option<Date> {
    text.field()
}

/// "2024-03".
#[must_use]
pub fn month(text: &str) -> Month {
    let first = date(&format!("{text}-01"));
    Month { year: first.year, month: first.month }
}

/// From a day on, without end.
#[must_use]
pub fn from(first: &str) -> Option<DateInterval> {
    Some(DateInterval { first: day(first), last: None })
}

/// From a day to a day.
#[must_use]
pub fn between(first: &str, last: &str) -> Option<DateInterval> {
    Some(DateInterval { first: day(first), last: day(last) })
}

/// The amount in whole kronor, in öre.
#[must_use]
pub fn kronor(kronor: i64) -> Money {
    Money { ore: kronor * 100 }
}

/// The name of a method as a function's: `FindPerson` is `find_person`.
#[must_use]
pub fn snake_case(name: &str) -> String {
    name.char_indices().fold(String::new(), |mut text, (at, c)| {
        if c.is_uppercase() && at > 0 {
            text.push('_');
        }
        text.extend(c.to_lowercase());
        text
    })
}
