//! What payment is told, one fact at a time.

use niva_calendar::{Interval, NaiveDate};
use niva_models::{GrantScope, Level};
use niva_names::{DistrictId, FactId, MeasurementId, PlacementId, ScaleId, UnitId};
use serde::{Deserialize, Serialize};

use crate::{Agreement, FactKind, LevelKind, Occasion, PremisesCost, Schedule, Special, Transition};

/// A grant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    /// District board that grants and pays.
    pub district: DistrictId,
    /// The days it is valid.
    pub valid: Interval,
    /// Scopes by their first day, in order. Days of the grant before the first have an empty scope.
    pub scopes: Vec<(NaiveDate, GrantScope)>,
}

/// A level decided from a day on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LevelDecision {
    /// First day it takes effect.
    #[serde(with = "niva_calendar::compact")]
    pub valid_from: NaiveDate,
    /// Its place in the order that levels were decided in: of two with the same first day the later stands.
    pub decided: i64,
    /// The day it was told as this. It was decided on the first of such days: to correct a decision is not to make it again.
    #[serde(with = "niva_calendar::compact")]
    pub decided_on: NaiveDate,
    /// Where the level comes from.
    pub kind: LevelKind,
    /// The level.
    pub level: Level,
    /// Id of the scale that it belongs to; empty where none is known, and then it is priced by no model.
    pub scale: ScaleId,
    /// Id of the measurement that it stands on; `None` for a stated level.
    pub measurement: Option<MeasurementId>,
    /// Points it was derived from; `None` for a stated level.
    pub points: Option<u16>,
}

/// The dates of a placement (the letters are those of the rules).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlacementDates {
    /// The unit.
    pub unit_id: UnitId,
    /// `S`: ordered first day.
    #[serde(rename = "S", with = "niva_calendar::compact")]
    pub ordered_start: NaiveDate,
    /// `A`: first day the person came.
    #[serde(rename = "A", default, with = "niva_calendar::compact::option")]
    pub actual_start: Option<NaiveDate>,
    /// `N`: day of notice.
    #[serde(rename = "N", default, with = "niva_calendar::compact::option")]
    pub notice: Option<NaiveDate>,
    /// `E`: last day.
    #[serde(rename = "E", default, with = "niva_calendar::compact::option")]
    pub end: Option<NaiveDate>,
}

/// A weekly schedule from a day on, until the next begins. One without sessions ends them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScheduleFrom {
    /// First day.
    pub from: NaiveDate,
    /// The sessions.
    pub schedule: Schedule,
}

/// What is told of a placement in payment itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Record {
    /// A weekly schedule.
    Schedule(ScheduleFrom),
    /// Evenings and nights of a day.
    Occasion(Occasion),
    /// An individual agreement. Of one that was approved and then corrected, the approved revision is told until the
    /// correction is approved.
    Agreement(Agreement),
    /// A transition to work.
    Transition(Transition),
    /// A visit to the workplace of a person in transition to work.
    Visit(NaiveDate),
    /// Days that the person was away.
    Absence(Interval),
    /// Special compensation; told when two persons have decided it.
    Special(Special),
    /// Actual premises cost.
    PremisesCost(PremisesCost),
}

impl Record {
    /// The days that it may change the payment of.
    #[must_use]
    pub const fn days(&self) -> Interval {
        match self {
            Self::Schedule(schedule) => Interval::from(schedule.from),
            Self::Occasion(occasion) => Interval::day(occasion.date),
            Self::Agreement(agreement) => agreement.days,
            Self::Transition(transition) => Interval::from(transition.job_start),
            Self::Visit(day) => Interval::day(*day),
            Self::Absence(days) => *days,
            Self::Special(special) => special.days,
            Self::PremisesCost(cost) => cost.days,
        }
    }
}

/// What a fact says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// The service is granted.
    Grant(Grant),
    /// A level was decided.
    Level(LevelDecision),
    /// A placement; the fact's id is the placement's.
    Placement(PlacementDates),
    /// A placement whose id is known as another case's: it is kept apart and held.
    PlacementOfAnother(PlacementDates),
    /// Something of a placement.
    Record {
        /// The placement.
        placement_id: PlacementId,
        /// What is told of it.
        record: Record,
    },
}

/// Something that is true of a person in a service, as one of its revisions says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact {
    /// Names it among the facts of its kind; a record among those of its kind and placement.
    pub id: FactId,
    /// Of two revisions the higher is the newer truth.
    pub revision: i64,
    /// It was taken back, and counts for nothing.
    pub withdrawn: bool,
    /// What it says; of a withdrawn fact, what it said.
    pub content: Content,
}

impl Fact {
    /// What it is about.
    #[must_use]
    pub const fn kind(&self) -> FactKind {
        match &self.content {
            Content::Grant(_) => FactKind::Grant,
            Content::Level(_) => FactKind::LevelDecision,
            Content::Placement(_) => FactKind::Placement,
            Content::PlacementOfAnother(_) => FactKind::PlacementOfAnother,
            Content::Record { record, .. } => match record {
                Record::Schedule(_) => FactKind::WeeklySchedule,
                Record::Occasion(_) => FactKind::Occasion,
                Record::Agreement(_) => FactKind::Agreement,
                Record::Transition(_) => FactKind::Transition,
                Record::Visit(_) => FactKind::Visit,
                Record::Absence(_) => FactKind::Absence,
                Record::Special(_) => FactKind::Special,
                Record::PremisesCost(_) => FactKind::PremisesCost,
            },
        }
    }

    /// The placement that it is about; `None` when it is about the whole case.
    #[must_use]
    pub fn placement_id(&self) -> Option<PlacementId> {
        match &self.content {
            Content::Grant(_) | Content::Level(_) => None,
            Content::Placement(_) | Content::PlacementOfAnother(_) => Some(self.id.as_str().into()),
            Content::Record { placement_id, .. } => Some(placement_id.clone()),
        }
    }
}
