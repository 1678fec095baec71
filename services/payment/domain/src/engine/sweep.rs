//! The window cut into pieces.

use niva_calendar::{Interval, Month, NaiveDate, OPEN_END, day_after, day_before};

use super::{Ruling, pricing::Piece, track::Track};
use crate::{
    Agreement, Granted, Known, LevelFact, Occasion, PlacementFacts, PremisesCost, Schedule, Transition,
    UnitPeriod,
};

/// The facts read forwards, day by changed day.
pub(super) struct Sweep<'a> {
    facts: &'a PlacementFacts<'a>,
    rulings: &'a [Ruling<'a>],
    granted_through: NaiveDate,
    unit: Track<'a, UnitPeriod>,
    levels: Track<'a, Known<'a, LevelFact>>,
    grants: Track<'a, Known<'a, Granted<'a>>>,
    schedules: Track<'a, Known<'a, Schedule>>,
    agreements: Track<'a, Known<'a, Agreement>>,
    costs: Track<'a, Known<'a, PremisesCost>>,
    occasions: &'a [Occasion],
}

impl<'a> Sweep<'a> {
    pub(super) fn new(
        facts: &'a PlacementFacts<'a>,
        rulings: &'a [Ruling<'a>],
        granted_through: NaiveDate,
        occasions: &'a [Occasion],
    ) -> Self {
        Self {
            facts,
            rulings,
            granted_through,
            unit: Track::new(facts.unit),
            levels: Track::new(facts.levels),
            grants: Track::new(facts.grants),
            schedules: Track::new(facts.schedules),
            agreements: Track::new(facts.agreements),
            costs: Track::new(facts.premises_costs),
            occasions,
        }
    }

    /// Cuts `days` into pieces and hands each of them on, in order.
    pub(super) fn run(&mut self, days: Interval, mut take: impl FnMut(&Piece<'a>)) {
        let mut month = Month::of(days.first).interval();
        let mut day = days.first;
        loop {
            if day > month.last {
                month = Month::of(day).interval();
            }
            let piece = self.piece(day, days.last.min(month.last), month);
            let last = piece.days.last;
            take(&piece);
            if last >= days.last {
                return;
            }
            day = day_after(last);
        }
    }

    /// The piece that begins on `day` and ends where the first thing changes, on `last` at the latest.
    fn piece(&mut self, day: NaiveDate, last: NaiveDate, month: Interval) -> Piece<'a> {
        while self.rulings.first().is_some_and(|r| r.days.last < day) {
            self.rulings = self.rulings.get(1..).unwrap_or_default();
        }
        let (ruling, ruling_until) = match self.rulings.first() {
            Some(r) if r.days.first <= day => (Some(r), r.days.last),
            Some(r) => (None, day_before(r.days.first)),
            None => (None, OPEN_END),
        };
        let (unit, unit_until) = self.unit.at(day);
        let (level, level_until) = self.levels.at(day);
        let (granted, granted_until) = self.granted(day);
        let (schedule, schedule_until) = self.schedules.at(day);
        let (agreement, agreement_until) = self.agreements.at(day);
        let (transition, transition_until) = self.transition(ruling, day);
        let (cost, cost_until) = self.costs.at(day);
        let last = [ruling_until, unit_until, level_until, granted_until, schedule_until]
            .into_iter()
            .chain([agreement_until, transition_until, cost_until])
            .fold(last, NaiveDate::min);
        let days = Interval { first: day, last };
        Piece {
            days,
            month_days: u32::try_from(month.days()).unwrap_or(31),
            ruling,
            unit,
            level: level.map(|known| known.value),
            granted: granted.map(|known| &known.value),
            schedule: schedule.map(|known| known.value),
            agreement,
            transition,
            cost: cost.map(|known| known.value.per_month),
            occasions: self.take_occasions(days),
        }
    }

    /// The grant that counts on a day: the one in force, else, when none need be valid, the last before.
    fn granted(&mut self, day: NaiveDate) -> (Option<&'a Known<'a, Granted<'a>>>, NaiveDate) {
        match self.grants.at(day) {
            (None, until) if day > self.granted_through => (self.grants.before(), until),
            (None, until) => (None, until.min(self.granted_through)),
            found => found,
        }
    }

    fn transition(&self, ruling: Option<&Ruling<'_>>, day: NaiveDate) -> (bool, NaiveDate) {
        let Some(terms) = ruling.and_then(|r| r.terms.transition.as_ref()) else { return (false, OPEN_END) };
        let days = self.facts.transitions.iter().map(|t| transition_days(&t.value, terms.max_months));
        covering(days, day)
    }

    fn take_occasions(&mut self, days: Interval) -> &'a [Occasion] {
        let before = self.occasions.partition_point(|o| o.date < days.first);
        let (_, rest) = self.occasions.split_at(before);
        let (taken, rest) = rest.split_at(rest.partition_point(|o| o.date <= days.last));
        self.occasions = rest;
        taken
    }
}

/// The days that a transition to work counts: from the job's first day for at most `max_months`, while the plan
/// records support. `n` months end the day before the day with the same number (or the month's last) `n` months on.
#[must_use]
pub fn transition_days(transition: &Transition, max_months: u16) -> Option<Interval> {
    let limit = transition
        .job_start
        .checked_add_months(chrono::Months::new(u32::from(max_months)))
        .map_or(OPEN_END, day_before);
    Interval::new(transition.job_start, transition.support_end.map_or(limit, |end| end.min(limit)))
}

/// Whether one of some intervals has `day`, and the last day that this stays so.
fn covering(intervals: impl Iterator<Item = Option<Interval>>, day: NaiveDate) -> (bool, NaiveDate) {
    let (mut found, mut until) = (false, OPEN_END);
    for days in intervals.flatten() {
        if days.contains(day) {
            found = true;
            until = until.min(days.last);
        } else if days.first > day {
            until = until.min(day_before(days.first));
        }
    }
    (found, until)
}
