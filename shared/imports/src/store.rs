//! Imports, the entries set aside, and what is wrong with them.

use chrono::{DateTime, Utc};
use niva_facts::{Author, Telling};
use niva_names::ImportId;
use niva_proto::common::v1 as pb;
use niva_store::bulk::{self, Cell};
use niva_store::page::PageRequest;
use niva_store::schema::Migration;
use niva_store::{DbError, Tx};
use sea_orm::{ConnectionTrait, QueryResult, Statement, Value};
use sea_orm_migration::MigrationTrait;

use crate::effects::{Counts, Effects};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    /// Its stream has not ended.
    Receiving,
    /// Everything is here and is to take effect.
    Running,
    Done,
    Failed,
}

impl State {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Receiving => "receiving",
            Self::Running => "running",
            Self::Done => "done",
            Self::Failed => "failed",
        }
    }

    fn read(name: &str) -> Option<Self> {
        [Self::Receiving, Self::Running, Self::Done, Self::Failed].into_iter().find(|s| s.as_str() == name)
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Row {
    pub(crate) import_id: ImportId,
    pub(crate) state: State,
    pub(crate) validate_only: bool,
    pub(crate) told: Telling,
    pub(crate) ended_at: Option<DateTime<Utc>>,
    pub(crate) records: i64,
    pub(crate) counts: Counts,
    pub(crate) error: String,
    pub(crate) feed_position: i64,
    pub(crate) content_hash: Vec<u8>,
}

/// An entry as it is set aside.
#[derive(Debug)]
pub(crate) struct Aside {
    pub(crate) rank: i32,
    pub(crate) number: i64,
    pub(crate) origin: String,
    pub(crate) content: Vec<u8>,
}

fn statement(db: &impl ConnectionTrait, sql: &str, values: impl IntoIterator<Item = Value>) -> Statement {
    Statement::from_sql_and_values(db.get_database_backend(), sql, values)
}

pub(crate) async fn begin(
    tx: &Tx<'_>,
    import_id: &ImportId,
    validate_only: bool,
    told: &Telling,
) -> Result<(), DbError> {
    let sql = "INSERT INTO import (import_id, state, validate_only, author_subject, author_role, reason, recorded_at, \
               records, created, corrected, unchanged, refused, error, feed_position) \
               VALUES ($1, 'receiving', $2, $3, $4, $5, $6, 0, 0, 0, 0, 0, '', 0)";
    let Telling { author, recorded_at, reason } = told;
    let values = [
        import_id.as_str().into(),
        validate_only.into(),
        author.subject.as_str().into(),
        author.role.as_str().into(),
        reason.as_str().into(),
        (*recorded_at).into(),
    ];
    tx.execute_raw(statement(tx, sql, values)).await?;
    Ok(())
}

pub(crate) async fn set_aside(tx: &Tx<'_>, import_id: &ImportId, entries: &[Aside]) -> Result<(), DbError> {
    let rows = entries.iter().map(|entry| {
        [
            Cell::from(import_id.as_str()),
            entry.rank.into(),
            entry.number.into(),
            entry.origin.as_str().into(),
            entry.content.as_slice().into(),
        ]
    });
    let columns = ["import_id", "rank", "number", "origin", "content"];
    bulk::insert(tx, "import_entry", columns, rows.collect::<Vec<_>>()).await?;
    Ok(())
}

/// The import that a request id already stands for.
pub(crate) async fn by_request(
    db: &impl ConnectionTrait,
    caller: &str,
    request_id: &str,
) -> Result<Option<Row>, DbError> {
    let sql = "SELECT * FROM import WHERE author_subject = $1 AND request_id = $2";
    let found = db.query_one_raw(statement(db, sql, [caller.into(), request_id.into()])).await?;
    found.as_ref().map(row).transpose()
}

pub(crate) async fn find(db: &impl ConnectionTrait, import_id: &ImportId) -> Result<Option<Row>, DbError> {
    let sql = "SELECT * FROM import WHERE import_id = $1";
    db.query_one_raw(statement(db, sql, [import_id.as_str().into()])).await?.as_ref().map(row).transpose()
}

/// The import has been received: it runs from now on.
pub(crate) async fn received(
    tx: &Tx<'_>,
    import_id: &ImportId,
    claim: Option<&str>,
    content_hash: Vec<u8>,
    records: i64,
) -> Result<(), DbError> {
    let sql = "UPDATE import SET state = 'running', request_id = $2, content_hash = $3, records = $4 \
               WHERE import_id = $1 AND state = 'receiving'";
    let values = [import_id.as_str().into(), claim.into(), content_hash.into(), records.into()];
    tx.execute_raw(statement(tx, sql, values)).await?;
    Ok(())
}

/// Ids of imports that are to take effect, the oldest first.
pub(crate) async fn running(db: &impl ConnectionTrait) -> Result<Vec<ImportId>, DbError> {
    let sql = "SELECT import_id FROM import WHERE state = 'running' ORDER BY recorded_at, import_id";
    let rows = db.query_all_raw(statement(db, sql, [])).await?;
    rows.iter().map(|row| Ok(row.try_get::<String>("", "import_id")?.into())).collect()
}

/// Holds a running import to the transaction's end; `None` when it runs no more.
pub(crate) async fn hold(tx: &Tx<'_>, import_id: &ImportId) -> Result<Option<Row>, DbError> {
    let sql = "UPDATE import SET state = state WHERE import_id = $1 AND state = 'running' RETURNING *";
    tx.query_one_raw(statement(tx, sql, [import_id.as_str().into()])).await?.as_ref().map(row).transpose()
}

/// Up to `limit` entries of an import after a place (rank, number), in order.
pub(crate) async fn entries(
    db: &impl ConnectionTrait,
    import_id: &ImportId,
    after: (i32, i64),
    limit: usize,
) -> Result<Vec<Aside>, DbError> {
    let sql = "SELECT rank, number, origin, content FROM import_entry WHERE import_id = $1 \
               AND (rank > $2 OR (rank = $2 AND number > $3)) ORDER BY rank, number LIMIT $4";
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let rows = db
        .query_all_raw(statement(
            db,
            sql,
            [import_id.as_str().into(), after.0.into(), after.1.into(), limit.into()],
        ))
        .await?;
    let read = |row: &QueryResult| {
        Ok(Aside {
            rank: row.try_get("", "rank")?,
            number: row.try_get("", "number")?,
            origin: row.try_get("", "origin")?,
            content: row.try_get("", "content")?,
        })
    };
    rows.iter().map(read).collect()
}

/// The import has ended: its counts, and nothing set aside any more.
pub(crate) async fn end(
    tx: &Tx<'_>,
    import_id: &ImportId,
    state: State,
    counts: Counts,
    error: &str,
    feed_position: i64,
    now: DateTime<Utc>,
) -> Result<(), DbError> {
    let sql = "UPDATE import SET state = $2, created = $3, corrected = $4, unchanged = $5, refused = $6, error = $7, \
               feed_position = $8, ended_at = $9 WHERE import_id = $1";
    let values = [
        import_id.as_str().into(),
        state.as_str().into(),
        counts.created.into(),
        counts.corrected.into(),
        counts.unchanged.into(),
        counts.refused.into(),
        error.into(),
        feed_position.into(),
        now.into(),
    ];
    tx.execute_raw(statement(tx, sql, values)).await?;
    drop_entries(tx, import_id).await
}

async fn drop_entries(tx: &Tx<'_>, import_id: &ImportId) -> Result<(), DbError> {
    tx.execute_raw(statement(
        tx,
        "DELETE FROM import_entry WHERE import_id = $1",
        [import_id.as_str().into()],
    ))
    .await?;
    Ok(())
}

/// As if the import had never come: its stream broke off, or it came before.
pub(crate) async fn forget(tx: &Tx<'_>, import_id: &ImportId) -> Result<(), DbError> {
    drop_entries(tx, import_id).await?;
    let sql = "DELETE FROM import WHERE import_id = $1 AND state = 'receiving'";
    tx.execute_raw(statement(tx, sql, [import_id.as_str().into()])).await?;
    Ok(())
}

/// Imports whose stream began before an instant and has not ended: their process died.
pub(crate) async fn broken_off(
    db: &impl ConnectionTrait,
    before: DateTime<Utc>,
) -> Result<Vec<ImportId>, DbError> {
    let sql = "SELECT import_id FROM import WHERE state = 'receiving' AND recorded_at < $1";
    let rows = db.query_all_raw(statement(db, sql, [before.into()])).await?;
    rows.iter().map(|row| Ok(row.try_get::<String>("", "import_id")?.into())).collect()
}

/// Keeps what is wrong, with where each entry came from.
pub(crate) async fn refuse(tx: &Tx<'_>, import_id: &ImportId, effects: &Effects) -> Result<(), DbError> {
    let mut refusals: Vec<_> = effects.refusals.iter().collect();
    refusals.sort_by_key(|refusal| refusal.number);
    let rows = (0_i64..).zip(refusals).map(|(place, refusal)| {
        let violation = &refusal.violation;
        [
            Cell::from(import_id.as_str()),
            place.into(),
            refusal.number.into(),
            refusal.origin.as_str().into(),
            violation.field.as_str().into(),
            violation.reason.into(),
            violation.description.as_str().into(),
        ]
    });
    let columns = ["import_id", "place", "number", "origin", "field", "reason", "description"];
    bulk::insert(tx, "import_error", columns, rows.collect::<Vec<_>>()).await?;
    Ok(())
}

pub(crate) async fn errors(
    db: &impl ConnectionTrait,
    import_id: &ImportId,
    page: &PageRequest,
) -> Result<Vec<(i64, pb::ImportError)>, DbError> {
    let after: i64 = page.after.as_deref().and_then(|after| after.parse().ok()).unwrap_or(-1);
    let sql = "SELECT place, number, origin, field, reason, description FROM import_error \
               WHERE import_id = $1 AND place > $2 ORDER BY place LIMIT $3";
    let limit = i64::try_from(page.limit()).unwrap_or(i64::MAX);
    let rows =
        db.query_all_raw(statement(db, sql, [import_id.as_str().into(), after.into(), limit.into()])).await?;
    let read = |row: &QueryResult| {
        let error = pb::ImportError {
            record: row.try_get("", "number")?,
            origin: row.try_get("", "origin")?,
            field: row.try_get("", "field")?,
            reason: row.try_get("", "reason")?,
            description: row.try_get("", "description")?,
        };
        Ok((row.try_get("", "place")?, error))
    };
    rows.iter().map(read).collect()
}

fn row(row: &QueryResult) -> Result<Row, DbError> {
    let import_id = ImportId::from(row.try_get::<String>("", "import_id")?);
    let state: String = row.try_get("", "state")?;
    let state = State::read(&state)
        .ok_or_else(|| DbError::row("import", "state", import_id.clone(), format!("{state} is no state")))?;
    let author =
        Author { subject: row.try_get("", "author_subject")?, role: row.try_get("", "author_role")? };
    Ok(Row {
        import_id,
        state,
        validate_only: row.try_get("", "validate_only")?,
        told: Telling {
            author,
            recorded_at: row.try_get("", "recorded_at")?,
            reason: row.try_get("", "reason")?,
        },
        ended_at: row.try_get("", "ended_at")?,
        records: row.try_get("", "records")?,
        counts: Counts {
            created: row.try_get("", "created")?,
            corrected: row.try_get("", "corrected")?,
            unchanged: row.try_get("", "unchanged")?,
            refused: row.try_get("", "refused")?,
        },
        error: row.try_get("", "error")?,
        feed_position: row.try_get("", "feed_position")?,
        content_hash: row.try_get::<Option<Vec<u8>>>("", "content_hash")?.unwrap_or_default(),
    })
}

/// The tables of imports. Put it into the service's `Migrator`.
#[must_use]
pub fn migration() -> Box<dyn MigrationTrait> {
    Migration::boxed("imports_1", include_str!("../migrations/0001_imports.sql"))
}
