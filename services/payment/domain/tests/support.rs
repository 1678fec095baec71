//! Facts written short, and what is owed written short.

use std::{
    path::Path,
    sync::{Arc, LazyLock},
};

use niva_calendar::{Interval, Month, NaiveDate, Timeline};
use niva_models::{Catalogue, Component, Extent, GrantScope, Level, PriceUnit, Regime};
use niva_money::Ore;
use niva_names::{Id, ScaleId, ServiceCatalogue, ServiceKey};
use niva_payment_domain::{
    Agreement, Granted, HoldReason, Known, LevelFact, LevelOn, Occasion, Outcome, Owed, PlacementFacts,
    PremisesCost, Schedule, Special, Transition, TransitionTo, UnitPeriod, owed,
};

pub(crate) static SHIPPED: LazyLock<Catalogue> = LazyLock::new(|| Catalogue::shipped().unwrap());

/// The shipped models with a city's own, invented: rates for 2025, working days, a model that ends.
pub(crate) static OWN: LazyLock<Catalogue> = LazyLock::new(|| {
    Catalogue::of_city(
        &Arc::new(ServiceCatalogue::shipped().unwrap()),
        Some(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/invented")),
    )
    .unwrap()
});

pub(crate) fn d(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

pub(crate) fn days(first: &str, last: &str) -> Interval {
    Interval::new(d(first), d(last)).unwrap()
}

pub(crate) fn from(first: &str) -> Interval {
    Interval::from(d(first))
}

pub(crate) fn m(text: &str) -> Month {
    text.parse().unwrap()
}

/// Owned facts of a placement.
#[derive(Debug, Clone)]
pub(crate) struct Facts {
    pub(crate) service: ServiceKey,
    pub(crate) start: NaiveDate,
    pub(crate) actual: Option<NaiveDate>,
    pub(crate) notice: Option<NaiveDate>,
    pub(crate) end: Option<NaiveDate>,
    pub(crate) withdrawn: bool,
    pub(crate) of_another: bool,
    pub(crate) unit: Timeline<UnitPeriod>,
    /// Of the levels that are stated here.
    pub(crate) scale: &'static str,
    pub(crate) levels: Timeline<LevelOn<'static>>,
    pub(crate) grants: Timeline<Known<'static, Granted<'static>>>,
    pub(crate) schedules: Timeline<Known<'static, Schedule>>,
    pub(crate) occasions: Vec<Known<'static, Occasion>>,
    pub(crate) agreements: Timeline<Known<'static, Agreement>>,
    pub(crate) transitions: Vec<Known<'static, Transition>>,
    pub(crate) visits: Vec<Known<'static, NaiveDate>>,
    pub(crate) absences: Vec<Known<'static, Interval>>,
    pub(crate) costs: Timeline<Known<'static, PremisesCost>>,
    pub(crate) special: Vec<Known<'static, Special>>,
}

/// A unit of `PR-1`.
pub(crate) fn unit(district: &str, regime: Regime) -> UnitPeriod {
    UnitPeriod { provider_id: "PR-1".into(), district: district.into(), regime, private_premises: false }
}

/// An id that is borrowed for as long as the tests run.
pub(crate) fn id<I: Id>(text: &str) -> &'static I {
    Box::leak(Box::new(text.into()))
}

pub(crate) fn level_of(scale: &'static str, level: u8, points: Option<u16>) -> LevelOn<'static> {
    LevelOn::of(Known::stated(LevelFact { level: Level(level), points, scale: id(scale) }))
}

/// The scale that is in force for a service on a day, or the first after it.
pub(crate) fn scale_of(catalogue: &'static Catalogue, service: ServiceKey, day: NaiveDate) -> &'static str {
    let mut scales =
        catalogue.in_force(service, Interval::from(day)).filter_map(|m| m.terms.scale_id.as_ref());
    scales.next().map_or("none", ScaleId::as_str)
}

pub(crate) fn granted(district: &'static str, scope: GrantScope) -> Known<'static, Granted<'static>> {
    Known::stated(Granted { district: id(district), scope })
}

impl Facts {
    /// Ordered and come on `start`, municipal, in its own district, with a grant from long before.
    pub(crate) fn new(service: ServiceKey, start: &str) -> Self {
        Self {
            service,
            start: d(start),
            actual: Some(d(start)),
            notice: None,
            end: None,
            withdrawn: false,
            of_another: false,
            unit: Timeline::of(from("2000-01-01"), unit("Farsta", Regime::Municipal)),
            scale: scale_of(&SHIPPED, service, d(start)),
            levels: Timeline::new(),
            grants: Timeline::of(from("2000-01-01"), granted("Farsta", GrantScope::default())),
            schedules: Timeline::new(),
            occasions: Vec::new(),
            agreements: Timeline::new(),
            transitions: Vec::new(),
            visits: Vec::new(),
            absences: Vec::new(),
            costs: Timeline::new(),
            special: Vec::new(),
        }
    }

    pub(crate) fn never_started(mut self) -> Self {
        self.actual = None;
        self
    }

    pub(crate) fn notice(mut self, day: &str) -> Self {
        self.notice = Some(d(day));
        self
    }

    pub(crate) fn end(mut self, day: &str) -> Self {
        self.end = Some(d(day));
        self
    }

    pub(crate) fn regime(mut self, regime: Regime) -> Self {
        let district = self.unit.spans()[0].1.district.clone();
        self.unit = Timeline::of(from("2000-01-01"), unit(district.as_str(), regime));
        self
    }

    /// Levels stated from here on are of another scale.
    pub(crate) fn of_scale(mut self, scale: &'static str) -> Self {
        self.scale = scale;
        self
    }

    pub(crate) fn level(self, level: u8) -> Self {
        self.level_from(level, "2000-01-01")
    }

    pub(crate) fn level_from(mut self, level: u8, first: &str) -> Self {
        self.levels.set(from(first), level_of(self.scale, level, None));
        self
    }

    pub(crate) fn points_from(mut self, level: u8, points: u16, first: &str) -> Self {
        self.levels.set(from(first), level_of(self.scale, level, Some(points)));
        self
    }

    pub(crate) fn scope(self, scope: GrantScope) -> Self {
        self.granted(from("2000-01-01"), scope)
    }

    pub(crate) fn granted(mut self, days: Interval, scope: GrantScope) -> Self {
        self.grants = Timeline::of(days, granted("Farsta", scope));
        self
    }

    pub(crate) fn scope_on(&mut self, days: Interval, scope: GrantScope) {
        self.grants.set(days, granted("Farsta", scope));
    }

    /// Sessions a week that are granted all the time, on the weekdays of a schedule from a day on.
    pub(crate) fn sessions(self, sessions: [u8; 5], first: &str) -> Self {
        let granted = GrantScope { sessions_per_week: Some(sessions.iter().sum()), ..GrantScope::default() };
        self.scope(granted).schedule(sessions, first)
    }

    pub(crate) fn schedule(mut self, sessions: [u8; 5], first: &str) -> Self {
        self.schedules.set(from(first), Known::stated(Schedule { sessions }));
        self
    }

    pub(crate) fn occasion(mut self, day: &str, count: u8) -> Self {
        self.occasions.push(Known::stated(Occasion { date: d(day), count }));
        self
    }

    pub(crate) fn agreement(mut self, id: &'static str, days: Interval, price: i64) -> Self {
        let unit = OWN.on(self.service, days.first).map_or(PriceUnit::CalendarDay, |m| m.terms.unit);
        let agreement = Agreement { days, unit, price: Ore::from_sek(price).unwrap(), approved: true };
        self.agreements.set(days, Known { id: self::id(id), ..Known::stated(agreement) });
        self
    }

    pub(crate) fn transition(mut self, job_start: &str, support_end: Option<&str>) -> Self {
        let (job_start, support_end) = (d(job_start), support_end.map(d));
        let transition = Transition { job_start, to: TransitionTo::Work, support_end, outcome: None };
        self.transitions.push(Known::stated(transition));
        self
    }

    pub(crate) fn outcome(mut self, outcome: Outcome) -> Self {
        self.transitions.last_mut().unwrap().value.outcome = Some(outcome);
        self
    }

    pub(crate) fn visits(mut self, days: &[&str]) -> Self {
        self.visits.extend(days.iter().map(|day| Known::stated(d(day))));
        self.visits.sort_by_key(|known| known.value);
        self
    }

    pub(crate) fn absent(mut self, days: Interval) -> Self {
        self.absences.push(Known::stated(days));
        self
    }

    pub(crate) fn special(mut self, id: &'static str, days: Interval, sek: i64) -> Self {
        let special = Special { days, amount: Ore::from_sek(sek).unwrap(), applied_on: days.first };
        self.special.push(Known { id: self::id(id), ..Known::stated(special) });
        self
    }

    /// The unit's board charges what private units get.
    pub(crate) fn private_premises(mut self) -> Self {
        let at = UnitPeriod { private_premises: true, ..self.unit.spans()[0].1.clone() };
        self.unit = Timeline::of(from("2000-01-01"), at);
        self
    }

    pub(crate) fn cost(mut self, days: Interval, per_month: i64) -> Self {
        let cost = PremisesCost { days, per_month: Ore::from_sek(per_month).unwrap(), approved: true };
        let known = self.costs.spans().iter().copied();
        self.costs = Timeline::layered(known.chain([(days, Known::stated(cost))]));
        self
    }

    pub(crate) fn unit_in(mut self, district: &'static str) -> Self {
        let regime = self.unit.spans()[0].1.regime;
        self.unit = Timeline::of(from("2000-01-01"), unit(district, regime));
        self
    }

    pub(crate) fn view(&self) -> PlacementFacts<'_> {
        PlacementFacts {
            service: self.service,
            ordered_start: self.start,
            actual_start: self.actual,
            notice: self.notice,
            end: self.end,
            withdrawn: self.withdrawn,
            of_another: self.of_another,
            unit: &self.unit,
            levels: &self.levels,
            grants: &self.grants,
            schedules: &self.schedules,
            occasions: &self.occasions,
            agreements: &self.agreements,
            transitions: &self.transitions,
            visits: &self.visits,
            absences: &self.absences,
            premises_costs: &self.costs,
            special: &self.special,
        }
    }

    /// What is owed by the shipped models.
    pub(crate) fn owed(&self, first: &str, last: &str) -> Owed {
        owed(&self.view(), &SHIPPED, (m(first), m(last)))
    }

    /// What is owed by the shipped models and the invented ones.
    pub(crate) fn owed_by_own(&self, first: &str, last: &str) -> Owed {
        owed(&self.view(), &OWN, (m(first), m(last)))
    }
}

pub(crate) fn full_time() -> GrantScope {
    GrantScope { extent: Some(Extent::FullTime), ..GrantScope::default() }
}

pub(crate) fn part_time() -> GrantScope {
    GrantScope { extent: Some(Extent::PartTime), ..GrantScope::default() }
}

pub(crate) fn full_time_hours(hours: u8) -> GrantScope {
    GrantScope { hours_per_week: Some(hours), ..full_time() }
}

pub(crate) fn hours(hours: u8) -> GrantScope {
    GrantScope { hours_per_week: Some(hours), ..GrantScope::default() }
}

/// `rate 2010-03-01..2010-03-14 14 x 395.00 = 5530.00`, a line each.
pub(crate) fn lines(owed: &Owed) -> Vec<String> {
    owed.lines
        .iter()
        .map(|l| {
            format!(
                "{} {}..{} {} x {} = {}",
                l.component, l.days.first, l.days.last, l.quantity, l.unit_price, l.amount
            )
        })
        .collect()
}

pub(crate) fn holds(owed: &Owed) -> Vec<(Component, Interval, HoldReason)> {
    owed.holds.iter().map(|h| (h.component, h.days, h.reason)).collect()
}

pub(crate) fn total(owed: &Owed) -> Ore {
    Ore::sum(owed.lines.iter().map(|l| l.amount)).unwrap()
}

pub(crate) fn sek(text: &str) -> Ore {
    Ore::parse_sek(text).unwrap()
}
