use niva_names::{DistrictId, PaymentLineId, PaymentRunId, PersonId, PlacementId, UnitId};
use serde::Serialize;

/// What the demo did, in figures: the closing tables, and `--json`. Money in öre.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Summary {
    /// Whether there was data from an earlier demo: then nothing was done twice.
    pub(super) found_data: bool,
    /// The models.
    pub(super) models: Models,
    /// The city.
    pub(super) city: City,
    /// Those who went the whole way.
    pub(super) newcomers: Vec<Newcomer>,
    /// The payment runs, March first.
    pub(super) runs: Vec<Run>,
    /// Every placement whose March was corrected by the run of April.
    pub(super) corrections: Vec<Correction>,
    /// One corrected line explained.
    pub(super) explained: Option<Explained>,
    /// Newest positions of the feeds: unchanged when the demo runs again on the same data.
    pub(super) feeds: Feeds,
}

/// The models that were loaded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Models {
    /// How many.
    pub(super) loaded: usize,
    /// Identities checked.
    pub(super) identities: usize,
    /// Identities that are off.
    pub(super) identities_off: usize,
    /// Over all files.
    pub(super) fingerprint: String,
}

/// The city that was imported.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct City {
    /// Its name.
    pub(super) name: String,
    /// Over all files.
    pub(super) fingerprint: String,
    /// Persons registered.
    pub(super) persons: i64,
    /// Grants recorded.
    pub(super) grants: i64,
    /// Measurements, each with a level decision.
    pub(super) measurements: i64,
    /// Providers.
    pub(super) providers: i64,
    /// Units.
    pub(super) units: i64,
    /// Placements.
    pub(super) placements: i64,
    /// Weekly schedules and occasions.
    pub(super) attendance: i64,
}

/// Somebody who went the whole way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Newcomer {
    /// Opaque id.
    pub(super) person_id: PersonId,
    /// The service.
    pub(super) service: String,
    /// The district that grants and pays.
    pub(super) district: DistrictId,
    /// Points, where the service is measured.
    pub(super) points: Option<i32>,
    /// The level they gave.
    pub(super) level: Option<i32>,
    /// The unit offered.
    pub(super) unit_id: UnitId,
    /// Last day to answer.
    pub(super) answer_by: String,
    /// `accepted`, `declined` or `lapsed`.
    pub(super) offer: String,
    /// First day there.
    pub(super) started: Option<String>,
    /// What was paid for March and April, in öre.
    pub(super) paid_ore: i64,
}

/// A payment run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Run {
    /// Its id.
    pub(super) payment_run_id: PaymentRunId,
    /// The month: `2024-03`.
    pub(super) month: String,
    /// `approved`.
    pub(super) state: String,
    /// Caller that made it.
    pub(super) maker: String,
    /// Caller that approved it.
    pub(super) approver: String,
    /// Placements looked at.
    pub(super) placements: i64,
    /// Lines.
    pub(super) lines: i64,
    /// Their sum.
    pub(super) amount_ore: i64,
    /// Lines that take an earlier line back.
    pub(super) reversals: i64,
    /// Their sum.
    pub(super) reversed_ore: i64,
    /// Sum of the lines for earlier months.
    pub(super) earlier_months_ore: i64,
    /// Days held, with a reason.
    pub(super) holds: i64,
    /// Over all lines in order: the same on either database, and whatever interrupted the demo.
    pub(super) lines_sha256: String,
    /// File with the lines, in the data folder.
    pub(super) file: String,
    /// Sums by service, district, regime, provider, component and settlement.
    pub(super) totals: Vec<Total>,
}

/// A sum over lines.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Total {
    /// `service`, `district`, `regime`, `provider`, `component` or `settlement`.
    pub(super) dimension: String,
    /// Which.
    pub(super) key: String,
    /// For people: a provider's name, else the key.
    pub(super) name: String,
    /// Number of lines.
    pub(super) lines: i64,
    /// Their sum.
    pub(super) amount_ore: i64,
}

/// What a late fact changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Correction {
    /// What came late.
    pub(super) what: String,
    /// The placement.
    pub(super) placement_id: PlacementId,
    /// Facts that the run names as the cause.
    pub(super) causes: Vec<String>,
    /// What was taken back of March.
    pub(super) reversed_ore: i64,
    /// What was paid anew for March.
    pub(super) new_ore: i64,
    /// Their sum.
    pub(super) net_ore: i64,
    /// All that was paid for March and April.
    pub(super) paid_ore: i64,
    /// All that is owed for March and April, calculated from today's facts. The same.
    pub(super) owed_ore: i64,
}

/// Newest positions of the feeds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(super) struct Feeds {
    /// Of assessment.
    pub(super) assessment: i64,
    /// Of choice.
    pub(super) choice: i64,
}

/// Why a line pays what it pays, as `ExplainPaymentLine` tells it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Explained {
    /// The line.
    pub(super) payment_line_id: PaymentLineId,
    /// What it pays, in öre.
    pub(super) amount_ore: i64,
    /// The line it corrects.
    pub(super) corrects_line_id: PaymentLineId,
    /// The fact behind it.
    pub(super) cause: String,
    /// The days, the rule, the level and the price, in words.
    pub(super) sentences: Vec<String>,
    /// Document that the amount stands in.
    pub(super) source_document: String,
    /// Place in it.
    pub(super) source_place: String,
}
