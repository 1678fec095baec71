//! Many rows at once.

use chrono::{DateTime, NaiveDate, Utc};
use sea_orm::{ConnectionTrait, DbBackend, Statement};

use niva_base::OpError;
use niva_store::DbError;
use niva_store::bulk::{Cell, insert};
use niva_store::schema::Migration;
use niva_testing::TestDb;

struct Migrator;

impl sea_orm_migration::MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn sea_orm_migration::MigrationTrait>> {
        let wide = "CREATE TABLE wide (id {int} PRIMARY KEY, small INTEGER, flag BOOLEAN, words TEXT, bytes {blob}, \
                    day DATE, at {instant})";
        vec![Migration::boxed("wide", wide)]
    }
}

const COLUMNS: [&str; 7] = ["id", "small", "flag", "words", "bytes", "day", "at"];

fn day(n: i64) -> NaiveDate {
    NaiveDate::from_ymd_opt(2000, 1, 1).unwrap() + chrono::Duration::days(n - 1_000)
}

fn at(n: i64) -> DateTime<Utc> {
    "2024-03-01T08:00:00.123456Z".parse::<DateTime<Utc>>().unwrap() + chrono::Duration::microseconds(n)
}

fn row(n: i64) -> [Cell<'static>; 7] {
    let some = n % 3 != 0;
    [
        n.into(),
        some.then(|| i32::try_from(-n).unwrap()).into(),
        (n % 2 == 0).into(),
        some.then(|| format!("å{n}\t\\N\n")).into(),
        some.then(|| vec![0_u8, 255, 10]).into(),
        some.then(|| day(n)).into(),
        some.then(|| at(n)).into(),
    ]
}

async fn count(db: &TestDb) -> i64 {
    let sql = "SELECT COUNT(*) AS n FROM wide";
    let backend = db.conn().get_database_backend();
    db.conn()
        .query_one_raw(Statement::from_string(backend, sql))
        .await
        .unwrap()
        .unwrap()
        .try_get("", "n")
        .unwrap()
}

async fn load(
    db: &TestDb,
    numbers: std::ops::Range<i64>,
    then: Result<(), &'static str>,
) -> Result<u64, OpError> {
    let numbers = &numbers;
    db.write(|tx| {
        Box::pin(async move {
            let inserted = insert(tx, "wide", COLUMNS, numbers.clone().map(row)).await?;
            then.map_err(|reason| OpError::precondition(reason, "on purpose"))?;
            Ok(inserted)
        })
    })
    .await
}

niva_testing::on_both_databases! {
    async fn rows_come_back_as_they_went_in(db: &TestDb) {
        db.migrate::<Migrator>().await.unwrap();
        assert_eq!(load(db, 0..2_500, Ok(())).await.unwrap(), 2_500);
        let sql = "SELECT * FROM wide ORDER BY id";
        let backend = db.conn().get_database_backend();
        let rows = db.conn().query_all_raw(Statement::from_string(backend, sql)).await.unwrap();
        for (n, row) in (0_i64..).zip(&rows) {
            let some = n % 3 != 0;
            assert_eq!(row.try_get::<i64>("", "id").unwrap(), n);
            assert_eq!(row.try_get::<Option<i32>>("", "small").unwrap(), some.then(|| i32::try_from(-n).unwrap()));
            assert_eq!(row.try_get::<bool>("", "flag").unwrap(), n % 2 == 0);
            assert_eq!(row.try_get::<Option<String>>("", "words").unwrap(), some.then(|| format!("å{n}\t\\N\n")));
            assert_eq!(row.try_get::<Option<Vec<u8>>>("", "bytes").unwrap(), some.then(|| vec![0, 255, 10]));
            assert_eq!(row.try_get::<Option<NaiveDate>>("", "day").unwrap(), some.then(|| day(n)));
            assert_eq!(row.try_get::<Option<DateTime<Utc>>>("", "at").unwrap(), some.then(|| at(n)));
        }
    }

    async fn rows_share_the_transactions_fate(db: &TestDb) {
        db.migrate::<Migrator>().await.unwrap();
        assert_eq!(load(db, 0..1_500, Err("NO")).await.unwrap_err().reason(), "NO");
        assert_eq!(count(db).await, 0);
        load(db, 0..10, Ok(())).await.unwrap();
        let twice = load(db, 5..2_000, Ok(())).await.unwrap_err();
        assert!(DbError::of(&twice).is_some_and(DbError::is_unique_violation), "{twice}");
        assert_eq!(count(db).await, 10);
        assert_eq!(load(db, 0..0, Ok(())).await.unwrap(), 0);
    }
}

/// A caller may go away at any await of a bulk write: whoever gets the connection next must get its own answers.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_write_that_is_dropped_half_way_leaves_no_answers_behind() {
    let db = TestDb::postgres().await;
    db.migrate::<Migrator>().await.unwrap();
    for round in 0..120 {
        let polls = 1 + round % 8;
        {
            let mut work = std::pin::pin!(load(&db, 0..1_000, Ok(())));
            let mut left = polls;
            std::future::poll_fn(|cx| {
                left -= 1;
                match left {
                    0 => std::task::Poll::Ready(()),
                    _ => work.as_mut().poll(cx).map(|_| ()),
                }
            })
            .await;
        }
        db.conn().execute_unprepared("DELETE FROM wide").await.unwrap();
        for n in 0..4_i64 {
            let answer: Result<i64, DbError> = db
                .write(|tx| {
                    Box::pin(async move {
                        let sql = format!("SELECT {n}::BIGINT AS n");
                        let row = tx.query_one_raw(Statement::from_string(DbBackend::Postgres, sql)).await?;
                        Ok(row.unwrap().try_get("", "n")?)
                    })
                })
                .await;
            assert_eq!(answer.unwrap(), n, "after {polls} polls in round {round}");
        }
    }
}
