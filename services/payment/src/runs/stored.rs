//! A run as it is kept.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use niva_names::{CaseId, RunNo};
use niva_payment_domain::{Run, RunState};

use super::tally::Tally;

/// A run with what it is calculated from, and how far that has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct StoredRun {
    /// Ascends with every run made.
    pub(crate) run_no: RunNo,
    pub(crate) run: Run,
    /// The role in which its maker made it.
    pub(crate) maker_role: String,
    pub(crate) create_time: DateTime<Utc>,
    /// When a process set to work on its calculation.
    pub(crate) start_time: Option<DateTime<Utc>>,
    /// When its calculation ended.
    pub(crate) end_time: Option<DateTime<Utc>>,
    /// The last fact it knows.
    pub(crate) frozen: i64,
    /// The last run that was approved when this one was made.
    pub(crate) baseline: Option<RunNo>,
    pub(crate) models_fingerprint: String,
    pub(crate) engine_version: i32,
    /// The last case that is calculated; empty before the first.
    pub(crate) cursor: CaseId,
    pub(crate) tally: Tally,
    pub(crate) placements_total: i64,
    /// Of an approved run; empty before.
    pub(crate) run_sha256: String,
    /// How far it knows each feed, by name.
    pub(crate) feeds: BTreeMap<String, i64>,
}

impl StoredRun {
    /// Whether it was cancelled: what was written of it before stays in the tables, from which nothing is deleted, and is
    /// nobody's: it is not shown, and pays nothing.
    pub(crate) const fn is_cancelled(&self) -> bool {
        matches!(self.run.state, RunState::Cancelled { .. })
    }
}
