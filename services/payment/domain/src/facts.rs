use niva_calendar::{Interval, NaiveDate, Timeline};
use niva_models::{Level, Regime, Scope};
use niva_money::Ore;
use niva_names::{OccasionKind, ServiceKey};
use serde::{Deserialize, Serialize};

/// What a fact says, and which revision says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Known<'a, T> {
    /// Id of the fact; empty where a request states the value without one.
    pub id: &'a str,
    /// Its revision.
    pub revision: i64,
    /// What it says.
    pub value: T,
}

impl<'a, T> Known<'a, T> {
    /// A value that a request states, without a fact.
    pub const fn stated(value: T) -> Self {
        Self { id: "", revision: 0, value }
    }

    /// The same fact with another value.
    pub fn with<U>(&self, value: U) -> Known<'a, U> {
        Known { id: self.id, revision: self.revision, value }
    }
}

/// Where a level comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LevelKind {
    /// A measurement's points.
    Measured,
    /// The city, without points.
    Stated,
    /// A guess before the person is measured.
    Preliminary,
    /// The points of an earlier decision, when a new scale came into force.
    Conversion,
}

/// A level in force on some days.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct LevelFact {
    /// The level.
    pub level: Level,
    /// Points it was derived from; `None` for a stated level.
    pub points: Option<u16>,
}

/// What a grant says of some days.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Granted<'a> {
    /// District board that grants and pays.
    pub district: &'a str,
    /// How much of the service.
    pub scope: Scope,
}

/// Decided sessions per weekday, Monday to Friday.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Schedule {
    /// Sessions on Monday … Friday, 0 to 2 each, at most 8 in all.
    pub sessions: [u8; 5],
}

/// Occasions reported for a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Occasion {
    /// The day.
    pub date: NaiveDate,
    /// What was given.
    pub kind: OccasionKind,
    /// How many, 0 to 9.
    pub count: u8,
}

/// A price set for one placement, which replaces the rate on its days.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Agreement {
    /// Its days.
    pub days: Interval,
    /// Price per unit of the service.
    pub price: Ore,
}

/// Transition to work with support recorded in the plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Transition {
    /// First day of the job.
    pub job_start: NaiveDate,
    /// Last day that the plan records the provider's support; `None` while it goes on.
    pub support_end: Option<NaiveDate>,
}

/// Actual premises cost of a sold place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct PremisesCost {
    /// Its days. Where those of two costs meet, the one that began last counts.
    pub days: Interval,
    /// Cost per month, prorated by calendar days.
    pub per_month: Ore,
}

/// What payment must know of a unit on some days.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnitPeriod {
    /// Opaque id of the organisation that runs it.
    pub provider_id: String,
    /// District that it lies in.
    pub district: String,
    /// Its regime.
    pub regime: Regime,
}

/// All facts of one placement: the engine's whole input beside the models.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlacementFacts<'a> {
    /// The service.
    pub service: ServiceKey,
    /// `S`: the ordered first day.
    pub ordered_start: NaiveDate,
    /// `A`: the first day the person came; `None` when the person never did.
    pub actual_start: Option<NaiveDate>,
    /// `N`: the day of notice, never before `S`.
    pub notice: Option<NaiveDate>,
    /// `E`: the last day the person lived there or took part; only with `A`.
    pub end: Option<NaiveDate>,
    /// The order was withdrawn: nothing is owed.
    pub withdrawn: bool,
    /// Who runs the unit, and how, on each day. Empty: the unit has not been heard of.
    pub unit: &'a Timeline<UnitPeriod>,
    /// The level in force on each day.
    pub levels: &'a Timeline<Known<'a, LevelFact>>,
    /// The grant of the service that counts on each day, whichever it is. Empty: none has been heard of.
    pub grants: &'a Timeline<Known<'a, Granted<'a>>>,
    /// The weekly schedule on each day.
    pub schedules: &'a Timeline<Known<'a, Schedule>>,
    /// Reported occasions in order of day and kind.
    pub occasions: &'a [Known<'a, Occasion>],
    /// The individual agreement of each day.
    pub agreements: &'a Timeline<Known<'a, Agreement>>,
    /// Transitions to work in order of their first day.
    pub transitions: &'a [Known<'a, Transition>],
    /// The actual premises cost of each day.
    pub premises_costs: &'a Timeline<Known<'a, PremisesCost>>,
}

impl<'a> PlacementFacts<'a> {
    /// What is granted for a day that is paid: the grant valid on it, or on days after the person left, the last before.
    #[must_use]
    pub fn granted(&self, day: NaiveDate) -> Option<&'a Known<'a, Granted<'a>>> {
        let begun = self.grants.spans().partition_point(|(days, _)| days.first <= day);
        self.grants.spans().get(begun.checked_sub(1)?).map(|(_, granted)| granted)
    }
}
