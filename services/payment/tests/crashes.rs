//! A calculation that is broken off anywhere, and goes on in another process, writes what it would have written.

use std::sync::Arc;

use niva_models::Catalogue;
use niva_names::{ServiceCatalogue, stockholm};
use niva_proto::common::v1::Regime;
use niva_proto::payment::v1::{self as pb, payment_run::State};

use crate::common::city::{Person, unit};
use crate::common::{Start, World, amount, another, day, reason};

/// People enough for many parts; every fifth has no level, and is held.
async fn settle(world: &World, people: u32) {
    let (mut assessed, mut chosen) = (Vec::new(), vec![unit("U-1", "PR-1", "Farsta", Regime::Municipal)]);
    for n in 1..=people {
        let person = Person::new(n, stockholm::SUPPORTED_HOUSING, day(2024, 1, 1 + n % 28));
        assessed.push(person.grant());
        if n % 5 > 0 {
            assessed.push(person.level(1, 1 + i32::try_from(n % 3).unwrap(), person.start));
        }
        chosen.push(person.placed("U-1"));
    }
    world.assessed(&assessed).await;
    world.chosen(&chosen).await;
}

fn one_by_one() -> Start {
    Start { cases_per_part: 1, ..Start::default() }
}

async fn everything(world: &World, run: &pb::PaymentRun) -> (Vec<pb::PaymentLine>, Vec<pb::PaymentHold>) {
    (world.lines(run).await, world.holds(run).await)
}

niva_testing::on_both_databases! {
    async fn a_calculation_that_is_killed_again_and_again_writes_the_same(db: &TestDb) {
        let undisturbed = another(db).await;
        let world = World::new(&undisturbed).await;
        settle(&world, 80).await;
        let expected = world.calculated(2024, 3).await;
        let lines = everything(&world, &expected).await;
        world.stop().await;

        let mut world = World::start(db, one_by_one()).await;
        settle(&world, 80).await;
        world.create(2024, 3).await.unwrap();
        let mut killed = 0;
        let run = loop {
            // Let it come a little further each time, then end it in the middle of whatever it does.
            let request = pb::WatchPaymentRunRequest { payment_run_id: "2024-03.1".to_owned() };
            let mut progress = world.maker().runs.watch_payment_run(request).await.unwrap().into_inner();
            for _ in 0..1 + killed % 7 {
                if progress.message().await.unwrap().is_none() {
                    break;
                }
            }
            drop(progress);
            world.stop().await;
            world = World::start(db, one_by_one()).await;
            let request = pb::GetPaymentRunRequest { payment_run_id: "2024-03.1".to_owned() };
            let run = world.maker().runs.get_payment_run(request).await.unwrap().into_inner().payment_run.unwrap();
            if run.state() != State::Calculating {
                break run;
            }
            killed += 1;
        };
        assert!(killed > 0, "it was never broken off");
        assert_eq!((run.state(), &run.control), (State::Calculated, &expected.control), "{:?}", run.job);
        assert_eq!(everything(&world, &run).await, lines);
        assert_eq!(run.control.unwrap().lines_sha256.len(), 64);
        world.stop().await;
    }

    async fn of_two_processes_at_one_run_each_part_is_written_once(db: &TestDb) {
        let undisturbed = another(db).await;
        let world = World::new(&undisturbed).await;
        settle(&world, 40).await;
        let expected = world.calculated(2024, 3).await;
        world.stop().await;

        let one = World::start(db, one_by_one()).await;
        settle(&one, 40).await;
        one.create(2024, 3).await.unwrap();
        // A process that starts takes up what it finds.
        let two = World::start(db, Start { cases_per_part: 3, ..Start::default() }).await;
        let run = one.settled("2024-03.1").await;
        assert_eq!((run.state(), &run.control), (State::Calculated, &expected.control), "{:?}", run.job);
        assert_eq!(two.lines(&run).await.len(), 32);
        one.stop().await;
        two.stop().await;
    }

    async fn a_run_that_goes_on_with_other_models_fails_and_is_discarded(db: &TestDb) {
        let world = World::start(db, one_by_one()).await;
        settle(&world, 120).await;
        world.create(2024, 3).await.unwrap();
        world.stop().await;
        let world = World::start(db, Start { catalogue: dearer(), ..Start::default() }).await;
        let run = world.settled("2024-03.1").await;
        assert_eq!(run.state(), State::Failed);
        let error = run.job.clone().unwrap().error;
        assert!(error.contains("models") && error.contains("discard"), "{error}");
        assert_eq!(reason(&world.approve(&run).await.unwrap_err()), "FIELD_REQUIRED");
        assert_eq!(reason(&world.create(2024, 3).await.unwrap_err()), "RUN_IN_PROGRESS");
        world.discard(&run).await.unwrap();
        assert_eq!(world.calculated(2024, 3).await.payment_run_id, "2024-03.2");
        world.stop().await;
    }

    async fn a_new_price_list_back_in_time_corrects_and_says_so(db: &TestDb) {
        let world = World::new(db).await;
        settle(&world, 3).await;
        let march = world.paid(2024, 3).await;
        world.stop().await;
        let world = World::start(db, Start { catalogue: dearer(), ..Start::default() }).await;
        let april = world.paid(2024, 4).await;
        let lines = world.lines(&april).await;
        let person = lines.iter().filter(|l| l.placement_id == "PL-0003").collect::<Vec<_>>();
        let prices: Vec<_> = person.iter().map(|l| (l.quantity, l.unit_price.unwrap().ore)).collect();
        assert_eq!(prices, [(-31, 30_000), (31, 31_000), (30, 31_000)], "{}", amount(&march));
        assert!(person[0].cause.starts_with("models "), "{}", person[0].cause);
        // March is explained by today's models, and the answer says so.
        let explained = world.explain(&world.lines(&march).await[0]).await.explanation.unwrap();
        assert!(explained.sentences.iter().any(|s| s.contains("models have changed")), "{:?}", explained.sentences);
        world.stop().await;
    }
}

/// The shipped models with supported housing at level 1 for 310 SEK instead of 300.
fn dearer() -> Catalogue {
    let folder = tempfile::tempdir().unwrap();
    let shipped = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/models/data/socialpsychiatry-2010.toml");
    let text = std::fs::read_to_string(shipped)
        .unwrap()
        .replace("[1, 300]", "[1, 310]")
        .replace("[1, 307]", "[1, 317]");
    std::fs::write(folder.path().join("socialpsychiatry-2010.toml"), text).unwrap();
    Catalogue::of_city(&Arc::new(ServiceCatalogue::shipped().unwrap()), Some(folder.path())).unwrap()
}
