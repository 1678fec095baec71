//! The consumer's side: each batch is applied in one transaction together with the cursor, so that a feed that is cut,
//! doubled or replayed leaves every event applied exactly once.

mod run;

use futures_util::stream::BoxStream;
use sea_orm::{ConnectionTrait, Statement};
use sea_orm_migration::MigrationTrait;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tonic::Status;

use crate::Clock;
use crate::db::{Database, DbError, Tx};
use crate::error::OpError;
use crate::schema::Ddl;

/// An event as it came over the wire.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeedEvent<E> {
    /// Its position; ascending.
    pub position: i64,
    /// Position of the event just before it; 0 for the first.
    pub previous: i64,
    /// What happened.
    pub event: E,
}

/// One message of a feed: events in order, or a heartbeat when there are none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heard<E> {
    /// Events in order.
    pub events: Vec<FeedEvent<E>>,
    /// Newest position of the feed when the message was made.
    pub newest: i64,
}

/// A feed to consume: an adapter over the producer's generated client.
#[async_trait::async_trait]
pub trait FeedSource<E>: Send + Sync + 'static {
    /// Opens the feed after a position.
    ///
    /// # Errors
    /// The producer's, or the network's: the consumer comes again.
    async fn open(&self, after: i64) -> Result<BoxStream<'static, Result<Heard<E>, Status>>, Status>;
}

/// What to do with the events of a feed.
#[async_trait::async_trait]
pub trait FeedSink<E>: Send + Sync + 'static {
    /// Applies events, in order, in the transaction that also moves the cursor. It may run again after a conflict.
    ///
    /// # Errors
    /// Nothing is applied and the cursor stays; the same events come again after a pause.
    async fn apply(&self, tx: &Tx<'_>, events: &[FeedEvent<E>]) -> Result<(), OpError>;

    /// Called after the commit: the place to wake the streams of one's own feed.
    fn committed(&self) {}
}

/// How a consumer is doing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConsumerStatus {
    /// Position of the last event applied.
    pub cursor: i64,
    /// Newest position that the producer told of.
    pub newest: i64,
    /// Whether the feed is open.
    pub connected: bool,
    /// The feed skipped something and is refused until what is missing comes.
    pub gap: bool,
    /// Why the last attempt ended, until an event is applied again.
    pub last_error: Option<String>,
}

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

/// The stored cursor of a feed: 0 before the first event.
///
/// # Errors
/// The database's.
pub async fn cursor(db: &impl ConnectionTrait, feed: &str) -> Result<i64, DbError> {
    read_cursor(db, "SELECT position FROM feed_cursor WHERE feed = $1", feed).await
}

async fn read_cursor(db: &impl ConnectionTrait, sql: &str, feed: &str) -> Result<i64, DbError> {
    let select = Statement::from_sql_and_values(db.get_database_backend(), sql, [feed.into()]);
    let row = db.query_one_raw(select).await?;
    Ok(row.map(|row| row.try_get("", "position")).transpose()?.unwrap_or(0))
}

/// The table `feed_cursor`. Put it into a consuming service's `Migrator`.
#[must_use]
pub fn migration() -> Box<dyn MigrationTrait> {
    Ddl::boxed(
        "kit_feed_cursor_1",
        |_| {
            vec![
                "CREATE TABLE feed_cursor (feed TEXT PRIMARY KEY, position {int} NOT NULL, \
                 updated_at {instant} NOT NULL)",
            ]
        },
        &["DROP TABLE feed_cursor"],
    )
}

#[cfg(test)]
mod tests;
