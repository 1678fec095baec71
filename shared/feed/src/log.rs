//! The producer's side: reading the log without skipping.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use chrono::{DateTime, Utc};
use futures_util::future::BoxFuture;
use futures_util::stream::{self, Stream};
use niva_access::Scope;
use niva_base::OpError;
use niva_facts::{Author, Changing, Telling, Tells};
use niva_proto::common::v1::EventInfo;
use niva_store::request;
use niva_store::{Database, DbError, Retryable, Tx};
use sea_orm::{ConnectionTrait, Statement, Value};
use tokio::sync::watch;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::event::{NewEvent, ORDER_LOCK, append};

/// How often a silent feed says that it lives. Give it to [`follow`].
pub const HEARTBEAT: Duration = Duration::from_secs(5);

/// Events in one message of a stream.
const BATCH: u32 = 500;
/// How often a stream looks for events that another process appended (its own process wakes it at once).
const LOOK: Duration = Duration::from_millis(250);
/// How long a reader waits for writers to end before it leaves new events for the next look. While it waits, writers
/// that start to append wait too; below `deadlock_timeout` (1 s), so that no detector is ever needed.
const ORDER_LOCK_TIMEOUT_MS: u32 = 100;

/// An event in the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Logged {
    /// Its position; ascending.
    pub position: i64,
    /// Position of the event just before it; 0 for the first.
    pub previous: i64,
    /// The encoded event message of the feed's contract.
    pub payload: Vec<u8>,
    /// Whether a reader that does not know its kind may pass over it.
    pub ignorable: bool,
    /// When it became known.
    pub recorded_at: DateTime<Utc>,
    /// Who told it.
    pub author: Author,
    /// Trace of the call that told it; empty without one.
    pub trace_id: String,
}

impl Logged {
    /// Its place in the feed, as the contract tells it.
    #[must_use]
    pub fn info(&self) -> EventInfo {
        EventInfo {
            position: self.position,
            previous_position: self.previous,
            record_time: Some(niva_proto::facts::timestamp(self.recorded_at)),
            author: Some(niva_proto::facts::author(&self.author)),
            trace_id: self.trace_id.clone(),
            ignorable: self.ignorable,
        }
    }
}

/// What a feed's stream yields: a batch of events in order, or a heartbeat when `events` is empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeedItem {
    /// Events in order.
    pub events: Vec<Logged>,
    /// Newest committed position when this was made; a moment later than what `events` can tell, now and then.
    pub newest: i64,
}

/// Why a feed cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum FeedError {
    /// The consumer has seen more than there is: it spoke to another log, or this one was restored from a backup.
    #[error(
        "the cursor {after} is beyond the newest position {newest} of this feed; it belongs to another log"
    )]
    CursorAhead {
        /// The consumer's cursor.
        after: i64,
        /// The newest position.
        newest: i64,
    },
    /// A cursor below 0.
    #[error("the cursor {0} is negative; give 0 to read from the start")]
    CursorNegative(i64),
    /// The database's error.
    #[error(transparent)]
    Database(#[from] DbError),
}

impl From<sea_orm::DbErr> for FeedError {
    fn from(error: sea_orm::DbErr) -> Self {
        Self::Database(error.into())
    }
}

impl Retryable for FeedError {
    fn is_retryable(&self) -> bool {
        matches!(self, Self::Database(e) if e.is_retryable())
    }
}

impl From<FeedError> for OpError {
    fn from(error: FeedError) -> Self {
        let words = error.to_string();
        match error {
            FeedError::CursorAhead { .. } => Self::precondition("CURSOR_AHEAD", words),
            FeedError::CursorNegative(_) => Self::invalid("after_position", "CURSOR_NEGATIVE", words),
            FeedError::Database(error) => error.into(),
        }
    }
}

/// A log that can be followed: what happens is added at its end, each with its position.
pub trait Log: Clone + Send + Sync + 'static {
    /// Wakes whoever follows when something was added by this process.
    fn appended(&self) -> watch::Receiver<()>;

    /// Up to `limit` events after a position, in order, none skipped.
    fn item(&self, after: i64, limit: u32) -> impl Future<Output = Result<FeedItem, FeedError>> + Send;
}

/// Reads the log of a database. Cheap to clone; clones wake each other.
#[derive(Clone, Debug)]
pub struct FeedLog {
    db: Database,
    appended: Arc<watch::Sender<()>>,
    /// Every position up to here is decided, once and for all.
    decided: Arc<AtomicI64>,
}

impl FeedLog {
    /// The log in this database; [`migration`](crate::migration) made its table.
    #[must_use]
    pub fn new(db: Database) -> Self {
        let (appended, _) = watch::channel(());
        Self { db, appended: Arc::new(appended), decided: Arc::new(AtomicI64::new(0)) }
    }

    /// Wakes the streams of this process. Call it after a commit that appended.
    pub fn notify(&self) {
        self.appended.send_replace(());
    }

    /// Runs a changing call once, as [`request::change`] does, appends the events that `work` answers, tells the position
    /// of the last in the answer, and wakes the streams after the commit.
    ///
    /// # Errors
    /// Those of [`request::change`].
    pub async fn change<'a, Q, R, F>(
        &'a self,
        scope: &'a Scope,
        request: &'a Q,
        now: DateTime<Utc>,
        work: F,
    ) -> Result<R, OpError>
    where
        Q: Changing + prost::Message,
        R: Tells + prost::Message + Default + 'static,
        F: for<'t> Fn(&'t Tx<'a>, Telling) -> BoxFuture<'t, Result<(R, Vec<NewEvent>), OpError>>
            + Send
            + Sync,
    {
        let answer = request::change(&self.db, scope, request, now, |tx: &Tx<'a>, told| {
            let work = work(tx, told.clone());
            Box::pin(async move {
                let (mut answer, events) = work.await?;
                let position = append(tx, events, &told).await?;
                // A rehearsed change stands nowhere.
                answer.set_feed_position(if request.validate_only() { 0 } else { position });
                Ok(answer)
            })
        })
        .await;
        self.notify();
        answer
    }

    /// Up to `limit` events after a position, in order, none skipped.
    ///
    /// # Errors
    /// A cursor that is not of this log; the database's.
    pub async fn read(&self, after: i64, limit: u32) -> Result<Vec<Logged>, FeedError> {
        Ok(self.after(after, limit).await?.events)
    }

    /// Newest position that can be read.
    ///
    /// # Errors
    /// The database's.
    pub async fn newest(&self) -> Result<i64, FeedError> {
        self.bound(i64::MAX, max_position(self.db.conn()).await?).await
    }

    /// [`follow`] this log.
    pub fn stream(
        &self,
        after: i64,
        heartbeat: Duration,
        shutdown: CancellationToken,
    ) -> impl Stream<Item = Result<FeedItem, FeedError>> + Send + 'static {
        follow(self, after, heartbeat, shutdown)
    }

    async fn after(&self, after: i64, limit: u32) -> Result<FeedItem, FeedError> {
        if after < 0 {
            return Err(FeedError::CursorNegative(after));
        }
        let newest = max_position(self.db.conn()).await?;
        if after > newest {
            return Err(FeedError::CursorAhead { after, newest });
        }
        let bound = self.bound(after, newest).await?;
        if bound <= after {
            return Ok(FeedItem { events: Vec::new(), newest });
        }
        let select = Statement::from_sql_and_values(
            self.db.conn().get_database_backend(),
            "SELECT position, payload, ignorable, recorded_at, author_subject, author_role, trace_id, \
             COALESCE((SELECT MAX(position) FROM feed_event WHERE position <= $1), 0) AS before \
             FROM feed_event WHERE position > $1 AND position <= $2 ORDER BY position LIMIT $3",
            [Value::from(after), bound.into(), i64::from(limit).into()],
        );
        let mut previous = None;
        let mut events = Vec::new();
        for row in self.db.conn().query_all_raw(select).await? {
            let position: i64 = row.try_get("", "position")?;
            let before = match previous {
                Some(before) => before,
                None => row.try_get("", "before")?,
            };
            events.push(Logged {
                position,
                previous: before,
                payload: row.try_get("", "payload")?,
                ignorable: row.try_get("", "ignorable")?,
                recorded_at: row.try_get("", "recorded_at")?,
                author: Author {
                    subject: row.try_get("", "author_subject")?,
                    role: row.try_get("", "author_role")?,
                },
                trace_id: row.try_get("", "trace_id")?,
            });
            previous = Some(position);
        }
        Ok(FeedItem { events, newest })
    }

    /// The position up to which everything is decided, `newest` being the newest that is committed; looked up only when
    /// the known one is not beyond `after`.
    async fn bound(&self, after: i64, newest: i64) -> Result<i64, FeedError> {
        let known = self.decided.load(Ordering::Acquire);
        if known > after || newest <= known {
            return Ok(known);
        }
        let decided = if self.db.is_postgres() { self.decide().await?.unwrap_or(known) } else { newest };
        Ok(self.decided.fetch_max(decided, Ordering::AcqRel).max(decided))
    }

    /// Waits until all writers that hold the order lock have ended, and looks at the newest position. `None`: they
    /// didn't end in time; look again later.
    async fn decide(&self) -> Result<Option<i64>, FeedError> {
        let done: Result<i64, FeedError> = self
            .db
            .write(|tx| {
                Box::pin(async move {
                    tx.execute_unprepared(&format!(
                        "SET LOCAL lock_timeout = {ORDER_LOCK_TIMEOUT_MS}; SELECT pg_advisory_xact_lock({ORDER_LOCK})"
                    ))
                    .await?;
                    // A statement of its own: its snapshot is taken after the lock.
                    Ok(max_position(tx).await?)
                })
            })
            .await;
        match done {
            Err(FeedError::Database(e)) if e.code().as_deref() == Some("55P03") => Ok(None),
            done => done.map(Some),
        }
    }
}

impl Log for FeedLog {
    fn appended(&self) -> watch::Receiver<()> {
        self.appended.subscribe()
    }

    async fn item(&self, after: i64, limit: u32) -> Result<FeedItem, FeedError> {
        self.after(after, limit).await
    }
}

/// Follows a log from a position: batches as they come, heartbeats in silence. Ends on `shutdown`.
pub fn follow<L: Log>(
    log: &L,
    after: i64,
    heartbeat: Duration,
    shutdown: CancellationToken,
) -> impl Stream<Item = Result<FeedItem, FeedError>> + Send + 'static {
    let appended = log.appended();
    let follower = Follower { appended, log: log.clone(), after, heartbeat, first: true, shutdown };
    stream::unfold(Some(follower), |follower| async move {
        let mut follower = follower?;
        match follower.next().await {
            Ok(None) => None,
            Ok(Some(item)) => Some((Ok(item), Some(follower))),
            Err(error) => Some((Err(error), None)),
        }
    })
}

async fn max_position(db: &impl ConnectionTrait) -> Result<i64, DbError> {
    let sql = "SELECT COALESCE(MAX(position), 0) AS newest FROM feed_event";
    let row = db.query_one_raw(Statement::from_string(db.get_database_backend(), sql)).await?;
    Ok(row.map(|row| row.try_get("", "newest")).transpose()?.unwrap_or(0))
}

struct Follower<L> {
    log: L,
    appended: watch::Receiver<()>,
    after: i64,
    heartbeat: Duration,
    first: bool,
    shutdown: CancellationToken,
}

impl<L: Log> Follower<L> {
    /// The next thing to say; `None` at the end.
    async fn next(&mut self) -> Result<Option<FeedItem>, FeedError> {
        let beat = Instant::now() + self.heartbeat;
        loop {
            // Marked as seen before reading: what is appended while we read wakes us again.
            self.appended.borrow_and_update();
            let item = tokio::select! {
                biased;
                () = self.shutdown.cancelled() => return Ok(None),
                item = self.log.item(self.after, BATCH) => item?,
            };
            // The first answer comes at once, even if empty: the consumer learns how far behind it is.
            if let Some(last) = item.events.last() {
                self.after = last.position;
                self.first = false;
                return Ok(Some(item));
            }
            if std::mem::take(&mut self.first) || Instant::now() >= beat {
                return Ok(Some(item));
            }
            let look = (Instant::now() + LOOK).min(beat);
            tokio::select! {
                () = self.shutdown.cancelled() => return Ok(None),
                () = tokio::time::sleep_until(look) => {}
                _ = self.appended.changed() => {}
            }
        }
    }
}

#[cfg(test)]
mod tests;
