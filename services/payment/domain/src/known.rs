//! From facts to what held on each day.

use std::collections::BTreeMap;

use niva_calendar::{Interval, NaiveDate, Timeline};
use niva_models::Scope;
use niva_names::ServiceKey;
use serde::{Deserialize, Serialize};

use crate::case::Placement;
use crate::revisions::Revisions;
use crate::{
    Agreement, Case, Grant, Granted, Known, LevelDecision, LevelFact, Occasion, PlacementDates,
    PlacementFacts, PremisesCost, Schedule, ScheduleFrom, Transition, UnitPeriod,
};

/// What payment must know of the unit that gives the service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnitFacts {
    /// Opaque id.
    pub unit_id: String,
    /// Who runs it, and how, on each day.
    pub periods: Timeline<UnitPeriod>,
}

/// A placement with all that is known of it: owns what [`PlacementFacts`] borrow.
#[derive(Debug, Clone)]
pub struct KnownPlacement<'a> {
    /// Id of the placement.
    pub placement_id: &'a str,
    /// The service.
    pub service: ServiceKey,
    /// Its dates.
    pub dates: &'a PlacementDates,
    withdrawn: bool,
    /// `None`: the unit has not been heard of.
    unit: Option<&'a UnitFacts>,
    no_unit: Timeline<UnitPeriod>,
    levels: Timeline<Known<'a, LevelFact>>,
    grants: Timeline<Known<'a, Granted<'a>>>,
    schedules: Timeline<Known<'a, Schedule>>,
    occasions: Vec<Known<'a, Occasion>>,
    agreements: Timeline<Known<'a, Agreement>>,
    transitions: Vec<Known<'a, Transition>>,
    premises_costs: Timeline<Known<'a, PremisesCost>>,
}

impl<'a> KnownPlacement<'a> {
    /// The placements of a case, in order of id.
    pub(crate) fn all(case: &'a Case, units: &'a BTreeMap<String, UnitFacts>) -> Vec<Self> {
        let (levels, grants) = (levels(&case.levels), grants(&case.grants));
        let known = case.placements.iter().filter_map(|(id, p)| Some((id, p, p.dated.as_ref()?)));
        known
            .map(|(id, placement, dated)| Self {
                placement_id: id,
                service: case.service,
                dates: &dated.dates,
                withdrawn: dated.withdrawn,
                unit: units.get(&dated.dates.unit_id),
                no_unit: Timeline::new(),
                levels: levels.clone(),
                grants: grants.clone(),
                schedules: schedules(&placement.schedules),
                occasions: occasions(placement),
                agreements: Timeline::layered(
                    placement.agreements.standing().map(|a| (a.value.days, a.with(*a.value))),
                ),
                transitions: transitions(placement),
                premises_costs: Timeline::layered(
                    placement.premises_costs.standing().map(|c| (c.value.days, c.with(*c.value))),
                ),
            })
            .collect()
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
            withdrawn: self.withdrawn,
            unit: self.unit.map_or(&self.no_unit, |u| &u.periods),
            levels: &self.levels,
            grants: &self.grants,
            schedules: &self.schedules,
            occasions: &self.occasions,
            agreements: &self.agreements,
            transitions: &self.transitions,
            premises_costs: &self.premises_costs,
        }
    }
}

/// Of two with the same first day the later decided stands.
fn levels(decisions: &Revisions<LevelDecision>) -> Timeline<Known<'_, LevelFact>> {
    let mut decisions: Vec<_> = decisions.standing().collect();
    decisions.sort_by_key(|d| d.value.decided);
    Timeline::layered(decisions.into_iter().map(|d| {
        let fact = LevelFact { level: d.value.level, points: d.value.points };
        (Interval::from(d.value.valid_from), d.with(fact))
    }))
}

fn schedules(schedules: &Revisions<ScheduleFrom>) -> Timeline<Known<'_, Schedule>> {
    Timeline::layered(schedules.standing().map(|s| (Interval::from(s.value.from), s.with(s.value.schedule))))
}

/// The grant of each day with the scope that it has then.
fn grants(grants: &Revisions<Grant>) -> Timeline<Known<'_, Granted<'_>>> {
    let valid = Timeline::layered(grants.standing().map(|grant| (grant.value.valid, grant)));
    let pieces = valid.spans().iter().flat_map(|(days, grant)| {
        let scopes = grant.value.scopes.iter().map(|(from, scope)| (Interval::from(*from), *scope));
        let scopes = std::iter::once((Interval::from(NaiveDate::MIN), Scope::default())).chain(scopes);
        let district = grant.value.district.as_str();
        let pieces = Timeline::layered(scopes);
        let pieces =
            pieces.within(*days).map(|(days, scope)| (days, grant.with(Granted { district, scope: *scope })));
        pieces.collect::<Vec<_>>()
    });
    Timeline::layered(pieces)
}

fn occasions(placement: &Placement) -> Vec<Known<'_, Occasion>> {
    let mut occasions: Vec<_> = placement.occasions.standing().map(|o| o.with(*o.value)).collect();
    occasions.sort_by_key(|o| (o.value.date, o.value.kind));
    occasions
}

fn transitions(placement: &Placement) -> Vec<Known<'_, Transition>> {
    let mut transitions: Vec<_> = placement.transitions.standing().map(|t| t.with(*t.value)).collect();
    transitions.sort_by_key(|t| t.value);
    transitions
}
