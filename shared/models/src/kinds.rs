use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// A name that is none of the names it could be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{name}` is not a {kind}: one of {known}")]
pub struct UnknownName {
    /// What was looked for, in words.
    pub kind: &'static str,
    /// What was given.
    pub name: String,
    /// What could have been given.
    pub known: String,
}

macro_rules! named {
    ($(#[$meta:meta])* $name:ident, $kind:literal { $($(#[$doc:meta])* $variant:ident = $text:literal,)+ }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[repr(u8)]
        pub enum $name { $($(#[$doc])* #[serde(rename = $text)] $variant,)+ }

        impl $name {
            /// All of them, in order.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The name in contract, table, file and page.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)+ }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl FromStr for $name {
            type Err = UnknownName;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Self::ALL.iter().copied().find(|v| v.as_str() == text).ok_or_else(|| UnknownName {
                    kind: $kind,
                    name: text.to_owned(),
                    known: Self::ALL.iter().map(|v| v.as_str()).collect::<Vec<_>>().join(", "),
                })
            }
        }
    };
}

named! {
    /// What is granted (insats).
    Service, "service" {
        /// Bostad med särskild service, socialpsykiatri.
        HousingWithSpecialService = "housing_with_special_service",
        /// Stödboende.
        SupportedHousing = "supported_housing",
        /// Boendestöd.
        HousingSupport = "housing_support",
        /// Sysselsättning.
        Occupation = "occupation",
        /// Cirkelverksamhet.
        StudyCircle = "study_circle",
        /// Daglig verksamhet, LSS.
        DailyActivitiesLss = "daily_activities_lss",
        /// Servicebostad, LSS.
        ServiceHousingLss = "service_housing_lss",
        /// Gruppbostad, LSS.
        GroupHousingLss = "group_housing_lss",
    }
}

named! {
    /// Who runs the unit (regiform).
    Regime, "regime" {
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
    Component, "component" {
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
    }
}

named! {
    /// What a price is per.
    Unit, "unit" {
        /// Every day of the calendar.
        CalendarDay = "calendar_day",
        /// Monday to Friday; public holidays are paid.
        Weekday = "weekday",
        /// A month; a part of one is prorated by calendar days.
        Month = "month",
        /// A decided half-day session of three hours.
        HalfDaySession = "half_day_session",
        /// A reported course session.
        CourseSession = "course_session",
        /// A reported evening or night.
        EveningOrNight = "evening_or_night",
        /// A year: allocations only, never a line.
        Year = "year",
    }
}

named! {
    /// Full or part time, in a grant of daily activities under the models through 2024.
    Extent, "extent" {
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
pub struct Scope {
    /// Full or part time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extent: Option<Extent>,
    /// Hours a week, whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hours_per_week: Option<u8>,
    /// Which of the three time intervals of occupation since 2019.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_interval: Option<u8>,
    /// The person has personal assistance during the service.
    #[serde(default)]
    pub personal_assistance: bool,
}

/// Index of a variant among [`crate::ServiceTerms::variants`]. Terms without variants have the single variant 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Variant(pub u8);
