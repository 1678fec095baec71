//! Another version of the rules: what it alone changes is a sum of its own, and nobody pays it without having seen it.

use niva_names::stockholm;
use niva_proto::common::v1::{Money, Regime};
use niva_proto::payment::v1 as pb;

use crate::common::city::{Person, unit};
use crate::common::{World, amount, day, reason};
use crate::ledger::tamper;

/// What the version before paid less for each day, in öre.
const LESS: i64 = 100;

/// Three people whom the version before paid less for: March, paid by it.
async fn paid_by_the_version_before(db: &niva_testing::TestDb) -> World {
    let world = World::new(db).await;
    world.chosen(&[unit("U-1", "PR-1", "Farsta", Regime::Municipal)]).await;
    for n in 1..=3 {
        let person = Person::new(n, stockholm::SUPPORTED_HOUSING, day(2024, 3, 1));
        world.assessed(&[person.grant(), person.level(1, 2, person.start)]).await;
        world.chosen(&[person.placed("U-1")]).await;
    }
    world.paid(2024, 3).await;
    let as_before = format!(
        "UPDATE payment_run SET engine_version = 0 WHERE run_no = 1; \
         UPDATE payment_line SET unit_price = unit_price - {LESS}, amount = amount - quantity * {LESS} WHERE run_no = 1"
    );
    tamper(&world, &as_before).await;
    world
}

async fn approve(world: &World, run: &pb::PaymentRun, repriced: Option<Money>) -> Result<(), tonic::Status> {
    let control = run.control.clone().unwrap();
    let request = pb::ApprovePaymentRunRequest {
        request_id: world.request(),
        payment_run_id: run.payment_run_id.clone(),
        amount: control.amount,
        lines_sha256: control.lines_sha256,
        repriced,
    };
    world.approver().runs.approve_payment_run(request).await.map(|_| ())
}

niva_testing::on_both_databases! {
    async fn what_another_version_of_the_rules_changes_is_named_before_it_is_paid(db: &TestDb) {
        let world = paid_by_the_version_before(db).await;
        let april = world.calculated(2024, 4).await;
        // 31 days of three people.
        let ore = 3 * 31 * LESS;
        let changed = Some(Money { ore });
        assert_eq!(april.control.clone().unwrap().repriced, changed);
        let lines = world.lines(&april).await;
        let march: Vec<_> = lines.iter().filter(|line| line.month.unwrap().month == 3).collect();
        assert_eq!(march.len(), 6, "each March line taken back and paid anew");
        assert!(march.iter().all(|line| line.cause == "engine version 1"), "{march:?}");
        for unseen in [None, Some(Money { ore: 0 }), Some(Money { ore: 1 })] {
            assert_eq!(reason(&approve(&world, &april, unseen).await.unwrap_err()), "REPRICED_DIFFERS");
        }
        approve(&world, &april, changed).await.unwrap();
        // From then on the version is the same, and says nothing of its own.
        let may = world.calculated(2024, 5).await;
        assert_eq!(may.control.clone().unwrap().repriced, None);
        assert!(world.lines(&may).await.iter().all(|line| line.month.unwrap().month == 5));
        assert_eq!(amount(&may), 31 * (amount(&april) - ore) / 30);
        world.stop().await;
    }

    /// An executable of before, or of after, kept a case as this one cannot read it: its facts say the same.
    async fn a_case_that_is_kept_in_another_form_is_made_from_its_facts(db: &TestDb) {
        let world = World::new(db).await;
        world.chosen(&[unit("U-1", "PR-1", "Farsta", Regime::Municipal)]).await;
        for n in 1..=3 {
            let person = Person::new(n, stockholm::SUPPORTED_HOUSING, day(2024, 3, 1));
            world.assessed(&[person.grant(), person.level(1, 2, person.start)]).await;
            world.chosen(&[person.placed("U-1")]).await;
        }
        world.paid(2024, 3).await;
        let april = world.calculated(2024, 4).await;
        world.discard(&april).await.unwrap();
        tamper(&world, "UPDATE care_case SET doc = CAST('another form' AS BLOB)".replace("BLOB", if world.db.is_postgres() { "BYTEA" } else { "BLOB" }).as_str()).await;
        let again = world.calculated(2024, 4).await;
        assert_eq!(again.control, april.control);
        assert_ne!(amount(&again), 0);
        world.stop().await;
    }
}
