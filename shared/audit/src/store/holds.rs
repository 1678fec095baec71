//! Steps of legal holds, and which seals they keep.

use chrono::{DateTime, Utc};
use niva_facts::Author;
use niva_names::{LegalHoldId, PersonId};
use niva_store::audit::HOLD_LOCK;
use niva_store::{DbError, Tx};
use sea_orm::{ConnectionTrait, QueryResult};

use super::{Query, execute, rows};
use crate::chain::{HoldStep, Keeps};
use crate::people::Ids;

/// Who places or lifts a hold, and who removes records, wait for each other.
pub(crate) async fn lock(tx: &Tx<'_>) -> Result<(), DbError> {
    if tx.is_postgres() {
        tx.execute_unprepared(&format!("SELECT pg_advisory_xact_lock({HOLD_LOCK})")).await?;
    }
    Ok(())
}

/// All steps, in order: a city has few.
pub(crate) async fn steps(db: &impl ConnectionTrait) -> Result<Vec<HoldStep>, DbError> {
    let sql = "SELECT step_no, legal_hold_id, lifts, person_id, since, until, reason, subject, role, recorded_at, sha256 \
               FROM audit_hold_step ORDER BY step_no";
    rows(db, sql, []).await?.iter().map(step).collect()
}

fn step(row: &QueryResult) -> Result<HoldStep, DbError> {
    let at = |column: &str| row.try_get::<Option<DateTime<Utc>>>("", column);
    let person: PersonId = row.try_get("", "person_id")?;
    Ok(HoldStep {
        step_no: row.try_get("", "step_no")?,
        id: row.try_get("", "legal_hold_id")?,
        lifts: row.try_get("", "lifts")?,
        keeps: Keeps {
            person_id: Some(person).filter(|person| !person.as_str().is_empty()),
            since: at("since")?,
            until: at("until")?,
        },
        reason: row.try_get("", "reason")?,
        author: Author { subject: row.try_get("", "subject")?, role: row.try_get("", "role")? },
        recorded_at: row.try_get("", "recorded_at")?,
        sha256: row.try_get("", "sha256")?,
    })
}

/// Adds a step.
pub(crate) async fn add(tx: &Tx<'_>, step: &HoldStep) -> Result<(), DbError> {
    let sql = "INSERT INTO audit_hold_step (step_no, legal_hold_id, lifts, person_id, since, until, reason, subject, role, \
               recorded_at, sha256) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
    let HoldStep { step_no, id, lifts, keeps, reason, author, recorded_at, sha256 } = step;
    let values = [
        (*step_no).into(),
        id.as_str().into(),
        (*lifts).into(),
        keeps.person_id.as_ref().map_or("", PersonId::as_str).into(),
        keeps.since.into(),
        keeps.until.into(),
        reason.as_str().into(),
        author.subject.as_str().into(),
        author.role.as_str().into(),
        (*recorded_at).into(),
        sha256.as_str().into(),
    ];
    execute(tx, sql, values).await.map(drop)
}

/// Writes down which seals a hold on a person keeps; `ids`: all by which records name that person.
pub(crate) async fn keep(tx: &Tx<'_>, id: &LegalHoldId, keeps: &Keeps, ids: &Ids) -> Result<(), DbError> {
    let mut query = Query::default();
    let hold = query.bind(id.as_str());
    query.about(ids);
    for (how, at) in [(">=", keeps.since), ("<", keeps.until)] {
        if let Some(at) = at {
            query.compare("recorded_at", how, at);
        }
    }
    let Query { conditions, values } = query;
    let sql = format!(
        "INSERT INTO audit_kept (seal_no, legal_hold_id) SELECT DISTINCT sealed.seal_no, {hold} FROM \
         (SELECT (SELECT seal_no FROM audit_seal WHERE last_position >= audit_record.position \
         ORDER BY last_position LIMIT 1) AS seal_no FROM audit_record WHERE {}) AS sealed \
         WHERE sealed.seal_no IS NOT NULL ON CONFLICT (seal_no, legal_hold_id) DO NOTHING",
        conditions.join(" AND ")
    );
    execute(tx, sql, values).await.map(drop)
}

/// Which of some seals which holds keep, as far as it is written down; lifted holds too.
pub(crate) async fn kept(
    db: &impl ConnectionTrait,
    (first, last): (i64, i64),
) -> Result<Vec<(i64, LegalHoldId)>, DbError> {
    let sql =
        "SELECT seal_no, legal_hold_id FROM audit_kept WHERE seal_no >= $1 AND seal_no <= $2 ORDER BY 1, 2";
    let found = rows(db, sql, [first.into(), last.into()]).await?;
    found.iter().map(|row| Ok((row.try_get("", "seal_no")?, row.try_get("", "legal_hold_id")?))).collect()
}
