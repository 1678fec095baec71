//! Which days' payment a fact may have changed.

use niva_calendar::{Interval, Month, NaiveDate, OPEN_END, day_after};
use niva_models::GrantScope;
use niva_names::{FactId, PlacementId};

use crate::fact::{Content, Grant, PlacementDates, Record};
use crate::{Case, Fact, FactKind, UnitFacts};

impl FactKind {
    /// Whether facts of the kind say nothing of any day but their own ([`Content::days`]). There is one for each day of a
    /// life, so they are read for the days that are asked for and no others.
    #[must_use]
    pub const fn is_of_days(self) -> bool {
        matches!(self, Self::Occasion | Self::Visit)
    }
}

impl Content {
    /// The days that it says anything of.
    #[must_use]
    pub fn days(&self) -> Interval {
        match self {
            Self::Grant(grant) => Interval::from(grant.valid.first),
            Self::Level(decision) => Interval::from(decision.valid_from),
            Self::Placement(dates) | Self::PlacementOfAnother(dates) => Interval::from(first_day(dates)),
            Self::Record { record, .. } => match record {
                // One visit is enough for its whole month.
                Record::Visit(day) => Month::of(*day).interval(),
                // Days away may be counted from days before them, and so may days after them.
                Record::Absence(days) => Interval::from(days.first),
                record => record.days(),
            },
        }
    }
}

impl Case {
    /// The days whose payment `fact` may change, if it is the newest that is known of it: none before the first of them,
    /// none after the last.
    #[must_use]
    pub fn touched(&self, fact: &Fact) -> Interval {
        let now = fact.content.days();
        match &fact.content {
            Content::Grant(grant) => match self.grants.get(&fact.id) {
                Some(before) if !fact.withdrawn => Interval::from(grants_differ(before, grant)),
                Some(before) => hull(now, Interval::from(before.valid.first)),
                None => now,
            },
            Content::Level(_) => {
                let before = self.levels.get(&fact.id).map(|before| Interval::from(before.valid_from));
                before.map_or(now, |before| hull(now, before))
            }
            Content::Placement(dates) | Content::PlacementOfAnother(dates) => {
                let before = self.placements.get(fact.id.as_str()).and_then(|known| known.dated.as_ref());
                match before.filter(|before| !before.withdrawn) {
                    Some(before) if !fact.withdrawn => Interval::from(dates_differ(&before.dates, dates)),
                    Some(before) => hull(now, Interval::from(first_day(&before.dates))),
                    None => now,
                }
            }
            Content::Record { placement_id, record } => {
                let before = self.record(placement_id, record, &fact.id);
                before.map_or(now, |before| hull(now, before))
            }
        }
    }

    /// The days of a record of the kind of another, as it stands.
    fn record(&self, placement_id: &PlacementId, like: &Record, id: &FactId) -> Option<Interval> {
        let at = self.placements.get(placement_id)?;
        let record = match like {
            Record::Schedule(_) => at.schedules.get(id).copied().map(Record::Schedule),
            Record::Occasion(_) => at.occasions.get(id).copied().map(Record::Occasion),
            Record::Agreement(_) => at.agreements.get(id).copied().map(Record::Agreement),
            Record::Transition(_) => at.transitions.get(id).copied().map(Record::Transition),
            Record::PremisesCost(_) => at.premises_costs.get(id).copied().map(Record::PremisesCost),
            Record::Visit(_) => at.visits.get(id).copied().map(Record::Visit),
            Record::Absence(_) => at.absences.get(id).copied().map(Record::Absence),
            Record::Special(_) => at.special.get(id).copied().map(Record::Special),
        }?;
        Some(Content::Record { placement_id: "".into(), record }.days())
    }
}

impl UnitFacts {
    /// The first day of which two revisions say something else; `None`: of no day.
    #[must_use]
    pub fn differs_from(&self, other: &Self) -> Option<NaiveDate> {
        let (mut own, mut others) = (self.periods.spans().iter(), other.periods.spans().iter());
        let (mut a, mut b) = (own.next(), others.next());
        let mut day = NaiveDate::MIN;
        loop {
            let here = |span: Option<&(Interval, _)>| span.is_some_and(|(days, _)| days.first <= day);
            let value = |span: Option<&(Interval, crate::UnitPeriod)>| {
                span.filter(|_| here(span)).map(|(_, v)| v.clone())
            };
            if value(a) != value(b) {
                return Some(day);
            }
            // The next day on which one of the two may say something else.
            let change = |span: Option<&(Interval, crate::UnitPeriod)>| match span {
                Some((days, _)) if days.first > day => Some(days.first),
                Some((days, _)) if !days.is_open() => Some(day_after(days.last)),
                _ => None,
            };
            day = [change(a), change(b)].into_iter().flatten().min()?;
            if a.is_some_and(|(days, _)| days.last < day) {
                a = own.next();
            }
            if b.is_some_and(|(days, _)| days.last < day) {
                b = others.next();
            }
        }
    }
}

/// The days of two intervals and all between them.
#[must_use]
pub fn hull(one: Interval, other: Interval) -> Interval {
    Interval { first: one.first.min(other.first), last: one.last.max(other.last) }
}

fn first_day(dates: &PlacementDates) -> NaiveDate {
    dates.ordered_start.min(dates.actual_start.unwrap_or(NaiveDate::MAX))
}

fn grants_differ(before: &Grant, now: &Grant) -> NaiveDate {
    if before.district != now.district || before.valid.first != now.valid.first {
        return before.valid.first.min(now.valid.first);
    }
    let mut first = OPEN_END;
    if before.valid.last != now.valid.last {
        first = day_after(before.valid.last.min(now.valid.last));
    }
    let only = |of: &[(NaiveDate, GrantScope)], other: &[(NaiveDate, GrantScope)]| {
        of.iter().filter(|scope| !other.contains(scope)).map(|(from, _)| *from).min()
    };
    let scopes = [only(&before.scopes, &now.scopes), only(&now.scopes, &before.scopes)];
    scopes.into_iter().flatten().fold(first, NaiveDate::min).max(now.valid.first)
}

/// While neither notice nor end has come, the days of a stay are paid whatever either will be.
fn dates_differ(before: &PlacementDates, now: &PlacementDates) -> NaiveDate {
    let came = before.actual_start.is_some()
        && (before.ordered_start, before.actual_start, &before.unit_id)
            == (now.ordered_start, now.actual_start, &now.unit_id);
    if !came {
        return first_day(before).min(first_day(now));
    }
    let ends = [before.notice, before.end, now.notice, now.end];
    ends.into_iter().flatten().min().unwrap_or(OPEN_END)
}
