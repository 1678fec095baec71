use chrono::{DateTime, Duration, Utc};
use niva_access::{About, Record};
use niva_base::{Clock, OpError};
use niva_names::PersonId;
use niva_rpc::server::Recorder;
use niva_store::{Database, DbError, audit, persons, request};
use niva_testing::TestDb;
use sea_orm::ConnectionTrait;
use sea_orm_migration::{MigrationTrait, MigratorTrait};

use super::*;

mod held;
mod removed;

struct Migrator;

impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        let own = [request::migration(), persons::migration()];
        own.into_iter().chain(audit::migrations()).collect()
    }
}

fn now() -> DateTime<Utc> {
    "2024-03-01T08:00:00.123Z".parse().unwrap()
}

fn record(n: i64) -> Record {
    let mut about = About::default();
    about.person(&format!("person-{n}"));
    about.placement("placement \"å\"");
    Record {
        time: now() + Duration::seconds(n),
        subject: format!("subject-{}", n % 2),
        role: "case_officer".into(),
        scope: "districts:Farsta".into(),
        method: "/niva.test/Get".into(),
        code: "OK".into(),
        calls: 1,
        about,
        ..Record::default()
    }
}

async fn append(db: &Database, numbers: std::ops::RangeInclusive<i64>) {
    let records: &Vec<Record> = &numbers.map(record).collect();
    let done: Result<(), DbError> =
        db.write(|tx| Box::pin(async move { audit::append(tx, records).await })).await;
    done.unwrap();
}

/// Twelve records: four seals of three each, made on the day.
async fn sealed(db: &TestDb) {
    db.migrate::<Migrator>().await.unwrap();
    for part in 0..4 {
        append(db, part * 3 + 1..=part * 3 + 3).await;
        seal::all(db, &Clock::manual(now() + Duration::hours(part + 1)).0).await.unwrap();
    }
}

/// What somebody does who has the owner's rights.
async fn tamper(db: &Database, sql: &str) {
    let tables = ["record", "about", "seal", "checkpoint", "hold_step", "kept"];
    let drop = |table| {
        let of = |change| format!("DROP TRIGGER IF EXISTS audit_{table}_no_{change}; ");
        ["insert", "update", "delete"].map(of).concat()
    };
    let (off, on) = if db.is_postgres() {
        ("SET session_replication_role = replica; ".to_owned(), "; SET session_replication_role = DEFAULT")
    } else {
        (tables.map(drop).concat(), "")
    };
    db.conn().execute_unprepared(&format!("{off}{sql}{on}")).await.unwrap();
}

async fn assert_found(db: &Database, words: &str) {
    let findings = verify(db, None).await.unwrap().findings;
    assert!(findings.iter().any(|finding| finding.contains(words)), "{words}: {findings:?}");
}

niva_testing::on_both_databases! {
    async fn what_is_as_it_was_written_is_verified(db: &TestDb) {
        sealed(db).await;
        append(db, 13..=14).await;
        let verified = verify(db, None).await.unwrap();
        assert_eq!((verified.records, verified.unsealed), (14, 2));
        assert_eq!(verified.findings, Vec::<String>::new());
        let newest = verified.newest_seal.unwrap();
        assert!(newest.starts_with("4:"), "{newest}");
        // The chain goes on, and what was told of it before stays true.
        seal::all(db, &Clock::system()).await.unwrap();
        let later = verify(db, Some(&newest)).await.unwrap();
        assert_eq!((later.findings, later.unsealed), (Vec::new(), 0));
        assert_eq!(store::records(db.conn(), 0, 14, 100).await.unwrap()[4].record, record(5));
    }

    async fn rows_are_added_and_never_changed(db: &TestDb) {
        sealed(db).await;
        for (table, column) in [("audit_record", "subject"), ("audit_about", "id"), ("audit_seal", "sha256")] {
            for sql in [format!("DELETE FROM {table}"), format!("UPDATE {table} SET {column} = ''")] {
                let refused = db.conn().execute_unprepared(&sql).await.unwrap_err().to_string();
                assert!(refused.contains("are never changed"), "{sql}: {refused}");
            }
        }
    }

    async fn a_changed_record_is_found(db: &TestDb) {
        sealed(db).await;
        tamper(db, "CREATE TABLE kept AS SELECT * FROM audit_record WHERE position = 5").await;
        for (column, value) in [("subject", "'else'"), ("recorded_at", "'2024-03-01T09:00:00+00:00'"), ("calls", "9")] {
            tamper(db, &format!("UPDATE audit_record SET {column} = {value} WHERE position = 5")).await;
            assert_found(db, "records 4 to 6 are not what was sealed (seal 2)").await;
            let back = format!("UPDATE audit_record SET {column} = (SELECT {column} FROM kept) WHERE position = 5");
            tamper(db, &back).await;
            assert_eq!(verify(db, None).await.unwrap().findings, Vec::<String>::new());
        }
    }

    async fn a_deleted_record_is_found(db: &TestDb) {
        sealed(db).await;
        tamper(db, "DELETE FROM audit_record WHERE position = 5; DELETE FROM audit_about WHERE position = 5").await;
        assert_found(db, "records 4 to 6: 2 are there, and 3 were sealed (seal 2)").await;
    }

    async fn records_in_another_order_are_found(db: &TestDb) {
        sealed(db).await;
        let swap = "CREATE TABLE kept AS SELECT * FROM audit_record WHERE position IN (5, 6); \
                    UPDATE audit_record SET (recorded_at, subject, persons) = (SELECT recorded_at, subject, persons \
                    FROM kept WHERE kept.position = 11 - audit_record.position) WHERE position IN (5, 6)";
        tamper(db, swap).await;
        assert_found(db, "records 4 to 6 are not what was sealed (seal 2)").await;
    }

    async fn a_trail_that_is_cut_off_is_found(db: &TestDb) {
        sealed(db).await;
        let told = verify(db, None).await.unwrap().newest_seal.unwrap();
        tamper(
            db,
            "DELETE FROM audit_record WHERE position > 6; DELETE FROM audit_about WHERE position > 6; \
             DELETE FROM audit_seal WHERE seal_no > 2",
        )
        .await;
        assert_found(db, "the newest seal is 4, and 2 is there: the end is cut off").await;
        // Whoever forges the head as well is found by what was told before.
        tamper(db, "UPDATE audit_head SET seal_no = 2, sha256 = (SELECT sha256 FROM audit_seal WHERE seal_no = 2)").await;
        let findings = verify(db, Some(&told)).await.unwrap().findings;
        assert!(findings.iter().any(|finding| finding.contains("the chain is not the one")), "{findings:?}");
    }

    async fn a_missing_seal_and_a_false_index_are_found(db: &TestDb) {
        sealed(db).await;
        tamper(db, "DELETE FROM audit_about WHERE position = 8").await;
        assert_found(db, "record 8 is not found by whom it names").await;
        tamper(db, "DELETE FROM audit_seal WHERE seal_no = 3").await;
        assert_found(db, "seal 3 is not there, and 4 is the next").await;
    }

    async fn several_sealers_make_one_chain(db: &TestDb) {
        db.migrate::<Migrator>().await.unwrap();
        for part in 0..6 {
            append(db, part * 200 + 1..=part * 200 + 200).await;
            let clock = &Clock::system();
            let (one, other) = tokio::join!(seal::all(db, clock), seal::all(db, clock));
            one.and(other).unwrap();
        }
        let verified = verify(db, None).await.unwrap();
        assert_eq!((verified.findings, verified.records, verified.unsealed), (Vec::new(), 1_200, 0));
    }

    async fn calls_at_once_are_written_together_and_all_are_there(db: &TestDb) {
        db.migrate::<Migrator>().await.unwrap();
        let trail = Trail::start(db.db().clone());
        let written = futures_util::future::join_all((1..=300).map(|n| trail.record(record(n)))).await;
        assert!(written.iter().all(Result::is_ok));
        let person_id = PersonId::from("person-7");
        let of = people::Ids::of(&Named, db, &person_id).await.unwrap();
        let filter = store::Filter { of: Some(of), ..Default::default() };
        let found = store::list(db.conn(), &filter, 0, 10).await.unwrap();
        assert_eq!(found.into_iter().map(|kept| kept.record).collect::<Vec<_>>(), [record(7)]);
        // One that cannot be written is nobody else's failure.
        let records = [record(1), Record { calls: 0, ..record(2) }, record(3)];
        let written = futures_util::future::join_all(records.map(|record| trail.record(record))).await;
        assert_eq!(written.iter().map(Result::is_ok).collect::<Vec<_>>(), [true, false, true]);
        db.conn().execute_unprepared("ALTER TABLE audit_record RENAME TO away").await.unwrap();
        let refused: Result<(), OpError> = trail.record(record(1)).await;
        assert_eq!(refused.unwrap_err().reason(), "AUDIT_UNAVAILABLE");
    }
}

#[tokio::test]
async fn the_end_that_is_not_sealed_has_no_gap_on_sqlite() {
    let db = &TestDb::sqlite().await;
    sealed(db).await;
    append(db, 13..=15).await;
    tamper(db, "DELETE FROM audit_record WHERE position = 15; DELETE FROM audit_about WHERE position = 15")
        .await;
    assert_found(db, "records 15 to 15 are not there").await;
    tamper(db, "DELETE FROM audit_record WHERE position = 13; DELETE FROM audit_about WHERE position = 13")
        .await;
    assert_found(db, "of records 13 to 14 some are not there").await;
}
