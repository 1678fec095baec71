//! Whether a part's database is there, told by the health protocol under the name [`DATABASE`] while it serves.

use std::time::Duration;

use niva_base::{chain, every};
use niva_rpc::server::Watched;
use niva_store::Database;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// The names that the health protocol knows them by.
pub(crate) const DATABASE: &str = "database";
pub(crate) const KEYS: &str = "keys";

/// How often it is asked, and how long it may take to answer.
const PERIOD: Duration = Duration::from_secs(5);

/// Asks again and again until the shutdown.
pub(crate) fn database(db: Database, shutdown: CancellationToken) -> Watched {
    // It was there when the part started.
    let (told, state) = watch::channel(Some(true));
    tokio::spawn(async move {
        let told = &told;
        every(PERIOD, &shutdown, || async {
            let found = tokio::time::timeout(PERIOD, db.conn().ping()).await;
            match &found {
                Ok(Ok(())) => {}
                Ok(Err(error)) => tracing::warn!(error = chain(error), "the database is not there"),
                Err(_) => tracing::warn!("the database does not answer"),
            }
            told.send_replace(Some(matches!(found, Ok(Ok(())))));
        })
        .await;
    });
    state
}
