//! The tables of the trail, read; and seals, written.

pub(crate) mod holds;
pub(crate) mod removal;

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use niva_access::{About, Record};
use niva_store::audit::ORDER_LOCK;
use niva_store::{Database, DbError, Tx};
use sea_orm::{ConnectionTrait, QueryResult, Statement, Value};

use crate::chain::{Kept, Seal};
use crate::people::Ids;

/// How long the sealer waits for those who write before it looks again later: while it waits, others wait for it.
const ORDER_LOCK_TIMEOUT_MS: u32 = 100;

const COLUMNS: &str = "position, recorded_at, subject, role, scope, method, purpose, code, reason, trace_id, calls, \
                       persons, placements, left_out";

/// Which records are wanted; each condition holds where it is given.
#[derive(Debug, Default)]
pub(crate) struct Filter<'a> {
    /// Of a person, by all that records name that person by.
    pub(crate) of: Option<Ids>,
    pub(crate) subject: &'a str,
    pub(crate) method: &'a str,
    pub(crate) since: Option<DateTime<Utc>>,
    pub(crate) until: Option<DateTime<Utc>>,
}

/// A query that grows.
#[derive(Default)]
struct Query {
    conditions: Vec<String>,
    values: Vec<Value>,
}

impl Query {
    fn bind(&mut self, value: impl Into<Value>) -> String {
        self.values.push(value.into());
        format!("${}", self.values.len())
    }

    fn compare(&mut self, column: &str, how: &str, value: impl Into<Value>) {
        let place = self.bind(value);
        self.conditions.push(format!("{column} {how} {place}"));
    }

    fn about(&mut self, ids: &Ids) {
        let mut of = Vec::new();
        let kinds: [(&str, Vec<&str>); 2] =
            [("person", ids.persons().collect()), ("placement", ids.placements().collect())];
        for (kind, ids) in kinds {
            let places: Vec<String> = ids.into_iter().map(|id| self.bind(id)).collect();
            if !places.is_empty() {
                of.push(format!("(kind = '{kind}' AND id IN ({}))", places.join(", ")));
            }
        }
        self.conditions
            .push(format!("position IN (SELECT position FROM audit_about WHERE {})", of.join(" OR ")));
    }
}

/// Records after a position that a filter lets through, in order.
pub(crate) async fn list(
    db: &impl ConnectionTrait,
    filter: &Filter<'_>,
    after: i64,
    limit: u64,
) -> Result<Vec<Kept>, DbError> {
    let mut query = Query::default();
    query.compare("position", ">", after);
    if let Some(ids) = &filter.of {
        query.about(ids);
    }
    for (column, value) in [("subject", filter.subject), ("method", filter.method)] {
        if !value.is_empty() {
            query.compare(column, "=", value);
        }
    }
    for (how, at) in [(">=", filter.since), ("<", filter.until)] {
        if let Some(at) = at {
            query.compare("recorded_at", how, at);
        }
    }
    select(db, query, limit).await
}

/// Records in a range of positions, in order.
pub(crate) async fn records(
    db: &impl ConnectionTrait,
    after: i64,
    last: i64,
    limit: u64,
) -> Result<Vec<Kept>, DbError> {
    let mut query = Query::default();
    query.compare("position", ">", after);
    query.compare("position", "<=", last);
    select(db, query, limit).await
}

/// Records at some positions, in order.
pub(crate) async fn at(db: &impl ConnectionTrait, positions: &[i64]) -> Result<Vec<Kept>, DbError> {
    if positions.is_empty() {
        return Ok(Vec::new());
    }
    let mut query = Query::default();
    let places: Vec<String> = positions.iter().map(|position| query.bind(*position)).collect();
    query.conditions.push(format!("position IN ({})", places.join(", ")));
    select(db, query, positions.len() as u64).await
}

async fn select(db: &impl ConnectionTrait, mut query: Query, limit: u64) -> Result<Vec<Kept>, DbError> {
    let limit = query.bind(i64::try_from(limit).unwrap_or(i64::MAX));
    let Query { conditions, values } = query;
    let sql = format!(
        "SELECT {COLUMNS} FROM audit_record WHERE {} ORDER BY position LIMIT {limit}",
        conditions.join(" AND ")
    );
    rows(db, sql, values).await?.iter().map(kept).collect()
}

async fn rows(
    db: &impl ConnectionTrait,
    sql: impl Into<String>,
    values: impl IntoIterator<Item = Value>,
) -> Result<Vec<QueryResult>, DbError> {
    Ok(db.query_all_raw(Statement::from_sql_and_values(db.get_database_backend(), sql, values)).await?)
}

async fn execute(
    tx: &Tx<'_>,
    sql: impl Into<String>,
    values: impl IntoIterator<Item = Value>,
) -> Result<u64, DbError> {
    let done = tx.execute_raw(Statement::from_sql_and_values(tx.get_database_backend(), sql, values)).await?;
    Ok(done.rows_affected())
}

fn kept(row: &QueryResult) -> Result<Kept, DbError> {
    let position: i64 = row.try_get("", "position")?;
    let text = |column: &str| row.try_get::<String>("", column);
    let ids = |column: &'static str| -> Result<BTreeSet<String>, DbError> {
        let list = text(column)?;
        serde_json::from_str(&list)
            .map_err(|error| DbError::row("audit_record", column, position.to_string(), error))
    };
    let about = About {
        persons: ids("persons")?,
        placements: ids("placements")?,
        left_out: row.try_get("", "left_out")?,
    };
    let record = Record {
        time: row.try_get("", "recorded_at")?,
        subject: text("subject")?,
        role: text("role")?,
        scope: text("scope")?,
        method: text("method")?,
        purpose: text("purpose")?,
        code: text("code")?,
        reason: text("reason")?,
        trace_id: text("trace_id")?,
        calls: row.try_get("", "calls")?,
        about,
    };
    Ok(Kept { position, record })
}

/// Positions of records of a time, a page at a time, after a place in it.
pub(crate) async fn positions(
    db: &impl ConnectionTrait,
    (since, until): (DateTime<Utc>, DateTime<Utc>),
    after: (DateTime<Utc>, i64),
    limit: u64,
) -> Result<Vec<(DateTime<Utc>, i64)>, DbError> {
    let sql = "SELECT recorded_at, position FROM audit_record WHERE recorded_at >= $1 AND recorded_at < $2 \
               AND (recorded_at, position) > ($3, $4) ORDER BY recorded_at, position LIMIT $5";
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let values = [since.into(), until.into(), after.0.into(), after.1.into(), limit.into()];
    let found = rows(db, sql, values).await?;
    found.iter().map(|row| Ok((row.try_get("", "recorded_at")?, row.try_get("", "position")?))).collect()
}

/// What records in a range of positions are found by: kind, id and position.
pub(crate) async fn about(
    db: &impl ConnectionTrait,
    after: i64,
    last: i64,
) -> Result<BTreeSet<(String, String, i64)>, DbError> {
    let sql = "SELECT kind, id, position FROM audit_about WHERE position > $1 AND position <= $2";
    let found = rows(db, sql, [after.into(), last.into()]).await?;
    let read = |row: &QueryResult| {
        Ok((row.try_get("", "kind")?, row.try_get("", "id")?, row.try_get("", "position")?))
    };
    found.iter().map(read).collect()
}

/// Every position up to here is decided, once and for all; `None`: those who write did not end in time.
pub(crate) async fn decided(db: &Database) -> Result<Option<i64>, DbError> {
    if !db.is_postgres() {
        return newest(db.conn()).await.map(Some);
    }
    let done: Result<i64, DbError> = db
        .write(|tx| {
            Box::pin(async move {
                let lock = format!(
                    "SET LOCAL lock_timeout = {ORDER_LOCK_TIMEOUT_MS}; SELECT pg_advisory_xact_lock({ORDER_LOCK})"
                );
                tx.execute_unprepared(&lock).await?;
                // A statement of its own: its snapshot is taken after the lock.
                newest(tx).await
            })
        })
        .await;
    match done {
        Err(error) if error.code().as_deref() == Some("55P03") => Ok(None),
        done => done.map(Some),
    }
}

/// The newest position.
pub(crate) async fn newest(db: &impl ConnectionTrait) -> Result<i64, DbError> {
    number(db, "SELECT COALESCE(MAX(position), 0) AS n FROM audit_record").await
}

/// On SQLite, the newest position that was ever drawn: there none is drawn that is not kept.
pub(crate) async fn drawn(db: &impl ConnectionTrait) -> Result<i64, DbError> {
    number(db, "SELECT COALESCE(MAX(seq), 0) AS n FROM sqlite_sequence WHERE name = 'audit_record'").await
}

async fn number(db: &impl ConnectionTrait, sql: &str) -> Result<i64, DbError> {
    let found = rows(db, sql, []).await?;
    Ok(found.first().map(|row| row.try_get("", "n")).transpose()?.unwrap_or(0))
}

/// The newest seal.
pub(crate) async fn newest_seal(db: &impl ConnectionTrait) -> Result<Option<Seal>, DbError> {
    let sql = "SELECT seal_no, last_position, records, sealed_at, sha256 FROM audit_seal \
               ORDER BY seal_no DESC LIMIT 1";
    rows(db, sql, []).await?.first().map(read_seal).transpose()
}

/// Seals after one, in order.
pub(crate) async fn seals(db: &impl ConnectionTrait, after: i64, limit: u64) -> Result<Vec<Seal>, DbError> {
    let sql = "SELECT seal_no, last_position, records, sealed_at, sha256 FROM audit_seal \
               WHERE seal_no > $1 ORDER BY seal_no LIMIT $2";
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    rows(db, sql, [after.into(), limit.into()]).await?.iter().map(read_seal).collect()
}

fn read_seal(row: &QueryResult) -> Result<Seal, DbError> {
    Ok(Seal {
        seal_no: row.try_get("", "seal_no")?,
        last_position: row.try_get("", "last_position")?,
        records: row.try_get("", "records")?,
        sealed_at: row.try_get("", "sealed_at")?,
        sha256: row.try_get("", "sha256")?,
    })
}

/// The number and the hash of the newest seal, as they are kept beside the seals.
pub(crate) async fn head(db: &impl ConnectionTrait) -> Result<Option<(i64, String)>, DbError> {
    let found = rows(db, "SELECT seal_no, sha256 FROM audit_head WHERE head_no = 1", []).await?;
    let read = |row: &QueryResult| Ok((row.try_get("", "seal_no")?, row.try_get("", "sha256")?));
    found.first().map(read).transpose()
}

/// Keeps a seal; `false`: there is one of that number already.
pub(crate) async fn seal(tx: &Tx<'_>, seal: &Seal) -> Result<bool, DbError> {
    let Seal { seal_no, last_position, records, sealed_at, sha256 } = seal;
    let sql = "INSERT INTO audit_seal (seal_no, last_position, records, sealed_at, sha256) \
               VALUES ($1, $2, $3, $4, $5) ON CONFLICT (seal_no) DO NOTHING";
    let values = [
        (*seal_no).into(),
        (*last_position).into(),
        (*records).into(),
        (*sealed_at).into(),
        sha256.as_str().into(),
    ];
    if execute(tx, sql, values).await? == 0 {
        return Ok(false);
    }
    let sql = "INSERT INTO audit_head (head_no, seal_no, sha256) VALUES (1, $1, $2) \
               ON CONFLICT (head_no) DO UPDATE SET seal_no = excluded.seal_no, sha256 = excluded.sha256";
    execute(tx, sql, [(*seal_no).into(), sha256.as_str().into()]).await?;
    Ok(true)
}
