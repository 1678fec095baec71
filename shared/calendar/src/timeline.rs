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
        let mut spans = Vec::with_capacity(self.spans.len() + 2);
        for (old, v) in self.spans.drain(..) {
            if old.intersect(&interval).is_none() {
                spans.push((old, v));
                continue;
            }
            if let Some(before) = Interval::new(old.first, old.last.min(day_before(interval.first))) {
                spans.push((before, v.clone()));
            }
            if !interval.is_open()
                && let Some(after) = Interval::new(old.first.max(day_after(interval.last)), old.last)
            {
                spans.push((after, v));
            }
        }
        spans.push((interval, value));
        spans.sort_by_key(|(i, _)| i.first);
        self.spans = spans;
    }

    /// The value on a day.
    #[must_use]
    pub fn at(&self, day: NaiveDate) -> Option<&T> {
        let after = self.spans.partition_point(|(i, _)| i.first <= day);
        self.spans[..after].last().filter(|(i, _)| i.contains(day)).map(|(_, v)| v)
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
