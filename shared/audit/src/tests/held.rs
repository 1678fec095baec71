//! Legal holds, and what they keep.

use std::sync::Arc;

use niva_access::{Reach, Scope};
use niva_facts::Author;
use niva_names::{Merge, PlacementId};
use niva_proto::audit::v1 as pb;
use niva_store::Secrets;

use super::removed::{assert_whole, forge, forged, positions, remove, seal_now};
use super::*;
use crate::chain::Keeps;
use crate::holds::Holds;
use crate::removal::{self, Removed};

async fn holds(db: &TestDb) -> Holds {
    Holds { db: db.db().clone(), secrets: Secrets::load(db).await.unwrap(), people: Arc::new(Named) }
}

fn scope() -> Scope {
    Scope::new(Author { subject: "revisor".into(), role: "auditor".into() }, Reach::City)
}

/// Places a hold; seconds are those of [`record`].
async fn place(db: &TestDb, person_id: &str, since: Option<i64>, until: Option<i64>) -> String {
    let at = |seconds: i64| niva_proto::facts::timestamp(now() + Duration::seconds(seconds));
    let request = pb::PlaceLegalHoldRequest {
        request_id: format!("{person_id} {since:?}"),
        person_id: person_id.to_owned(),
        since: since.map(at),
        until: until.map(at),
        reason: "a lawsuit".into(),
        ..Default::default()
    };
    let placed = holds(db).await.place(&scope(), &request).await.unwrap();
    placed.legal_hold.unwrap().legal_hold_id
}

async fn lift(db: &TestDb, id: &str) {
    let (request_id, legal_hold_id, reason) = (id.to_owned(), id.to_owned(), "it is over".to_owned());
    let request = pb::LiftLegalHoldRequest { request_id, legal_hold_id, reason, validate_only: false };
    holds(db).await.lift(&scope(), &request).await.unwrap();
}

/// A service that tells facts of placements alone.
#[derive(Debug)]
struct Placed;

#[async_trait::async_trait]
impl People for Placed {
    async fn same(&self, _: &Database, person_id: &PersonId) -> Result<Vec<PersonId>, DbError> {
        Ok(vec![person_id.clone()])
    }

    async fn placements(&self, _: &Database, _: &[PersonId]) -> Result<Vec<PlacementId>, DbError> {
        Ok(vec!["placement-of-7".into()])
    }
}

niva_testing::on_both_databases! {
    async fn what_names_a_placement_alone_is_kept_for_its_person(db: &TestDb) {
        sealed(db).await;
        let mut about = About::default();
        about.placement("placement-of-7");
        let told = [Record { about, ..record(13) }];
        db.write(|tx| { let told = &told; Box::pin(async move { audit::append(tx, told).await }) }).await.unwrap();
        seal::all(db, &Clock::manual(now()).0).await.unwrap();
        append(db, 14..=14).await;
        let people: Arc<dyn People> = Arc::new(Placed);
        let holds = Holds { people: Arc::clone(&people), ..holds(db).await };
        let (request_id, reason) = ("r".to_owned(), "x".to_owned());
        let request = pb::PlaceLegalHoldRequest { request_id, reason, person_id: "p".into(), ..Default::default() };
        holds.place(&scope(), &request).await.unwrap();
        seal_now(db).await;
        let keeping = Keeping { people, ..removed::keeping() };
        let removed = removal::all(db, &keeping, &Clock::system()).await.unwrap();
        assert_eq!(removed, Removed { records: 12, held: 1 });
        assert_eq!(positions(db).await[0], 13);
        seal_now(db).await;
        assert_whole(db).await;
    }

    async fn what_a_hold_on_a_person_keeps_stays_until_it_is_lifted(db: &TestDb) {
        sealed(db).await;
        let id = place(db, "person-5", None, None).await;
        // Another id of that person, who has record 9, in the third seal.
        let merge = Merge { id: "m".into(), revision: 1, from: "person-9".into(), into: "person-5".into(), stands: true };
        db.write(|tx| { let merge = &merge; Box::pin(async move { persons::put(tx, merge, now()).await }) }).await.unwrap();
        seal_now(db).await;
        assert_eq!(remove(db).await, Removed { records: 6, held: 2 });
        seal_now(db).await;
        assert_whole(db).await;
        assert_eq!(positions(db).await[..6], [4, 5, 6, 7, 8, 9]);
        lift(db, &id).await;
        assert_eq!(remove(db).await, Removed { records: 6, held: 0 });
        seal_now(db).await;
        assert_whole(db).await;
        assert!(positions(db).await.iter().all(|position| *position > 12));
    }

    async fn what_a_hold_on_a_period_keeps_stays(db: &TestDb) {
        sealed(db).await;
        // The calls of 7 and 8, of whomever; and a moment between two calls, which keeps nothing and stops nothing.
        let id = place(db, "", Some(7), Some(9)).await;
        place(db, "", Some(-5), Some(-3)).await;
        seal_now(db).await;
        assert_eq!(remove(db).await, Removed { records: 9, held: 1 });
        assert_eq!(positions(db).await[..3], [7, 8, 9]);
        lift(db, &id).await;
        assert_eq!(remove(db).await, Removed { records: 3, held: 0 });
        seal_now(db).await;
        assert_whole(db).await;
    }

    async fn a_period_without_calls_parts_what_is_removed(db: &TestDb) {
        db.migrate::<Migrator>().await.unwrap();
        for n in [1, 100, 200] {
            append(db, n..=n).await;
            seal::all(db, &Clock::manual(now() + Duration::hours(n)).0).await.unwrap();
        }
        place(db, "", Some(10), Some(20)).await;
        assert_eq!(remove(db).await, Removed { records: 2, held: 0 });
        assert_eq!(store::removal::checkpoints(db.conn(), 0, 10).await.unwrap().len(), 2);
        seal_now(db).await;
        assert_whole(db).await;
    }

    async fn the_database_refuses_to_remove_what_is_held(db: &TestDb) {
        sealed(db).await;
        let person = place(db, "person-5", None, None).await;
        for (hold, seals) in [(person, (1, 2)), (place(db, "", Some(8), None).await, (3, 3))] {
            let refused = forge(db, &forged(db, seals).await).await.unwrap_err().to_string();
            assert!(refused.contains("audit_checkpoint are not added so"), "{refused}");
            lift(db, &hold).await;
            forge(db, &forged(db, seals).await).await.unwrap();
        }
    }

    async fn removal_of_what_is_held_is_found(db: &TestDb) {
        sealed(db).await;
        let person = place(db, "person-5", None, None).await;
        let period = place(db, "", Some(8), None).await;
        seal_now(db).await;
        assert_whole(db).await;
        // Who has the owner's rights switches the guard off.
        tamper(db, "SELECT 1").await;
        let off = "DROP TRIGGER IF EXISTS audit_checkpoint_no_insert";
        db.conn().execute_unprepared(&if db.is_postgres() { format!("{off} ON audit_checkpoint") } else { off.to_owned() }).await.unwrap();
        forge(db, &forged(db, (1, 2)).await).await.unwrap();
        assert_found(db, &format!("checkpoint 1 removed what the legal hold {person} kept")).await;
        forge(db, &forged(db, (3, 3)).await).await.unwrap();
        assert_found(db, &format!("checkpoint 2 removed what the legal hold {period} kept")).await;
    }

    async fn a_changed_and_a_missing_hold_are_found(db: &TestDb) {
        sealed(db).await;
        place(db, "person-5", None, None).await;
        place(db, "person-6", Some(1), Some(9)).await;
        for sql in ["DELETE FROM audit_hold_step", "UPDATE audit_hold_step SET reason = ''", "DELETE FROM audit_kept"] {
            let refused = db.conn().execute_unprepared(sql).await.unwrap_err().to_string();
            assert!(refused.contains("are never changed"), "{sql}: {refused}");
        }
        assert_whole(db).await;
        tamper(db, "UPDATE audit_hold_step SET person_id = 'person-7' WHERE step_no = 1").await;
        assert_found(db, "step 1 of legal holds is not what was written").await;
        tamper(db, "UPDATE audit_hold_step SET person_id = 'person-5' WHERE step_no = 1").await;
        assert_whole(db).await;
        tamper(db, "DELETE FROM audit_hold_step WHERE step_no = 2").await;
        assert_found(db, "of legal holds is told of and not there").await;
    }
}

#[test]
fn a_period_meets_what_has_a_moment_in_it() {
    let at = |seconds| now() + Duration::seconds(seconds);
    let keeps = |since: Option<i64>, until: Option<i64>| Keeps {
        person_id: None,
        since: since.map(at),
        until: until.map(at),
    };
    let calls = (at(5), at(7));
    for (keeps, meets) in [
        (keeps(None, None), true),
        (keeps(Some(7), None), true),
        (keeps(Some(8), None), false),
        (keeps(None, Some(5)), false),
        (keeps(None, Some(6)), true),
    ] {
        assert_eq!(keeps.meets(calls), meets, "{keeps:?}");
    }
}
