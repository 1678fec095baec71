use std::{fmt, str::FromStr};

use chrono::{Datelike, NaiveDate};
use serde::{Deserialize, Serialize};

use crate::{Interval, OPEN_END};

/// A calendar month, written `2024-03`. Years 1900 to 9999.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Month {
    /// Months since January of year 0.
    index: i32,
}

/// The text or the parts are no month.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a month: write it as 2024-03, between 1900-01 and 9999-12")]
pub struct MonthError(pub String);

impl Month {
    /// A month from its parts (`month` 1 to 12).
    ///
    /// # Errors
    /// [`MonthError`] outside 1900-01 … 9999-12.
    pub fn new(year: i32, month: u32) -> Result<Self, MonthError> {
        if (1900..=9999).contains(&year) && (1..=12).contains(&month) {
            Ok(Self { index: year * 12 + i32::try_from(month).unwrap_or(1) - 1 })
        } else {
            Err(MonthError(format!("{year}-{month:02}")))
        }
    }

    /// The month of a day.
    #[must_use]
    pub fn of(day: NaiveDate) -> Self {
        Self { index: day.year() * 12 + i32::try_from(day.month0()).unwrap_or(0) }
    }

    /// Year.
    #[must_use]
    pub const fn year(self) -> i32 {
        self.index.div_euclid(12)
    }

    /// Month of the year, 1 to 12.
    #[must_use]
    pub const fn month(self) -> u32 {
        self.index.rem_euclid(12).unsigned_abs() + 1
    }

    /// The first day.
    #[must_use]
    pub fn first_day(self) -> NaiveDate {
        NaiveDate::from_ymd_opt(self.year(), self.month(), 1).unwrap_or(OPEN_END)
    }

    /// The last day.
    #[must_use]
    pub fn last_day(self) -> NaiveDate {
        NaiveDate::from_ymd_opt(self.year(), self.month(), self.days()).unwrap_or(OPEN_END)
    }

    /// All its days.
    #[must_use]
    pub fn interval(self) -> Interval {
        Interval { first: self.first_day(), last: self.last_day() }
    }

    /// Number of days, 28 to 31.
    #[must_use]
    pub const fn days(self) -> u32 {
        let year = self.year();
        match self.month() {
            2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
            2 => 28,
            4 | 6 | 9 | 11 => 30,
            _ => 31,
        }
    }

    /// The month after.
    #[must_use]
    pub const fn next(self) -> Self {
        Self { index: self.index + 1 }
    }

    /// The month before.
    #[must_use]
    pub const fn previous(self) -> Self {
        Self { index: self.index - 1 }
    }

    /// `self`, the next, … through `last`.
    pub fn through(self, last: Self) -> impl Iterator<Item = Self> {
        (self.index..=last.index).map(|index| Self { index })
    }

    /// Months since January of year 0: a dense number to store and to compare.
    #[must_use]
    pub const fn index(self) -> i32 {
        self.index
    }

    /// The month of an [`index`](Self::index).
    ///
    /// # Errors
    /// [`MonthError`] outside 1900-01 … 9999-12.
    pub fn from_index(index: i32) -> Result<Self, MonthError> {
        Self::new(index.div_euclid(12), index.rem_euclid(12).unsigned_abs() + 1)
    }
}

impl Interval {
    /// Cut at the ends of months, in order. An open interval must be cut to a window first.
    pub fn by_month(self) -> impl Iterator<Item = (Month, Self)> {
        let last_month = Month::of(self.last);
        let mut next = Some((Month::of(self.first), self.first));
        std::iter::from_fn(move || {
            let (month, first) = next?;
            if month >= last_month {
                next = None;
                return Some((month, Self { first, last: self.last }));
            }
            next = Some((month.next(), month.next().first_day()));
            Some((month, Self { first, last: month.last_day() }))
        })
    }
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.year(), self.month())
    }
}

impl FromStr for Month {
    type Err = MonthError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let bad = || MonthError(text.to_owned());
        let (year, month) = text.split_once('-').ok_or_else(bad)?;
        let digits = |part: &str, length| part.len() == length && part.bytes().all(|b| b.is_ascii_digit());
        if !digits(year, 4) || !digits(month, 2) {
            return Err(bad());
        }
        Self::new(year.parse().map_err(|_| bad())?, month.parse().map_err(|_| bad())?).map_err(|_| bad())
    }
}

impl TryFrom<String> for Month {
    type Error = MonthError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Month> for String {
    fn from(month: Month) -> Self {
        month.to_string()
    }
}
