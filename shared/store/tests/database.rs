//! Transactions: what is kept, what is undone, what is tried again.

use std::time::Duration;

use futures_util::TryStreamExt;
use futures_util::future::{BoxFuture, join_all};
use sea_orm::{ConnectionTrait, Statement, StreamTrait};
use sea_orm_migration::MigratorTrait;

use niva_base::OpError;
use niva_store::schema::{AppendOnly, Migration};
use niva_store::{Database, DbError, Tx};
use niva_testing::TestDb;

struct Migrator;

impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn sea_orm_migration::MigrationTrait>> {
        let counter = "CREATE TABLE counter (id {int} PRIMARY KEY, n {int} NOT NULL);
                       CREATE TABLE child (id {int} PRIMARY KEY REFERENCES counter (id));
                       INSERT INTO counter VALUES (1, 0), (2, 0);
                       CREATE TABLE kept (id {int} PRIMARY KEY, done BOOLEAN NOT NULL);
                       INSERT INTO kept VALUES (1, TRUE), (2, FALSE);";
        let kept = AppendOnly::new("kept").table_when("kept", "OLD.done").boxed();
        vec![Migration::boxed("counter", counter), kept]
    }
}

async fn number(db: &impl ConnectionTrait, sql: &str) -> i64 {
    let row = db.query_one_raw(Statement::from_string(db.get_database_backend(), sql)).await.unwrap();
    row.unwrap().try_get("", "n").unwrap()
}

/// Reads and then writes: what fails on SQLite without the lock taken first.
async fn add(tx: &Tx<'_>, id: i64) -> Result<(), DbError> {
    let lock = if tx.is_postgres() { " FOR UPDATE" } else { "" };
    let n = number(tx, &format!("SELECT n FROM counter WHERE id = {id}{lock}")).await;
    tx.execute_unprepared(&format!("UPDATE counter SET n = {} WHERE id = {id}", n + 1)).await?;
    Ok(())
}

niva_testing::on_both_databases! {
    async fn rows_that_are_kept_are_not_changed(db: &TestDb) {
        db.migrate::<Migrator>().await.unwrap();
        let conn = db.db().conn();
        for sql in ["UPDATE kept SET done = FALSE WHERE id = 1", "DELETE FROM kept WHERE id = 1"] {
            let refused = conn.execute_unprepared(sql).await.unwrap_err().to_string();
            assert!(refused.contains("rows of kept are never changed"), "{refused}");
        }
        conn.execute_unprepared("UPDATE kept SET done = TRUE WHERE id = 2").await.unwrap();
        conn.execute_unprepared("INSERT INTO kept VALUES (3, TRUE)").await.unwrap();
        assert_eq!(number(conn, "SELECT COUNT(*) AS n FROM kept WHERE done").await, 3);
    }

    async fn writers_of_several_pools_lose_nothing(db: &TestDb) {
        db.migrate::<Migrator>().await.unwrap();
        let other = Database::connect(db.url()).await.unwrap();
        let all = (0..400).map(|n| {
            let db = if n % 2 == 0 { db.db() } else { &other };
            db.write(|tx| Box::pin(add(tx, 1)))
        });
        for done in join_all(all).await {
            done.unwrap();
        }
        assert_eq!(number(db.conn(), "SELECT n FROM counter WHERE id = 1").await, 400);
        other.close().await;
    }

    async fn processes_may_migrate_at_once_and_again(db: &TestDb) {
        let others = join_all((0..6).map(|_| Database::connect(db.url()))).await;
        let others: Vec<_> = others.into_iter().map(Result::unwrap).collect();
        for done in join_all(others.iter().map(Database::migrate::<Migrator>)).await {
            done.unwrap();
        }
        db.migrate::<Migrator>().await.unwrap();
        assert_eq!(number(db.conn(), "SELECT COUNT(*) AS n FROM counter").await, 2);
        for other in others {
            other.close().await;
        }
    }

    async fn foreign_keys_hold_after_migrating(db: &TestDb) {
        db.migrate::<Migrator>().await.unwrap();
        for _ in 0..20 {
            let orphan: Result<(), DbError> = db.write(|tx| Box::pin(async move {
                tx.execute_unprepared("INSERT INTO child VALUES (9)").await?;
                Ok(())
            })).await;
            assert!(orphan.is_err());
        }
    }

    async fn an_error_or_a_caller_that_goes_away_undoes_everything(db: &TestDb) {
        db.migrate::<Migrator>().await.unwrap();
        let failed: Result<(), OpError> = db.write(|tx| Box::pin(async move {
            add(tx, 1).await?;
            Err(OpError::not_found("thing", "t"))
        })).await;
        assert_eq!(failed.unwrap_err().reason(), "NOT_FOUND");
        let mut left: BoxFuture<'_, Result<(), OpError>> = Box::pin(db.write(|tx| Box::pin(async move {
            add(tx, 1).await?;
            std::future::pending().await
        })));
        assert!(tokio::time::timeout(Duration::from_millis(50), &mut left).await.is_err());
        drop(left);
        let done: Result<(), DbError> = db.write(|tx| Box::pin(add(tx, 2))).await;
        done.unwrap();
        assert_eq!(number(db.conn(), "SELECT n FROM counter WHERE id = 1").await, 0);
        assert_eq!(number(db.conn(), "SELECT n FROM counter WHERE id = 2").await, 1);
    }

    async fn rows_stream_inside_a_transaction(db: &TestDb) {
        db.migrate::<Migrator>().await.unwrap();
        let total: Result<i64, DbError> = db.read(|tx| Box::pin(async move {
            let numbers = "WITH RECURSIVE seq (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM seq WHERE n < 10000) \
                           SELECT CAST(n AS BIGINT) AS n FROM seq";
            let rows = tx.stream_raw(Statement::from_string(ConnectionTrait::get_database_backend(tx), numbers));
            let total = rows.await?.try_fold(0, |sum, row| async move { Ok(sum + row.try_get::<i64>("", "n")?) });
            let total = total.await?;
            // And half a stream that is dropped leaves the transaction usable.
            let half = tx.stream_raw(Statement::from_string(ConnectionTrait::get_database_backend(tx), numbers));
            half.await?.try_next().await?;
            Ok(total + number(tx, "SELECT n FROM counter WHERE id = 1").await)
        })).await;
        assert_eq!(total.unwrap(), 50_005_000);
    }

    async fn a_picture_does_not_change_while_it_is_read(db: &TestDb) {
        db.migrate::<Migrator>().await.unwrap();
        let seen: Result<(i64, i64), OpError> = db.read(|tx| Box::pin(async move {
            let before = number(tx, "SELECT n FROM counter WHERE id = 1").await;
            let written: Result<(), DbError> = db.write(|tx| Box::pin(add(tx, 1))).await;
            written?;
            Ok((before, number(tx, "SELECT n FROM counter WHERE id = 1").await))
        })).await;
        assert_eq!(seen.unwrap(), (0, 0));
        assert_eq!(number(db.conn(), "SELECT n FROM counter WHERE id = 1").await, 1);
    }
}

#[tokio::test]
async fn deadlocks_are_retried_on_postgresql() {
    let db = TestDb::postgres().await;
    db.migrate::<Migrator>().await.unwrap();
    let (runs, both) = (&std::sync::atomic::AtomicU32::new(0), &tokio::sync::Barrier::new(2));
    let crossing = |first: i64, second: i64| {
        let db = &db;
        async move {
            let met = &std::sync::atomic::AtomicBool::new(false);
            let done: Result<(), DbError> = db
                .write(|tx| {
                    Box::pin(async move {
                        runs.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                        add(tx, first).await?;
                        if !met.swap(true, std::sync::atomic::Ordering::Relaxed) {
                            both.wait().await;
                        }
                        tx.execute_unprepared(&format!("UPDATE counter SET n = n + 1 WHERE id = {second}"))
                            .await?;
                        Ok(())
                    })
                })
                .await;
            done
        }
    };
    let (one, other) = tokio::join!(crossing(1, 2), crossing(2, 1));
    one.unwrap();
    other.unwrap();
    // The one that gave way may be first again, and give way again.
    let runs = runs.load(std::sync::atomic::Ordering::Relaxed);
    assert!(runs >= 3, "{runs} runs: nobody gave way");
    assert_eq!(number(db.conn(), "SELECT CAST(SUM(n) AS BIGINT) AS n FROM counter").await, 4);
}

#[tokio::test]
async fn a_failure_that_was_passed_over_is_not_committed_on_postgresql() {
    let db = TestDb::postgres().await;
    db.migrate::<Migrator>().await.unwrap();
    let done: Result<(), DbError> = db
        .write(|tx| {
            Box::pin(async move {
                add(tx, 1).await?;
                let _passed_over = tx.execute_unprepared("INSERT INTO counter VALUES (1, 0)").await;
                Ok(())
            })
        })
        .await;
    assert!(matches!(done, Err(DbError::CommitAfterFailure)));
}

#[tokio::test]
async fn sqlite_keeps_what_was_committed_and_reads_beside_a_writer() {
    let db = TestDb::sqlite().await;
    let pragma = async |name: &str| {
        let row = db
            .conn()
            .query_one_raw(Statement::from_string(sea_orm::DbBackend::Sqlite, format!("PRAGMA {name}")));
        row.await.unwrap().unwrap()
    };
    assert_eq!(pragma("journal_mode").await.try_get_by_index::<String>(0).unwrap(), "wal");
    assert_eq!(pragma("synchronous").await.try_get_by_index::<i64>(0).unwrap(), 2, "FULL");
    assert_eq!(pragma("foreign_keys").await.try_get_by_index::<i64>(0).unwrap(), 1);
}
