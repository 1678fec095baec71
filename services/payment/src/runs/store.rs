//! Runs: what has happened to each, and how far its calculation has come.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use niva_calendar::{Month, NaiveDate};
use niva_names::{CaseId, PaymentRunId, RunNo};
use niva_payment_domain::{Cancel, Run, RunState};
use niva_store::{DbError, Tx};
use sea_orm::{ConnectionTrait, Value};

use super::filter::Filter;
use super::stored::StoredRun;
use super::tally::Tally;
use crate::cases::store::merges;
use crate::store::{Row, Where, rows, statement};

const COLUMNS: &str = "run_no, payment_run_id, month, state, maker, maker_role, create_time, start_time, canceller, \
                       cancel_time, end_time, approver, approve_time, discarder, \
                       discard_reason, discard_time, opening_month, frozen_fact_number, baseline_run_no, \
                       models_fingerprint, engine_version, cursor_case_key, tally, placements_total, error, run_sha256, feeds";

fn read(row: &Row) -> Result<StoredRun, DbError> {
    let id: PaymentRunId = row.get("payment_run_id")?;
    let month = |column: &'static str| {
        Month::from_index(row.get(column)?)
            .map_err(|e| DbError::row("payment_run", column, id.as_str(), e.to_string()))
    };
    let tally: String = row.get("tally")?;
    let tally: Tally = serde_json::from_str(&tally)
        .map_err(|e| DbError::row("payment_run", "tally", id.as_str(), e.to_string()))?;
    let feeds: String = row.get("feeds")?;
    let feeds = serde_json::from_str(&feeds);
    let feeds = feeds.map_err(|e| DbError::row("payment_run", "feeds", id.as_str(), e.to_string()))?;
    let run = Run {
        month: month("month")?,
        opening: month("opening_month")?,
        maker: row.get("maker")?,
        state: state(row, &id, &tally)?,
        id,
    };
    Ok(StoredRun {
        run_no: row.get("run_no")?,
        run,
        maker_role: row.get("maker_role")?,
        create_time: row.get("create_time")?,
        start_time: row.get("start_time")?,
        end_time: row.get("end_time")?,
        frozen: row.get("frozen_fact_number")?,
        baseline: row.get("baseline_run_no")?,
        models_fingerprint: row.get("models_fingerprint")?,
        engine_version: row.get("engine_version")?,
        cursor: row.get("cursor_case_key")?,
        tally,
        placements_total: row.get("placements_total")?,
        run_sha256: row.get::<Option<String>>("run_sha256")?.unwrap_or_default(),
        feeds,
    })
}

fn state(row: &Row, id: &PaymentRunId, tally: &Tally) -> Result<RunState, DbError> {
    let name: String = row.get("state")?;
    Ok(match name.as_str() {
        "calculating" => {
            let (by, time): (Option<String>, Option<_>) = (row.get("canceller")?, row.get("cancel_time")?);
            RunState::Calculating { cancel: by.zip(time).map(|(by, time)| Cancel { by, time }) }
        }
        "cancelled" => RunState::Cancelled {
            cancel: Cancel { by: row.get("canceller")?, time: row.get("cancel_time")? },
        },
        "calculated" => RunState::Calculated { found: tally.seen() },
        "failed" => RunState::Failed { error: row.get("error")? },
        "approved" => RunState::Approved { approver: row.get("approver")?, time: row.get("approve_time")? },
        "discarded" => RunState::Discarded {
            by: row.get("discarder")?,
            reason: row.get("discard_reason")?,
            time: row.get("discard_time")?,
            error: row.get("error")?,
        },
        other => {
            return Err(DbError::row("payment_run", "state", id.as_str(), format!("`{other}` is no state")));
        }
    })
}

async fn one(
    db: &impl ConnectionTrait,
    condition: &str,
    values: impl IntoIterator<Item = Value>,
) -> Result<Option<StoredRun>, DbError> {
    let sql = format!("SELECT {COLUMNS} FROM payment_run {condition}");
    rows(db, "payment_run", statement(db, sql, values)).await?.first().map(read).transpose()
}

/// The run with an id.
pub(crate) async fn find(db: &impl ConnectionTrait, id: &PaymentRunId) -> Result<Option<StoredRun>, DbError> {
    one(db, "WHERE payment_run_id = $1", [id.as_str().into()]).await
}

/// The run with an id; nobody else changes it until this transaction ends.
pub(crate) async fn find_for_update(tx: &Tx<'_>, id: &PaymentRunId) -> Result<Option<StoredRun>, DbError> {
    let lock = if tx.is_postgres() { " FOR UPDATE" } else { "" };
    one(tx, &format!("WHERE payment_run_id = $1{lock}"), [id.as_str().into()]).await
}

/// The run with a number; nobody else changes it until this transaction ends.
pub(crate) async fn by_number_for_update(tx: &Tx<'_>, run_no: RunNo) -> Result<Option<StoredRun>, DbError> {
    let lock = if tx.is_postgres() { " FOR UPDATE" } else { "" };
    one(tx, &format!("WHERE run_no = $1{lock}"), [run_no.into()]).await
}

/// The run with a number.
pub(crate) async fn by_number(
    db: &impl ConnectionTrait,
    run_no: RunNo,
) -> Result<Option<StoredRun>, DbError> {
    one(db, "WHERE run_no = $1", [run_no.into()]).await
}

/// The run that waits for calculation, approval or discard, if one does.
pub(crate) async fn unsettled(db: &impl ConnectionTrait) -> Result<Option<StoredRun>, DbError> {
    one(db, "WHERE unsettled = 1", []).await
}

/// The last run that was approved.
pub(crate) async fn last_approved(db: &impl ConnectionTrait) -> Result<Option<StoredRun>, DbError> {
    one(db, "WHERE state = 'approved' ORDER BY run_no DESC LIMIT 1", []).await
}

/// Numbers of the runs that were approved, up to one of them.
pub(crate) async fn approved_until(
    db: &impl ConnectionTrait,
    run_no: RunNo,
) -> Result<Vec<(RunNo, Month)>, DbError> {
    let sql =
        "SELECT run_no, month FROM payment_run WHERE state = 'approved' AND run_no <= $1 ORDER BY run_no";
    let found = rows(db, "payment_run", statement(db, sql, [run_no.into()])).await?;
    let read = |row: &Row| {
        let run_no: RunNo = row.get("run_no")?;
        let month = Month::from_index(row.get("month")?);
        let month =
            month.map_err(|e| DbError::row("payment_run", "month", run_no.to_string(), e.to_string()))?;
        Ok((run_no, month))
    };
    found.iter().map(read).collect()
}

/// Up to `limit` runs after a number, in the order they were made.
pub(crate) async fn list(
    db: &impl ConnectionTrait,
    filter: &Filter,
    after: RunNo,
    limit: u64,
) -> Result<Vec<StoredRun>, DbError> {
    let mut at = Where::default();
    let after = at.bind(after);
    at.and(format!("run_no > {after}"));
    at.maybe("month", filter.month.map(|month| month.index()));
    at.maybe("state", filter.state);
    if let Some(since) = filter.approved_since {
        let since = at.bind(since);
        at.and(format!("approve_time >= {since}"));
    }
    let limit = at.bind(i64::try_from(limit).unwrap_or(i64::MAX));
    let (conditions, values) = at.finish();
    let sql = format!("SELECT {COLUMNS} FROM payment_run WHERE {conditions} ORDER BY run_no LIMIT {limit}");
    rows(db, "payment_run", statement(db, sql, values)).await?.iter().map(read).collect()
}

/// Ids of all runs by number.
pub(crate) async fn ids(db: &impl ConnectionTrait) -> Result<BTreeMap<RunNo, PaymentRunId>, DbError> {
    let select = statement(db, "SELECT run_no, payment_run_id FROM payment_run", []);
    let found = rows(db, "payment_run", select).await?;
    found.iter().map(|row| Ok((row.get("run_no")?, row.get("payment_run_id")?))).collect()
}

/// The number of the next run, and how many runs of a month were made before.
pub(crate) async fn next_numbers(db: &impl ConnectionTrait, month: Month) -> Result<(RunNo, i64), DbError> {
    let sql = "SELECT COALESCE(MAX(run_no), 0) + 1 AS next, \
               (SELECT COUNT(*) FROM payment_run WHERE month = $1) AS of_month FROM payment_run";
    let found = rows(db, "payment_run", statement(db, sql, [month.index().into()])).await?;
    found.first().map_or(Ok((RunNo(1), 0)), |row| Ok((row.get("next")?, row.get("of_month")?)))
}

/// Adds a run that is to be calculated. A unique constraint refuses it while another waits.
pub(crate) async fn insert(tx: &Tx<'_>, stored: &StoredRun) -> Result<(), DbError> {
    let sql = "INSERT INTO payment_run (run_no, payment_run_id, month, state, unsettled, maker, maker_role, create_time, \
               opening_month, frozen_fact_number, baseline_run_no, models_fingerprint, engine_version, cursor_case_key, tally, \
               placements_total, feeds) VALUES ($1, $2, $3, $4, 1, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)";
    let run = &stored.run;
    let feeds = serde_json::to_string(&stored.feeds);
    let feeds = feeds.map_err(|e| DbError::row("payment_run", "feeds", run.id.as_str(), e.to_string()))?;
    let values: [Value; 16] = [
        stored.run_no.into(),
        run.id.as_str().into(),
        run.month.index().into(),
        run.state.name().into(),
        run.maker.as_str().into(),
        stored.maker_role.as_str().into(),
        stored.create_time.into(),
        run.opening.index().into(),
        stored.frozen.into(),
        stored.baseline.into(),
        stored.models_fingerprint.as_str().into(),
        stored.engine_version.into(),
        stored.cursor.as_str().into(),
        json(run.id.as_str(), &stored.tally)?.into(),
        stored.placements_total.into(),
        feeds.into(),
    ];
    tx.execute_raw(statement(tx, sql, values)).await?;
    Ok(())
}

fn json(row: &str, tally: &Tally) -> Result<String, DbError> {
    serde_json::to_string(tally).map_err(|e| DbError::row("payment_run", "tally", row, e.to_string()))
}

/// A process sets to work on the calculation of a run.
pub(crate) async fn start(tx: &Tx<'_>, run_no: RunNo, now: DateTime<Utc>) -> Result<(), DbError> {
    let sql = "UPDATE payment_run SET start_time = $1 \
               WHERE run_no = $2 AND start_time IS NULL AND state = 'calculating'";
    tx.execute_raw(statement(tx, sql, [now.into(), run_no.into()])).await?;
    Ok(())
}

/// Moves the calculation of a run on from one case to another. `false`: somebody else did, it is no longer being
/// calculated, or somebody wants it to stop; then nothing may be written.
pub(crate) async fn advance(
    tx: &Tx<'_>,
    run_no: RunNo,
    from: &CaseId,
    to: &CaseId,
    tally: &Tally,
) -> Result<bool, DbError> {
    let sql = "UPDATE payment_run SET cursor_case_key = $1, tally = $2 \
               WHERE run_no = $3 AND cursor_case_key = $4 AND state = 'calculating' AND cancel_time IS NULL";
    let values = [to.as_str().into(), json(to.as_str(), tally)?.into(), run_no.into(), from.as_str().into()];
    Ok(tx.execute_raw(statement(tx, sql, values)).await?.rows_affected() == 1)
}

/// Writes who wants a calculation to stop, over what [`find_for_update`] read.
pub(crate) async fn ask_to_cancel(tx: &Tx<'_>, stored: &StoredRun) -> Result<(), DbError> {
    let Some(Cancel { by, time }) = stored.run.state.cancel() else { return Ok(()) };
    let sql = "UPDATE payment_run SET canceller = $1, cancel_time = $2 \
               WHERE run_no = $3 AND cancel_time IS NULL AND state = 'calculating'";
    tx.execute_raw(statement(tx, sql, [by.as_str().into(), (*time).into(), stored.run_no.into()])).await?;
    Ok(())
}

/// Writes the state of a run whose calculation has ended, over what [`by_number_for_update`] read.
pub(crate) async fn end(
    tx: &Tx<'_>,
    run_no: RunNo,
    state: &RunState,
    now: DateTime<Utc>,
) -> Result<(), DbError> {
    let sql = "UPDATE payment_run SET state = $1, error = $2, unsettled = $3, end_time = $4 \
               WHERE run_no = $5 AND state = 'calculating'";
    let error = match state {
        RunState::Failed { error } => Some(error.as_str()),
        _ => None,
    };
    let unsettled = state.is_unsettled().then_some(1);
    let values = [state.name().into(), error.into(), unsettled.into(), now.into(), run_no.into()];
    tx.execute_raw(statement(tx, sql, values)).await?;
    Ok(())
}

/// Writes the state of a run that was approved or discarded, over what [`find_for_update`] read.
pub(crate) async fn settle(tx: &Tx<'_>, stored: &StoredRun) -> Result<(), DbError> {
    let state = &stored.run.state;
    let (mut approver, mut approve_time, mut discarder, mut discard_reason, mut discard_time) =
        (None, None, None, None, None);
    match state {
        RunState::Approved { approver: by, time } => {
            (approver, approve_time) = (Some(by.as_str()), Some(*time));
        }
        RunState::Discarded { by, reason, time, .. } => {
            (discarder, discard_reason, discard_time) =
                (Some(by.as_str()), Some(reason.as_str()), Some(*time));
        }
        RunState::Calculating { .. }
        | RunState::Calculated { .. }
        | RunState::Failed { .. }
        | RunState::Cancelled { .. } => {}
    }
    let sql = "UPDATE payment_run SET state = $1, unsettled = $2, approver = $3, approve_time = $4, discarder = $5, \
               discard_reason = $6, discard_time = $7, run_sha256 = $8 WHERE run_no = $9";
    let sha256 = Some(stored.run_sha256.as_str()).filter(|sha256| !sha256.is_empty());
    let values: [Value; 9] = [
        state.name().into(),
        state.is_unsettled().then_some(1).into(),
        approver.into(),
        approve_time.into(),
        discarder.into(),
        discard_reason.into(),
        discard_time.into(),
        sha256.into(),
        stored.run_no.into(),
    ];
    tx.execute_raw(statement(tx, sql, values)).await?;
    Ok(())
}

/// Something that somebody told and that a run pays for the first time: told since the approved run before it, of a case or a
/// unit that the run has lines of. In words: `agreement A-1`.
pub(crate) async fn first_paid_by(
    db: &impl ConnectionTrait,
    run: &StoredRun,
    author: &str,
) -> Result<Option<String>, DbError> {
    let before = match run.baseline {
        Some(baseline) => by_number(db, baseline).await?.map_or(0, |run| run.frozen),
        None => 0,
    };
    let sql = "SELECT kind, fact_id FROM fact f JOIN author a ON a.author_no = f.author_no \
               WHERE a.subject = $1 AND number > $2 AND number <= $3 AND \
               (f.touched_last IS NOT NULL AND EXISTS (SELECT 1 FROM care_case c \
               JOIN payment_line l ON l.case_key = c.case_key WHERE c.case_no = f.case_no AND l.run_no = $4) OR \
               f.case_no = 0 AND f.kind = 'unit' AND EXISTS (SELECT 1 FROM payment_line l WHERE l.run_no = $4 AND l.unit_id = f.fact_id)) \
               ORDER BY number LIMIT 1";
    let values = [author.into(), before.into(), run.frozen.into(), run.run_no.into()];
    let found = rows(db, "fact", statement(db, sql, values)).await?;
    if found.is_empty() {
        return merges::paid_beside(db, author, (before, run.frozen), run.run_no).await;
    }
    let words = |row: &Row| {
        let (kind, id): (String, String) = (row.get("kind")?, row.get("fact_id")?);
        Ok(format!("{} {id}", kind.replace('_', " ")))
    };
    found.first().map(words).transpose()
}

/// The facts after one number and up to another, in order: what each row says. Give few numbers at a time.
pub(crate) async fn facts_between(
    db: &impl ConnectionTrait,
    between: (i64, i64),
) -> Result<Vec<[String; 12]>, DbError> {
    let sql = "SELECT number, case_no, (SELECT placement_id FROM placement WHERE placement.placement_no = fact.placement_no) \
               AS placement_id, kind, fact_id, revision, withdrawn, first_day, last_day, touched_first, touched_last, \
               content, recorded_at, subject, role, reason \
               FROM fact JOIN author ON author.author_no = fact.author_no WHERE number > $1 AND number <= $2 \
               ORDER BY number";
    let found = rows(db, "fact", statement(db, sql, [between.0.into(), between.1.into()])).await?;
    let read = |row: &Row| {
        let text = |column| row.get::<String>(column);
        let days = |columns: [&str; 2]| {
            let [first, last] = columns.map(|column| row.get::<Option<NaiveDate>>(column));
            Ok::<_, DbError>(
                first?.zip(last?).map_or(String::new(), |(first, last)| format!("{first}\t{last}")),
            )
        };
        let (number, case_no): (i64, i32) = (row.get("number")?, row.get("case_no")?);
        let placement: Option<String> = row.get("placement_id")?;
        let (revision, withdrawn): (i32, bool) = (row.get("revision")?, row.get("withdrawn")?);
        let (recorded_at, content): (DateTime<Utc>, Vec<u8>) = (row.get("recorded_at")?, row.get("content")?);
        Ok([
            number.to_string(),
            case_no.to_string() + "\t" + placement.as_deref().unwrap_or_default(),
            text("kind")?,
            text("fact_id")?,
            format!("{revision} {withdrawn}"),
            days(["first_day", "last_day"])?,
            days(["touched_first", "touched_last"])?,
            niva_base::hex(&content),
            recorded_at.timestamp_micros().to_string(),
            text("subject")?,
            text("role")?,
            text("reason")?,
        ])
    };
    found.iter().map(read).collect()
}

/// Lines and holds whose run is not there, in words.
pub(crate) async fn of_no_run(db: &impl ConnectionTrait) -> Result<Vec<String>, DbError> {
    let mut found = Vec::new();
    for (table, what) in [("payment_line", "lines"), ("payment_hold", "holds")] {
        let sql = format!(
            "SELECT DISTINCT run_no FROM {table} t WHERE NOT EXISTS \
             (SELECT 1 FROM payment_run r WHERE r.run_no = t.run_no) ORDER BY run_no"
        );
        for row in rows(db, table, statement(db, sql, [])).await? {
            let number: RunNo = row.get("run_no")?;
            found.push(format!("there are {what} of run number {number}, and no such run"));
        }
    }
    Ok(found)
}
