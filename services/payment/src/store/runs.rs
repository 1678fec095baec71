//! Runs: what has happened to each, and how far its calculation has come.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use niva_calendar::Month;
use niva_kit::{DbError, Tx};
use sea_orm::{ConnectionTrait, Value};

use super::{Row, rows, statement};
use crate::run::tally::Tally;

/// What has happened to a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    Calculating,
    Calculated,
    Approved,
    Discarded,
    Failed,
}

impl State {
    const ALL: [Self; 5] =
        [Self::Calculating, Self::Calculated, Self::Approved, Self::Discarded, Self::Failed];

    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Calculating => "calculating",
            Self::Calculated => "calculated",
            Self::Approved => "approved",
            Self::Discarded => "discarded",
            Self::Failed => "failed",
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for State {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|s| s.as_str() == text)
            .ok_or_else(|| format!("`{text}` is no state of a run"))
    }
}

/// A run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Run {
    /// Ascends with every run made.
    pub(crate) run_no: i32,
    /// `2024-03.1`: the first run made for March 2024.
    pub(crate) id: String,
    pub(crate) month: Month,
    pub(crate) state: State,
    pub(crate) maker: String,
    pub(crate) create_time: DateTime<Utc>,
    pub(crate) approver: Option<String>,
    pub(crate) approve_time: Option<DateTime<Utc>>,
    /// First month of the ledger.
    pub(crate) opening: Month,
    /// The last fact it knows.
    pub(crate) frozen: i64,
    /// The last run that was approved when this one was made.
    pub(crate) baseline: Option<i32>,
    pub(crate) models_fingerprint: String,
    /// The last case that is calculated; empty before the first.
    pub(crate) cursor: String,
    pub(crate) tally: Tally,
    pub(crate) placements_total: i64,
    pub(crate) error: Option<String>,
}

const COLUMNS: &str = "run_no, payment_run_id, month, state, maker, create_time, approver, approve_time, opening_month, \
                       frozen_fact_number, baseline_run_no, models_fingerprint, cursor_case_key, tally, placements_total, error";

fn read(row: &Row) -> Result<Run, DbError> {
    let id: String = row.get("payment_run_id")?;
    let month = |column: &'static str| {
        Month::from_index(row.get(column)?)
            .map_err(|e| DbError::row("payment_run", column, &id, e.to_string()))
    };
    let tally: String = row.get("tally")?;
    Ok(Run {
        run_no: row.get("run_no")?,
        month: month("month")?,
        state: row.name("state")?,
        maker: row.get("maker")?,
        create_time: row.get("create_time")?,
        approver: row.get("approver")?,
        approve_time: row.get("approve_time")?,
        opening: month("opening_month")?,
        frozen: row.get("frozen_fact_number")?,
        baseline: row.get("baseline_run_no")?,
        models_fingerprint: row.get("models_fingerprint")?,
        cursor: row.get("cursor_case_key")?,
        tally: serde_json::from_str(&tally)
            .map_err(|e| DbError::row("payment_run", "tally", &id, e.to_string()))?,
        placements_total: row.get("placements_total")?,
        error: row.get("error")?,
        id,
    })
}

async fn one(
    db: &impl ConnectionTrait,
    condition: &str,
    values: impl IntoIterator<Item = Value>,
) -> Result<Option<Run>, DbError> {
    let sql = format!("SELECT {COLUMNS} FROM payment_run {condition}");
    rows(db, "payment_run", statement(db, sql, values)).await?.first().map(read).transpose()
}

/// The run with an id.
pub(crate) async fn find(db: &impl ConnectionTrait, id: &str) -> Result<Option<Run>, DbError> {
    one(db, "WHERE payment_run_id = $1", [id.into()]).await
}

/// The run with an id; nobody else changes it until this transaction ends.
pub(crate) async fn find_for_update(tx: &Tx<'_>, id: &str) -> Result<Option<Run>, DbError> {
    let lock = if tx.is_postgres() { " FOR UPDATE" } else { "" };
    one(tx, &format!("WHERE payment_run_id = $1{lock}"), [id.into()]).await
}

/// The run with a number.
pub(crate) async fn by_number(db: &impl ConnectionTrait, run_no: i32) -> Result<Option<Run>, DbError> {
    one(db, "WHERE run_no = $1", [run_no.into()]).await
}

/// The run that waits for calculation, approval or discard, if one does.
pub(crate) async fn unsettled(db: &impl ConnectionTrait) -> Result<Option<Run>, DbError> {
    one(db, "WHERE unsettled = 1", []).await
}

/// The last run that was approved.
pub(crate) async fn last_approved(db: &impl ConnectionTrait) -> Result<Option<Run>, DbError> {
    one(db, "WHERE state = 'approved' ORDER BY run_no DESC LIMIT 1", []).await
}

/// Numbers of the runs that were approved, up to one of them.
pub(crate) async fn approved_until(db: &impl ConnectionTrait, run_no: i32) -> Result<Vec<i32>, DbError> {
    let sql = "SELECT run_no FROM payment_run WHERE state = 'approved' AND run_no <= $1 ORDER BY run_no";
    rows(db, "payment_run", statement(db, sql, [run_no.into()]))
        .await?
        .iter()
        .map(|row| row.get("run_no"))
        .collect()
}

/// Up to `limit` runs after a number, in the order they were made.
pub(crate) async fn list(db: &impl ConnectionTrait, after: i32, limit: u64) -> Result<Vec<Run>, DbError> {
    let sql = format!("SELECT {COLUMNS} FROM payment_run WHERE run_no > $1 ORDER BY run_no LIMIT $2");
    let values = [after.into(), i64::try_from(limit).unwrap_or(i64::MAX).into()];
    rows(db, "payment_run", statement(db, sql, values)).await?.iter().map(read).collect()
}

/// Ids of all runs by number.
pub(crate) async fn ids(db: &impl ConnectionTrait) -> Result<BTreeMap<i32, String>, DbError> {
    let select = statement(db, "SELECT run_no, payment_run_id FROM payment_run", []);
    let found = rows(db, "payment_run", select).await?;
    found.iter().map(|row| Ok((row.get("run_no")?, row.get("payment_run_id")?))).collect()
}

/// The number of the next run, and how many runs of a month were made before.
pub(crate) async fn next_numbers(db: &impl ConnectionTrait, month: Month) -> Result<(i32, i64), DbError> {
    let sql = "SELECT COALESCE(MAX(run_no), 0) + 1 AS next, \
               (SELECT COUNT(*) FROM payment_run WHERE month = $1) AS of_month FROM payment_run";
    let found = rows(db, "payment_run", statement(db, sql, [month.index().into()])).await?;
    found.first().map_or(Ok((1, 0)), |row| Ok((row.get("next")?, row.get("of_month")?)))
}

/// Adds a run that is to be calculated. A unique constraint refuses it while another waits.
pub(crate) async fn insert(tx: &Tx<'_>, run: &Run) -> Result<(), DbError> {
    let sql = "INSERT INTO payment_run (run_no, payment_run_id, month, state, unsettled, maker, create_time, opening_month, \
               frozen_fact_number, baseline_run_no, models_fingerprint, cursor_case_key, tally, placements_total) \
               VALUES ($1, $2, $3, $4, 1, $5, $6, $7, $8, $9, $10, $11, $12, $13)";
    let values: [Value; 13] = [
        run.run_no.into(),
        run.id.as_str().into(),
        run.month.index().into(),
        run.state.as_str().into(),
        run.maker.as_str().into(),
        run.create_time.into(),
        run.opening.index().into(),
        run.frozen.into(),
        run.baseline.into(),
        run.models_fingerprint.as_str().into(),
        run.cursor.as_str().into(),
        json(run)?.into(),
        run.placements_total.into(),
    ];
    tx.execute_raw(statement(tx, sql, values)).await?;
    Ok(())
}

fn json(run: &Run) -> Result<String, DbError> {
    tally_json(&run.id, &run.tally)
}

fn tally_json(id: &str, tally: &Tally) -> Result<String, DbError> {
    serde_json::to_string(tally).map_err(|e| DbError::row("payment_run", "tally", id, e.to_string()))
}

/// Moves the calculation of a run on from one case to another. `false`: somebody else did, or it is no longer being
/// calculated; then nothing may be written.
pub(crate) async fn advance(
    tx: &Tx<'_>,
    run_no: i32,
    from: &str,
    to: &str,
    tally: &Tally,
) -> Result<bool, DbError> {
    let sql = "UPDATE payment_run SET cursor_case_key = $1, tally = $2 \
               WHERE run_no = $3 AND cursor_case_key = $4 AND state = 'calculating'";
    let values = [to.into(), tally_json(to, tally)?.into(), run_no.into(), from.into()];
    Ok(tx.execute_raw(statement(tx, sql, values)).await?.rows_affected() == 1)
}

/// Ends the calculation of a run that has come to a case: calculated, or failed with an error. `false`: somebody else
/// went on with it.
pub(crate) async fn end(
    tx: &Tx<'_>,
    run_no: i32,
    cursor: &str,
    error: Option<&str>,
) -> Result<bool, DbError> {
    let state = if error.is_some() { State::Failed } else { State::Calculated };
    let sql = "UPDATE payment_run SET state = $1, error = $2 \
               WHERE run_no = $3 AND cursor_case_key = $4 AND state = 'calculating'";
    let values = [state.as_str().into(), error.map(str::to_owned).into(), run_no.into(), cursor.into()];
    Ok(tx.execute_raw(statement(tx, sql, values)).await?.rows_affected() == 1)
}

/// Approves a run.
pub(crate) async fn approve(
    tx: &Tx<'_>,
    run_no: i32,
    approver: &str,
    now: DateTime<Utc>,
) -> Result<(), DbError> {
    let sql = "UPDATE payment_run SET state = 'approved', unsettled = NULL, approver = $1, approve_time = $2 \
               WHERE run_no = $3 AND state = 'calculated'";
    tx.execute_raw(statement(tx, sql, [approver.into(), now.into(), run_no.into()])).await?;
    Ok(())
}

/// Discards a run.
pub(crate) async fn discard(
    tx: &Tx<'_>,
    run_no: i32,
    by: &str,
    reason: &str,
    now: DateTime<Utc>,
) -> Result<(), DbError> {
    let sql = "UPDATE payment_run SET state = 'discarded', unsettled = NULL, discarder = $1, discard_reason = $2, \
               discard_time = $3 WHERE run_no = $4 AND state IN ('calculated', 'failed')";
    tx.execute_raw(statement(tx, sql, [by.into(), reason.into(), now.into(), run_no.into()])).await?;
    Ok(())
}
