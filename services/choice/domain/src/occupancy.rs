use niva_calendar::{Interval, NaiveDate, day_after};

use crate::{Offer, Placement, Unit};

/// Who holds the places of a unit on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OccupancyDay {
    /// The day.
    pub day: NaiveDate,
    /// Places there are.
    pub capacity: u32,
    /// Held by people who have come.
    pub confirmed: u32,
    /// Held by orders whose person has not come.
    pub ordered: u32,
    /// Held by open offers.
    pub offered: u32,
}

impl OccupancyDay {
    /// How many more places are held than there are.
    #[must_use]
    pub fn overhang(&self) -> u32 {
        (self.confirmed + self.ordered + self.offered).saturating_sub(self.capacity)
    }
}

/// The days of a bounded window, with who of those given holds a place on each.
#[must_use]
pub fn occupancy(
    unit: &Unit,
    placements: &[Placement],
    offers: &[Offer],
    window: Interval,
    today: NaiveDate,
) -> Vec<OccupancyDay> {
    let come = |p: &&Placement| p.state.actual_start().is_some();
    let confirmed = placements.iter().filter(come).map(Placement::occupies);
    let ordered = placements.iter().filter(|p| !come(p)).map(Placement::occupies);
    let confirmed = by_day(confirmed, window);
    let ordered = by_day(ordered, window);
    let offered = by_day(offers.iter().filter_map(|offer| offer.occupies(today)), window);
    let days = std::iter::successors(Some(window.first), |day| Some(day_after(*day)));
    let held = confirmed.into_iter().zip(ordered).zip(offered);
    days.zip(held)
        .map(|(day, ((confirmed, ordered), offered))| {
            let capacity = unit.periods.at(day).map_or(0, |terms| terms.capacity);
            OccupancyDay { day, capacity, confirmed, ordered, offered }
        })
        .collect()
}

/// How many of some intervals each day of the window lies in.
fn by_day(held: impl Iterator<Item = Interval>, window: Interval) -> Vec<u32> {
    let length = usize::try_from(window.days()).unwrap_or(0);
    let (mut begin, mut over) = (vec![0_u32; length + 1], vec![0_u32; length + 1]);
    let nth =
        |day: NaiveDate| usize::try_from(Interval { first: window.first, last: day }.days() - 1).unwrap_or(0);
    for days in held.filter_map(|days| days.intersect(&window)) {
        begin[nth(days.first)] += 1;
        over[nth(days.last) + 1] += 1;
    }
    let count = begin.into_iter().zip(over).scan(0, |count, (begin, over)| {
        *count = *count + begin - over;
        Some(*count)
    });
    count.take(length).collect()
}
