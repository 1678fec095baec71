use chrono::{Datelike, NaiveDate};
use serde::{Deserialize, Serialize};

use crate::{day_after, day_before};

/// The last day of an interval without an end: 9999-12-31.
pub const OPEN_END: NaiveDate = match NaiveDate::from_ymd_opt(9999, 12, 31) {
    Some(day) => day,
    None => NaiveDate::MAX,
};

/// A non-empty run of civil days, both ends included. An open end is [`OPEN_END`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Interval {
    /// First day.
    #[serde(with = "crate::compact")]
    pub first: NaiveDate,
    /// Last day; never before `first`.
    #[serde(with = "crate::compact")]
    pub last: NaiveDate,
}

impl Interval {
    /// `first ..= last`, or `None` when that is empty.
    #[must_use]
    pub fn new(first: NaiveDate, last: NaiveDate) -> Option<Self> {
        (first <= last).then_some(Self { first, last })
    }

    /// `first` and every day after it.
    #[must_use]
    pub const fn from(first: NaiveDate) -> Self {
        Self { first, last: OPEN_END }
    }

    /// From `first` through `last`, or without end when there is no last day. `None` when empty.
    #[must_use]
    pub fn between(first: NaiveDate, last: Option<NaiveDate>) -> Option<Self> {
        Self::new(first, last.unwrap_or(OPEN_END))
    }

    /// One day.
    #[must_use]
    pub const fn day(day: NaiveDate) -> Self {
        Self { first: day, last: day }
    }

    /// Whether it has no end.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.last >= OPEN_END
    }

    /// The last day, or `None` when open.
    #[must_use]
    pub fn end(&self) -> Option<NaiveDate> {
        (!self.is_open()).then_some(self.last)
    }

    /// Whether `day` is one of its days.
    #[must_use]
    pub fn contains(&self, day: NaiveDate) -> bool {
        self.first <= day && day <= self.last
    }

    /// The days both have.
    #[must_use]
    pub fn intersect(&self, other: &Self) -> Option<Self> {
        Self::new(self.first.max(other.first), self.last.min(other.last))
    }

    /// The part before `day`, and the part from `day` on.
    #[must_use]
    pub fn split_at(&self, day: NaiveDate) -> (Option<Self>, Option<Self>) {
        (Self::new(self.first, self.last.min(day_before(day))), Self::new(self.first.max(day), self.last))
    }

    /// Number of calendar days.
    #[must_use]
    pub fn days(&self) -> i64 {
        i64::from(self.last.num_days_from_ce()) - i64::from(self.first.num_days_from_ce()) + 1
    }

    /// Number of days that fall on the weekdays set in `mask` (bit 0 is Monday, bit 6 Sunday), in constant time.
    #[must_use]
    pub fn days_on(&self, mask: u8) -> i64 {
        let first = self.first.weekday().num_days_from_monday();
        let days = self.days();
        let whole = days / 7 * i64::from((mask & 0x7f).count_ones());
        let rest = (0..days % 7).filter(|i| mask >> ((i64::from(first) + i) % 7) & 1 == 1).count();
        whole + i64::try_from(rest).unwrap_or(0)
    }

    /// Number of days Monday to Friday; public holidays count (260 a year is 52 × 5).
    #[must_use]
    pub fn weekdays(&self) -> i64 {
        self.days_on(0b001_1111)
    }

    /// Whether `next` begins the day after this one ends.
    #[must_use]
    pub fn meets(&self, next: &Self) -> bool {
        !self.is_open() && day_after(self.last) == next.first
    }
}
