//! What holds on a day, and until when: the cuts that the interval algebra makes.

use niva_calendar::{Interval, NaiveDate, OPEN_END, Timeline, day_before};

/// A timeline read forwards.
pub(super) struct Track<'a, T> {
    spans: &'a [(Interval, T)],
    next: usize,
}

impl<'a, T: Clone + PartialEq> Track<'a, T> {
    pub(super) fn new(timeline: &'a Timeline<T>) -> Self {
        Self { spans: timeline.spans(), next: 0 }
    }

    /// The value on `day`, and the last day that this stays so. Days must come in order.
    pub(super) fn at(&mut self, day: NaiveDate) -> (Option<&'a T>, NaiveDate) {
        while self.spans.get(self.next).is_some_and(|(days, _)| days.last < day) {
            self.next += 1;
        }
        match self.spans.get(self.next) {
            None => (None, OPEN_END),
            Some((days, value)) if days.first <= day => (Some(value), days.last),
            Some((days, _)) => (None, day_before(days.first)),
        }
    }

    /// The last value before the day last asked for, which had none itself.
    pub(super) fn before(&self) -> Option<&'a T> {
        self.next.checked_sub(1).and_then(|i| self.spans.get(i)).map(|(_, value)| value)
    }
}
