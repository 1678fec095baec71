//! The window cut into pieces.

use niva_calendar::{Interval, Month, NaiveDate, OPEN_END, day_after, day_before};
use niva_models::{Regime, Scope};

use super::{
    Ruling,
    pricing::Piece,
    track::{Track, covering},
};
use crate::{LevelFact, Occasion, PlacementFacts, Schedule, Transition};

/// The facts read forwards, day by changed day.
pub(super) struct Sweep<'a> {
    facts: &'a PlacementFacts<'a>,
    rulings: &'a [Ruling<'a>],
    granted_through: NaiveDate,
    regimes: Track<'a, Regime>,
    levels: Track<'a, LevelFact>,
    scopes: Track<'a, Scope>,
    schedules: Track<'a, Schedule>,
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
            regimes: Track::new(facts.regimes),
            levels: Track::new(facts.levels),
            scopes: Track::new(facts.scopes),
            schedules: Track::new(facts.schedules),
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
        let facts = self.facts;
        while self.rulings.first().is_some_and(|r| r.days.last < day) {
            self.rulings = self.rulings.get(1..).unwrap_or_default();
        }
        let (ruling, ruling_until) = match self.rulings.first() {
            Some(r) if r.days.first <= day => (Some(r), r.days.last),
            Some(r) => (None, day_before(r.days.first)),
            None => (None, OPEN_END),
        };
        let (regime, regime_until) = self.regimes.at(day);
        let (level, level_until) = self.levels.at(day);
        let (scope, scope_until) = self.scope(day);
        let (schedule, schedule_until) = self.schedules.at(day);
        let (agreement, agreement_until) = covering(facts.agreements.iter().map(|a| Some(a.days)), day);
        let (transition, transition_until) = self.transition(ruling, day);
        let (cost, cost_until) = covering(facts.premises_costs.iter().map(|c| Some(c.days)), day);
        let last = [ruling_until, regime_until, level_until, scope_until, schedule_until]
            .into_iter()
            .chain([agreement_until, transition_until, cost_until])
            .fold(last, NaiveDate::min);
        let days = Interval { first: day, last };
        Piece {
            days,
            month_days: u32::try_from(month.days()).unwrap_or(31),
            ruling,
            regime: regime.copied(),
            level: level.copied(),
            scope,
            schedule: schedule.copied(),
            agreement: indexed(facts.agreements, agreement).map(|(i, a)| (i, a.price)),
            transition,
            cost: indexed(facts.premises_costs, cost).map(|(i, c)| (i, c.per_month)),
            occasions: self.take_occasions(days),
        }
    }

    /// The scope that counts on a day: the one in force, else, when the grant need not be valid, the last before.
    fn scope(&mut self, day: NaiveDate) -> (Option<&'a Scope>, NaiveDate) {
        match self.scopes.at(day) {
            (None, until) if day > self.granted_through => (self.scopes.before(), until),
            (None, until) => (None, until.min(self.granted_through)),
            found => found,
        }
    }

    fn transition(&self, ruling: Option<&Ruling<'_>>, day: NaiveDate) -> (bool, NaiveDate) {
        let Some(terms) = ruling.and_then(|r| r.terms.transition.as_ref()) else { return (false, OPEN_END) };
        let days = self.facts.transitions.iter().map(|t| transition_days(t, terms.max_months));
        let (found, until) = covering(days, day);
        (found.is_some(), until)
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

fn indexed<T>(items: &[T], index: Option<usize>) -> Option<(u16, &T)> {
    let index = index?;
    Some((u16::try_from(index).ok()?, items.get(index)?))
}
