//! Facts written short, and what is owed written short.

use std::{
    path::Path,
    sync::{Arc, LazyLock},
};

use niva_calendar::{Interval, Month, NaiveDate, Timeline};
use niva_models::{Catalogue, Component, Extent, Level, Regime, Scope};
use niva_money::Ore;
use niva_names::{ServiceCatalogue, ServiceKey};
use niva_payment_domain::{
    Agreement, Granted, HoldReason, Known, LevelFact, Occasion, OccasionKind, Owed, PlacementFacts,
    PremisesCost, Schedule, Transition, UnitPeriod, owed,
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
    pub(crate) unit: Timeline<UnitPeriod>,
    pub(crate) levels: Timeline<Known<'static, LevelFact>>,
    pub(crate) grants: Timeline<Known<'static, Granted<'static>>>,
    pub(crate) schedules: Timeline<Known<'static, Schedule>>,
    pub(crate) occasions: Vec<Known<'static, Occasion>>,
    pub(crate) agreements: Timeline<Known<'static, Agreement>>,
    pub(crate) transitions: Vec<Known<'static, Transition>>,
    pub(crate) costs: Timeline<Known<'static, PremisesCost>>,
}

/// A unit of `PR-1`.
pub(crate) fn unit(district: &str, regime: Regime) -> UnitPeriod {
    UnitPeriod { provider_id: "PR-1".to_owned(), district: district.to_owned(), regime }
}

pub(crate) fn granted(district: &'static str, scope: Scope) -> Known<'static, Granted<'static>> {
    Known::stated(Granted { district, scope })
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
            unit: Timeline::of(from("2000-01-01"), unit("Farsta", Regime::Municipal)),
            levels: Timeline::new(),
            grants: Timeline::of(from("2000-01-01"), granted("Farsta", Scope::default())),
            schedules: Timeline::new(),
            occasions: Vec::new(),
            agreements: Timeline::new(),
            transitions: Vec::new(),
            costs: Timeline::new(),
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
        self.unit = Timeline::of(from("2000-01-01"), unit(&district, regime));
        self
    }

    pub(crate) fn level(self, level: u8) -> Self {
        self.level_from(level, "2000-01-01")
    }

    pub(crate) fn level_from(mut self, level: u8, first: &str) -> Self {
        self.levels.set(from(first), Known::stated(LevelFact { level: Level(level), points: None }));
        self
    }

    pub(crate) fn points_from(mut self, level: u8, points: u16, first: &str) -> Self {
        self.levels.set(from(first), Known::stated(LevelFact { level: Level(level), points: Some(points) }));
        self
    }

    pub(crate) fn scope(self, scope: Scope) -> Self {
        self.granted(from("2000-01-01"), scope)
    }

    pub(crate) fn granted(mut self, days: Interval, scope: Scope) -> Self {
        self.grants = Timeline::of(days, granted("Farsta", scope));
        self
    }

    pub(crate) fn scope_on(&mut self, days: Interval, scope: Scope) {
        self.grants.set(days, granted("Farsta", scope));
    }

    pub(crate) fn schedule(mut self, sessions: [u8; 5], first: &str) -> Self {
        self.schedules.set(from(first), Known::stated(Schedule { sessions }));
        self
    }

    pub(crate) fn occasion(mut self, kind: OccasionKind, day: &str, count: u8) -> Self {
        self.occasions.push(Known::stated(Occasion { date: d(day), kind, count }));
        self
    }

    pub(crate) fn agreement(mut self, id: &'static str, days: Interval, price: i64) -> Self {
        let agreement = Agreement { days, price: Ore::from_sek(price).unwrap() };
        self.agreements.set(days, Known { id, ..Known::stated(agreement) });
        self
    }

    pub(crate) fn transition(mut self, job_start: &str, support_end: Option<&str>) -> Self {
        let transition = Transition { job_start: d(job_start), support_end: support_end.map(d) };
        self.transitions.push(Known::stated(transition));
        self
    }

    pub(crate) fn cost(mut self, days: Interval, per_month: i64) -> Self {
        let cost = PremisesCost { days, per_month: Ore::from_sek(per_month).unwrap() };
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
            unit: &self.unit,
            levels: &self.levels,
            grants: &self.grants,
            schedules: &self.schedules,
            occasions: &self.occasions,
            agreements: &self.agreements,
            transitions: &self.transitions,
            premises_costs: &self.costs,
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

pub(crate) fn full_time() -> Scope {
    Scope { extent: Some(Extent::FullTime), ..Scope::default() }
}

pub(crate) fn part_time() -> Scope {
    Scope { extent: Some(Extent::PartTime), ..Scope::default() }
}

pub(crate) fn hours(hours: u8) -> Scope {
    Scope { hours_per_week: Some(hours), ..Scope::default() }
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
