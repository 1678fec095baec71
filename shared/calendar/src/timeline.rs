use std::cmp::Reverse;

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

    /// What counts on each day of some values that may share days: of those that hold on a day the one that began last; of
    /// two that began together the one that ends first; of two with the same days the later in `values`. A value whose
    /// days lie within those of another leaves the rest of them as they were. Takes *n* log *n* time.
    #[must_use]
    pub fn layered(values: impl IntoIterator<Item = (Interval, T)>) -> Self {
        let mut values: Vec<(Interval, T)> = values.into_iter().collect();
        values.sort_by_key(|(days, _)| (days.first, Reverse(days.last)));
        let mut spans = Vec::with_capacity(values.len());
        // Those that have begun, the last of them on top, and the first day that is not yet told.
        let (mut begun, mut day): (Vec<(NaiveDate, T)>, _) = (Vec::new(), NaiveDate::MIN);
        for (days, value) in values {
            tell_until(days.first, &mut begun, &mut day, &mut spans);
            day = days.first;
            begun.push((days.last, value));
        }
        while let Some((last, value)) = begun.pop() {
            if let Some(days) = Interval::new(day, last) {
                spans.push((days, value));
                if days.is_open() {
                    break;
                }
                day = day_after(last);
            }
        }
        Self { spans }
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

/// Tells what counts from `day` until the day before `next`.
fn tell_until<T: Clone>(
    next: NaiveDate,
    begun: &mut Vec<(NaiveDate, T)>,
    day: &mut NaiveDate,
    spans: &mut Vec<(Interval, T)>,
) {
    while let Some((last, value)) = begun.last().filter(|_| *day < next) {
        if let Some(days) = Interval::new(*day, (*last).min(day_before(next))) {
            *day = day_after(days.last);
            spans.push((days, value.clone()));
        }
        if *last < next {
            begun.pop();
        }
    }
}
