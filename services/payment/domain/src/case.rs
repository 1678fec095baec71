use std::collections::BTreeMap;

use niva_calendar::{Interval, NaiveDate, OPEN_END, Timeline, day_after, day_before};
use niva_models::{Level, Regime, Scope, Service};
use serde::{Deserialize, Serialize};

use crate::{
    Agreement, LevelFact, Newest, Occasion, OccasionKind, PlacementFacts, PremisesCost, Schedule, Transition,
    UnitFacts,
};

/// A grant as it stands in one of its revisions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    /// District board that grants and pays.
    pub district: String,
    /// The days it is valid.
    pub valid: Interval,
    /// Scopes by their first day, in order. Days of the grant before the first have an empty scope.
    pub scopes: Vec<(NaiveDate, Scope)>,
}

/// A level decided from a day on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LevelDecision {
    /// Id of the decision.
    pub id: String,
    /// The level.
    pub level: Level,
    /// Points it was derived from; `None` for a stated level.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub points: Option<u16>,
}

/// The dates of a placement as they stand in one of its revisions (the letters are those of the rules).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    /// The grant it is under.
    pub grant_id: String,
    /// The unit.
    pub unit_id: String,
    /// `S`: ordered first day.
    #[serde(rename = "S")]
    pub ordered_start: NaiveDate,
    /// `A`: first day the person came.
    #[serde(rename = "A", default, skip_serializing_if = "Option::is_none")]
    pub actual_start: Option<NaiveDate>,
    /// `N`: day of notice.
    #[serde(rename = "N", default, skip_serializing_if = "Option::is_none")]
    pub notice: Option<NaiveDate>,
    /// `E`: last day.
    #[serde(rename = "E", default, skip_serializing_if = "Option::is_none")]
    pub end: Option<NaiveDate>,
    /// Withdrawn before `S`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub withdrawn: bool,
}

/// What is recorded of a placement in payment itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Record {
    /// A weekly schedule from a day on. One without sessions ends them.
    Schedule(NaiveDate, Schedule),
    /// Occasions of a day; a count of 0 takes an earlier report back.
    Occasion(Occasion),
    /// An individual agreement; one with the same id replaces the earlier.
    Agreement(Agreement),
    /// A transition to work; one with the same first day replaces the earlier.
    Transition(Transition),
    /// Actual premises cost; one with the same first day replaces the earlier.
    PremisesCost(PremisesCost),
}

/// Something that became true of a person in a service. Each carries the number that decides which of two is newer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fact {
    /// A grant as it now stands.
    Grant {
        /// Id of the grant.
        grant_id: String,
        /// The higher is the newer truth.
        revision: i64,
        /// The grant.
        grant: Grant,
    },
    /// A level decision.
    Level {
        /// First day it takes effect.
        valid_from: NaiveDate,
        /// Of two with the same first day the higher stands.
        number: i64,
        /// The decision.
        decision: LevelDecision,
    },
    /// A placement as it now stands.
    Placement {
        /// Id of the placement.
        placement_id: String,
        /// The higher is the newer truth.
        revision: i64,
        /// Its dates.
        order: Order,
    },
    /// A record of payment's own.
    Record {
        /// Id of the placement.
        placement_id: String,
        /// The higher is the newer truth.
        number: i64,
        /// The record.
        record: Record,
    },
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
struct Placement {
    /// Its dates, by one key: the placement itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    order: Option<(i64, Order)>,
    #[serde(default, skip_serializing_if = "Newest::is_empty")]
    schedules: Newest<NaiveDate, Schedule>,
    #[serde(default, skip_serializing_if = "Newest::is_empty")]
    occasions: Newest<(NaiveDate, OccasionKind), u8>,
    #[serde(default, skip_serializing_if = "Newest::is_empty")]
    agreements: Newest<String, Agreement>,
    #[serde(default, skip_serializing_if = "Newest::is_empty")]
    transitions: Newest<NaiveDate, Transition>,
    #[serde(default, skip_serializing_if = "Newest::is_empty")]
    premises_costs: Newest<NaiveDate, PremisesCost>,
}

/// Everything payment knows of one person in one service.
///
/// [`Case::apply`] is commutative: facts may come in any order and any number of times, and the case is the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Case {
    /// Opaque id of the person.
    pub person_id: String,
    /// The service.
    pub service: Service,
    #[serde(default, skip_serializing_if = "Newest::is_empty")]
    grants: Newest<String, Grant>,
    #[serde(default, skip_serializing_if = "Newest::is_empty")]
    levels: Newest<NaiveDate, LevelDecision>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    placements: BTreeMap<String, Placement>,
}

impl Case {
    /// A case of which nothing is known yet.
    #[must_use]
    pub fn new(person_id: impl Into<String>, service: Service) -> Self {
        Self {
            person_id: person_id.into(),
            service,
            grants: Newest::default(),
            levels: Newest::default(),
            placements: BTreeMap::new(),
        }
    }

    /// Takes a fact in. `false` when it says nothing new: known already, or older than what is known.
    pub fn apply(&mut self, fact: &Fact) -> bool {
        match fact {
            Fact::Grant { grant_id, revision, grant } => self.grants.put(grant_id, *revision, grant),
            Fact::Level { valid_from, number, decision } => self.levels.put(valid_from, *number, decision),
            Fact::Placement { placement_id, revision, order } => {
                let placement = self.placements.entry(placement_id.clone()).or_default();
                let newer = placement.order.as_ref().is_none_or(|(known, _)| known < revision);
                if newer {
                    placement.order = Some((*revision, order.clone()));
                }
                newer
            }
            Fact::Record { placement_id, number, record } => {
                let at = self.placements.entry(placement_id.clone()).or_default();
                match record {
                    Record::Schedule(from, schedule) => at.schedules.put(from, *number, schedule),
                    Record::Occasion(o) => at.occasions.put(&(o.date, o.kind), *number, &o.count),
                    Record::Agreement(a) => at.agreements.put(&a.agreement_id, *number, a),
                    Record::Transition(t) => at.transitions.put(&t.job_start, *number, t),
                    Record::PremisesCost(c) => at.premises_costs.put(&c.days.first, *number, c),
                }
            }
        }
    }

    /// The days whose payment `fact` may change if it is taken in now: what a correction's cause is found by.
    #[must_use]
    pub fn affected_by(&self, fact: &Fact) -> Interval {
        match fact {
            Fact::Grant { grant_id, grant, .. } => Interval::from(
                self.grants.get(grant_id).map_or(grant.valid.first, |old| first_change(old, grant)),
            ),
            Fact::Level { valid_from, .. } => Interval::from(*valid_from),
            Fact::Placement { placement_id, order, .. } => {
                let old = self.placements.get(placement_id).and_then(|p| p.order.as_ref());
                Interval::from(old.map_or(order.ordered_start, |(_, old)| first_moved(old, order)))
            }
            Fact::Record { record, .. } => match record {
                Record::Schedule(from, _) => Interval::from(*from),
                Record::Occasion(occasion) => Interval::day(occasion.date),
                Record::Transition(transition) => Interval::from(transition.job_start),
                // An earlier version of the same agreement or cost may have had other days.
                Record::Agreement(_) | Record::PremisesCost(_) => self.all_days_of(fact),
            },
        }
    }

    fn all_days_of(&self, fact: &Fact) -> Interval {
        let Fact::Record { placement_id, record, .. } = fact else { return Interval::from(NaiveDate::MIN) };
        let known = self.placements.get(placement_id);
        let (days, old) = match record {
            Record::Agreement(a) => {
                (a.days, known.and_then(|p| p.agreements.get(&a.agreement_id)).map(|a| a.days))
            }
            Record::PremisesCost(c) => {
                (c.days, known.and_then(|p| p.premises_costs.get(&c.days.first)).map(|c| c.days))
            }
            _ => return Interval::from(NaiveDate::MIN),
        };
        let old = old.unwrap_or(days);
        Interval { first: days.first.min(old.first), last: days.last.max(old.last) }
    }

    /// The dates of a placement; `None` when it has not been heard of.
    #[must_use]
    pub fn order(&self, placement_id: &str) -> Option<&Order> {
        self.placements.get(placement_id)?.order.as_ref().map(|(_, order)| order)
    }

    /// The individual agreements of a placement.
    pub fn agreements(&self, placement_id: &str) -> impl Iterator<Item = &Agreement> {
        self.placements.get(placement_id).into_iter().flat_map(|p| p.agreements.values())
    }

    /// The units that its placements are at, in order of placement.
    pub fn unit_ids(&self) -> impl Iterator<Item = &str> {
        self.placements.values().filter_map(|p| p.order.as_ref()).map(|(_, order)| order.unit_id.as_str())
    }

    /// Every placement that has been heard of, in order of id, with all that is known of it.
    #[must_use]
    pub fn placed<'a>(&'a self, units: &'a BTreeMap<String, UnitFacts>) -> Vec<Placed<'a>> {
        let levels = self.level_timeline();
        let known = self.placements.iter().filter_map(|(id, p)| Some((id, p, &p.order.as_ref()?.1)));
        known
            .map(|(id, placement, order)| {
                let grant = self.grants.get(&order.grant_id);
                Placed {
                    placement_id: id,
                    service: self.service,
                    order,
                    unit: units.get(&order.unit_id),
                    buyer_district: grant.map_or("", |g| &g.district),
                    no_regimes: Timeline::new(),
                    levels: levels.clone(),
                    scopes: grant.map(scope_timeline).unwrap_or_default(),
                    schedules: until_next(placement.schedules.iter().map(|(from, s)| (*from, *s))),
                    occasions: placement.occasions(),
                    agreements: placement.agreements(),
                    transitions: placement.transitions.values().copied().collect(),
                    premises_costs: placement.premises_costs(),
                }
            })
            .collect()
    }

    fn level_timeline(&self) -> Timeline<LevelFact> {
        until_next(
            self.levels.iter().map(|(from, d)| (*from, LevelFact { level: d.level, points: d.points })),
        )
    }
}

impl Placement {
    fn occasions(&self) -> Vec<Occasion> {
        let reported = self.occasions.iter().filter(|(_, count)| **count > 0);
        reported.map(|((date, kind), count)| Occasion { date: *date, kind: *kind, count: *count }).collect()
    }

    fn agreements(&self) -> Vec<Agreement> {
        let mut agreements: Vec<_> = self.agreements.values().cloned().collect();
        agreements.sort_by(|a, b| (a.days.first, &a.agreement_id).cmp(&(b.days.first, &b.agreement_id)));
        agreements
    }

    /// A cost gives way on the day that the next begins.
    fn premises_costs(&self) -> Vec<PremisesCost> {
        let mut costs: Vec<PremisesCost> = self.premises_costs.values().copied().collect();
        for i in 1..costs.len() {
            let next = costs[i].days.first;
            costs[i - 1].days.last = costs[i - 1].days.last.min(day_before(next));
        }
        costs
    }
}

/// A placement with all that is known of it: owns what [`PlacementFacts`] borrow.
#[derive(Debug, Clone)]
pub struct Placed<'a> {
    /// Id of the placement.
    pub placement_id: &'a str,
    /// The service.
    pub service: Service,
    /// Its dates.
    pub order: &'a Order,
    /// Its unit; `None` when that has not been heard of.
    pub unit: Option<&'a UnitFacts>,
    /// District board that grants and pays; empty when the grant has not been heard of.
    pub buyer_district: &'a str,
    no_regimes: Timeline<Regime>,
    levels: Timeline<LevelFact>,
    scopes: Timeline<Scope>,
    schedules: Timeline<Schedule>,
    occasions: Vec<Occasion>,
    agreements: Vec<Agreement>,
    transitions: Vec<Transition>,
    premises_costs: Vec<PremisesCost>,
}

impl Placed<'_> {
    /// The agreement that a line's basis names.
    #[must_use]
    pub fn agreement(&self, index: u16) -> Option<&Agreement> {
        self.agreements.get(usize::from(index))
    }

    /// The engine's input.
    #[must_use]
    pub fn facts(&self) -> PlacementFacts<'_> {
        PlacementFacts {
            service: self.service,
            ordered_start: self.order.ordered_start,
            actual_start: self.order.actual_start,
            notice: self.order.notice,
            end: self.order.end,
            withdrawn: self.order.withdrawn,
            regimes: self.unit.map_or(&self.no_regimes, |u| &u.regimes),
            levels: &self.levels,
            scopes: &self.scopes,
            schedules: &self.schedules,
            occasions: &self.occasions,
            agreements: &self.agreements,
            transitions: &self.transitions,
            premises_costs: &self.premises_costs,
            buyer_district: self.buyer_district,
            unit_district: self.unit.map_or("", |u| &u.district),
        }
    }
}

/// Values by their first day in order, each until the next begins.
fn until_next<T: Clone + PartialEq>(values: impl Iterator<Item = (NaiveDate, T)>) -> Timeline<T> {
    let mut timeline = Timeline::new();
    for (from, value) in values {
        timeline.set(Interval::from(from), value);
    }
    timeline
}

fn scope_timeline(grant: &Grant) -> Timeline<Scope> {
    let mut timeline = Timeline::of(grant.valid, Scope::default());
    for (from, scope) in &grant.scopes {
        if let Some(days) = Interval::from(*from).intersect(&grant.valid) {
            timeline.set(days, *scope);
        }
    }
    timeline
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

/// The earliest day on which the two orders may pay differently.
fn first_moved(old: &Order, new: &Order) -> NaiveDate {
    if old.grant_id != new.grant_id
        || old.unit_id != new.unit_id
        || old.ordered_start != new.ordered_start
        || old.withdrawn != new.withdrawn
    {
        return old.ordered_start.min(new.ordered_start);
    }
    let pairs = [(old.actual_start, new.actual_start), (old.notice, new.notice), (old.end, new.end)];
    let moved = pairs.into_iter().filter(|(a, b)| a != b).flat_map(|(a, b)| [a, b]).flatten();
    moved.min().unwrap_or(OPEN_END)
}

#[cfg(test)]
mod tests;
