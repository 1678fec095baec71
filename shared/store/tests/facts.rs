//! Revisions of facts, and the changes that tell them.

use chrono::{DateTime, Utc};
use niva_access::{Reach, Scope, SecretKey};
use niva_base::OpError;
use niva_facts::{Author, Changing, Fact, Info, Telling, Tells};
use niva_feed::{FeedLog, NewEvent};
use niva_names::FactId;
use niva_proto::common::v1::{Date, FactInfo};
use niva_store::facts::{append, as_of, migration, newest, newest_of, read, revisions};
use niva_store::page::PageRequest;
use niva_store::{Tx, audit, request};
use niva_testing::TestDb;
use prost::Message;
use sea_orm::{ConnectionTrait, DbBackend, Statement};
use sea_orm_migration::MigrationTrait;

struct Migrator;

impl sea_orm_migration::MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        let own = [migration(), request::migration(), niva_feed::migration()];
        own.into_iter().chain(audit::migrations()).collect()
    }
}

/// A fact as the contract has them.
#[derive(Clone, PartialEq, Message)]
struct Note {
    #[prost(string, tag = "1")]
    note_id: String,
    #[prost(message, optional, tag = "2")]
    day: Option<Date>,
    #[prost(message, optional, tag = "3")]
    info: Option<FactInfo>,
}

impl Fact for Note {
    type Id = FactId;
    const KIND: &'static str = "note";

    fn fact_id(&self) -> &str {
        &self.note_id
    }

    fn info(&self) -> Option<Info> {
        self.info.as_ref().and_then(niva_proto::facts::read)
    }

    fn set_info(&mut self, info: Option<&Info>) {
        self.info = info.map(niva_proto::facts::write);
    }
}

fn at(hour: u32) -> DateTime<Utc> {
    format!("2024-03-01T{hour:02}:00:00.123456Z").parse().unwrap()
}

fn told(hour: u32, reason: &str) -> Telling {
    let author = Author { subject: "anna".into(), role: "case_officer".into() };
    Telling { author, recorded_at: at(hour), reason: reason.into() }
}

fn note(day: i32, info: &Info) -> Note {
    let mut note =
        Note { note_id: info.fact_id.to_string(), day: Some(Date { year: 2024, month: 3, day }), info: None };
    note.set_info(Some(info));
    note
}

/// Recorded at eight, corrected at ten, withdrawn at twelve.
async fn history(db: &TestDb, id: &str) -> [Note; 3] {
    db.migrate::<Migrator>().await.unwrap();
    let first = Info::first(id, told(8, ""));
    let second = first.corrected(1, told(10, "wrong day")).unwrap();
    let third = second.withdrawn(2, told(12, "wrong person")).unwrap();
    let notes = [note(1, &first), note(2, &second), note(2, &third)];
    let keep = &notes;
    db.write(|tx| Box::pin(async move { append(tx, keep).await })).await.unwrap();
    notes
}

niva_testing::on_both_databases! {
    async fn a_fact_is_read_as_it_stood_at_any_time(db: &TestDb) {
        let [first, second, third] = history(db, "N-1").await;
        let conn = db.conn();
        assert_eq!(newest::<Note>(conn, &"N-1".into()).await.unwrap().as_ref(), Some(&third));
        for (hour, stood) in [(7, None), (8, Some(&first)), (9, Some(&first)), (11, Some(&second)), (12, Some(&third))] {
            assert_eq!(as_of::<Note>(conn, &"N-1".into(), at(hour)).await.unwrap().as_ref(), stood, "at {hour}");
            assert_eq!(read::<Note>(conn, &"N-1".into(), Some(at(hour)), at(13)).await.unwrap().as_ref(), stood);
        }
        let future = read::<Note>(conn, &"N-1".into(), Some(at(14)), at(13)).await.unwrap_err();
        assert_eq!(future.reason(), "AS_OF_IN_FUTURE");
        assert_eq!(newest::<Note>(conn, &"N-2".into()).await.unwrap(), None);
    }

    async fn revisions_come_in_pages(db: &TestDb) {
        let notes = history(db, "N-1").await;
        let page = |token: &str| PageRequest::parse(2, token, SecretKey::of([7; 32]), 100).unwrap();
        let (first, token) = revisions::<Note>(db.conn(), &"N-1".into(), &page("")).await.unwrap();
        assert_eq!(first, notes[..2]);
        let (rest, end) = revisions::<Note>(db.conn(), &"N-1".into(), &page(&token)).await.unwrap();
        assert_eq!((rest, end.as_str()), (notes[2..].to_vec(), ""));
    }

    async fn the_newest_of_many(db: &TestDb) {
        let [_, _, newest] = history(db, "N-1").await;
        let found = newest_of::<Note>(db.conn(), &[&"N-1".into(), &"N-9".into()]).await.unwrap();
        assert_eq!(found.into_values().collect::<Vec<_>>(), [newest]);
    }

    async fn a_revision_is_told_once(db: &TestDb) {
        let notes = &history(db, "N-1").await;
        let again = db.write(|tx| Box::pin(async move { append(tx, &notes[2..]).await })).await;
        assert_eq!(again.unwrap_err().reason(), "CONFLICT");
    }

    async fn a_change_tells_where_it_stands_and_a_rehearsal_leaves_nothing(db: &TestDb) {
        db.migrate::<Migrator>().await.unwrap();
        let log = &FeedLog::new(db.db().clone());
        let scope = anna();
        let rehearsed = keep(log, &scope, &Keep { request_id: "r".into(), validate_only: true }).await.unwrap();
        assert_eq!((rehearsed.revision, rehearsed.feed_position), (1, 0));
        assert_eq!((log.newest().await.unwrap(), newest::<Note>(db.conn(), &"N-1".into()).await.unwrap()), (0, None));
        // Whoever answers it writes the record of it.
        assert_eq!((records(db).await, scope.call().is_kept()), (0, false));
        let request = Keep { request_id: "r".into(), validate_only: false };
        let kept = keep(log, &scope, &request).await.unwrap();
        assert_eq!(kept.feed_position, log.newest().await.unwrap());
        assert_eq!(keep(log, &scope, &request).await.unwrap(), kept);
        let [event] = &log.read(0, 10).await.unwrap()[..] else { panic!("one event") };
        assert_eq!((event.recorded_at, &event.author), (at(8), scope.author()));
        let note = newest::<Note>(db.conn(), &"N-1".into()).await.unwrap().unwrap();
        assert_eq!(note.info().unwrap().told.author, *scope.author());
        // A repeated call is a call.
        assert_eq!((records(db).await, scope.call().is_kept()), (2, true));
    }

    async fn what_cannot_be_recorded_is_not_done(db: &TestDb) {
        db.migrate::<Migrator>().await.unwrap();
        db.conn().execute_unprepared("ALTER TABLE audit_record RENAME TO away").await.unwrap();
        let (log, scope) = (&FeedLog::new(db.db().clone()), anna());
        let request = Keep { request_id: "r".into(), validate_only: false };
        assert_eq!(keep(log, &scope, &request).await.unwrap_err().reason(), "AUDIT_UNAVAILABLE");
        assert_eq!(newest::<Note>(db.conn(), &"N-1".into()).await.unwrap(), None);
        assert!(!scope.call().is_kept());
    }
}

fn anna() -> Scope {
    Scope::new(Author { subject: "anna".into(), role: "case_officer".into() }, Reach::City)
}

async fn records(db: &TestDb) -> i64 {
    let sql = "SELECT COUNT(*) AS n FROM audit_record";
    let select = Statement::from_string(db.conn().get_database_backend(), sql);
    db.conn().query_one_raw(select).await.unwrap().unwrap().try_get("", "n").unwrap()
}

#[derive(Clone, PartialEq, Message)]
struct Keep {
    #[prost(string, tag = "1")]
    request_id: String,
    #[prost(bool, tag = "2")]
    validate_only: bool,
}

impl Changing for Keep {
    const METHOD: &'static str = "/test/Keep";

    fn request_id(&self) -> &str {
        &self.request_id
    }

    fn validate_only(&self) -> bool {
        self.validate_only
    }

    fn reason(&self) -> &str {
        ""
    }
}

#[derive(Clone, PartialEq, Message)]
struct Kept {
    #[prost(int64, tag = "1")]
    revision: i64,
    #[prost(int64, tag = "2")]
    feed_position: i64,
}

impl Tells for Kept {
    fn set_feed_position(&mut self, position: i64) {
        self.feed_position = position;
    }
}

async fn keep(log: &FeedLog, scope: &Scope, request: &Keep) -> Result<Kept, OpError> {
    log.change(scope, request, at(8), |tx, told| {
        Box::pin(async move {
            let info = Info::first("N-1", told);
            let note = note(1, &info);
            append(tx, std::slice::from_ref(&note)).await?;
            let events = vec![NewEvent::new("note", "N-1", &note)];
            Ok((Kept { revision: info.revision, feed_position: 0 }, events))
        })
    })
    .await
}

/// Rows of revisions that a transaction on PostgreSQL has looked at so far.
async fn looked_at(tx: &Tx<'_>) -> i64 {
    let sql = "SELECT seq_tup_read + COALESCE(idx_tup_fetch, 0) AS rows FROM pg_stat_xact_user_tables \
               WHERE relname = 'fact_revision'";
    let row = tx.query_one_raw(Statement::from_string(DbBackend::Postgres, sql)).await.unwrap().unwrap();
    row.try_get("", "rows").unwrap()
}

/// As in an import: PostgreSQL counts nothing of what a transaction writes before its end, and plans for a table that is empty.
#[tokio::test]
async fn in_a_long_transaction_facts_are_looked_up_and_not_sought() {
    const PARTS: usize = 30;
    const EACH: usize = 500;
    let db = TestDb::postgres().await;
    db.migrate::<Migrator>().await.unwrap();
    let rows = db
        .write(|tx| {
            Box::pin(async move {
                for part in 0..PARTS {
                    let notes: Vec<Note> = (0..EACH)
                        .map(|n| note(1, &Info::first(format!("N-{part}-{n}"), told(8, ""))))
                        .collect();
                    let ids: Vec<FactId> = notes.iter().map(Fact::id).collect();
                    let ids: Vec<&FactId> = ids.iter().collect();
                    assert!(newest_of::<Note>(tx, &ids).await?.is_empty());
                    append(tx, &notes).await?;
                    assert_eq!(newest_of::<Note>(tx, &ids).await?.len(), EACH);
                }
                Ok::<_, OpError>(looked_at(tx).await)
            })
        })
        .await
        .unwrap();
    let facts = i64::try_from(PARTS * EACH).unwrap();
    assert!(rows <= 2 * facts, "{rows} rows for {facts} facts");
}
