//! A calculation that is broken off anywhere, and goes on in another process, writes what it would have written.

use std::sync::Arc;

use niva_models::Catalogue;
use niva_names::{ServiceCatalogue, stockholm};
use niva_proto::common::v1::Regime;
use niva_proto::payment::v1::{self as pb, payment_run::State};

use crate::common::city::{Person, unit, unit_of};
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

    async fn a_run_that_goes_on_with_other_models_goes_on_with_its_own(db: &TestDb) {
        let undisturbed = another(db).await;
        let world = World::new(&undisturbed).await;
        settle(&world, 120).await;
        let expected = world.calculated(2024, 3).await;
        world.stop().await;
        let world = World::start(db, one_by_one()).await;
        settle(&world, 120).await;
        world.create(2024, 3).await.unwrap();
        world.stop().await;
        let world = World::start(db, Start { catalogue: dearer(), ..Start::default() }).await;
        let run = world.settled("2024-03.1").await;
        assert_eq!(run.state(), State::Calculated, "{:?}", run.job);
        assert_eq!(run.control, expected.control);
        world.stop().await;
    }

    async fn a_new_price_list_back_in_time_corrects_and_says_so(db: &TestDb) {
        let world = World::new(db).await;
        settle(&world, 3).await;
        let march = world.paid(2024, 3).await;
        world.stop().await;
        let world = World::start(db, Start { catalogue: dearer(), ..Start::default() }).await;
        let april = world.calculated(2024, 4).await;
        let lines = world.lines(&april).await;
        let person = lines.iter().filter(|l| l.placement_id == "PL-0003").collect::<Vec<_>>();
        let prices: Vec<_> = person.iter().map(|l| (l.quantity, l.unit_price.unwrap().ore)).collect();
        assert_eq!(prices, [(-31, 30_000), (31, 31_000), (30, 31_000)], "{}", amount(&march));
        let cause = &person[0].cause;
        assert!(cause.starts_with("model socialpsychiatry-2010 version ") && cause.contains(", before "), "{cause}");

        // The list changes March of those at level 1 alone, and whoever approves has seen by how much.
        let control = april.control.clone().unwrap();
        assert_eq!((control.repriced_lines, control.repriced.unwrap().ore), (2, 31 * 1_000));
        let unseen = pb::PaymentRun { control: Some(pb::ControlTotals { repriced: None, ..control.clone() }), ..april.clone() };
        let error = world.approve(&unseen).await.unwrap_err();
        assert_eq!(reason(&error), "REPRICED_DIFFERS", "{error}");
        world.approve(&april).await.unwrap();

        // March is explained as it was paid: by its own list, to the document and the place, with who told what.
        let line = &world.lines(&march).await.into_iter().find(|line| line.placement_id == "PL-0003").unwrap();
        let explained = world.explain(line).await;
        let explanation = explained.explanation.unwrap();
        assert!(explanation.sentences.iter().any(|s| s.contains("300.00")), "{:?}", explanation.sentences);
        assert!(!explanation.source_document.is_empty() && !explanation.source_place.is_empty());
        let kinds: Vec<_> = explained.told.iter().map(|told| told.ground.as_ref().unwrap().kind.as_str()).collect();
        assert_eq!(kinds, ["grant", "level_decision", "placement", "unit"]);
        assert!(explained.told.iter().all(|told| told.recorded_time.is_some()));

        // And it is calculated again as it was.
        for run in [&march, &april] {
            let again = world.repeat(run).await.unwrap();
            assert!(again.same, "{}", again.difference);
            let (control, before) = (again.control.unwrap(), run.control.clone().unwrap());
            assert_eq!((control.lines_sha256, control.amount), (before.lines_sha256, before.amount));
        }
        world.stop().await;
    }

    async fn what_does_not_price_changes_nothing(db: &TestDb) {
        let world = World::new(db).await;
        settle(&world, 3).await;
        world.paid(2024, 3).await;
        world.stop().await;
        let world = World::start(db, Start { catalogue: other_models("title = ", "# A remark.\ntitle = "), ..Start::default() }).await;
        let april = world.calculated(2024, 4).await;
        let lines = world.lines(&april).await;
        assert!(lines.iter().all(|line| line.month.unwrap().month == 4), "{lines:?}");
        let control = april.control.clone().unwrap();
        assert_eq!((control.repriced_lines, control.repriced), (0, None));
        let named = pb::ControlTotals { repriced: control.amount, ..control };
        let named = world.approve(&pb::PaymentRun { control: Some(named), ..april.clone() }).await;
        assert_eq!(reason(&named.unwrap_err()), "REPRICED_DIFFERS");
        world.approve(&april).await.unwrap();
        world.stop().await;
    }

    async fn a_run_is_calculated_again_whatever_came_since(db: &TestDb) {
        let world = World::new(db).await;
        settle(&world, 12).await;
        let march = world.paid(2024, 3).await;
        let april = world.paid(2024, 4).await;
        let late = Person::new(3, stockholm::SUPPORTED_HOUSING, day(2024, 1, 4));
        world.assessed(&[late.level(2, 3, day(2024, 2, 1))]).await;
        world.chosen(&[unit_of("U-1", "Farsta", 2, &[(day(2024, 3, 10), "PR-2", Regime::Private)])]).await;
        let discarded = world.calculated(2024, 5).await;
        world.discard(&discarded).await.unwrap();
        world.assessed(&[late.level(3, 2, day(2024, 4, 1))]).await;
        let may = world.paid(2024, 5).await;
        for run in [&march, &april, &discarded, &may] {
            let again = world.repeat(run).await.unwrap();
            assert!(again.same, "{}: {}", run.payment_run_id, again.difference);
        }
        let unknown = pb::PaymentRun { payment_run_id: "2024-07.1".to_owned(), ..may };
        assert_eq!(reason(&world.repeat(&unknown).await.unwrap_err()), "NOT_FOUND");
        world.stop().await;
    }
}

/// The shipped models with supported housing at level 1 for 310 SEK instead of 300.
fn dearer() -> Catalogue {
    other_models("[1, 300]", "[1, 310]")
}

/// The shipped models with something else in the list of 2010.
fn other_models(from: &str, to: &str) -> Catalogue {
    let folder = tempfile::tempdir().unwrap();
    let shipped = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/models/data/socialpsychiatry-2010.toml");
    let shipped = std::fs::read_to_string(shipped).unwrap();
    let text = shipped.replace(from, to);
    assert_ne!(text, shipped, "nothing was changed");
    std::fs::write(folder.path().join("socialpsychiatry-2010.toml"), text).unwrap();
    Catalogue::of_city(&Arc::new(ServiceCatalogue::shipped().unwrap()), Some(folder.path())).unwrap()
}
