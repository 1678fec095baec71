use chrono::NaiveDate;
use niva_models::{Component, GrantScope, Level, Regime};
use niva_names::{DistrictId, GrantId, MeasurementId, PersonId, PlacementId, ProviderId, ServiceKey, UnitId};

use crate::problem::Problem;

/// A file of a city: its name and its columns in order.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct FileSpec {
    /// `persons.csv`.
    pub(crate) name: &'static str,
    /// Columns in the order that they are written; read in any order.
    pub(crate) columns: &'static [&'static str],
}

/// People.
pub(crate) const PERSONS: FileSpec = FileSpec { name: "persons.csv", columns: &["person_id", "district"] };
/// Grants.
pub(crate) const GRANTS: FileSpec = FileSpec {
    name: "grants.csv",
    columns: &[
        "grant_id",
        "person_id",
        "service",
        "district",
        "valid_from",
        "valid_to",
        "extent",
        "hours_per_week",
        "time_interval",
        "personal_assistance",
        "sessions_per_week",
    ],
};
/// Measurements and stated levels.
pub(crate) const MEASUREMENTS: FileSpec = FileSpec {
    name: "measurements.csv",
    columns: &[
        "measurement_id",
        "person_id",
        "service",
        "visit_date",
        "points",
        "stated_level",
        "valid_from",
    ],
};
/// Providers.
pub(crate) const PROVIDERS: FileSpec = FileSpec { name: "providers.csv", columns: &["provider_id", "name"] };
/// Units.
pub(crate) const UNITS: FileSpec = FileSpec {
    name: "units.csv",
    columns: &[
        "unit_id",
        "provider_id",
        "name",
        "service",
        "district",
        "regime",
        "regime_from",
        "places",
        "places_from",
    ],
};
/// Placements.
pub(crate) const PLACEMENTS: FileSpec = FileSpec {
    name: "placements.csv",
    columns: &[
        "placement_id",
        "grant_id",
        "person_id",
        "service",
        "unit_id",
        "ordered_start",
        "actual_start",
        "notice_date",
        "end_date",
    ],
};
/// Weekly schedules.
pub(crate) const SESSIONS: FileSpec = FileSpec {
    name: "sessions.csv",
    columns: &["placement_id", "valid_from", "monday", "tuesday", "wednesday", "thursday", "friday"],
};
/// Reported occasions.
pub(crate) const OCCASIONS: FileSpec =
    FileSpec { name: "occasions.csv", columns: &["placement_id", "date", "component", "count"] };

/// Every file of a city, in the order that they are read.
pub(crate) const FILES: [&FileSpec; 8] =
    [&PERSONS, &GRANTS, &MEASUREMENTS, &PROVIDERS, &UNITS, &PLACEMENTS, &SESSIONS, &OCCASIONS];

/// Which of the files each service is given: assessment, choice, payment.
pub(crate) const PARTS: [std::ops::Range<usize>; 3] = [0..3, 3..6, 6..8];

/// A record and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row<T> {
    /// The record.
    pub value: T,
    pub(crate) file: &'static FileSpec,
    pub(crate) line: u32,
    /// Column in the line at which each cell begins, in the order of the file's columns.
    pub(crate) starts: Box<[u32]>,
}

impl<T> Row<T> {
    /// `grants.csv:17`.
    #[must_use]
    pub fn origin(&self) -> String {
        format!("{}:{}", self.file.name, self.line)
    }

    /// Line of the file, from 1.
    #[must_use]
    pub const fn line(&self) -> u32 {
        self.line
    }

    /// A problem with one of its cells.
    pub(crate) fn problem(&self, column: &str, message: impl Into<String>) -> Problem {
        let at = self.file.columns.iter().position(|c| *c == column).and_then(|i| self.starts.get(i));
        Problem::new(self.file.name, self.line, at.copied().unwrap_or(1), message)
    }
}

/// A person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// Opaque id.
    pub person_id: PersonId,
    /// District board that the person lives in.
    pub district: DistrictId,
}

/// A grant with the scope it has from its first day on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// Opaque id.
    pub grant_id: GrantId,
    /// The person.
    pub person_id: PersonId,
    /// The service.
    pub service: ServiceKey,
    /// District board that grants and pays.
    pub district: DistrictId,
    /// First day.
    pub valid_from: NaiveDate,
    /// Last day; `None` without end.
    pub valid_to: Option<NaiveDate>,
    /// Its scope.
    pub scope: GrantScope,
}

/// What a measurement says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Total points.
    Points(u16),
    /// A level stated without points.
    Stated(Level),
}

/// A measurement made before the import.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Measurement {
    /// Opaque id.
    pub measurement_id: MeasurementId,
    /// The person.
    pub person_id: PersonId,
    /// The service.
    pub service: ServiceKey,
    /// Day of the visit.
    pub visit_date: NaiveDate,
    /// Points, or a stated level.
    pub verdict: Verdict,
    /// First day that the level takes effect.
    pub valid_from: NaiveDate,
}

/// A provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Provider {
    /// Opaque id.
    pub provider_id: ProviderId,
    /// Name.
    pub name: String,
}

/// A unit with its regime and its places.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unit {
    /// Opaque id.
    pub unit_id: UnitId,
    /// The provider that runs it.
    pub provider_id: ProviderId,
    /// Name.
    pub name: String,
    /// The service it gives.
    pub service: ServiceKey,
    /// District that it lies in.
    pub district: DistrictId,
    /// Regime.
    pub regime: Regime,
    /// First day of the regime.
    pub regime_from: NaiveDate,
    /// Number of places.
    pub places: u16,
    /// First day that it has them.
    pub places_from: NaiveDate,
}

/// A placement with its dates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placement {
    /// Opaque id.
    pub placement_id: PlacementId,
    /// The grant.
    pub grant_id: GrantId,
    /// The person.
    pub person_id: PersonId,
    /// The service.
    pub service: ServiceKey,
    /// The unit.
    pub unit_id: UnitId,
    /// Ordered first day.
    pub ordered_start: NaiveDate,
    /// First day that the person came.
    pub actual_start: Option<NaiveDate>,
    /// Day of notice.
    pub notice_date: Option<NaiveDate>,
    /// Last day that the person lived there or took part.
    pub end_date: Option<NaiveDate>,
}

/// A weekly schedule from a day on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedule {
    /// The placement.
    pub placement_id: PlacementId,
    /// First day.
    pub valid_from: NaiveDate,
    /// Sessions on Monday … Friday.
    pub sessions: [u8; 5],
}

/// Occasions reported for a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Occasion {
    /// The placement.
    pub placement_id: PlacementId,
    /// The day.
    pub date: NaiveDate,
    /// [`Component::EveningNight`].
    pub component: Component,
    /// How many.
    pub count: u8,
}

/// A whole city, checked.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CityData {
    /// Lower-case hex SHA-256 over the files: the same city has the same one.
    pub fingerprint: String,
    /// The same over the files of each service: assessment, choice, payment.
    pub(crate) parts: [String; 3],
    /// `persons.csv`.
    pub persons: Vec<Row<Person>>,
    /// `grants.csv`.
    pub grants: Vec<Row<Grant>>,
    /// `measurements.csv`.
    pub measurements: Vec<Row<Measurement>>,
    /// `providers.csv`.
    pub providers: Vec<Row<Provider>>,
    /// `units.csv`.
    pub units: Vec<Row<Unit>>,
    /// `placements.csv`.
    pub placements: Vec<Row<Placement>>,
    /// `sessions.csv`.
    pub schedules: Vec<Row<Schedule>>,
    /// `occasions.csv`.
    pub occasions: Vec<Row<Occasion>>,
}
