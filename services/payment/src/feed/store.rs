//! When the cursors of the feeds last moved.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use niva_kit::DbError;
use sea_orm::ConnectionTrait;

use crate::store::{rows, statement};

/// By feed.
pub(crate) async fn moved(db: &impl ConnectionTrait) -> Result<BTreeMap<String, DateTime<Utc>>, DbError> {
    let found =
        rows(db, "feed_cursor", statement(db, "SELECT feed, updated_at FROM feed_cursor", [])).await?;
    found.iter().map(|row| Ok((row.get("feed")?, row.get("updated_at")?))).collect()
}
