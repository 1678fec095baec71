//! Whether a place is free on every day that it is wanted, by a sweep over the days on which something changes.

use niva_calendar::{Interval, NaiveDate, Timeline, day_after};

/// What changes on a day.
#[derive(Clone, Copy, Default)]
struct Change {
    occupied: i64,
    wanted: i64,
    places: Option<i64>,
}

/// The first day on which at least one of `wanted` would hold a place and all of `occupied` and `wanted` together would
/// hold more than there are. Days that are overfull by `occupied` alone (a capacity that was lowered evicts nobody) don't
/// matter, unless somebody wants a place on them.
#[must_use]
pub fn first_day_over(
    capacities: &Timeline<u32>,
    occupied: &[Interval],
    wanted: &[Interval],
) -> Option<NaiveDate> {
    let mut changes = Vec::with_capacity(2 * (occupied.len() + wanted.len() + capacities.spans().len()));
    for (days, places) in capacities.spans() {
        changes.push((days.first, Change { places: Some(i64::from(*places)), ..Change::default() }));
    }
    for days in occupied {
        held(&mut changes, days, |by| Change { occupied: by, ..Change::default() });
    }
    for days in wanted {
        held(&mut changes, days, |by| Change { wanted: by, ..Change::default() });
    }
    changes.sort_by_key(|(day, _)| *day);
    let (mut all, mut wanting, mut places) = (0, 0, 0);
    for today in changes.chunk_by(|(a, _), (b, _)| a == b) {
        for (_, change) in today {
            all += change.occupied + change.wanted;
            wanting += change.wanted;
            places = change.places.unwrap_or(places);
        }
        if wanting > 0 && all > places {
            return today.first().map(|(day, _)| *day);
        }
    }
    None
}

fn held(changes: &mut Vec<(NaiveDate, Change)>, days: &Interval, by: impl Fn(i64) -> Change) {
    changes.push((days.first, by(1)));
    if !days.is_open() {
        changes.push((day_after(days.last), by(-1)));
    }
}
