//! How far feeds have been applied.

use chrono::{DateTime, Utc};
use niva_store::DbError;
use sea_orm::{ConnectionTrait, Statement};

/// When the cursor of a feed last moved.
pub(crate) async fn cursor_moved(
    db: &impl ConnectionTrait,
    feed: &str,
) -> Result<Option<DateTime<Utc>>, DbError> {
    let sql = "SELECT updated_at FROM feed_cursor WHERE feed = $1";
    let select = Statement::from_sql_and_values(db.get_database_backend(), sql, [feed.into()]);
    Ok(db.query_one_raw(select).await?.map(|row| row.try_get("", "updated_at")).transpose()?)
}
