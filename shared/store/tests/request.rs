//! Requests that are done once, however often they come.

use chrono::{DateTime, Utc};
use niva_base::OpError;
use niva_facts::{Author, Telling};
use niva_proto::assessment::v1::RecordPersonRequest;
use niva_proto::common::v1::{Date, Money};
use niva_store::Secrets;
use niva_store::request::{Key, claim, finish, migration};
use niva_testing::TestDb;
use sea_orm_migration::MigrationTrait;

struct Migrator;

impl sea_orm_migration::MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![migration(), niva_feed::migration()]
    }
}

fn told() -> Telling {
    let author = Author { subject: "anna".into(), role: "case_officer".into() };
    Telling { author, recorded_at: now(), reason: String::new() }
}

fn now() -> DateTime<Utc> {
    "2024-03-01T08:00:00.123456Z".parse().unwrap()
}

/// An operation as a service writes it: answers how many öre, and appends one event.
async fn pay(db: &TestDb, id: &str, caller: &str, ore: i64) -> Result<Money, OpError> {
    let message = Money { ore };
    let message = &message;
    let key = Key { caller, method: "Pay", request_id: id };
    db.write(|tx| {
        Box::pin(async move {
            if let Some(done) = claim(tx, key, message, now()).await?.answer()? {
                return Ok(done);
            }
            niva_feed::append(tx, vec![niva_feed::NewEvent::new("paid", id, message)], &told()).await?;
            let answer = Money { ore: message.ore * 2 };
            finish(tx, key, message, &answer).await?;
            Ok(answer)
        })
    })
    .await
}

async fn events(db: &TestDb) -> usize {
    niva_feed::FeedLog::new(db.db().clone()).read(0, 1000).await.unwrap().len()
}

niva_testing::on_both_databases! {
    async fn a_repeated_request_gets_its_first_answer_and_does_nothing(db: &TestDb) {
        db.migrate::<Migrator>().await.unwrap();
        assert_eq!(pay(db, "r1", "anna", 5).await.unwrap().ore, 10);
        assert_eq!(pay(db, "r1", "anna", 5).await.unwrap().ore, 10);
        assert_eq!(events(db).await, 1);
        assert_eq!(pay(db, "r2", "anna", 5).await.unwrap().ore, 10);
        assert_eq!(events(db).await, 2);
    }

    async fn the_same_id_with_other_content_is_refused(db: &TestDb) {
        db.migrate::<Migrator>().await.unwrap();
        pay(db, "r1", "anna", 5).await.unwrap();
        assert_eq!(pay(db, "r1", "anna", 6).await.unwrap_err().reason(), "REQUEST_ID_REUSED");
        assert_eq!(events(db).await, 1);
    }

    async fn nobody_takes_anothers_id_nor_that_of_another_method(db: &TestDb) {
        db.migrate::<Migrator>().await.unwrap();
        pay(db, "erp-run-2024-05", "provider", 5).await.unwrap();
        assert_eq!(pay(db, "erp-run-2024-05", "finance", 6).await.unwrap().ore, 12);
        let other_method = db.write(|tx| Box::pin(async move {
            let key = Key { caller: "finance", method: "Repay", request_id: "erp-run-2024-05" };
            claim(tx, key, &Money { ore: 5 }, now()).await?.answer::<Money>()
        })).await;
        assert_eq!(other_method.unwrap(), None);
        assert_eq!(events(db).await, 2);
    }

    async fn ids_are_made_from_requests_and_not_guessed(db: &TestDb) {
        db.migrate::<Migrator>().await.unwrap();
        let secrets = Secrets::load(db).await.unwrap();
        let made = |secrets: &Secrets, who: &str, id: &str| {
            let author = Author { subject: who.into(), role: "case_officer".into() };
            let request = RecordPersonRequest { request_id: id.into(), ..Default::default() };
            (secrets.id(&author, &request, "person"), secrets.short_id(&author, &request, "person"))
        };
        let first = made(&secrets, "anna", "r1");
        assert_eq!(made(&Secrets::load(db).await.unwrap(), "anna", "r1"), first, "replicas agree");
        assert_eq!((first.0.len(), first.1.len()), (32, 16));
        for (who, id) in [("anna", "r2"), ("bo", "r1")] {
            let other = made(&secrets, who, id);
            assert!(other.0 != first.0 && other.1 != first.1);
        }
        let elsewhere = TestDb::sqlite().await;
        elsewhere.migrate::<Migrator>().await.unwrap();
        let other = made(&Secrets::load(&elsewhere).await.unwrap(), "anna", "r1");
        assert!(other.0 != first.0 && other.1 != first.1, "no two cities agree");
    }

    async fn a_page_token_is_its_callers_and_its_lists(db: &TestDb) {
        db.migrate::<Migrator>().await.unwrap();
        let secrets = Secrets::load(db).await.unwrap();
        let anna = Author { subject: "anna".into(), role: "case_officer".into() };
        let bo = Author { subject: "bo".into(), ..anna.clone() };
        let token = secrets.page(&anna, (10, ""), &["units", "farsta"], 100).unwrap().token("u7");
        let again = secrets.page(&anna, (10, &token), &["units", "farsta"], 100).unwrap();
        assert_eq!(again.after.as_deref(), Some("u7"));
        for (who, list) in [(&bo, ["units", "farsta"]), (&anna, ["units", "jarva"]), (&anna, ["unitsf", "arsta"])] {
            let forged = secrets.page(who, (10, &token), &list, 100);
            assert_eq!(forged.unwrap_err().reason(), "PAGE_TOKEN_INVALID");
        }
    }

    async fn a_request_that_failed_may_come_again(db: &TestDb) {
        db.migrate::<Migrator>().await.unwrap();
        let failed: Result<(), OpError> = db.write(|tx| Box::pin(async move {
            claim(tx, Key { caller: "anna", method: "Pay", request_id: "r1" }, &Money { ore: 5 }, now()).await?;
            Err(OpError::precondition("NOT_YET", "not yet"))
        })).await;
        assert_eq!(failed.unwrap_err().reason(), "NOT_YET");
        assert_eq!(pay(db, "r1", "anna", 5).await.unwrap().ore, 10);
    }

    async fn sixteen_at_once_have_one_effect(db: &TestDb) {
        db.migrate::<Migrator>().await.unwrap();
        let all = futures_util::future::join_all((0..16).map(|_| pay(db, "r1", "anna", 5))).await;
        assert!(all.iter().all(|answer| answer.as_ref().is_ok_and(|m| m.ore == 10)), "{all:?}");
        assert_eq!(events(db).await, 1);
    }

    async fn an_id_must_be_there_and_short(db: &TestDb) {
        db.migrate::<Migrator>().await.unwrap();
        assert_eq!(pay(db, " ", "anna", 5).await.unwrap_err().reason(), "FIELD_REQUIRED");
        assert_eq!(pay(db, &"x".repeat(129), "anna", 5).await.unwrap_err().reason(), "REQUEST_ID_TOO_LONG");
    }

    async fn finishing_what_was_not_claimed_is_a_defect(db: &TestDb) {
        db.migrate::<Migrator>().await.unwrap();
        let done = db.write(|tx| Box::pin(async move {
            finish(tx, Key { caller: "anna", method: "Pay", request_id: "r9" }, &Money { ore: 5 }, &Date { year: 2024, month: 3, day: 1 }).await
        })).await;
        assert!(matches!(done, Err(OpError::Internal(_))));
    }
}
