use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::{Interval, day_after, day_before};

/// A value for each of some days: sorted intervals that never overlap. What a level, a scope or a regime *was on a
/// day* is a timeline.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timeline<T> {
    spans: Vec<(Interval, T)>,
}

impl<T> Default for Timeline<T> {
    fn default() -> Self {
        Self { spans: Vec::new() }
    }
}

impl<T: Clone + PartialEq> Timeline<T> {
    /// No value on any day.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// One value for the days of `interval`.
    #[must_use]
    pub fn of(interval: Interval, value: T) -> Self {
        Self { spans: vec![(interval, value)] }
    }

    /// Overlays `value` on the days of `interval`: what stood there before gives way, the rest stays.
    pub fn set(&mut self, interval: Interval, value: T) {
        // The spans that share a day with the interval.
        let start = self.spans.partition_point(|(i, _)| i.last < interval.first);
        let end = self.spans.partition_point(|(i, _)| i.first <= interval.last);
        let before = self.spans[start..end]
            .first()
            .filter(|(old, _)| old.first < interval.first)
            .map(|(old, v)| (Interval { first: old.first, last: day_before(interval.first) }, v.clone()));
        let after = self.spans[start..end]
            .last()
            .filter(|(old, _)| old.last > interval.last)
            .map(|(old, v)| (Interval { first: day_after(interval.last), last: old.last }, v.clone()));
        self.spans.splice(start..end, before.into_iter().chain([(interval, value)]).chain(after));
    }

    /// The value on a day.
    #[must_use]
    pub fn at(&self, day: NaiveDate) -> Option<&T> {
        let after = self.spans.partition_point(|(i, _)| i.first <= day);
        self.spans[..after].last().filter(|(i, _)| i.contains(day)).map(|(_, v)| v)
    }

    /// The spans that share a day with `window`, cut to it, in order.
    pub fn within(&self, window: Interval) -> impl Iterator<Item = (Interval, &T)> {
        let start = self.spans.partition_point(|(i, _)| i.last < window.first);
        self.spans[start..].iter().map_while(move |(i, v)| Some((i.intersect(&window)?, v)))
    }

    /// The spans in order.
    #[must_use]
    pub fn spans(&self) -> &[(Interval, T)] {
        &self.spans
    }

    /// Whether no day has a value.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.spans.is_empty()
    }
}
