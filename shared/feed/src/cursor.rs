//! How far a consumer has come: kept in its own database, moved in the transaction that applies.

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
