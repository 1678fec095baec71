use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::{self, BoxStream};
use niva_base::OpError;
use niva_store::schema::Migration;
use niva_store::{DbError, Tx};
use niva_testing::TestDb;
use sea_orm::{ConnectionTrait, Statement};
use sea_orm_migration::MigrationTrait;
use tokio::sync::Notify;
use tonic::Status;

use super::*;
use crate::consumers::Consumers;
use crate::cursor::{consumer_migration, cursor};
use crate::source::{FeedEvent, Heard, Meaning};

struct Migrator;

impl sea_orm_migration::MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            consumer_migration(),
            Migration::boxed("applied", "CREATE TABLE applied (position {int} PRIMARY KEY)"),
        ]
    }
}

/// Positions 3, 6, 9 …: ascending, not dense.
fn log(count: i64) -> Vec<FeedEvent<i64>> {
    (1..=count)
        .map(|n| FeedEvent { position: n * 3, previous: (n - 1) * 3, meaning: Meaning::Known, event: n })
        .collect()
}

/// What one opening of the feed gives: messages, and then it ends, breaks, or stays open.
type Script = Vec<Result<Heard<i64>, Status>>;

/// A feed that misbehaves as it is told, and then behaves.
#[derive(Clone)]
struct Source {
    log: Vec<FeedEvent<i64>>,
    scripts: Arc<Mutex<VecDeque<Script>>>,
    healed: Arc<AtomicBool>,
    gap_at: Option<i64>,
}

impl Source {
    fn new(count: i64) -> Self {
        Self { log: log(count), scripts: Arc::default(), healed: Arc::default(), gap_at: None }
    }

    fn heard(&self, events: &[FeedEvent<i64>]) -> Heard<i64> {
        Heard { events: events.to_vec(), newest: self.log.last().unwrap().position }
    }
}

#[async_trait::async_trait]
impl FeedSource<i64> for Source {
    async fn open(&self, after: i64) -> Result<BoxStream<'static, Result<Heard<i64>, Status>>, Status> {
        if let Some(script) = self.scripts.lock().unwrap().pop_front() {
            return match script.first() {
                Some(Err(status)) => Err(status.clone()),
                _ => Ok(stream::iter(script).boxed()),
            };
        }
        let gap = self.gap_at.filter(|_| !self.healed.load(Ordering::Acquire));
        let rest = self.log.iter().filter(|e| e.position > after && Some(e.position) != gap);
        let rest: Vec<_> = rest.cloned().collect();
        let messages: Script = rest.chunks(7).map(|events| Ok(self.heard(events))).collect();
        Ok(stream::iter(messages).chain(stream::pending()).boxed())
    }
}

#[derive(Clone, Default)]
struct Sink {
    /// Fails once after it has written, when it meets this event.
    fails_at: Arc<Mutex<Option<i64>>>,
    /// Told when `apply` has written and hangs, at this event.
    hangs_at: Option<i64>,
    hanging: Arc<Notify>,
}

#[async_trait::async_trait]
impl FeedSink<i64> for Sink {
    async fn apply(&self, tx: &Tx<'_>, events: &[FeedEvent<i64>]) -> Result<(), OpError> {
        for event in events {
            // Twice the same position would violate the key.
            let sql = "INSERT INTO applied (position) VALUES ($1)";
            let backend = tx.get_database_backend();
            let insert = Statement::from_sql_and_values(backend, sql, [event.position.into()]);
            tx.execute_raw(insert).await.map_err(DbError::from)?;
            if self.fails_at.lock().unwrap().take_if(|at| *at == event.event).is_some() {
                return Err(OpError::precondition("ON_PURPOSE", "fails on purpose"));
            }
            if self.hangs_at == Some(event.event) {
                self.hanging.notify_one();
                std::future::pending::<()>().await;
            }
        }
        Ok(())
    }
}

async fn applied(db: &TestDb) -> Vec<i64> {
    let sql = "SELECT position FROM applied ORDER BY position";
    let backend = db.conn().get_database_backend();
    let rows = db.conn().query_all_raw(Statement::from_string(backend, sql)).await.unwrap();
    rows.iter().map(|row| row.try_get("", "position").unwrap()).collect()
}

fn consume(db: &TestDb, source: &Source, sink: &Sink, shutdown: &CancellationToken) -> ConsumerHandle {
    let (source, sink) = (source.clone(), sink.clone());
    Consumer::spawn("test", db.db().clone(), Clock::system(), source, sink, shutdown.clone())
}

fn positions(range: std::ops::RangeInclusive<i64>) -> Vec<i64> {
    range.map(|n| n * 3).collect()
}

niva_testing::on_both_databases! {
    async fn a_feed_that_is_cut_doubled_and_replayed_is_applied_exactly_once(db: &TestDb) {
        db.migrate::<Migrator>().await.unwrap();
        let source = Source::new(100);
        let all = &source.log;
        let heard = |range: std::ops::Range<usize>| Ok(source.heard(&all[range]));
        *source.scripts.lock().unwrap() = VecDeque::from([
            vec![Err(Status::unavailable("away"))],
            // Doubled, overlapping, then cut.
            vec![heard(0..10), heard(0..10), heard(5..15), Err(Status::unavailable("cut"))],
            // Replayed from the start, then ended.
            vec![heard(0..0), heard(0..30)],
            vec![heard(2..4), heard(20..40), Err(Status::unknown("cut"))],
        ]);
        let shutdown = CancellationToken::new();
        let consumer = consume(db, &source, &Sink::default(), &shutdown);
        consumer.wait_until(300).await.unwrap();
        assert_eq!(applied(db).await, positions(1..=100));
        let status = consumer.status();
        assert_eq!((status.cursor, status.newest, status.gap, status.last_error), (300, 300, false, None));
        assert_eq!(cursor(db.conn(), "test").await.unwrap(), 300);
        shutdown.cancel();
        consumer.finished().await;
    }

    async fn a_gap_is_refused_until_it_is_healed(db: &TestDb) {
        db.migrate::<Migrator>().await.unwrap();
        let source = Source { gap_at: Some(15 * 3), ..Source::new(30) };
        let shutdown = CancellationToken::new();
        let consumer = consume(db, &source, &Sink::default(), &shutdown);
        consumer.watch().wait_for(|status| status.gap).await.unwrap();
        let status = consumer.status();
        assert!(status.last_error.unwrap().contains("events are missing"));
        // The message with the gap is refused as a whole.
        assert_eq!(applied(db).await, positions(1..=14));
        assert_eq!(cursor(db.conn(), "test").await.unwrap(), 42);
        source.healed.store(true, Ordering::Release);
        consumer.wait_until(90).await.unwrap();
        assert!(!consumer.status().gap);
        assert_eq!(applied(db).await, positions(1..=30));
        shutdown.cancel();
        consumer.finished().await;
    }

    async fn what_cannot_be_applied_leaves_neither_effect_nor_cursor(db: &TestDb) {
        db.migrate::<Migrator>().await.unwrap();
        let source = Source::new(30);
        let sink = Sink::default();
        *sink.fails_at.lock().unwrap() = Some(10);
        let shutdown = CancellationToken::new();
        let consumer = consume(db, &source, &sink, &shutdown);
        let failed = consumer.watch().wait_for(|status| status.last_error.is_some()).await.unwrap().clone();
        assert!(failed.last_error.unwrap().contains("fails on purpose"));
        assert_eq!(failed.cursor, 21, "the first message was applied, the second not at all");
        consumer.wait_until(90).await.unwrap();
        assert_eq!(applied(db).await, positions(1..=30));
        shutdown.cancel();
        consumer.finished().await;
    }

    async fn an_unknown_fact_stops_the_reader_unless_it_may_be_passed_over(db: &TestDb) {
        db.migrate::<Migrator>().await.unwrap();
        let mut source = Source::new(30);
        source.log[3].meaning = Meaning::Ignorable;
        source.log[11].meaning = Meaning::Unknown;
        let shutdown = CancellationToken::new();
        let consumer = consume(db, &source, &Sink::default(), &shutdown);
        let unknown = |status: &ConsumerStatus| {
            status.last_error.as_ref().is_some_and(|words| words.contains("a newer version"))
        };
        let stopped = consumer.watch().wait_for(unknown).await.unwrap().clone();
        assert_eq!((stopped.cursor, stopped.connected), (33, false));
        let known: Vec<i64> = positions(1..=11).into_iter().filter(|position| *position != 12).collect();
        assert_eq!(applied(db).await, known, "all before it but what was passed over");
        assert_eq!(cursor(db.conn(), "test").await.unwrap(), 33);
        consumer.task.abort();
        // A newer program knows it, and goes on there.
        source.log[11].meaning = Meaning::Known;
        let newer = consume(db, &source, &Sink::default(), &shutdown);
        newer.wait_until(90).await.unwrap();
        assert_eq!(applied(db).await.len(), 29);
        shutdown.cancel();
        newer.finished().await;
    }

    async fn a_request_waits_for_a_feed_or_learns_that_it_is_behind(db: &TestDb) {
        db.migrate::<Migrator>().await.unwrap();
        let shutdown = CancellationToken::new();
        let consumers: Consumers =
            [consume(db, &Source::new(10), &Sink::default(), &shutdown)].into_iter().collect();
        consumers.reach(&[("test", 30)]).await.unwrap();
        consumers.reach_newest().await.unwrap();
        let status = consumers.status(db.conn()).await.unwrap();
        assert_eq!((status[0].applied_position, status[0].newest_position), (30, 30));
        assert!(status[0].update_time.is_some());
        let behind = consumers.reach_within(&[("test", 31)], Duration::from_millis(20)).await.unwrap_err();
        assert_eq!(behind.reason(), "FEED_BEHIND");
        let other = consumers.reach(&[("other", 1)]).await.unwrap_err();
        assert_eq!(other.to_string(), "min_positions: names a feed that is not followed here: give one of test");
        shutdown.cancel();
    }

    async fn a_consumer_that_is_killed_while_it_applies_goes_on_where_it_was(db: &TestDb) {
        db.migrate::<Migrator>().await.unwrap();
        let source = Source::new(30);
        let shutdown = CancellationToken::new();
        let sink = Sink { hangs_at: Some(10), ..Sink::default() };
        let killed = consume(db, &source, &sink, &shutdown);
        sink.hanging.notified().await;
        killed.task.abort();
        assert!(killed.wait_until(90).await.is_err());
        let consumer = consume(db, &source, &Sink::default(), &shutdown);
        consumer.wait_until(90).await.unwrap();
        assert_eq!(applied(db).await, positions(1..=30));
        shutdown.cancel();
        consumer.finished().await;
    }

    async fn two_replicas_apply_each_event_once(db: &TestDb) {
        db.migrate::<Migrator>().await.unwrap();
        let source = Source::new(300);
        let shutdown = CancellationToken::new();
        let one = consume(db, &source, &Sink::default(), &shutdown);
        let other = consume(db, &source, &Sink::default(), &shutdown);
        one.wait_until(900).await.unwrap();
        other.wait_until(900).await.unwrap();
        assert_eq!(applied(db).await, positions(1..=300));
        shutdown.cancel();
        one.finished().await;
        other.finished().await;
    }
}

#[tokio::test]
async fn waiting_for_a_consumer_that_has_ended_ends() {
    let db = TestDb::sqlite().await;
    db.migrate::<Migrator>().await.unwrap();
    let shutdown = CancellationToken::new();
    let consumer = consume(&db, &Source::new(3), &Sink::default(), &shutdown);
    consumer.wait_until(9).await.unwrap();
    shutdown.cancel();
    let ended = tokio::time::timeout(Duration::from_secs(60), consumer.wait_until(12)).await.unwrap();
    assert!(ended.unwrap_err().to_string().contains("at position 9"));
    consumer.finished().await;
}
