//! Late facts: what was paid is corrected, and every correction says what it corrects and why.

use niva_names::stockholm;
use niva_proto::common::v1::Regime;
use niva_proto::payment::v1::{Component, HoldReason};

use crate::common::city::{Person, on, placed, revision, unit, unit_of};
use crate::common::{World, amount, brief, day, ore, text};

fn one() -> Person {
    Person::new(1, stockholm::SUPPORTED_HOUSING, day(2024, 1, 15))
}

/// The person of G10 in January: supported housing, municipal, level 1.
async fn settle(world: &World) -> Person {
    let person = one();
    world.chosen(&[unit("U-1", "PR-1", "Farsta", Regime::Municipal), person.placed("U-1")]).await;
    world.assessed(&[person.grant(), person.level(1, 1, day(2024, 1, 15))]).await;
    person
}

niva_testing::on_both_databases! {
    async fn g10_a_level_back_in_time(db: &TestDb) {
        let world = World::start(db, crate::common::Start { today: day(2024, 3, 20), opening: Some("2024-03".parse().unwrap()), ..Default::default() }).await;
        let person = settle(&world).await;
        let march = world.paid(2024, 3).await;
        assert_eq!(amount(&march), 31 * 30_000);
        world.clock.advance_to(day(2024, 4, 2));
        world.assessed(&[person.level(2, 3, day(2024, 3, 1))]).await;
        let april = world.calculated(2024, 4).await;
        let lines = world.lines(&april).await;
        assert_eq!(lines.iter().map(brief).collect::<Vec<_>>(), [
            (Component::Rate, "2024-03-01".into(), "2024-03-31".into(), -31, -930_000),
            (Component::Rate, "2024-03-01".into(), "2024-03-31".into(), 31, 1_534_500),
            (Component::Rate, "2024-04-01".into(), "2024-04-30".into(), 30, 1_485_000),
        ]);
        let paid = &world.lines(&march).await[0].payment_line_id;
        assert_eq!(paid, "2024-03.1/1");
        assert_eq!(lines.iter().map(|l| (l.reversal, l.corrects_line_id.as_str(), l.cause.as_str())).collect::<Vec<_>>(), [
            (true, paid.as_str(), "level_decision LD-0001-2"),
            (false, paid.as_str(), "level_decision LD-0001-2"),
            (false, "", ""),
        ]);
        let control = april.control.clone().unwrap();
        assert_eq!((ore(control.earlier_months), control.reversals, ore(control.reversed)), (604_500, 1, -930_000));
        world.approve(&april).await.unwrap();
        // Nothing new: nothing is corrected again.
        let may = world.paid(2024, 5).await;
        assert_eq!(world.lines(&may).await.iter().map(brief).collect::<Vec<_>>(), [
            (Component::Rate, "2024-05-01".into(), "2024-05-31".into(), 31, 31 * 49_500),
        ]);
        world.stop().await;
    }

    async fn an_end_of_stay_that_was_told_late(db: &TestDb) {
        let world = World::new(db).await;
        let person = settle(&world).await;
        world.paid(2024, 3).await;
        let mut ended = person.placement("U-1");
        (ended.notice_date, ended.end_date, ended.info) = (on(day(2024, 3, 10)), on(day(2024, 3, 12)), revision(2));
        world.chosen(&[placed(ended)]).await;
        let april = world.paid(2024, 4).await;
        let lines = world.lines(&april).await;
        // Full compensation through 14 March, vacancy 15 to 21 March, nothing for April.
        assert_eq!(lines.iter().map(brief).collect::<Vec<_>>(), [
            (Component::Rate, "2024-03-01".into(), "2024-03-31".into(), -31, -930_000),
            (Component::Rate, "2024-03-01".into(), "2024-03-14".into(), 14, 420_000),
            (Component::Vacancy, "2024-03-15".into(), "2024-03-21".into(), 7, 210_000),
        ]);
        assert!(lines.iter().all(|line| line.cause == "placement PL-0001 revision 2"));
        assert_eq!(lines[2].corrects_line_id, "");
        world.stop().await;
    }

    async fn a_person_who_never_came(db: &TestDb) {
        let world = World::new(db).await;
        let person = Person::new(1, stockholm::SUPPORTED_HOUSING, day(2024, 3, 4));
        let mut order = person.placement("U-1");
        order.actual_start = None;
        world.chosen(&[unit("U-1", "PR-1", "Farsta", Regime::Municipal), placed(order.clone())]).await;
        world.assessed(&[person.grant(), person.level(1, 1, day(2024, 3, 4))]).await;
        assert_eq!(amount(&world.paid(2024, 3).await), 28 * 30_000);
        // Notice on day ten gives exactly 14 days, through 17 March.
        (order.notice_date, order.info) = (on(day(2024, 3, 13)), revision(2));
        world.chosen(&[placed(order)]).await;
        let april = world.paid(2024, 4).await;
        assert_eq!(world.lines(&april).await.iter().map(brief).collect::<Vec<_>>(), [
            (Component::Rate, "2024-03-04".into(), "2024-03-31".into(), -28, -840_000),
            (Component::Rate, "2024-03-04".into(), "2024-03-17".into(), 14, 420_000),
            (Component::Vacancy, "2024-03-18".into(), "2024-03-24".into(), 7, 210_000),
        ]);
        world.stop().await;
    }

    async fn a_unit_that_changed_hands_pays_the_other_provider_from_then_on(db: &TestDb) {
        let world = World::new(db).await;
        settle(&world).await;
        world.paid(2024, 3).await;
        // Private from 16 March, and by another provider: whoever ran it until then keeps its days.
        let periods = [(day(2000, 1, 1), "PR-1", Regime::Municipal), (day(2024, 3, 16), "PR-2", Regime::Private)];
        world.chosen(&[unit_of("U-1", "Farsta", 2, &periods)]).await;
        let april = world.paid(2024, 4).await;
        let lines = world.lines(&april).await;
        let of_march: Vec<_> = lines.iter().filter(|l| l.month.unwrap().month == 3).collect();
        assert_eq!(of_march.iter().map(|l| (l.provider_id.as_str(), l.quantity)).collect::<Vec<_>>(), [
            ("PR-1", -31), ("PR-1", 15), ("PR-2", 16),
        ]);
        assert!(of_march.iter().all(|line| line.cause == "unit U-1 revision 2"));
        assert!(of_march[1..].iter().all(|line| line.corrects_line_id == "2024-03.1/1"));
        world.stop().await;
    }

    async fn what_arrives_after_the_freeze_belongs_to_the_next_run(db: &TestDb) {
        let world = World::new(db).await;
        let person = settle(&world).await;
        let march = world.calculated(2024, 3).await;
        world.assessed(&[person.level(2, 3, day(2024, 3, 1))]).await;
        let mut moved = person.placement("U-1");
        (moved.end_date, moved.info) = (on(day(2024, 3, 29)), revision(2));
        world.chosen(&[placed(moved)]).await;
        world.approve(&march).await.unwrap();
        assert_eq!(amount(&march), 31 * 30_000);
        let april = world.paid(2024, 4).await;
        // Full through 2 April (29 March + 4 days), at level 3; vacancy at level 1 for 7 days.
        assert_eq!(amount(&april), -31 * 30_000 + 31 * 49_500 + 2 * 49_500 + 7 * 30_000);
        world.stop().await;
    }

    async fn a_hold_is_listed_until_the_fact_arrives_and_is_paid_then(db: &TestDb) {
        let world = World::new(db).await;
        let person = one();
        world.chosen(&[unit("U-1", "PR-1", "Farsta", Regime::Municipal), person.placed("U-1")]).await;
        world.assessed(&[person.grant()]).await;
        let march = world.paid(2024, 3).await;
        assert_eq!((world.lines(&march).await.len(), amount(&march)), (0, 0));
        let holds = world.holds(&march).await;
        assert_eq!((holds.len(), holds[0].placement_id.as_str()), (1, "PL-0001"));
        let hold = holds[0].hold.clone().unwrap();
        assert_eq!(hold.reason(), HoldReason::LevelMissing);
        assert!(!hold.message.is_empty());
        let april = world.paid(2024, 4).await;
        assert_eq!(world.holds(&april).await.len(), 2, "March waits still, and April");
        world.assessed(&[person.level(1, 2, day(2024, 1, 15))]).await;
        let may = world.paid(2024, 5).await;
        assert_eq!(amount(&may), (31 + 30 + 31) * 39_500);
        // The level is older than the ledger: what it is worth in January and February is paid by nobody here.
        let early: Vec<_> = world.holds(&may).await.into_iter().filter_map(|h| h.hold).map(|h| (h.reason(), text(h.days.unwrap().first))).collect();
        assert_eq!(early, [(HoldReason::BeforeLedger, "2024-01-15".to_owned()), (HoldReason::BeforeLedger, "2024-02-01".to_owned())]);
        let lines = world.lines(&may).await;
        assert_eq!(lines[0].cause, "level_decision LD-0001-1");
        world.stop().await;
    }
}
