use std::collections::BTreeMap;

use niva_calendar::{Interval, NaiveDate, OPEN_END, Timeline};
use proptest::prelude::*;

use crate::{day, nth};

/// Set operations: first day, length (none: open) and value.
fn writes() -> impl Strategy<Value = Vec<(u32, Option<u32>, u8)>> {
    prop::collection::vec((0_u32..60, prop::option::weighted(0.9, 0_u32..25), 0_u8..4), 0..12)
}

fn interval(first: u32, length: Option<u32>) -> Interval {
    Interval { first: nth(first), last: length.map_or(OPEN_END, |l| nth(first + l)) }
}

/// Days that every write ends before, but the open ones.
const HORIZON: u32 = 100;

proptest! {
    #[test]
    fn a_timeline_is_a_value_a_day(writes in writes()) {
        let mut timeline = Timeline::new();
        let mut days: BTreeMap<NaiveDate, u8> = BTreeMap::new();
        for (first, length, value) in writes {
            let interval = interval(first, length);
            timeline.set(interval, value);
            for n in 0..HORIZON {
                if interval.contains(nth(n)) {
                    days.insert(nth(n), value);
                }
            }
        }
        for n in 0..HORIZON {
            prop_assert_eq!(timeline.at(nth(n)), days.get(&nth(n)), "{}", nth(n));
        }
        prop_assert!(timeline.spans().iter().all(|(i, _)| i.first <= i.last));
        prop_assert!(timeline.spans().windows(2).all(|w| w[0].0.last < w[1].0.first));
        prop_assert_eq!(timeline.is_empty(), days.is_empty());
    }

    #[test]
    fn of_values_that_share_days_the_last_begun_counts(writes in writes()) {
        let values: Vec<(Interval, u8)> = writes.iter().map(|(f, l, value)| (interval(*f, *l), *value)).collect();
        let layered = Timeline::layered(values.clone());
        for n in 0..HORIZON {
            let holding = values.iter().enumerate().filter(|(_, (days, _))| days.contains(nth(n)));
            let counts = holding.max_by_key(|(i, (days, _))| (days.first, std::cmp::Reverse(days.last), *i));
            prop_assert_eq!(layered.at(nth(n)), counts.map(|(_, (_, value))| value), "{}", nth(n));
        }
        prop_assert!(layered.spans().iter().all(|(i, _)| i.first <= i.last));
        prop_assert!(layered.spans().windows(2).all(|w| w[0].0.last < w[1].0.first));
    }

    #[test]
    fn a_window_is_the_spans_cut_to_it(writes in writes(), first in 0_u32..90, length in 0_u32..40) {
        let mut timeline = Timeline::new();
        for (first, length, value) in writes {
            timeline.set(interval(first, length), value);
        }
        let window = interval(first, Some(length));
        let cut: Vec<(Interval, u8)> = timeline.within(window).map(|(i, v)| (i, *v)).collect();
        let slow: Vec<(Interval, u8)> =
            timeline.spans().iter().filter_map(|(i, v)| Some((i.intersect(&window)?, *v))).collect();
        prop_assert_eq!(cut, slow);
    }
}

#[test]
fn a_correction_in_the_middle_keeps_both_ends() {
    let mut levels = Timeline::of(Interval::from(day("2024-01-01")), 1);
    levels.set(Interval::new(day("2024-03-01"), day("2024-03-31")).unwrap(), 3);
    let spans: Vec<(String, Option<String>, i32)> = levels
        .spans()
        .iter()
        .map(|(i, v)| (i.first.to_string(), i.end().map(|d| d.to_string()), *v))
        .collect();
    assert_eq!(
        spans,
        [
            ("2024-01-01".to_owned(), Some("2024-02-29".to_owned()), 1),
            ("2024-03-01".to_owned(), Some("2024-03-31".to_owned()), 3),
            ("2024-04-01".to_owned(), None, 1),
        ]
    );
}

#[test]
fn a_value_within_the_days_of_another_leaves_the_rest() {
    let days = |first, last| Interval::new(day(first), day(last)).unwrap();
    let june = days("2024-06-01", "2024-06-30");
    let layered = Timeline::layered([(june, 12_000), (Interval::from(day("2024-01-01")), 9_000)]);
    assert_eq!(
        layered.spans(),
        [
            (days("2024-01-01", "2024-05-31"), 9_000),
            (june, 12_000),
            (Interval::from(day("2024-07-01")), 9_000)
        ]
    );
}
