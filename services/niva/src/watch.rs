//! What `niva verify` finds, looked for while a part serves: soon after its start, and then every so often.
//!
//! The last result is told as metrics (`verify.findings`, `verify.ended`, `verify.failed`), in the log, and by the health
//! protocol under the name [`HEALTH`]. Whoever finds something goes on serving: the city decides what to do.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use niva_base::{Clock, every};
use niva_rpc::server::Watched;
use niva_store::{Database, DbError};
use niva_telemetry::METRICS;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tracing::Level;

/// The name that the health protocol knows it by.
pub(crate) const HEALTH: &str = "verification";

/// The longest wait for the first look: a start has other things to do.
const FIRST: Duration = Duration::from_secs(60);
/// Findings that are written to the log; `niva verify` shows all.
const SHOWN: usize = 100;

/// What in a database is not as it was written, in words.
pub(crate) type Findings<'a> = BoxFuture<'a, Result<Vec<String>, DbError>>;

/// What is looked at.
#[derive(Clone)]
struct Kept {
    part: &'static str,
    verify: fn(&Database) -> Findings<'_>,
    url: String,
    shutdown: CancellationToken,
}

/// Verifies again and again until the shutdown; answers whether all was as it was written when it last looked.
pub(crate) fn start(
    part: &'static str,
    verify: fn(&Database) -> Findings<'_>,
    url: String,
    period: Duration,
    shutdown: CancellationToken,
) -> Watched {
    let (told, state) = watch::channel(None);
    let (told, kept) = (Arc::new(told), Kept { part, verify, url, shutdown: shutdown.clone() });
    tokio::spawn(async move {
        if shutdown.run_until_cancelled(tokio::time::sleep(period.min(FIRST))).await.is_none() {
            return;
        }
        kept.look(&told).await;
        every(period, &shutdown, || kept.look(&told)).await;
    });
    state
}

impl Kept {
    /// Verifies once, on a thread of its own: callers are not to wait for what is counted.
    async fn look(&self, told: &watch::Sender<Option<bool>>) {
        let kept = self.clone();
        let part = self.part;
        let found = match tokio::task::spawn_blocking(move || kept.found()).await {
            // The shutdown came first.
            Ok(Ok(None)) => return,
            Ok(Ok(Some(found))) => Ok(found),
            Ok(Err(error)) => Err(error),
            Err(error) => Err(error.to_string()),
        };
        match found {
            Ok(findings) => {
                for finding in findings.iter().take(SHOWN) {
                    tracing::error!(part, finding, "not as it was written");
                }
                let (found, ended) =
                    (u64::try_from(findings.len()).unwrap_or(u64::MAX), Clock::system().now().timestamp());
                tracing::event!(target: METRICS, Level::INFO, gauge.verify.findings = found, part);
                tracing::event!(target: METRICS, Level::INFO, gauge.verify.ended = ended, part);
                tracing::info!(part, findings = found, "verified");
                told.send_replace(Some(findings.is_empty()));
            }
            Err(error) => {
                tracing::error!(part, error, "cannot be verified");
                tracing::event!(target: METRICS, Level::INFO, monotonic_counter.verify.failed = 1_u64, part);
                told.send_replace(Some(false));
            }
        }
    }

    /// What is found; `None`: the shutdown came first.
    fn found(&self) -> Result<Option<Vec<String>>, String> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| error.to_string())?;
        runtime.block_on(async {
            let found = self.shutdown.run_until_cancelled(self.findings()).await;
            found.transpose().map_err(|error| niva_base::chain(&error))
        })
    }

    /// What is written meanwhile may look like a change: what is found counts when it is looked for again and is there.
    async fn findings(&self) -> Result<Vec<String>, DbError> {
        let db = Database::connect(&self.url).await?;
        let first = self.all(&db).await?;
        if first.is_empty() { Ok(first) } else { self.all(&db).await }
    }

    async fn all(&self, db: &Database) -> Result<Vec<String>, DbError> {
        let mut findings = (self.verify)(db).await?;
        findings.extend(niva_audit::verify(db, None).await?.findings);
        Ok(findings)
    }
}
