//! Sealing: what is written is hashed in order, a batch at a time.

use std::time::Duration;

use niva_base::Clock;
use niva_store::{Database, DbError};

use crate::chain::Seal;
use crate::store;

/// How often it is sealed: so long a record is kept by the database's rights alone.
pub(crate) const PERIOD: Duration = Duration::from_secs(1);
/// Records in one seal at most; what is not as it was written is found to so many.
const BATCH: u64 = 500;

/// Seals all that is written.
///
/// # Errors
/// The database's.
pub(crate) async fn all(db: &Database, clock: &Clock) -> Result<(), DbError> {
    let Some(bound) = store::decided(db).await? else { return Ok(()) };
    while next(db, clock, bound).await? {}
    Ok(())
}

/// Seals the next batch up to a position; whether there may be more.
async fn next(db: &Database, clock: &Clock, bound: i64) -> Result<bool, DbError> {
    let before = store::newest_seal(db.conn()).await?;
    let after = before.as_ref().map_or(0, |before| before.last_position);
    if bound <= after {
        return Ok(false);
    }
    let records = store::records(db.conn(), after, bound, BATCH).await?;
    if records.is_empty() {
        return Ok(false);
    }
    let seal = &Seal::of(before.as_ref(), &records, clock.now());
    let ours: Result<bool, DbError> =
        db.write(|tx| Box::pin(async move { store::seal(tx, seal).await })).await;
    // Another replica may have been first: what comes after its seal is looked at anew.
    if ours? {
        let Seal { seal_no, sha256, records, .. } = seal;
        // Whoever keeps the log elsewhere can say later what the chain was.
        tracing::info!(seal_no, sha256, records, "audit records sealed");
    }
    Ok(true)
}
