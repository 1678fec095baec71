use niva_calendar::{Interval, NaiveDate, Timeline};
use niva_models::{Level, Regime, Scope, Service};
use niva_money::Ore;
use serde::{Deserialize, Serialize};

/// A level in force on some days.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct LevelFact {
    /// The level.
    pub level: Level,
    /// Points it was derived from; `None` for a stated level.
    pub points: Option<u16>,
}

/// Decided sessions per weekday, Monday to Friday.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Schedule {
    /// Sessions on Monday … Friday, 0 to 2 each, at most 8 in all.
    pub sessions: [u8; 5],
}

/// What was given on an occasion.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OccasionKind {
    /// Temporary support in supported housing, an evening or a night.
    EveningNight,
    /// A session of a study circle.
    CourseSession,
}

/// Occasions reported for a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Occasion {
    /// The day.
    pub date: NaiveDate,
    /// What was given.
    pub kind: OccasionKind,
    /// How many, 1 to 9.
    pub count: u8,
}

/// A price set for one placement, which replaces the rate on its days.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Agreement {
    /// Id of the agreement.
    pub agreement_id: String,
    /// Its days; those of two agreements never overlap.
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
    /// Its days; those of two costs never overlap.
    pub days: Interval,
    /// Cost per month, prorated by calendar days.
    pub per_month: Ore,
}

/// What payment must know of the unit that gives the service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnitFacts {
    /// Opaque id.
    pub unit_id: String,
    /// Opaque id of the organisation that runs it.
    pub provider_id: String,
    /// District that it lies in.
    pub district: String,
    /// Its regime on each day.
    pub regimes: Timeline<Regime>,
}

/// All facts of one placement: the engine's whole input beside the models.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlacementFacts<'a> {
    /// The service.
    pub service: Service,
    /// `S`: the ordered first day.
    pub ordered_start: NaiveDate,
    /// `A`: the first day the person came; `None` when the person never did.
    pub actual_start: Option<NaiveDate>,
    /// `N`: the day of notice, never before `S`.
    pub notice: Option<NaiveDate>,
    /// `E`: the last day the person lived there or took part; only with `A`.
    pub end: Option<NaiveDate>,
    /// The order was withdrawn before `S`: nothing is owed.
    pub withdrawn: bool,
    /// The unit's regime on each day. Empty: the unit has not been heard of.
    pub regimes: &'a Timeline<Regime>,
    /// The level in force on each day.
    pub levels: &'a Timeline<LevelFact>,
    /// The grant's scope on each day that the grant is valid. Empty: the grant has not been heard of.
    pub scopes: &'a Timeline<Scope>,
    /// The weekly schedule on each day.
    pub schedules: &'a Timeline<Schedule>,
    /// Reported occasions in order of day and kind, one entry for each pair.
    pub occasions: &'a [Occasion],
    /// Individual agreements in order of their first day.
    pub agreements: &'a [Agreement],
    /// Transitions to work in order of their first day.
    pub transitions: &'a [Transition],
    /// Actual premises costs in order of their first day.
    pub premises_costs: &'a [PremisesCost],
    /// District board that grants and pays.
    pub buyer_district: &'a str,
    /// District that the unit lies in.
    pub unit_district: &'a str,
}
