//! The window cut into pieces.

use niva_calendar::{Interval, Month, NaiveDate, OPEN_END, day_after, day_before};
use niva_models::PremisesDays;

use super::{Ruling, pricing::Piece, stay::Stays, track::Track};
use crate::{
    Agreement, Granted, Known, LevelOn, Occasion, PlacementFacts, PremisesCost, Schedule, UnitPeriod,
};

/// The facts read forwards, day by changed day.
pub(super) struct Sweep<'a> {
    facts: &'a PlacementFacts<'a>,
    rulings: &'a [Ruling<'a>],
    granted_through: NaiveDate,
    unit: Track<'a, UnitPeriod>,
    levels: Track<'a, LevelOn<'a>>,
    grants: Track<'a, Known<'a, Granted<'a>>>,
    schedules: Track<'a, Known<'a, Schedule>>,
    agreements: Track<'a, Known<'a, Agreement>>,
    stays: Stays<'a>,
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
            stays: Stays::new(facts.transitions, facts.visits, facts.absences),
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
        let (stay, stay_until) = self.stays.at(ruling.map(|r| r.terms), day);
        let (takes_part, takes_part_until) = self.takes_part(ruling, day);
        let (cost, cost_until) = self.costs.at(day);
        let last = [ruling_until, unit_until, level_until, granted_until, schedule_until]
            .into_iter()
            .chain([agreement_until, stay_until, takes_part_until, cost_until])
            .fold(last, NaiveDate::min);
        let days = Interval { first: day, last };
        Piece {
            days,
            month_days: u32::try_from(month.days()).unwrap_or(31),
            ruling,
            unit,
            level,
            granted: granted.map(|known| &known.value),
            schedule: schedule.map(|known| known.value),
            agreement,
            stay,
            takes_part,
            cost: cost.map(|known| known.value),
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

    /// Whether the person takes part, from the first day to the last; asked only where a model counts those days.
    fn takes_part(&self, ruling: Option<&Ruling<'_>>, day: NaiveDate) -> (bool, NaiveDate) {
        let counted = ruling.is_some_and(|r| r.terms.parameters.premises_days == PremisesDays::Participation);
        if !counted {
            return (true, OPEN_END);
        }
        match (self.facts.actual_start, self.facts.end) {
            (None, _) => (false, OPEN_END),
            (Some(first), _) if day < first => (false, day_before(first)),
            (_, Some(last)) if day > last => (false, OPEN_END),
            (_, last) => (true, last.unwrap_or(OPEN_END)),
        }
    }

    fn take_occasions(&mut self, days: Interval) -> &'a [Occasion] {
        let before = self.occasions.partition_point(|o| o.date < days.first);
        let (_, rest) = self.occasions.split_at(before);
        let (taken, rest) = rest.split_at(rest.partition_point(|o| o.date <= days.last));
        self.occasions = rest;
        taken
    }
}
