//! The consumer's side: each batch is applied in one transaction together with the cursor, so that a feed that is cut,
//! doubled or replayed leaves every event applied exactly once.

mod run;

use niva_base::Clock;
use niva_store::Database;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::source::{FeedSink, FeedSource};
use crate::status::ConsumerStatus;

/// The consumer has ended before it got so far.
#[derive(Debug, thiserror::Error)]
#[error("the consumer of {feed} has ended at position {cursor}")]
pub struct ConsumerEnded {
    feed: &'static str,
    cursor: i64,
}

/// A feed's consumer.
#[derive(Debug)]
pub struct Consumer;

impl Consumer {
    /// Consumes a feed in the background until `shutdown`. `name` is the feed's name in the table of cursors: what was
    /// applied under it is not applied again.
    pub fn spawn<E: Send + Sync + 'static>(
        name: &'static str,
        db: Database,
        clock: Clock,
        source: impl FeedSource<E>,
        sink: impl FeedSink<E>,
        shutdown: CancellationToken,
    ) -> ConsumerHandle {
        let (status, seen) = watch::channel(ConsumerStatus::default());
        let run = run::Run::new(name, db, clock, source, sink, status, shutdown);
        ConsumerHandle { name, status: seen, task: tokio::spawn(run.run()) }
    }
}

/// A running consumer.
#[derive(Debug)]
pub struct ConsumerHandle {
    name: &'static str,
    status: watch::Receiver<ConsumerStatus>,
    task: JoinHandle<()>,
}

impl ConsumerHandle {
    /// The feed's name in the table of cursors.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// How it is doing now.
    #[must_use]
    pub fn status(&self) -> ConsumerStatus {
        self.status.borrow().clone()
    }

    /// Follows how it is doing.
    #[must_use]
    pub fn watch(&self) -> watch::Receiver<ConsumerStatus> {
        self.status.clone()
    }

    /// Whether the feed is followed: connected, and without a gap. It is told until the consumer ends.
    #[must_use]
    pub fn is_followed(&self) -> watch::Receiver<Option<bool>> {
        let (told, state) = watch::channel(None);
        let mut status = self.watch();
        tokio::spawn(async move {
            loop {
                let followed = {
                    let now = status.borrow_and_update();
                    now.connected && !now.gap
                };
                told.send_replace(Some(followed));
                if status.changed().await.is_err() {
                    return;
                }
            }
        });
        state
    }

    /// Waits until everything up to a position is applied.
    ///
    /// # Errors
    /// The consumer ended before.
    pub async fn wait_until(&self, position: i64) -> Result<(), ConsumerEnded> {
        let mut status = self.status.clone();
        let reached = status.wait_for(|status| status.cursor >= position).await.is_ok();
        let cursor = self.status.borrow().cursor;
        if reached { Ok(()) } else { Err(ConsumerEnded { feed: self.name, cursor }) }
    }

    /// Waits for its end, after the shutdown.
    pub async fn finished(self) {
        if let Err(error) = self.task.await {
            tracing::error!(feed = self.name, %error, "a consumer ended badly");
        }
    }
}

#[cfg(test)]
mod tests;
