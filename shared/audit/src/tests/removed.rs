//! What is too old is removed, and everything else that is gone is found.

use std::sync::Arc;

use niva_retention::Retention;

use super::*;
use crate::chain::{Checkpoint, Seal};
use crate::removal::{self, Removed};
use crate::store::removal as stored;

/// Records are kept for a year.
pub(super) fn keeping() -> Keeping {
    let text =
        "[[keep]]\nrule = \"a\"\nlaw = \"b\"\nborn_on_days = [5]\n[audit_records]\nyears = 1\nlaw = \"c\"\n";
    let rule = Retention::parse("a.toml", text).unwrap().audit().clone();
    Keeping { rule, people: Arc::new(Named) }
}

/// What goes today.
pub(super) async fn remove(db: &Database) -> Removed {
    removal::all(db, &keeping(), &Clock::system()).await.unwrap()
}

pub(super) async fn seal_now(db: &Database) {
    seal::all(db, &Clock::system()).await.unwrap();
}

pub(super) async fn positions(db: &Database) -> Vec<i64> {
    store::records(db.conn(), 0, i64::MAX >> 1, 100).await.unwrap().iter().map(|kept| kept.position).collect()
}

pub(super) async fn assert_whole(db: &Database) {
    assert_eq!(verify(db, None).await.unwrap().findings, Vec::<String>::new());
}

/// A checkpoint of the seals from one to another, as who knows everything would forge it.
pub(super) async fn forged(db: &Database, (first, last): (i64, i64)) -> Checkpoint {
    let seals = store::seals(db.conn(), 0, 100).await.unwrap();
    let seal = |number: i64| seals.iter().find(|seal| seal.seal_no == number);
    let (end, before): (&Seal, Option<&Seal>) = (seal(last).unwrap(), seal(first - 1));
    let step = store::holds::steps(db.conn()).await.unwrap().pop();
    let newest = stored::newest(db.conn()).await.unwrap();
    let made = Checkpoint {
        checkpoint_no: newest.as_ref().map_or(0, |newest| newest.checkpoint_no) + 1,
        first_seal: first,
        last_seal: last,
        after_position: before.map_or(0, |before| before.last_position),
        last_position: end.last_position,
        records: 3 * (last - first + 1),
        before_sha256: before.map(|before| before.sha256.clone()).unwrap_or_default(),
        last_sha256: end.sha256.clone(),
        calls: (now() + Duration::seconds(3 * first - 2), now() + Duration::seconds(3 * last)),
        sealed_at: end.sealed_at,
        years: 1,
        hold_step_no: step.as_ref().map_or(0, |step| step.step_no),
        hold_sha256: step.map(|step| step.sha256).unwrap_or_default(),
        removed_at: now() + Duration::days(400),
        sha256: String::new(),
    };
    Checkpoint { sha256: made.hash(newest.as_ref()), ..made }
}

/// Removes by a forged checkpoint, and has the trail tell of it.
pub(super) async fn forge(db: &Database, checkpoint: &Checkpoint) -> Result<(), DbError> {
    let record = &chain::said(chain::REMOVAL, checkpoint.name());
    db.write(|tx| {
        Box::pin(async move {
            stored::remove(tx, checkpoint).await?;
            audit::append(tx, std::slice::from_ref(record)).await
        })
    })
    .await
}

niva_testing::on_both_databases! {
    async fn what_is_too_old_goes_and_the_chain_stays_whole(db: &TestDb) {
        sealed(db).await;
        let seals = store::seals(db.conn(), 0, 10).await.unwrap();
        let told = |n: usize| format!("{}:{}", seals[n].seal_no, seals[n].sha256);
        assert_eq!(remove(db).await, Removed { records: 9, held: 0 });
        // The newest seal stays; the removal has a record.
        assert_eq!(positions(db).await, [10, 11, 12, 13]);
        let newest = verify(db, Some(&told(3))).await.unwrap();
        assert_eq!((newest.findings, newest.records, newest.unsealed), (Vec::new(), 4, 1));
        assert_eq!(verify(db, Some(&told(2))).await.unwrap().findings, Vec::<String>::new(), "where the chain goes on");
        let gone = verify(db, Some(&told(0))).await.unwrap().findings;
        assert!(gone.len() == 1 && gone[0].contains("was removed by checkpoint 1: give one that was told later"), "{gone:?}");
        assert_eq!(remove(db).await, Removed::default(), "what is removed is removed");
        append(db, 14..=15).await;
        seal_now(db).await;
        assert_eq!(remove(db).await, Removed { records: 3, held: 0 }, "now the fourth is not the newest");
        seal_now(db).await;
        assert_whole(db).await;
        assert_eq!(remove(db).await, Removed::default(), "the rest was sealed today");
        let reads = store::list(db.conn(), &store::Filter::default(), 0, 10).await.unwrap();
        assert_eq!(reads.iter().filter(|kept| kept.record.method == chain::REMOVAL).count(), 2);
    }

    async fn several_removers_remove_once(db: &TestDb) {
        sealed(db).await;
        let (one, other) = tokio::join!(remove(db), remove(db));
        assert_eq!(one.records + other.records, 9);
        seal_now(db).await;
        assert_whole(db).await;
    }

    async fn what_was_altered_is_not_removed(db: &TestDb) {
        sealed(db).await;
        tamper(db, "UPDATE audit_record SET subject = 'else' WHERE position = 5").await;
        assert_eq!(remove(db).await, Removed { records: 6, held: 1 });
        assert_eq!(positions(db).await[..3], [4, 5, 6]);
        assert_found(db, "records 4 to 6 are not what was sealed (seal 2)").await;
    }

    async fn the_database_removes_by_a_checkpoint_of_the_chain_alone(db: &TestDb) {
        sealed(db).await;
        let good = forged(db, (1, 2)).await;
        let no_end = Checkpoint { last_sha256: "0".repeat(64), ..good.clone() };
        let newest = forged(db, (1, 4)).await;
        for bad in [no_end, newest] {
            let refused = forge(db, &bad).await.unwrap_err().to_string();
            assert!(refused.contains("audit_checkpoint are not added so"), "{refused}");
        }
        assert_eq!(positions(db).await.len(), 12);
        forge(db, &good).await.unwrap();
        for sql in ["DELETE FROM audit_checkpoint", "UPDATE audit_checkpoint SET records = 0"] {
            let refused = db.conn().execute_unprepared(sql).await.unwrap_err().to_string();
            assert!(refused.contains("are never changed"), "{sql}: {refused}");
        }
        // Beyond the checkpoint nothing goes.
        for table in ["audit_record", "audit_about"] {
            let sql = format!("DELETE FROM {table} WHERE position = 7");
            assert!(db.conn().execute_unprepared(&sql).await.is_err(), "{sql}");
        }
        assert!(db.conn().execute_unprepared("DELETE FROM audit_seal WHERE seal_no = 3").await.is_err());
    }

    async fn what_is_younger_than_a_year_goes_by_no_checkpoint(db: &TestDb) {
        db.migrate::<Migrator>().await.unwrap();
        let today = Record { time: Clock::system().now(), ..record(1) };
        for _ in 0..2 {
            let records = std::slice::from_ref(&today);
            db.write(|tx| Box::pin(async move { audit::append(tx, records).await })).await.unwrap();
            seal::all(db, &Clock::manual(now()).0).await.unwrap();
        }
        let refused = forge(db, &forged(db, (1, 1)).await).await.unwrap_err().to_string();
        assert!(refused.contains("rows of audit_record are never changed"), "{refused}");
        assert_eq!(positions(db).await.len(), 2);
    }

    async fn a_changed_a_missing_and_a_false_checkpoint_are_found(db: &TestDb) {
        sealed(db).await;
        remove(db).await;
        seal_now(db).await;
        assert_whole(db).await;
        tamper(db, "CREATE TABLE was AS SELECT * FROM audit_checkpoint").await;
        for (change, words) in [
            ("UPDATE audit_checkpoint SET records = 7", "checkpoint 1 is not what was written"),
            ("UPDATE audit_checkpoint SET last_sha256 = ''", "records 10 to 12 are not what was sealed (seal 4)"),
            ("UPDATE audit_checkpoint SET last_position = 8", "checkpoint 1 is not what was written"),
            ("DELETE FROM audit_checkpoint", "is told of and not there"),
            ("DELETE FROM audit_checkpoint", "seal 1 is not there, and 4 is the next"),
        ] {
            tamper(db, change).await;
            assert_found(db, words).await;
            tamper(db, "DELETE FROM audit_checkpoint; INSERT INTO audit_checkpoint SELECT * FROM was").await;
            assert_whole(db).await;
        }
        // Something that is there again, or never was.
        tamper(db, "INSERT INTO audit_about (kind, id, position) VALUES ('person', 'x', 5)").await;
        assert_found(db, "of records 1 to 9 some are there, though checkpoint 1 removed them").await;
        tamper(db, "DELETE FROM audit_about WHERE position = 5").await;
        // Of what is removed unseen the trail tells nothing.
        append(db, 14..=15).await;
        seal_now(db).await;
        let untold = forged(db, (4, 4)).await;
        let removed: Result<(), DbError> =
            db.write(|tx| { let untold = &untold; Box::pin(async move { stored::remove(tx, untold).await }) }).await;
        removed.unwrap();
        assert_found(db, "no record tells of checkpoint 2").await;
    }

    async fn what_was_not_old_enough_is_found(db: &TestDb) {
        sealed(db).await;
        let early = Checkpoint { removed_at: now() + Duration::days(300), ..forged(db, (1, 2)).await };
        forge(db, &Checkpoint { sha256: early.hash(None), ..early }).await.unwrap();
        assert_found(db, "checkpoint 1 removed what was not old enough").await;
    }
}
