//! What of a case can still matter.

use std::collections::BTreeSet;

use niva_calendar::{Interval, Month, NaiveDate, OPEN_END, plus_days};
use niva_names::FactId;

use crate::case::{Case, Placement};
use crate::engine::joined_absences;
use crate::granted::grants;
use crate::known::{decided_by_day, levels, schedules};
use crate::{LevelOn, PlacementDates};

/// Days after the last date of a placement on which nothing of it can be paid any more: more than any model's notice,
/// no-show and vacancy together ([`niva_models::MAX_DAY_COUNT`] working days each).
const AFTERMATH: i64 = 200;

impl Case {
    /// The case without what cannot matter to any day from `from` on: what is owed for those days, what is held of them
    /// and what they stand on is the same. Facts that were withdrawn leave no trace in it.
    #[must_use]
    pub fn since(&self, from: NaiveDate) -> Self {
        let days = Interval::from(from);
        let timeline = grants(&self.grants);
        let begun = timeline.spans().partition_point(|(days, _)| days.first < from);
        // Days after the last grant ran out are paid by it.
        let before = begun.checked_sub(1).and_then(|last| timeline.spans().get(last));
        let granted: BTreeSet<&FactId> = before
            .map(|(_, grant)| grant.id)
            .into_iter()
            .chain(timeline.within(days).map(|(_, grant)| grant.id))
            .collect();
        let decided = decided_by_day(self);
        let all: Vec<(Interval, LevelOn<'_>)> =
            levels(self).within(days).map(|(days, on)| (days, on.clone())).collect();
        let mut leveled: BTreeSet<&FactId> = all.iter().map(|(_, on)| on.now.id).collect();
        leveled.extend(all.iter().filter_map(|(_, on)| on.preliminary.as_deref().map(|known| known.id)));
        leveled.extend(decided.within(days).map(|(_, decision)| decision.id));
        Self {
            person_id: self.person_id.clone(),
            service: self.service,
            grants: self.grants.only(|id, _| granted.contains(id)),
            levels: self.levels.only(|id, _| leveled.contains(id)),
            decided_before: self
                .decided_before
                .iter()
                .filter(|(id, _)| leveled.contains(id))
                .map(|(id, day)| (id.clone(), *day))
                .collect(),
            placements: self
                .placements
                .iter()
                .filter(|(_, placement)| placement.matters_since(from))
                .map(|(id, placement)| (id.clone(), placement.since(from)))
                .collect(),
            merges: self.merges.clone(),
        }
    }

    /// The last day on which anything can be owed by what is known; `None`: on none. Open while somebody stays.
    #[must_use]
    pub fn last_day(&self) -> Option<NaiveDate> {
        self.placements.values().filter_map(last_day).max()
    }
}

impl Placement {
    /// An occasion outside the stay is owed to nobody, and is held.
    fn matters_since(&self, from: NaiveDate) -> bool {
        let occasion =
            || self.dated.is_some() && self.occasions.standing().any(|known| known.value.date >= from);
        last_day(self).is_some_and(|last| last >= from) || occasion()
    }

    fn since(&self, from: NaiveDate) -> Self {
        let days = Interval::from(from);
        let timeline = schedules(&self.schedules);
        let scheduled: BTreeSet<&FactId> = timeline.within(days).map(|(_, known)| known.id).collect();
        let away = joined_absences(self.absences.standing().map(|known| *known.value));
        let goes_on = |absence: &Interval| {
            away.iter().any(|days| days.last >= from && days.intersect(absence).is_some())
        };
        Self {
            elsewhere: self.elsewhere,
            dated: self.dated.clone(),
            schedules: self.schedules.only(|id, _| scheduled.contains(id)),
            occasions: self.occasions.only(|_, occasion| occasion.date >= from),
            agreements: self.agreements.only(|_, agreement| agreement.days.last >= from),
            transitions: self.transitions.only(|_, _| true),
            premises_costs: self.premises_costs.only(|_, cost| cost.days.last >= from),
            visits: self.visits.only(|_, day| Month::of(*day) >= Month::of(from)),
            absences: self.absences.only(|_, absence| goes_on(absence)),
            special: self.special.only(|_, special| special.days.last >= from),
        }
    }
}

/// `None`: it has no dates, was taken back, or is paid elsewhere.
fn last_day(placement: &Placement) -> Option<NaiveDate> {
    let dated = placement.dated.as_ref().filter(|dated| !dated.withdrawn && !placement.elsewhere)?;
    let PlacementDates { ordered_start, actual_start, notice, end, .. } = &dated.dates;
    let last = match (actual_start, end, notice) {
        (Some(_), Some(end), notice) => notice.map_or(*end, |notice| notice.max(*end)),
        (None, _, Some(notice)) => *notice,
        (Some(_), None, _) | (None, _, None) => return Some(OPEN_END),
    };
    Some(plus_days(last.max(*ordered_start), AFTERMATH))
}
