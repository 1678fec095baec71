//! Revisions of facts: each telling is a row that is never changed, so that every fact can be read as it stood.
//!
//! The table holds the message of the contract without its `FactInfo`, and that in columns. What stands now, as far as
//! queries, locks and constraints need it, is in the resource's own table.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use niva_base::OpError;
use niva_facts::{Author, Fact, Info, State, Telling};
use niva_names::FactId;
use prost::Message;
use sea_orm::{ConnectionTrait, DbBackend, QueryResult, Statement, Value};
use sea_orm_migration::MigrationTrait;

use crate::bulk::{self, Cell};
use crate::error::DbError;
use crate::page::PageRequest;
use crate::schema::Migration;
use crate::tx::Tx;

/// Keys in one query: below the 32 766 binds that SQLite takes.
const CHUNK: usize = 1_000;

const COLUMNS: [&str; 9] = [
    "kind",
    "fact_id",
    "revision",
    "state",
    "content",
    "recorded_at",
    "author_subject",
    "author_role",
    "reason",
];

/// Keeps new revisions: messages with their `FactInfo`.
///
/// # Errors
/// `CONFLICT` when somebody else told the same revision meanwhile; a message without its `FactInfo` is a defect.
pub async fn append<M: Fact + Message + Clone>(tx: &Tx<'_>, facts: &[M]) -> Result<(), OpError> {
    let mut rows = Vec::with_capacity(facts.len());
    for fact in facts {
        let info = fact.info().ok_or_else(|| OpError::internal(format!("a {} without FactInfo", M::KIND)))?;
        let mut content = fact.clone();
        content.set_info(None);
        let Info { fact_id, revision, state, told } = info;
        rows.push([
            Cell::from(M::KIND),
            String::from(fact_id).into(),
            revision.into(),
            state.as_str().into(),
            content.encode_to_vec().into(),
            told.recorded_at.into(),
            told.author.subject.into(),
            told.author.role.into(),
            told.reason.into(),
        ]);
    }
    match bulk::insert(tx, "fact_revision", COLUMNS, rows).await {
        Err(error) if error.is_unique_violation() => Err(OpError::Conflict(error.into())),
        done => Ok(done.map(|_| ())?),
    }
}

/// A fact as it stands: its newest revision, withdrawn or not.
///
/// # Errors
/// The database's.
pub async fn newest<M: Fact + Message + Default>(
    db: &impl ConnectionTrait,
    id: &M::Id,
) -> Result<Option<M>, DbError> {
    let sql = "SELECT * FROM fact_revision WHERE kind = $1 AND fact_id = $2 ORDER BY revision DESC LIMIT 1";
    one(db, sql, [M::KIND.into(), id.as_ref().into()]).await
}

/// A fact as it stood at a recorded time: its newest revision told by then.
///
/// # Errors
/// The database's.
pub async fn as_of<M: Fact + Message + Default>(
    db: &impl ConnectionTrait,
    id: &M::Id,
    at: DateTime<Utc>,
) -> Result<Option<M>, DbError> {
    let sql = "SELECT * FROM fact_revision WHERE kind = $1 AND fact_id = $2 AND recorded_at <= $3 \
               ORDER BY revision DESC LIMIT 1";
    one(db, sql, [M::KIND.into(), id.as_ref().into(), at.into()]).await
}

/// A fact now, or as it stood at a recorded time.
///
/// # Errors
/// `AS_OF_IN_FUTURE`; the database's.
pub async fn read<M: Fact + Message + Default>(
    db: &impl ConnectionTrait,
    id: &M::Id,
    at: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> Result<Option<M>, OpError> {
    match at {
        None => Ok(newest(db, id).await?),
        Some(at) => {
            has_come(at, now)?;
            Ok(as_of(db, id, at).await?)
        }
    }
}

/// Whether a fact can be read as it stood at a recorded time.
///
/// # Errors
/// `AS_OF_IN_FUTURE`.
pub fn has_come(at: DateTime<Utc>, now: DateTime<Utc>) -> Result<(), OpError> {
    if at <= now {
        return Ok(());
    }
    let words = "has not come yet, and what will be known then cannot be said: give a time up to now";
    Err(OpError::invalid("as_of", "AS_OF_IN_FUTURE", words))
}

/// The newest revisions of some facts, by id; ids that are not there are left out.
///
/// # Errors
/// The database's.
pub async fn newest_of<M: Fact + Message + Default>(
    db: &impl ConnectionTrait,
    ids: &[&M::Id],
) -> Result<BTreeMap<M::Id, M>, DbError> {
    let postgres = db.get_database_backend() == DbBackend::Postgres;
    let mut found = BTreeMap::new();
    for ids in ids.chunks(CHUNK) {
        let wanted: Vec<String> = (2..2 + ids.len()).map(|n| format!("(${n})")).collect();
        // Fact by fact, whatever a database believes of the table.
        let sql = if postgres {
            format!(
                "SELECT fact.* FROM (VALUES {}) AS wanted (wanted_id) CROSS JOIN LATERAL (SELECT * FROM fact_revision \
                 WHERE kind = $1 AND fact_id = wanted_id ORDER BY revision DESC LIMIT 1) AS fact",
                wanted.join(", ")
            )
        } else {
            format!(
                "WITH wanted (wanted_id) AS (VALUES {}) SELECT fact_revision.* FROM wanted CROSS JOIN fact_revision \
                 WHERE kind = $1 AND fact_id = wanted_id AND revision = (SELECT MAX(revision) FROM fact_revision \
                 WHERE kind = $1 AND fact_id = wanted_id)",
                wanted.join(", ")
            )
        };
        let values = std::iter::once(M::KIND.into()).chain(ids.iter().map(|id| id.as_ref().into()));
        for row in db.query_all_raw(statement(db, &sql, values)).await? {
            let message: M = message(&row)?;
            found.insert(message.id(), message);
        }
    }
    Ok(found)
}

/// The newest revisions of facts, in the order of `ids`; those that are not there are left out.
///
/// # Errors
/// The database's.
pub async fn in_order<M: Fact + Message + Default>(
    db: &impl ConnectionTrait,
    ids: &[M::Id],
) -> Result<Vec<M>, DbError> {
    let mut found = newest_of(db, &ids.iter().collect::<Vec<_>>()).await?;
    Ok(ids.iter().filter_map(|id| found.remove(id)).collect())
}

/// The facts of a page as they stand, and the next page's token. `ids` are those that were found for the page, whose key is the id.
///
/// # Errors
/// The database's.
pub async fn listed<M: Fact + Message + Default>(
    db: &impl ConnectionTrait,
    page: &PageRequest,
    ids: Vec<M::Id>,
) -> Result<(Vec<M>, String), DbError> {
    let (ids, next_page_token) = page.cut(ids, ToString::to_string);
    Ok((in_order(db, &ids).await?, next_page_token))
}

/// A page of a fact's revisions, the first first, and the next page's token. The page's key is the revision.
///
/// # Errors
/// The database's.
pub async fn revisions<M: Fact + Message + Default>(
    db: &impl ConnectionTrait,
    id: &M::Id,
    page: &PageRequest,
) -> Result<(Vec<M>, String), DbError> {
    let after: i64 = page.after.as_deref().and_then(|after| after.parse().ok()).unwrap_or(0);
    let sql = "SELECT * FROM fact_revision WHERE kind = $1 AND fact_id = $2 AND revision > $3 \
               ORDER BY revision LIMIT $4";
    let limit = i64::try_from(page.limit()).unwrap_or(i64::MAX);
    let values = [M::KIND.into(), id.as_ref().into(), after.into(), limit.into()];
    let rows = db.query_all_raw(statement(db, sql, values)).await?;
    let told = rows.iter().map(message).collect::<Result<Vec<M>, _>>()?;
    Ok(page.cut(told, |fact| fact.info().map_or(0, |info| info.revision).to_string()))
}

/// All of a fact's revisions, the first first: for what is told of so seldom that it needs no pages.
///
/// # Errors
/// The database's.
pub async fn all<M: Fact + Message + Default>(
    db: &impl ConnectionTrait,
    id: &M::Id,
) -> Result<Vec<M>, DbError> {
    let sql = "SELECT * FROM fact_revision WHERE kind = $1 AND fact_id = $2 ORDER BY revision";
    db.query_all_raw(statement(db, sql, [M::KIND.into(), id.as_ref().into()]))
        .await?
        .iter()
        .map(message)
        .collect()
}

/// Who told the revisions of a fact after one of them; after 0, all.
///
/// # Errors
/// The database's.
pub async fn authors_since<M: Fact>(
    db: &impl ConnectionTrait,
    id: &M::Id,
    revision: i64,
) -> Result<Vec<String>, DbError> {
    let sql = "SELECT DISTINCT author_subject FROM fact_revision WHERE kind = $1 AND fact_id = $2 AND revision > $3";
    let values = [M::KIND.into(), id.as_ref().into(), revision.into()];
    let rows = db.query_all_raw(statement(db, sql, values)).await?;
    rows.iter().map(|row| Ok(row.try_get("", "author_subject")?)).collect()
}

async fn one<M: Fact + Message + Default>(
    db: &impl ConnectionTrait,
    sql: &str,
    values: impl IntoIterator<Item = Value>,
) -> Result<Option<M>, DbError> {
    db.query_one_raw(statement(db, sql, values)).await?.as_ref().map(message).transpose()
}

fn statement(db: &impl ConnectionTrait, sql: &str, values: impl IntoIterator<Item = Value>) -> Statement {
    Statement::from_sql_and_values(db.get_database_backend(), sql, values)
}

fn message<M: Fact + Message + Default>(row: &QueryResult) -> Result<M, DbError> {
    let fact_id: FactId = row.try_get::<String>("", "fact_id")?.into();
    let bad = |column, problem: String| DbError::row("fact_revision", column, fact_id.as_str(), problem);
    let content: Vec<u8> = row.try_get("", "content")?;
    let mut message = M::decode(content.as_slice()).map_err(|e| bad("content", e.to_string()))?;
    let state = match row.try_get::<String>("", "state")?.as_str() {
        "stands" => State::Stands,
        "withdrawn" => State::Withdrawn,
        other => return Err(bad("state", format!("{other} is no state"))),
    };
    let author =
        Author { subject: row.try_get("", "author_subject")?, role: row.try_get("", "author_role")? };
    let told =
        Telling { author, recorded_at: row.try_get("", "recorded_at")?, reason: row.try_get("", "reason")? };
    let revision = row.try_get("", "revision")?;
    message.set_info(Some(&Info { fact_id, revision, state, told }));
    Ok(message)
}

/// The table `fact_revision`. Put it into the service's `Migrator`.
#[must_use]
pub fn migration() -> Box<dyn MigrationTrait> {
    Migration::boxed("fact_revision_1", include_str!("../migrations/0001_fact_revision.sql"))
}
