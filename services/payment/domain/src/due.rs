//! Which months of a case a run calculates.

use niva_calendar::{Interval, Month};

/// Months, in runs that neither meet nor overlap, in order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Due(Vec<(Month, Month)>);

impl Due {
    /// Adds the months from the first through the second; none when they are the wrong way round.
    pub fn add(&mut self, first: Month, last: Month) {
        if last < first {
            return;
        }
        let (mut first, mut last) = (first, last);
        let start = self.0.partition_point(|(_, end)| end.next() < first);
        let end = self.0.partition_point(|(begin, _)| *begin <= last.next());
        if let Some(joined) = self.0.get(start..end)
            && let (Some(before), Some(after)) = (joined.first(), joined.last())
        {
            (first, last) = (first.min(before.0), last.max(after.1));
        }
        self.0.splice(start..end.max(start), [(first, last)]);
    }

    /// Adds the months of some days, as far as they are among those from `first` through `last`.
    pub fn add_days(&mut self, days: Interval, first: Month, last: Month) {
        self.add(Month::of(days.first).max(first), Month::of(days.last).min(last));
    }

    /// The runs of months, first and last of each.
    #[must_use]
    pub fn ranges(&self) -> &[(Month, Month)] {
        &self.0
    }

    /// Whether a month is among them.
    #[must_use]
    pub fn contains(&self, month: Month) -> bool {
        self.0.iter().any(|(first, last)| (*first..=*last).contains(&month))
    }

    /// The first month; `None`: there is none.
    #[must_use]
    pub fn first(&self) -> Option<Month> {
        self.0.first().map(|(first, _)| *first)
    }

    /// How many months there are.
    #[must_use]
    pub fn months(&self) -> i32 {
        self.0.iter().map(|(first, last)| last.index() - first.index() + 1).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn month(n: i32) -> Month {
        Month::from_index(24_000 + n).unwrap()
    }

    fn due(parts: &[(i32, i32)]) -> Due {
        let mut due = Due::default();
        parts.iter().for_each(|(first, last)| due.add(month(*first), month(*last)));
        due
    }

    #[test]
    fn months_are_joined_where_they_meet() {
        let ranges = |due: &Due| -> Vec<(i32, i32)> {
            due.ranges().iter().map(|(a, b)| (a.index() - 24_000, b.index() - 24_000)).collect()
        };
        assert_eq!(ranges(&due(&[(5, 5), (1, 2)])), [(1, 2), (5, 5)]);
        assert_eq!(ranges(&due(&[(1, 2), (5, 5), (3, 4)])), [(1, 5)]);
        assert_eq!(ranges(&due(&[(3, 9), (4, 5), (1, 2)])), [(1, 9)]);
        assert_eq!(ranges(&due(&[(8, 9), (2, 3), (5, 5), (3, 8)])), [(2, 9)]);
        assert_eq!(ranges(&due(&[(4, 3)])), []);
        let some = due(&[(1, 2), (7, 7)]);
        assert!(some.contains(month(2)) && some.contains(month(7)) && !some.contains(month(3)));
        assert_eq!((some.first(), some.months()), (Some(month(1)), 3));
    }

    #[test]
    fn days_count_by_their_months_within_bounds() {
        let mut due = Due::default();
        due.add_days(Interval::from(month(3).last_day()), month(1), month(6));
        assert_eq!(due.ranges(), [(month(3), month(6))]);
        due.add_days(Interval::day(month(0).first_day()), month(1), month(6));
        assert_eq!(due.ranges(), [(month(3), month(6))]);
    }
}
