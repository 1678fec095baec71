//! A run as it is kept.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use niva_payment_domain::Run;

use super::tally::Tally;

/// A run with what it is calculated from, and how far that has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct StoredRun {
    /// Ascends with every run made.
    pub(crate) run_no: i32,
    pub(crate) run: Run,
    pub(crate) create_time: DateTime<Utc>,
    /// The last fact it knows.
    pub(crate) frozen: i64,
    /// The last run that was approved when this one was made.
    pub(crate) baseline: Option<i32>,
    pub(crate) models_fingerprint: String,
    pub(crate) engine_version: i32,
    /// The last case that is calculated; empty before the first.
    pub(crate) cursor: String,
    pub(crate) tally: Tally,
    pub(crate) placements_total: i64,
    /// Of an approved run; empty before.
    pub(crate) run_sha256: String,
    /// How far it knows each feed, by name.
    pub(crate) feeds: BTreeMap<String, i64>,
}
