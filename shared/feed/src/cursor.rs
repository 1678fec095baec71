//! How far a consumer has come: kept in its own database, moved in the transaction that applies.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use niva_store::DbError;
use niva_store::schema::Migration;
use sea_orm::{ConnectionTrait, Statement};
use sea_orm_migration::MigrationTrait;

/// The stored cursor of a feed: 0 before the first event.
///
/// # Errors
/// The database's.
pub async fn cursor(db: &impl ConnectionTrait, feed: &str) -> Result<i64, DbError> {
    read_cursor(db, "SELECT position FROM feed_cursor WHERE feed = $1", feed).await
}

/// When each feed's cursor last moved.
pub(crate) async fn moved(db: &impl ConnectionTrait) -> Result<BTreeMap<String, DateTime<Utc>>, DbError> {
    let select =
        Statement::from_string(db.get_database_backend(), "SELECT feed, updated_at FROM feed_cursor");
    let rows = db.query_all_raw(select).await?;
    rows.iter().map(|row| Ok((row.try_get("", "feed")?, row.try_get("", "updated_at")?))).collect()
}

pub(crate) async fn read_cursor(db: &impl ConnectionTrait, sql: &str, feed: &str) -> Result<i64, DbError> {
    let select = Statement::from_sql_and_values(db.get_database_backend(), sql, [feed.into()]);
    let row = db.query_one_raw(select).await?;
    Ok(row.map(|row| row.try_get("", "position")).transpose()?.unwrap_or(0))
}

/// The table `feed_cursor`. Put it into a consuming service's `Migrator`.
#[must_use]
pub fn consumer_migration() -> Box<dyn MigrationTrait> {
    Migration::boxed("feed_cursor_1", include_str!("../migrations/0001_cursor.sql"))
}
