//! The ledger cannot be altered unseen: the database refuses to change what was written, whoever got round that is found
//! before anything is paid, and the verifier finds it afterwards.

use niva_access::{Caller, Role};
use niva_names::stockholm;
use niva_proto::common::v1::Regime;
use niva_proto::payment::v1 as pb;
use niva_testing::TestDb;
use sea_orm::ConnectionTrait;
use tonic::Code;

use crate::common::city::{Person, unit};
use crate::common::told::{agreed, approved_by};
use crate::common::{World, amount, day, reason};

/// Five people in supported housing, at two units.
async fn settle(world: &World) {
    let units =
        [unit("U-1", "PR-1", "Farsta", Regime::Municipal), unit("U-2", "PR-2", "Bromma", Regime::Private)];
    world.chosen(&units).await;
    for n in 1..=5 {
        let person = Person::new(n, stockholm::SUPPORTED_HOUSING, day(2024, 1, 15));
        world.assessed(&[person.grant(), person.level(1, 2, person.start)]).await;
        world.chosen(&[person.placed(if n % 2 == 0 { "U-2" } else { "U-1" })]).await;
    }
}

/// As somebody does who owns the database: what guards the tables is switched off for as long.
pub(crate) async fn tamper(world: &World, sql: &str) {
    const TABLES: [&str; 11] = [
        "author",
        "fact",
        "payment_line",
        "payment_hold",
        "payment_run",
        "payment_order",
        "payment_order_step",
        "payment_posting",
        "payment_file",
        "payment_file_part",
        "payment_file_order",
    ];
    let conn = world.db.conn();
    if world.db.is_postgres() {
        for table in TABLES {
            conn.execute_unprepared(&format!("ALTER TABLE {table} DISABLE TRIGGER USER")).await.unwrap();
        }
        conn.execute_unprepared(sql).await.unwrap();
        for table in TABLES {
            conn.execute_unprepared(&format!("ALTER TABLE {table} ENABLE TRIGGER USER")).await.unwrap();
        }
        return;
    }
    for table in TABLES {
        for change in ["update", "delete"] {
            conn.execute_unprepared(&format!("DROP TRIGGER IF EXISTS {table}_no_{change}")).await.unwrap();
        }
    }
    conn.execute_unprepared(sql).await.unwrap();
}

async fn findings(world: &World) -> Vec<String> {
    let verified = niva_payment::verify(&world.db).await.unwrap();
    verified.findings.iter().map(ToString::to_string).collect()
}

/// Three months, of which two are approved and the first had a hold.
async fn three_months(db: &TestDb) -> World {
    let world = World::new(db).await;
    settle(&world).await;
    let nobody_measured = Person::new(9, stockholm::SUPPORTED_HOUSING, day(2024, 1, 15));
    world.assessed(&[nobody_measured.grant()]).await;
    world.chosen(&[nobody_measured.placed("U-1")]).await;
    world.paid(2024, 3).await;
    let discarded = world.calculated(2024, 4).await;
    world.discard(&discarded).await.unwrap();
    world.paid(2024, 4).await;
    world
}

niva_testing::on_both_databases! {
    async fn what_was_written_is_not_changed(db: &TestDb) {
        let world = three_months(db).await;
        assert_eq!(findings(&world).await, [""; 0]);
        let conn = world.db.conn();
        for sql in [
            "UPDATE payment_line SET amount = amount + 1",
            "DELETE FROM payment_line WHERE line_no = 1",
            "UPDATE payment_hold SET reason = 'no_level'",
            "DELETE FROM payment_hold",
            "UPDATE fact SET fact_id = 'other'",
            "DELETE FROM fact",
            "UPDATE author SET role = 'other'",
            "DELETE FROM payment_run WHERE run_no = 1",
            "UPDATE payment_run SET approver = 'somebody' WHERE run_no = 1",
        ] {
            let refused = conn.execute_unprepared(sql).await.unwrap_err().to_string();
            assert!(refused.contains("are never changed"), "{sql}: {refused}");
        }
        if world.db.is_postgres() {
            let refused = conn.execute_unprepared("TRUNCATE payment_line").await.unwrap_err().to_string();
            assert!(refused.contains("are never changed"), "{refused}");
        }
        assert_eq!(findings(&world).await, [""; 0]);
        world.stop().await;
    }

    async fn whoever_gets_round_it_is_found(db: &TestDb) {
        for (sql, found) in [
            ("UPDATE payment_line SET amount = amount + 1 WHERE run_no = 1 AND line_no = 2", "run 2024-03.1"),
            ("UPDATE payment_line SET provider_id = 'PR-9' WHERE run_no = 1 AND line_no = 1", "run 2024-03.1"),
            ("UPDATE payment_line SET payee_district = 'Bromma' WHERE run_no = 1 AND line_no = 1", "run 2024-03.1"),
            ("DELETE FROM payment_line WHERE run_no = 1 AND line_no = 2", "line 2 is missing"),
            ("DELETE FROM payment_line WHERE run_no = 1 AND line_no = 5", "run 2024-03.1"),
            ("DELETE FROM payment_line WHERE run_no = 3", "run 2024-04.2"),
            // Two lines put in each other's place.
            ("UPDATE payment_line SET line_no = CASE line_no WHEN 1 THEN 901 ELSE 902 END WHERE run_no = 1 AND line_no <= 2;
              UPDATE payment_line SET line_no = CASE line_no WHEN 901 THEN 2 ELSE 1 END WHERE run_no = 1 AND line_no > 900",
             "run 2024-03.1"),
            ("UPDATE payment_hold SET last_day = first_day WHERE run_no = 1", "run 2024-03.1"),
            ("DELETE FROM payment_hold WHERE run_no = 1", "run 2024-03.1"),
            ("UPDATE payment_run SET approver = 'somebody' WHERE run_no = 1", "run 2024-03.1"),
            ("DELETE FROM payment_run WHERE run_no = 2", "run number 2 is missing"),
            ("UPDATE author SET subject = 'somebody'", "run 2024-03.1"),
            ("UPDATE fact SET reason = 'another' WHERE number = 2", "run 2024-03.1"),
            ("DELETE FROM fact WHERE number = 2", "run 2024-03.1"),
        ] {
            let elsewhere = crate::common::another(db).await;
            let world = three_months(&elsewhere).await;
            tamper(&world, sql).await;
            let findings = findings(&world).await;
            assert!(findings.iter().any(|finding| finding.contains(found)), "{sql}: {findings:?}");
            world.stop().await;
        }
    }

    /// Each in words that say what is owed and what was paid, beside those of whoever reads the chain.
    async fn what_is_not_paid_as_the_facts_say_is_counted(db: &TestDb) {
        let of = |payee: &str, what: &str| format!("placement PL-0002: rate by socialpsychiatry-2010, from Farsta to provider {payee}, from {what}");
        let own = |what: &str| of("PR-2", what);
        // Content is bytes.
        let (text, bytes) = match db.is_postgres() {
            true => ("convert_from(content, 'UTF8')", ("convert_to(", ", 'UTF8')")),
            false => ("CAST(content AS TEXT)", ("CAST(", " AS BLOB)")),
        };
        let bytes = |text: &str| format!("{}{text}{}", bytes.0, bytes.1);
        let line = "run_no = 1 AND placement_id = 'PL-0002'";
        for (sql, found) in [
            (format!("UPDATE payment_line SET amount = amount + 1 WHERE {line}"), vec![own("2024-03-01 through 2024-03-31: owed 12524.00 SEK, paid 12524.01 SEK")]),
            (format!("UPDATE payment_line SET provider_id = 'PR-9' WHERE {line}"), vec![
                own("2024-03-01 through 2024-03-31: owed 12524.00 SEK, paid nothing"),
                of("PR-9", "2024-03-01 through 2024-03-31: owed 0.00 SEK, paid 12524.00 SEK"),
            ]),
            (format!("UPDATE payment_line SET last_day = '2024-03-30' WHERE {line}"), vec![
                own("2024-03-01 through 2024-03-30: owed 12120.00 SEK, paid 12524.00 SEK"),
                own("2024-03-31 through 2024-03-31: owed 404.00 SEK, paid nothing"),
            ]),
            (format!("UPDATE payment_line SET first_day = '2024-02-29' WHERE {line}"), vec![
                own("2024-02-29 through 2024-03-31: paid 12524.00 SEK, though nothing is owed for 1 of them"),
            ]),
            ("UPDATE payment_line SET first_day = '2024-03-01', last_day = '2024-03-31' WHERE placement_id = 'PL-0002'".to_owned(), vec![
                own("2024-03-01 through 2024-03-31: owed 12524.00 SEK, paid 24644.00 SEK"),
                own("2024-04-01 through 2024-04-30: owed 12120.00 SEK, paid nothing"),
            ]),
            (format!("UPDATE payment_line SET last_day = '2024-04-30' WHERE {line}"), vec![
                own("2024-03-01 through 2024-04-30: owed 24644.00 SEK, paid 12524.00 SEK"),
                own("2024-04-01 through 2024-04-30: paid 12120.00 SEK beside another payment of these days"),
            ]),
            (format!("DELETE FROM payment_line WHERE {line}"), vec![own("2024-03-01 through 2024-03-31: owed 12524.00 SEK, paid nothing")]),
            (format!("UPDATE fact SET content = {} WHERE fact_id = 'LD-0002-1'", bytes(&format!("replace({text}, '\"level\":2', '\"level\":1')"))), vec![
                own("2024-03-01 through 2024-03-31: owed 9517.00 SEK, paid 12524.00 SEK"),
                own("2024-04-01 through 2024-04-30: owed 9210.00 SEK, paid 12120.00 SEK"),
            ]),
            ("DELETE FROM fact WHERE kind = 'grant' AND fact_id = 'G-0002'".to_owned(), vec![
                own("2024-03-01 through 2024-03-31: owed 0.00 SEK, paid 12524.00 SEK"),
                own("2024-04-01 through 2024-04-30: owed 0.00 SEK, paid 12120.00 SEK"),
            ]),
            (format!("UPDATE fact SET content = {} WHERE fact_id = 'G-0002'", bytes("'{}'")), vec![
                "row 6 of table fact is unreadable in column content: missing field `district` at line 1 column 2".to_owned(),
            ]),
        ] {
            let elsewhere = crate::common::another(db).await;
            let world = three_months(&elsewhere).await;
            tamper(&world, &sql).await;
            assert_eq!(niva_payment_recount::recount(&world.db).await.unwrap(), found, "{sql}");
            world.stop().await;
        }
    }

    async fn a_changed_line_is_not_approved(db: &TestDb) {
        let world = World::new(db).await;
        settle(&world).await;
        let run = world.calculated(2024, 3).await;
        let mut others = run.clone();
        others.control.as_mut().unwrap().lines_sha256 = "0".repeat(64);
        let refused = world.approve(&others).await.unwrap_err();
        assert_eq!((refused.code(), reason(&refused).as_str()), (Code::FailedPrecondition, "LINES_DIFFER"));
        tamper(&world, "UPDATE payment_line SET provider_id = 'PR-9' WHERE line_no = 1").await;
        let refused = world.approve(&run).await.unwrap_err();
        assert_eq!((refused.code(), reason(&refused).as_str()), (Code::FailedPrecondition, "LEDGER_ALTERED"));
        world.stop().await;
    }

    async fn whoever_told_what_a_run_pays_first_does_not_approve_it(db: &TestDb) {
        let world = World::new(db).await;
        settle(&world).await;
        // Somebody who makes agreements on one day and approves runs on another.
        let mut maker = world.by(Caller::new("two-hats", [Role::FinanceMaker]));
        let agreement = Some(agreed("A-1", day(2024, 3, 1), None, 1_000_000_000));
        let request = pb::RecordAgreementRequest { request_id: world.request(), agreement, ..Default::default() };
        maker.agreements.record_agreement(request).await.unwrap();
        approved_by(&world, "second", "A-1", 1).await.unwrap();
        let run = world.calculated(2024, 3).await;
        let request = |by: &str| {
            let mut client = world.by(Caller::new(by, [Role::FinanceApprover]));
            let control = run.control.clone().unwrap();
            let request = pb::ApprovePaymentRunRequest {
                request_id: world.request(),
                payment_run_id: run.payment_run_id.clone(),
                amount: control.amount,
                repriced: control.repriced,
        lines_sha256: control.lines_sha256,
            };
            async move { client.runs.approve_payment_run(request).await }
        };
        for own in ["two-hats", "second"] {
            let refused = request(own).await.unwrap_err();
            assert_eq!((refused.code(), reason(&refused).as_str()), (Code::PermissionDenied, "OWN_FACT"), "{own}");
        }
        request("third").await.unwrap();
        // What is paid already is nobody's first any more.
        let next = world.calculated(2024, 4).await;
        assert!(amount(&next) > 0);
        world.stop().await;
    }
}
