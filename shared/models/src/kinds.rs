use std::fmt;

use niva_names::named;
use serde::{Deserialize, Serialize};

named! {
    /// Who runs the unit (regiform).
    pub enum Regime: "regime" {
        /// Kommunal, egen regi.
        Municipal = "municipal",
        /// Entreprenad.
        Contracted = "contracted",
        /// Privat, enskild regi.
        Private = "private",
        /// A place sold to another municipality: a column of the LSS price lists; no unit has it as its regime.
        OtherMunicipality = "other_municipality",
    }
}

named! {
    /// What a line pays for.
    pub enum Component: "component" {
        /// The rate (peng) itself.
        Rate = "rate",
        /// Vacancy compensation (tomgångsersättning): the rate of the lowest level after a place is left.
        Vacancy = "vacancy",
        /// Premises supplement (lokalschablon), beside the rate.
        Premises = "premises",
        /// Temporary evening or night support in supported housing.
        EveningNight = "evening_night",
        /// Actual premises cost of a place sold to another district.
        ActualPremises = "actual_premises",
        /// Special compensation (särskild redovisning), decided for one placement.
        Special = "special",
    }
}

named! {
    /// What a price is per.
    pub enum PriceUnit: "unit" {
        /// Every day of the calendar.
        CalendarDay = "calendar_day",
        /// Monday to Friday; public holidays are paid.
        Weekday = "weekday",
        /// A month; a part of one is prorated by calendar days.
        Month = "month",
        /// A decided half-day session (pass) of three hours.
        HalfDaySession = "half_day_session",
        /// A decided course session (kurstillfälle).
        CourseSession = "course_session",
        /// A reported evening or night.
        EveningOrNight = "evening_or_night",
        /// A year: allocations only, never a line.
        Year = "year",
        /// The days that a special compensation is for; a part of them is prorated by calendar days.
        Period = "period",
    }
}

named! {
    /// Full or part time, in a grant of daily activities under the models through 2024.
    pub enum Extent: "extent" {
        /// Heltid.
        FullTime = "full_time",
        /// Deltid.
        PartTime = "part_time",
    }
}

/// A level: the band that points fall in. 1 is the lowest; 0 is `base` (grundpeng) of the LSS housing price lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Level(pub u8);

impl PriceUnit {
    /// Whether it is a session: as many as are granted a week, on the weekdays of a schedule.
    #[must_use]
    pub const fn is_session(self) -> bool {
        matches!(self, Self::HalfDaySession | Self::CourseSession)
    }
}

impl Level {
    /// Grundpeng.
    pub const BASE: Self = Self(0);
    /// The level that vacancy compensation and transition to work are paid at.
    pub const LOWEST: Self = Self(1);
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 == 0 { f.pad("base") } else { f.pad(&self.0.to_string()) }
    }
}

/// What a grant says of how much of the service a person gets. Which part of it prices depend on is for the model
/// in force to say ([`crate::VariantRule`]).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub struct GrantScope {
    /// Full or part time.
    pub extent: Option<Extent>,
    /// Hours a week, whole.
    pub hours_per_week: Option<u8>,
    /// Which of the three time intervals of occupation since 2019.
    pub time_interval: Option<u8>,
    /// The person has personal assistance during the service.
    #[serde(default)]
    pub personal_assistance: bool,
    /// Sessions a week, where the service is paid by session.
    pub sessions_per_week: Option<u8>,
}

/// Index of a variant among [`crate::ServiceTerms::variants`]. Terms without variants have the single variant 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Variant(pub u8);
