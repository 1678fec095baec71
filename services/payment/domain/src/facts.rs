use niva_calendar::{Interval, NaiveDate, Timeline};
use niva_models::{GrantScope, Level, PreliminaryDifference, PriceUnit, Regime};
use niva_money::Ore;
use niva_names::{DistrictId, FactId, ProviderId, ScaleId, ServiceKey};
use serde::{Deserialize, Serialize};

/// What a fact says, and which revision says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Known<'a, T> {
    /// Id of the fact; empty where a request states the value without one.
    pub id: &'a FactId,
    /// Its revision.
    pub revision: i64,
    /// What it says.
    pub value: T,
}

impl<'a, T> Known<'a, T> {
    /// A value that a request states, without a fact.
    pub const fn stated(value: T) -> Self {
        Self { id: FactId::none(), revision: 0, value }
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

/// A level as it was decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LevelFact<'a> {
    /// The level.
    pub level: Level,
    /// Points it was derived from; `None` for a stated level.
    pub points: Option<u16>,
    /// The scale that it belongs to.
    pub scale: &'a ScaleId,
}

/// The level in force on some days.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LevelOn<'a> {
    /// As is known now.
    pub now: Known<'a, LevelFact<'a>>,
    /// The preliminary level, on days that came while no other was decided. Few have one.
    pub preliminary: Option<Box<Known<'a, LevelFact<'a>>>>,
}

impl<'a> LevelOn<'a> {
    /// A level that was never preliminary.
    #[must_use]
    pub const fn of(now: Known<'a, LevelFact<'a>>) -> Self {
        Self { now, preliminary: None }
    }

    /// The level that is paid, by what a model says of preliminary ones.
    #[must_use]
    pub fn paid(&self, difference: PreliminaryDifference) -> &Known<'a, LevelFact<'a>> {
        match difference {
            PreliminaryDifference::Pay => &self.now,
            PreliminaryDifference::None => self.preliminary.as_deref().unwrap_or(&self.now),
        }
    }
}

/// What a grant says of some days.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Granted<'a> {
    /// District board that grants and pays.
    pub district: &'a DistrictId,
    /// How much of the service.
    pub scope: GrantScope,
}

/// On which weekdays the granted sessions are, Monday to Friday.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Schedule {
    /// Sessions on Monday … Friday: in all as many as are granted a week.
    pub sessions: [u8; 5],
}

impl Schedule {
    /// Sessions a week.
    #[must_use]
    pub fn a_week(&self) -> u16 {
        self.sessions.iter().map(|sessions| u16::from(*sessions)).sum()
    }
}

/// Evenings and nights of temporary support that were reported for a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Occasion {
    /// The day.
    pub date: NaiveDate,
    /// How many, 0 to 9.
    pub count: u8,
}

/// A price set for one placement, which replaces the rate on its days.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Agreement {
    /// Its days.
    pub days: Interval,
    /// What the price is per. Days whose model pays per anything else are held.
    pub unit: PriceUnit,
    /// Price per unit.
    pub price: Ore,
    /// A second person has approved it. Days of one that nobody has are held.
    pub approved: bool,
}

/// What a person passes on to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TransitionTo {
    /// A job.
    Work,
    /// Studies, which count where the model says so.
    Studies,
}

/// How a transition to work ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The person has left: nothing is owed after the support.
    Left,
    /// The person is back, as granted, from this day on.
    Returned(NaiveDate),
}

/// Transition to work with support recorded in the plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Transition {
    /// First day of the job.
    pub job_start: NaiveDate,
    /// What the person passes on to.
    pub to: TransitionTo,
    /// Last day that the plan records the provider's support; `None` while it goes on.
    pub support_end: Option<NaiveDate>,
    /// How it ended; `None` until somebody says so.
    pub outcome: Option<Outcome>,
}

/// Special compensation (särskild redovisning) that was decided for one placement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Special {
    /// The days that it is for. Those outside full compensation are not paid.
    pub days: Interval,
    /// The amount for all of the days.
    pub amount: Ore,
    /// The day it was applied for: before its days.
    pub applied_on: NaiveDate,
}

/// What was kept before there were limits needs no approval.
const fn without_a_limit() -> bool {
    true
}

/// Actual premises cost of a sold place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct PremisesCost {
    /// Its days. Where those of two costs meet, the one that began last counts.
    pub days: Interval,
    /// Cost per month, prorated by calendar days.
    pub per_month: Ore,
    /// It needs no second person, or one has approved it. Days of one that nobody has are held.
    #[serde(default = "without_a_limit")]
    pub approved: bool,
}

/// What payment must know of a unit on some days.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnitPeriod {
    /// Opaque id of the organisation that runs it.
    pub provider_id: ProviderId,
    /// District that it lies in.
    pub district: DistrictId,
    /// Its regime.
    pub regime: Regime,
    /// Its board charges other boards the premises supplement of private units, where the model lets it choose.
    #[serde(default)]
    pub private_premises: bool,
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
    /// Its id is known as another case's: all that would be owed is held.
    pub of_another: bool,
    /// Who runs the unit, and how, on each day. Empty: the unit has not been heard of.
    pub unit: &'a Timeline<UnitPeriod>,
    /// The level in force on each day.
    pub levels: &'a Timeline<LevelOn<'a>>,
    /// The grant of the service that counts on each day, whichever it is. Empty: none has been heard of.
    pub grants: &'a Timeline<Known<'a, Granted<'a>>>,
    /// The weekly schedule on each day.
    pub schedules: &'a Timeline<Known<'a, Schedule>>,
    /// Reported evenings and nights in order of day.
    pub occasions: &'a [Known<'a, Occasion>],
    /// The individual agreement of each day.
    pub agreements: &'a Timeline<Known<'a, Agreement>>,
    /// Transitions to work in order of their first day.
    pub transitions: &'a [Known<'a, Transition>],
    /// Recorded visits to the workplace, in order of day.
    pub visits: &'a [Known<'a, NaiveDate>],
    /// Days that the person was away, in order.
    pub absences: &'a [Known<'a, Interval>],
    /// The actual premises cost of each day.
    pub premises_costs: &'a Timeline<Known<'a, PremisesCost>>,
    /// Special compensation, in order of id.
    pub special: &'a [Known<'a, Special>],
}

impl<'a> PlacementFacts<'a> {
    /// What is granted for a day that is paid: the grant valid on it, or on days after the person left, the last before.
    #[must_use]
    pub fn granted(&self, day: NaiveDate) -> Option<&'a Known<'a, Granted<'a>>> {
        let begun = self.grants.spans().partition_point(|(days, _)| days.first <= day);
        self.grants.spans().get(begun.checked_sub(1)?).map(|(_, granted)| granted)
    }
}
