//! The consumer's loop.

use std::marker::PhantomData;
use std::time::Duration;

use futures_util::StreamExt;
use niva_base::{Clock, OpError, chain, jittered};
use niva_store::{Database, DbError, Retryable, Tx};
use niva_telemetry::METRICS;
use sea_orm::{ConnectionTrait, Statement};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tonic::Status;

use crate::cursor::{cursor, read_cursor};
use crate::log::HEARTBEAT;
use crate::source::{FeedEvent, FeedSink, FeedSource, Heard, Meaning};
use crate::status::ConsumerStatus;

/// The first pause after a failure; it doubles up to the last.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LAST_PAUSE: Duration = Duration::from_secs(15);
/// Silence after which a feed is opened anew: several heartbeats.
const SILENCE: Duration = Duration::from_secs(6 * HEARTBEAT.as_secs());

pub(super) struct Run<E, Source, Sink> {
    name: &'static str,
    db: Database,
    clock: Clock,
    source: Source,
    sink: Sink,
    status: watch::Sender<ConsumerStatus>,
    shutdown: CancellationToken,
    event: PhantomData<fn() -> E>,
}

/// Why the feed has to be opened anew.
#[derive(Debug, thiserror::Error)]
enum Stopped {
    #[error("the feed cannot be read: {}: {}", .0.code(), .0.message())]
    Source(Status),
    #[error("the feed ended")]
    Ended,
    #[error("the feed was silent for {} s", SILENCE.as_secs())]
    Silent,
    #[error(
        "after position {cursor} the feed went on from {previous}: events are missing and nothing is applied"
    )]
    Gap { cursor: i64, previous: i64 },
    #[error(
        "the event at position {position} tells of something that this program does not know: it needs a newer version"
    )]
    Unknown { position: i64 },
    #[error("an event could not be applied: {}", chain(.0))]
    Apply(OpError),
    #[error("shutdown")]
    Shutdown,
}

impl From<DbError> for Stopped {
    fn from(error: DbError) -> Self {
        Self::Apply(error.into())
    }
}

impl From<sea_orm::DbErr> for Stopped {
    fn from(error: sea_orm::DbErr) -> Self {
        DbError::from(error).into()
    }
}

impl Retryable for Stopped {
    fn is_retryable(&self) -> bool {
        matches!(self, Self::Apply(error) if error.is_retryable())
    }
}

impl<E: Send + Sync + 'static, Source: FeedSource<E>, Sink: FeedSink<E>> Run<E, Source, Sink> {
    pub(super) fn new(
        name: &'static str,
        db: Database,
        clock: Clock,
        source: Source,
        sink: Sink,
        status: watch::Sender<ConsumerStatus>,
        shutdown: CancellationToken,
    ) -> Self {
        Self { name, db, clock, source, sink, status, shutdown, event: PhantomData }
    }

    pub(super) async fn run(self) {
        let mut pause = FIRST_PAUSE;
        loop {
            let mut heard_something = false;
            let stopped = match self.follow(&mut heard_something).await {
                Err(stopped) => stopped,
                Ok(never) => match never {},
            };
            if matches!(stopped, Stopped::Shutdown) {
                self.status.send_modify(|status| status.connected = false);
                return;
            }
            self.note(&stopped);
            if heard_something {
                pause = FIRST_PAUSE;
            }
            tokio::select! {
                () = self.shutdown.cancelled() => return,
                () = tokio::time::sleep(jittered(pause)) => {}
            }
            pause = (pause * 2).min(LAST_PAUSE);
        }
    }

    /// Opens the feed after the stored cursor and applies what comes, until it cannot.
    async fn follow(&self, heard_something: &mut bool) -> Result<std::convert::Infallible, Stopped> {
        let after = cursor(self.db.conn(), self.name).await?;
        self.status.send_modify(|status| status.cursor = after);
        let open = self.source.open(after);
        let mut feed = tokio::select! {
            () = self.shutdown.cancelled() => return Err(Stopped::Shutdown),
            feed = tokio::time::timeout(SILENCE, open) => {
                feed.map_err(|_| Stopped::Silent)?.map_err(Stopped::Source)?
            }
        };
        // It counts as connected once it has been heard: only then is known how much it has told.
        loop {
            let heard = tokio::select! {
                biased;
                () = self.shutdown.cancelled() => return Err(Stopped::Shutdown),
                heard = tokio::time::timeout(SILENCE, feed.next()) => {
                    heard.map_err(|_| Stopped::Silent)?.ok_or(Stopped::Ended)?.map_err(Stopped::Source)?
                }
            };
            self.hear(&heard).await?;
            // A feed that opens well but cannot be applied is still a failing one.
            *heard_something = true;
        }
    }

    async fn hear(&self, heard: &Heard<E>) -> Result<(), Stopped> {
        // How much there is to know is known even when it cannot be applied.
        self.status.send_modify(|status| status.newest = status.newest.max(heard.newest));
        let cursor = if heard.events.is_empty() {
            self.status.borrow().cursor
        } else {
            let events = &heard.events;
            let now = self.clock.now();
            let cursor =
                self.db.write(|tx| Box::pin(async move { self.apply(tx, events, now).await })).await?;
            self.sink.committed();
            cursor
        };
        self.status.send_modify(|status| {
            let newest = heard.newest.max(cursor);
            *status = ConsumerStatus { cursor, newest, connected: true, gap: false, last_error: None };
        });
        tracing::event!(
            target: METRICS,
            tracing::Level::INFO,
            gauge.feed.behind = heard.newest.saturating_sub(cursor).max(0),
            monotonic_counter.feed.heard = heard.events.len() as u64,
            feed = self.name
        );
        // Part of the message was applied: the feed must not go on behind what stopped it.
        let stop = heard.events.iter().find(|e| e.position > cursor && e.meaning == Meaning::Unknown);
        stop.map_or(Ok(()), |event| Err(Stopped::Unknown { position: event.position }))
    }

    /// Applies what is new beyond the stored cursor and moves it; gives the cursor reached.
    async fn apply(
        &self,
        tx: &Tx<'_>,
        events: &[FeedEvent<E>],
        now: chrono::DateTime<chrono::Utc>,
    ) -> Result<i64, Stopped> {
        let at = self.lock_cursor(tx, now).await?;
        // What came twice, and what another replica has applied meanwhile.
        let known = events.iter().take_while(|event| event.position <= at).count();
        let fresh = &events[known..];
        // What comes before an event that stops us is applied; the next time it is the first.
        let fresh = match fresh.iter().position(|event| event.meaning == Meaning::Unknown) {
            Some(0) => return Err(Stopped::Unknown { position: fresh[0].position }),
            Some(stop) => &fresh[..stop],
            None => fresh,
        };
        let Some(last) = fresh.last() else { return Ok(at) };
        let mut cursor = at;
        for event in fresh {
            if event.previous != cursor || event.position <= cursor {
                return Err(Stopped::Gap { cursor, previous: event.previous });
            }
            cursor = event.position;
        }
        for events in fresh.split(|event| event.meaning == Meaning::Ignorable).filter(|e| !e.is_empty()) {
            self.sink.apply(tx, events).await.map_err(Stopped::Apply)?;
        }
        let update = Statement::from_sql_and_values(
            tx.get_database_backend(),
            "UPDATE feed_cursor SET position = $1, updated_at = $2 WHERE feed = $3",
            [last.position.into(), now.into(), self.name.into()],
        );
        tx.execute_raw(update).await?;
        Ok(last.position)
    }

    /// The stored cursor, which nobody else moves until the end of the transaction.
    async fn lock_cursor(&self, tx: &Tx<'_>, now: chrono::DateTime<chrono::Utc>) -> Result<i64, Stopped> {
        let insert = Statement::from_sql_and_values(
            tx.get_database_backend(),
            "INSERT INTO feed_cursor (feed, position, updated_at) VALUES ($1, 0, $2) ON CONFLICT (feed) DO NOTHING",
            [self.name.into(), now.into()],
        );
        tx.execute_raw(insert).await?;
        let lock = if tx.is_postgres() { " FOR UPDATE" } else { "" };
        let sql = format!("SELECT position FROM feed_cursor WHERE feed = $1{lock}");
        Ok(read_cursor(tx, &sql, self.name).await?)
    }

    /// Tells how it stopped: loudly once for each new cause, not at every attempt.
    fn note(&self, stopped: &Stopped) {
        let gap = matches!(stopped, Stopped::Gap { .. });
        let text = stopped.to_string();
        let ended = matches!(stopped, Stopped::Ended);
        let before = self.status.borrow().last_error.clone();
        if gap {
            tracing::event!(
                target: METRICS,
                tracing::Level::INFO,
                monotonic_counter.feed.gaps = 1_u64,
                feed = self.name
            );
        }
        match (before.as_deref() == Some(&text), stopped) {
            (true, _) | (_, Stopped::Ended) => {
                tracing::debug!(feed = self.name, text, "opening the feed anew");
            }
            (_, Stopped::Gap { .. } | Stopped::Unknown { .. } | Stopped::Apply(_)) => {
                tracing::error!(feed = self.name, text, "a feed is stopped; it is tried again");
            }
            _ => tracing::warn!(feed = self.name, text, "opening the feed anew"),
        }
        self.status.send_modify(|status| {
            status.connected = false;
            status.gap = gap || (status.gap && !ended);
            if !ended {
                status.last_error = Some(text);
            }
        });
    }
}
