//! Which days' payment a fact may change.

use niva_calendar::{Interval, NaiveDate, OPEN_END, day_after};

use super::Case;
use crate::{Content, Fact, Grant, PlacementDates, Record};

pub(super) fn days(case: &Case, fact: &Fact) -> Interval {
    match &fact.content {
        Content::Grant(grant) => {
            let old = case.grants.get(&fact.id).filter(|_| !fact.withdrawn);
            Interval::from(old.map_or(grant.valid.first, |old| first_change(old, grant)))
        }
        Content::Level(decision) => {
            let old = case.levels.get(&fact.id).map_or(decision.valid_from, |old| old.valid_from);
            Interval::from(decision.valid_from.min(old))
        }
        Content::Placement(dates) => {
            let old = case.placements.get(&fact.id).and_then(|p| p.dated.as_ref());
            let old = old.filter(|old| old.withdrawn == fact.withdrawn).map(|old| &old.dates);
            Interval::from(old.map_or(dates.ordered_start, |old| first_moved(old, dates)))
        }
        Content::Record { placement_id, record } => {
            let known = case.placements.get(placement_id);
            let old = known.and_then(|p| match record {
                Record::Schedule(_) => p.schedules.get(&fact.id).map(|old| Interval::from(old.from)),
                Record::Occasion(_) => p.occasions.get(&fact.id).map(|old| Interval::day(old.date)),
                Record::Agreement(_) => p.agreements.get(&fact.id).map(|old| old.days),
                Record::Transition(_) => p.transitions.get(&fact.id).map(|old| Interval::from(old.job_start)),
                Record::PremisesCost(_) => p.premises_costs.get(&fact.id).map(|old| old.days),
            });
            let new = record.days();
            let old = old.unwrap_or(new);
            Interval { first: new.first.min(old.first), last: new.last.max(old.last) }
        }
    }
}

fn first_change(old: &Grant, new: &Grant) -> NaiveDate {
    if old.district != new.district || old.valid.first != new.valid.first {
        return old.valid.first.min(new.valid.first);
    }
    let ends = (old.valid.last != new.valid.last).then(|| day_after(old.valid.last.min(new.valid.last)));
    let scopes =
        |a: &Grant, b: &Grant| a.scopes.iter().find(|s| !b.scopes.contains(s)).map(|(from, _)| *from);
    [ends, scopes(old, new), scopes(new, old)].into_iter().flatten().min().unwrap_or(new.valid.first)
}

/// The earliest day on which the two may pay differently.
fn first_moved(old: &PlacementDates, new: &PlacementDates) -> NaiveDate {
    if old.unit_id != new.unit_id || old.ordered_start != new.ordered_start {
        return old.ordered_start.min(new.ordered_start);
    }
    let pairs = [(old.actual_start, new.actual_start), (old.notice, new.notice), (old.end, new.end)];
    let moved = pairs.into_iter().filter(|(a, b)| a != b).flat_map(|(a, b)| [a, b]).flatten();
    moved.min().unwrap_or(OPEN_END)
}
