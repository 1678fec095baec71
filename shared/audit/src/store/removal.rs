//! Checkpoints, and what they stand for, removed.

use niva_store::{DbError, Tx};
use sea_orm::{ConnectionTrait, QueryResult};

use super::{execute, rows};
use crate::chain::Checkpoint;

const COLUMNS: &str = "checkpoint_no, first_seal, last_seal, after_position, last_position, records, before_sha256, \
                       last_sha256, first_at, last_at, sealed_at, years, hold_step_no, hold_sha256, removed_at, sha256";

/// Checkpoints after one, in order.
pub(crate) async fn checkpoints(
    db: &impl ConnectionTrait,
    after: i64,
    limit: u64,
) -> Result<Vec<Checkpoint>, DbError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM audit_checkpoint WHERE checkpoint_no > $1 ORDER BY checkpoint_no LIMIT $2"
    );
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    rows(db, sql, [after.into(), limit.into()]).await?.iter().map(read).collect()
}

/// The newest checkpoint.
pub(crate) async fn newest(db: &impl ConnectionTrait) -> Result<Option<Checkpoint>, DbError> {
    let sql = format!("SELECT {COLUMNS} FROM audit_checkpoint ORDER BY checkpoint_no DESC LIMIT 1");
    rows(db, sql, []).await?.first().map(read).transpose()
}

/// The checkpoint whose last seal this is.
pub(crate) async fn ending_with(
    db: &impl ConnectionTrait,
    seal_no: i64,
) -> Result<Option<Checkpoint>, DbError> {
    let sql = format!("SELECT {COLUMNS} FROM audit_checkpoint WHERE last_seal = $1");
    rows(db, sql, [seal_no.into()]).await?.first().map(read).transpose()
}

fn read(row: &QueryResult) -> Result<Checkpoint, DbError> {
    let number = |column: &str| row.try_get::<i64>("", column);
    let text = |column: &str| row.try_get::<String>("", column);
    Ok(Checkpoint {
        checkpoint_no: number("checkpoint_no")?,
        first_seal: number("first_seal")?,
        last_seal: number("last_seal")?,
        after_position: number("after_position")?,
        last_position: number("last_position")?,
        records: number("records")?,
        before_sha256: text("before_sha256")?,
        last_sha256: text("last_sha256")?,
        calls: (row.try_get("", "first_at")?, row.try_get("", "last_at")?),
        sealed_at: row.try_get("", "sealed_at")?,
        years: u32::try_from(number("years")?).unwrap_or(u32::MAX),
        hold_step_no: number("hold_step_no")?,
        hold_sha256: text("hold_sha256")?,
        removed_at: row.try_get("", "removed_at")?,
        sha256: text("sha256")?,
    })
}

/// Keeps a checkpoint, and removes what it stands for.
pub(crate) async fn remove(tx: &Tx<'_>, checkpoint: &Checkpoint) -> Result<(), DbError> {
    let c = checkpoint;
    let sql = format!(
        "INSERT INTO audit_checkpoint ({COLUMNS}) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)"
    );
    let values = [
        c.checkpoint_no.into(),
        c.first_seal.into(),
        c.last_seal.into(),
        c.after_position.into(),
        c.last_position.into(),
        c.records.into(),
        c.before_sha256.as_str().into(),
        c.last_sha256.as_str().into(),
        c.calls.0.into(),
        c.calls.1.into(),
        c.sealed_at.into(),
        i64::from(c.years).into(),
        c.hold_step_no.into(),
        c.hold_sha256.as_str().into(),
        c.removed_at.into(),
        c.sha256.as_str().into(),
    ];
    execute(tx, sql, values).await?;
    for table in ["audit_about", "audit_record"] {
        let sql = format!("DELETE FROM {table} WHERE position > $1 AND position <= $2");
        execute(tx, sql, [c.after_position.into(), c.last_position.into()]).await?;
    }
    let sql = "DELETE FROM audit_seal WHERE seal_no >= $1 AND seal_no <= $2";
    execute(tx, sql, [c.first_seal.into(), c.last_seal.into()]).await.map(drop)
}
