//! Imports. What is set aside of them, and what is wrong with it: [`entries`].

pub(crate) mod entries;

use chrono::{DateTime, Utc};
use niva_access::{Reach, Scope};
use niva_facts::{Author, Telling};
use niva_jobs::Cancel;
use niva_names::ImportId;
use niva_store::schema::Migration;
use niva_store::{DbError, Tx};
use sea_orm::{ConnectionTrait, QueryResult, Statement, Value};
use sea_orm_migration::MigrationTrait;

use self::entries::drop_entries;
use crate::effects::Counts;
use crate::state::State;

#[derive(Debug, Clone)]
pub(crate) struct Row {
    pub(crate) import_id: ImportId,
    pub(crate) state: State,
    pub(crate) validate_only: bool,
    pub(crate) told: Telling,
    pub(crate) started_at: Option<DateTime<Utc>>,
    pub(crate) ended_at: Option<DateTime<Utc>>,
    /// Somebody wants it to stop.
    pub(crate) cancel_asked: bool,
    pub(crate) records: i64,
    pub(crate) counts: Counts,
    pub(crate) error: String,
    pub(crate) feed_position: i64,
    pub(crate) content_hash: Vec<u8>,
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

/// The import that a request id already stands for.
pub(crate) async fn by_request(
    db: &impl ConnectionTrait,
    caller: &str,
    request_id: &str,
) -> Result<Option<Row>, DbError> {
    one(db, "author_subject = $1 AND request_id = $2", [caller.into(), request_id.into()]).await
}

/// The columns of a [`Row`].
const SELECT: &str = "SELECT import.*, EXISTS \
                      (SELECT 1 FROM import_cancel c WHERE c.import_id = import.import_id) AS cancel_asked FROM import";

async fn one(
    db: &impl ConnectionTrait,
    condition: &str,
    values: impl IntoIterator<Item = Value>,
) -> Result<Option<Row>, DbError> {
    let found = db.query_one_raw(statement(db, &format!("{SELECT} WHERE {condition}"), values)).await?;
    found.as_ref().map(row).transpose()
}

/// The import with an id.
pub(crate) async fn find(db: &impl ConnectionTrait, import_id: &ImportId) -> Result<Option<Row>, DbError> {
    one(db, "import_id = $1", [import_id.as_str().into()]).await
}

/// The import with an id, if the call reaches it.
pub(crate) async fn find_within(
    db: &impl ConnectionTrait,
    scope: &Scope,
    import_id: &ImportId,
) -> Result<Option<Row>, DbError> {
    let mut values: Vec<Value> = vec![import_id.as_str().into()];
    let reached = reached(scope, &mut values);
    one(db, &format!("import_id = $1{reached}"), values).await
}

/// The condition on imports that a call reaches.
fn reached(scope: &Scope, values: &mut Vec<Value>) -> String {
    match scope.reach() {
        Reach::City => String::new(),
        Reach::Author(subject) => {
            values.push(subject.as_str().into());
            format!(" AND author_subject = ${}", values.len())
        }
        Reach::Districts(_) | Reach::Provider(_) | Reach::Person(_) => " AND 1 = 0".to_owned(),
    }
}

/// Imports that the call reaches, in one of some states, after a place in the order that they were made in.
pub(crate) async fn list(
    db: &impl ConnectionTrait,
    scope: &Scope,
    states: impl Iterator<Item = State>,
    after: Option<(DateTime<Utc>, &str)>,
    limit: u64,
) -> Result<Vec<Row>, DbError> {
    let states: Vec<String> = states.map(|state| format!("'{}'", state.as_str())).collect();
    let mut values = Vec::new();
    let mut sql = format!("{SELECT} WHERE state IN ({}){}", states.join(", "), reached(scope, &mut values));
    if let Some((made, id)) = after {
        let n = values.len() + 1;
        values.extend([made.into(), id.into()]);
        sql.push_str(&format!(
            " AND (recorded_at > ${n} OR (recorded_at = ${n} AND import_id > ${}))",
            n + 1
        ));
    }
    values.push(i64::try_from(limit).unwrap_or(i64::MAX).into());
    sql.push_str(&format!(" ORDER BY recorded_at, import_id LIMIT ${}", values.len()));
    db.query_all_raw(statement(db, &sql, values)).await?.iter().map(row).collect()
}

/// Holds an import whose stream comes in to the transaction's end. `false`: it was stopped.
pub(crate) async fn receiving(tx: &Tx<'_>, import_id: &ImportId) -> Result<bool, DbError> {
    let sql = "UPDATE import SET state = state WHERE import_id = $1 AND state = 'receiving'";
    Ok(tx.execute_raw(statement(tx, sql, [import_id.as_str().into()])).await?.rows_affected() == 1)
}

/// The import has been received: it runs from now on. `false`: it was stopped.
pub(crate) async fn received(
    tx: &Tx<'_>,
    import_id: &ImportId,
    claim: Option<&str>,
    content_hash: Vec<u8>,
    records: i64,
) -> Result<bool, DbError> {
    let sql = "UPDATE import SET state = 'running', request_id = $2, content_hash = $3, records = $4 \
               WHERE import_id = $1 AND state = 'receiving'";
    let values = [import_id.as_str().into(), claim.into(), content_hash.into(), records.into()];
    Ok(tx.execute_raw(statement(tx, sql, values)).await?.rows_affected() == 1)
}

/// Ids of imports that are to take effect, the oldest first.
pub(crate) async fn running(db: &impl ConnectionTrait) -> Result<Vec<ImportId>, DbError> {
    let sql = "SELECT import_id FROM import WHERE state = 'running' ORDER BY recorded_at, import_id";
    let rows = db.query_all_raw(statement(db, sql, [])).await?;
    rows.iter().map(id).collect()
}

/// A running import that no other transaction holds. SQLite has one writer at a time.
fn unheld(tx: &Tx<'_>) -> &'static str {
    if tx.is_postgres() {
        "import_id = (SELECT import_id FROM import WHERE import_id = $1 AND state = 'running' FOR UPDATE SKIP LOCKED)"
    } else {
        "import_id = $1 AND state = 'running'"
    }
}

/// This process sets to work on an import. `false`: it runs no more, or another process is at it.
pub(crate) async fn start(tx: &Tx<'_>, import_id: &ImportId, now: DateTime<Utc>) -> Result<bool, DbError> {
    let sql = format!("UPDATE import SET started_at = COALESCE(started_at, $2) WHERE {}", unheld(tx));
    let done = tx.execute_raw(statement(tx, &sql, [import_id.as_str().into(), now.into()])).await?;
    Ok(done.rows_affected() == 1)
}

/// Holds a running import to the transaction's end; `None` when it runs no more, or another process is at it.
pub(crate) async fn hold(tx: &Tx<'_>, import_id: &ImportId) -> Result<Option<Row>, DbError> {
    let sql = format!("UPDATE import SET state = state WHERE {}", unheld(tx));
    let held = tx.execute_raw(statement(tx, &sql, [import_id.as_str().into()])).await?.rows_affected() == 1;
    if held { find(tx, import_id).await } else { Ok(None) }
}

/// Whether somebody wants a held import to stop, as far as this database tells a transaction that is under way.
pub(crate) async fn cancel_asked(tx: &Tx<'_>, import_id: &ImportId) -> Result<bool, DbError> {
    let sql = "SELECT 1 AS one FROM import_cancel WHERE import_id = $1";
    Ok(tx.query_one_raw(statement(tx, sql, [import_id.as_str().into()])).await?.is_some())
}

/// Notes who wants an import to stop: in a table of its own, because whoever lets it take effect holds its row. The first
/// wish stays.
pub(crate) async fn ask_to_cancel(tx: &Tx<'_>, import_id: &ImportId, cancel: &Cancel) -> Result<(), DbError> {
    let sql = "INSERT INTO import_cancel (import_id, author_subject, author_role, recorded_at) \
               VALUES ($1, $2, $3, $4) ON CONFLICT (import_id) DO NOTHING";
    let Cancel { by, at } = cancel;
    let values =
        [import_id.as_str().into(), by.subject.as_str().into(), by.role.as_str().into(), (*at).into()];
    tx.execute_raw(statement(tx, sql, values)).await?;
    Ok(())
}

/// An import in this state is stopped. `false`: it is in another by now.
pub(crate) async fn cancelled(
    tx: &Tx<'_>,
    import_id: &ImportId,
    from: State,
    now: DateTime<Utc>,
) -> Result<bool, DbError> {
    let sql = "UPDATE import SET state = 'cancelled', ended_at = $2 WHERE import_id = $1 AND state = $3";
    let values = [import_id.as_str().into(), now.into(), from.as_str().into()];
    let done = tx.execute_raw(statement(tx, sql, values)).await?.rows_affected() == 1;
    if done {
        drop_entries(tx, import_id).await?;
    }
    Ok(done)
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
    rows.iter().map(id).collect()
}

fn id(row: &QueryResult) -> Result<ImportId, DbError> {
    Ok(row.try_get::<String>("", "import_id")?.into())
}

fn row(row: &QueryResult) -> Result<Row, DbError> {
    let import_id = id(row)?;
    let state: String = row.try_get("", "state")?;
    let state = State::read(&state)
        .ok_or_else(|| DbError::row("import", "state", import_id.as_str(), format!("{state} is no state")))?;
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
        started_at: row.try_get("", "started_at")?,
        ended_at: row.try_get("", "ended_at")?,
        cancel_asked: row.try_get("", "cancel_asked")?,
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
