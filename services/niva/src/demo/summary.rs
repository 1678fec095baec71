use serde::Serialize;

/// What the demo did, in figures: the closing tables, and `--json`. Money in öre.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// Whether there was data from an earlier demo: then nothing was done twice.
    pub found_data: bool,
    /// The models.
    pub models: Models,
    /// The city.
    pub city: City,
    /// Those who went the whole way.
    pub newcomers: Vec<Newcomer>,
    /// The payment runs, March first.
    pub runs: Vec<Run>,
    /// Every placement whose March was corrected by the run of April.
    pub corrections: Vec<Correction>,
    /// One corrected line explained.
    pub explained: Option<Explained>,
    /// Newest positions of the feeds: unchanged when the demo runs again on the same data.
    pub feeds: Feeds,
}

/// The models that were loaded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Models {
    /// How many.
    pub loaded: usize,
    /// Identities checked.
    pub identities: usize,
    /// Identities that are off.
    pub identities_off: usize,
    /// Over all files.
    pub fingerprint: String,
}

/// The city that was imported.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct City {
    /// Its name.
    pub name: String,
    /// Over all files.
    pub fingerprint: String,
    /// Persons registered.
    pub persons: i64,
    /// Grants recorded.
    pub grants: i64,
    /// Measurements, each with a level decision.
    pub measurements: i64,
    /// Providers.
    pub providers: i64,
    /// Units.
    pub units: i64,
    /// Placements.
    pub placements: i64,
    /// Weekly schedules and occasions.
    pub attendance: i64,
}

/// Somebody who went the whole way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Newcomer {
    /// Opaque id.
    pub person_id: String,
    /// The service.
    pub service: String,
    /// The district that grants and pays.
    pub district: String,
    /// Points, where the service is measured.
    pub points: Option<i32>,
    /// The level they gave.
    pub level: Option<i32>,
    /// The unit offered.
    pub unit_id: String,
    /// Last day to answer.
    pub answer_by: String,
    /// `accepted`, `declined` or `lapsed`.
    pub offer: String,
    /// First day there.
    pub started: Option<String>,
    /// What was paid for March and April, in öre.
    pub paid_ore: i64,
}

/// A payment run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Run {
    /// Its id.
    pub payment_run_id: String,
    /// The month: `2024-03`.
    pub month: String,
    /// `approved`.
    pub state: String,
    /// Caller that made it.
    pub maker: String,
    /// Caller that approved it.
    pub approver: String,
    /// Placements looked at.
    pub placements: i64,
    /// Lines.
    pub lines: i64,
    /// Their sum.
    pub amount_ore: i64,
    /// Lines that take an earlier line back.
    pub reversals: i64,
    /// Their sum.
    pub reversed_ore: i64,
    /// Sum of the lines for earlier months.
    pub earlier_months_ore: i64,
    /// Days held, with a reason.
    pub holds: i64,
    /// Over all lines in order: the same on either database, and whatever interrupted the demo.
    pub lines_sha256: String,
    /// File with the lines, in the data folder.
    pub file: String,
    /// Sums by service, district, regime, provider, component and settlement.
    pub totals: Vec<Total>,
}

/// A sum over lines.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Total {
    /// `service`, `district`, `regime`, `provider`, `component` or `settlement`.
    pub dimension: String,
    /// Which.
    pub key: String,
    /// For people: a provider's name, else the key.
    pub name: String,
    /// Number of lines.
    pub lines: i64,
    /// Their sum.
    pub amount_ore: i64,
}

/// What a late fact changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Correction {
    /// What came late.
    pub what: String,
    /// The placement.
    pub placement_id: String,
    /// Facts that the run names as the cause.
    pub causes: Vec<String>,
    /// What was taken back of March.
    pub reversed_ore: i64,
    /// What was paid anew for March.
    pub new_ore: i64,
    /// Their sum.
    pub net_ore: i64,
    /// All that was paid for March and April.
    pub paid_ore: i64,
    /// All that is owed for March and April, calculated from today's facts. The same.
    pub owed_ore: i64,
}

/// Newest positions of the feeds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Feeds {
    /// Of assessment.
    pub assessment: i64,
    /// Of choice.
    pub choice: i64,
}

/// Why a line pays what it pays, as `ExplainPaymentLine` tells it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Explained {
    /// The line.
    pub payment_line_id: String,
    /// What it pays, in öre.
    pub amount_ore: i64,
    /// The line it corrects.
    pub corrects_line_id: String,
    /// The fact behind it.
    pub cause: String,
    /// The days, the rule, the level and the price, in words.
    pub sentences: Vec<String>,
    /// Document that the amount stands in.
    pub source_document: String,
    /// Place in it.
    pub source_place: String,
}
