//! From facts to what held on each day.

use std::collections::BTreeMap;

use niva_calendar::{Interval, NaiveDate, Timeline};
use niva_names::{FactId, MeasurementId, PlacementId, ServiceKey, UnitId};
use serde::{Deserialize, Serialize};

use crate::case::Case;
use crate::granted::grants;
use crate::revisions::Revisions;
use crate::{
    Agreement, Granted, Known, LevelDecision, LevelFact, LevelKind, LevelOn, Occasion, PlacementDates,
    PlacementFacts, PremisesCost, Schedule, ScheduleFrom, Special, Transition, UnitPeriod,
};

impl Case {
    /// Every placement that has been heard of, in order of id, with all that is known of it.
    #[must_use]
    pub fn placements<'a>(&'a self, units: &'a BTreeMap<UnitId, UnitFacts>) -> Vec<KnownPlacement<'a>> {
        KnownPlacement::all(self, units)
    }
}

/// What payment must know of the unit that gives the service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnitFacts {
    /// Opaque id.
    pub unit_id: UnitId,
    /// The revision that says so.
    pub revision: i64,
    /// Who runs it, and how, on each day.
    pub periods: Timeline<UnitPeriod>,
}

/// A placement with all that is known of it: owns what [`PlacementFacts`] borrow.
#[derive(Debug, Clone)]
pub struct KnownPlacement<'a> {
    /// Id of the placement.
    pub placement_id: &'a PlacementId,
    /// The service.
    pub service: ServiceKey,
    /// Its dates.
    pub dates: &'a PlacementDates,
    /// Its revision.
    pub revision: i64,
    withdrawn: bool,
    /// Its id is known as another case's.
    pub of_another: bool,
    /// It is paid in the case of another record of the person, if at all.
    pub elsewhere: bool,
    /// The merges of the person's records, with their revisions.
    pub(crate) merges: &'a [(FactId, i64)],
    decisions: &'a Revisions<LevelDecision>,
    /// `None`: the unit has not been heard of.
    pub(crate) unit: Option<&'a UnitFacts>,
    no_unit: Timeline<UnitPeriod>,
    levels: Timeline<LevelOn<'a>>,
    grants: Timeline<Known<'a, Granted<'a>>>,
    schedules: Timeline<Known<'a, Schedule>>,
    occasions: Vec<Known<'a, Occasion>>,
    agreements: Timeline<Known<'a, Agreement>>,
    transitions: Vec<Known<'a, Transition>>,
    visits: Vec<Known<'a, NaiveDate>>,
    absences: Vec<Known<'a, Interval>>,
    premises_costs: Timeline<Known<'a, PremisesCost>>,
    special: Vec<Known<'a, Special>>,
}

impl<'a> KnownPlacement<'a> {
    /// The placements of a case, in order of id.
    fn all(case: &'a Case, units: &'a BTreeMap<UnitId, UnitFacts>) -> Vec<Self> {
        let (levels, grants) = (levels(case), grants(&case.grants));
        let known = case.placements.iter().filter_map(|(id, p)| Some((id, p, p.dated.as_ref()?)));
        known
            .map(|(id, placement, dated)| Self {
                placement_id: id,
                service: case.service,
                dates: &dated.dates,
                revision: dated.revision,
                withdrawn: dated.withdrawn,
                of_another: dated.of_another,
                elsewhere: placement.elsewhere,
                merges: &case.merges,
                decisions: &case.levels,
                unit: units.get(&dated.dates.unit_id),
                no_unit: Timeline::new(),
                levels: levels.clone(),
                grants: grants.clone(),
                schedules: schedules(&placement.schedules),
                occasions: in_order(&placement.occasions),
                agreements: Timeline::layered(
                    placement.agreements.standing().map(|a| (a.value.days, a.with(*a.value))),
                ),
                transitions: in_order(&placement.transitions),
                visits: in_order(&placement.visits),
                absences: in_order(&placement.absences),
                premises_costs: Timeline::layered(
                    placement.premises_costs.standing().map(|c| (c.value.days, c.with(*c.value))),
                ),
                special: placement.special.standing().map(|s| s.with(*s.value)).collect(),
            })
            .collect()
    }

    /// The measurement that a level decision stands on.
    pub(crate) fn measurement(&self, decision_id: &FactId) -> Option<&MeasurementId> {
        self.decisions.get(decision_id)?.measurement.as_ref()
    }

    /// The engine's input.
    #[must_use]
    pub fn facts(&self) -> PlacementFacts<'_> {
        PlacementFacts {
            service: self.service,
            ordered_start: self.dates.ordered_start,
            actual_start: self.dates.actual_start,
            notice: self.dates.notice,
            end: self.dates.end,
            withdrawn: self.withdrawn || self.elsewhere,
            of_another: self.of_another,
            unit: self.unit.map_or(&self.no_unit, |u| &u.periods),
            levels: &self.levels,
            grants: &self.grants,
            schedules: &self.schedules,
            occasions: &self.occasions,
            agreements: &self.agreements,
            transitions: &self.transitions,
            visits: &self.visits,
            absences: &self.absences,
            premises_costs: &self.premises_costs,
            special: &self.special,
        }
    }
}

pub(crate) type Decision<'a> = Known<'a, &'a LevelDecision>;

/// Of two with the same first day the later decided stands.
pub(crate) fn levels(case: &Case) -> Timeline<LevelOn<'_>> {
    let mut decisions: Vec<Decision<'_>> = case.levels.standing().collect();
    decisions.sort_by_key(|d| d.value.decided);
    let now = Timeline::layered(decisions.iter().map(|d| (Interval::from(d.value.valid_from), *d)));
    if decisions.iter().all(|d| d.value.kind != LevelKind::Preliminary) {
        return Timeline::layered(now.spans().iter().map(|(days, d)| (*days, LevelOn::of(level(*d)))));
    }
    let then = known_then(decisions, case);
    let mut levels = Timeline::new();
    for (days, decision) in now.spans() {
        levels.set(*days, LevelOn::of(level(*decision)));
        for (days, before) in then.within(*days).filter(|_| decision.value.kind != LevelKind::Preliminary) {
            if before.value.kind == LevelKind::Preliminary {
                levels.set(
                    days,
                    LevelOn { now: level(*decision), preliminary: Some(Box::new(level(*before))) },
                );
            }
        }
    }
    levels
}

/// What had been decided of each day when it came, where that may be preliminary; else nothing.
pub(crate) fn decided_by_day(case: &Case) -> Timeline<Decision<'_>> {
    let decisions: Vec<Decision<'_>> = case.levels.standing().collect();
    if decisions.iter().all(|d| d.value.kind != LevelKind::Preliminary) {
        return Timeline::new();
    }
    known_then(decisions, case)
}

/// What had been decided of each day when it came: a preliminary level counts from its first day, any other not before it
/// was decided.
fn known_then<'a>(mut decisions: Vec<Decision<'a>>, case: &Case) -> Timeline<Decision<'a>> {
    let counts_from = |known: &Decision<'_>| match known.value.kind {
        LevelKind::Preliminary => known.value.valid_from,
        _ => known.value.valid_from.max(case.decided_on(known.id).unwrap_or(known.value.decided_on)),
    };
    decisions.sort_by_key(counts_from);
    let mut newest: Option<Decision<'_>> = None;
    let known = decisions.into_iter().map(|d| {
        let order = |d: &Decision<'_>| (d.value.valid_from, d.value.decided);
        let stands = newest.filter(|newest| order(newest) > order(&d)).unwrap_or(d);
        newest = Some(stands);
        (Interval::from(counts_from(&d)), stands)
    });
    Timeline::layered(known)
}

fn level<'a>(decision: Decision<'a>) -> Known<'a, LevelFact<'a>> {
    let d = decision.value;
    decision.with(LevelFact { level: d.level, points: d.points, scale: &d.scale })
}

pub(crate) fn schedules(schedules: &Revisions<ScheduleFrom>) -> Timeline<Known<'_, Schedule>> {
    Timeline::layered(schedules.standing().map(|s| (Interval::from(s.value.from), s.with(s.value.schedule))))
}

fn in_order<T: Clone + Copy + Ord>(facts: &Revisions<T>) -> Vec<Known<'_, T>> {
    let mut facts: Vec<_> = facts.standing().map(|fact| fact.with(*fact.value)).collect();
    facts.sort_by_key(|fact| fact.value);
    facts
}
