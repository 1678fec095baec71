//! How a day is kept: as text where people read it, as a number where bytes are. `#[serde(with = "niva_calendar::compact")]`;
//! of days that may not be there, `niva_calendar::compact::option`.

use chrono::{Datelike, NaiveDate};
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Writes a day: `2024-03-01`, or days since the first of the year 1.
///
/// # Errors
/// The serializer's.
pub fn serialize<S: Serializer>(day: &NaiveDate, to: S) -> Result<S::Ok, S::Error> {
    if to.is_human_readable() { day.serialize(to) } else { day.num_days_from_ce().serialize(to) }
}

/// Reads what [`serialize`] wrote.
///
/// # Errors
/// There is no such day.
pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<NaiveDate, D::Error> {
    if from.is_human_readable() { NaiveDate::deserialize(from) } else { day(i32::deserialize(from)?) }
}

fn day<E: Error>(days: i32) -> Result<NaiveDate, E> {
    NaiveDate::from_num_days_from_ce_opt(days).ok_or_else(|| E::custom("there is no such day"))
}

/// A day that may not be there.
pub mod option {
    use super::{Datelike, Deserialize, Deserializer, NaiveDate, Serialize, Serializer};

    /// Writes it.
    ///
    /// # Errors
    /// The serializer's.
    pub fn serialize<S: Serializer>(day: &Option<NaiveDate>, to: S) -> Result<S::Ok, S::Error> {
        if to.is_human_readable() {
            day.serialize(to)
        } else {
            day.map(|day| day.num_days_from_ce()).serialize(to)
        }
    }

    /// Reads what [`serialize`] wrote.
    ///
    /// # Errors
    /// There is no such day.
    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<NaiveDate>, D::Error> {
        if from.is_human_readable() {
            return Option::deserialize(from);
        }
        Option::deserialize(from)?.map(super::day).transpose()
    }
}
