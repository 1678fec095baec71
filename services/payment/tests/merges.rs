//! A person who was recorded twice: what was told of either record is paid as the person's while the merge stands, whatever the
//! order in which the feeds tell of it, and the ledger is put right by the ordinary corrections.

use niva_access::{Caller, Role};
use niva_names::stockholm;
use niva_proto::common::v1::Regime;
use niva_proto::payment::v1 as pb;
use niva_proto::payment::v1::HoldReason;
use niva_testing::requests::payment as requests;
use tonic::Code;

use crate::common::city::{Person, merged, placed, revision, unit};
use crate::common::told::schedule;
use crate::common::{Start, World, amount, day, ore, reason, text};

/// Two records in one service: the first has a grant and level 1, the second a grant, level 2 and a placement.
fn people() -> [Person; 2] {
    [1, 2].map(|n| Person::new(n, stockholm::SUPPORTED_HOUSING, day(2024, 3, 1)))
}

async fn settle(world: &World) -> [Person; 2] {
    let [first, second] = people();
    world.assessed(&[first.grant(), first.level(1, 1, first.start), second.grant()]).await;
    world.assessed(&[second.level(2, 2, second.start)]).await;
    world.chosen(&[unit("U-1", "PR-1", "Farsta", Regime::Municipal), second.placed("U-1")]).await;
    [first, second]
}

/// Who the lines of a run are of: person, öre, and whether they take back.
async fn of(world: &World, run: &pb::PaymentRun) -> Vec<(String, i64, bool)> {
    let lines = world.lines(run).await.into_iter();
    lines.map(|line| (line.person_id, ore(line.amount), line.reversal)).collect()
}

async fn nothing_is_found(world: &World) {
    let verified = niva_payment::verify(&world.db).await.unwrap();
    assert_eq!(verified.findings.iter().map(ToString::to_string).collect::<Vec<_>>(), [""; 0]);
}

async fn lines_of(world: &World, run: &pb::PaymentRun, person: &str, placement: &str) -> usize {
    let request = pb::ListPaymentLinesRequest {
        payment_run_id: run.payment_run_id.clone(),
        person_id: person.to_owned(),
        placement_id: placement.to_owned(),
        ..Default::default()
    };
    world.maker().lines.list_payment_lines(request).await.unwrap().into_inner().payment_lines.len()
}

const MARCH: i64 = 31 * 39_500;
const APRIL: i64 = 30 * 39_500;

niva_testing::on_both_databases! {
    async fn what_was_paid_of_the_record_that_went_is_paid_anew_of_the_one_that_stays(db: &TestDb) {
        let world = World::new(db).await;
        settle(&world).await;
        assert_eq!(amount(&world.paid(2024, 3).await), MARCH);
        let merge = merged("P-0002", "P-0001", "lena", 1, true);
        world.assessed(&[merge.clone(), merge.clone()]).await;
        let april = world.calculated(2024, 4).await;
        let person = |n: u32| format!("P-000{n}");
        assert_eq!(of(&world, &april).await, [(person(1), MARCH, false), (person(1), APRIL, false), (person(2), -MARCH, true)]);
        let lines = world.lines(&april).await;
        assert_eq!(lines.iter().map(|line| line.cause.as_str()).collect::<Vec<_>>(), ["person_merge M-P-0002", "", "person_merge M-P-0002"]);
        // Either id, and the placement, finds the lines of both records.
        for (who, what) in [("P-0001", ""), ("P-0002", ""), ("", "PL-0002"), ("P-0002", "PL-0002")] {
            assert_eq!(lines_of(&world, &april, who, what).await, 3, "{who} {what}");
        }
        let told: Vec<String> = world.explain(&lines[0]).await.told.into_iter().map(|told| told.author).collect();
        assert!(told.contains(&"lena".to_owned()), "{told:?}");
        for line in &lines {
            assert!(!world.explain(line).await.explanation.unwrap().sentences.is_empty());
        }
        let repeated = world.repeat(&april).await.unwrap();
        assert_eq!(repeated.control, april.control);
        let counted = april.job.clone().unwrap();
        assert_eq!((counted.done, counted.total), (1, 1));
        world.approve(&april).await.unwrap();
        nothing_is_found(&world).await;
        // Two people after all: each has again what was told under its id. Told again, it says nothing new.
        let parted = merged("P-0002", "P-0001", "lena", 2, false);
        world.assessed(&[parted.clone(), merge, parted]).await;
        let may = world.paid(2024, 5).await;
        assert_eq!(of(&world, &may).await, [
            (person(1), -MARCH, true), (person(1), -APRIL, true),
            (person(2), MARCH, false), (person(2), APRIL, false), (person(2), 31 * 39_500, false),
        ]);
        nothing_is_found(&world).await;
        world.stop().await;
    }

    async fn the_order_of_the_feeds_does_not_matter(db: &TestDb) {
        let [first, second] = people();
        for merge_first in [true, false] {
            let db = crate::common::another(db).await;
            let world = World::start(&db, Start { cases_per_part: 1, ..Start::default() }).await;
            let merge = || merged("P-0002", "P-0001", "lena", 1, true);
            if merge_first {
                world.assessed(&[merge()]).await;
            }
            // The placement of the record that went is told before anything else is known of either.
            world.chosen(&[second.placed("U-1"), unit("U-1", "PR-1", "Farsta", Regime::Municipal)]).await;
            world.assessed(&[second.level(2, 2, second.start), first.grant()]).await;
            if !merge_first {
                world.assessed(&[merge()]).await;
            }
            let march = world.paid(2024, 3).await;
            assert_eq!(of(&world, &march).await, [("P-0001".to_owned(), MARCH, false)], "{merge_first}");
            // It ends, as choice tells it of the id that it had.
            let ended = niva_proto::choice::v1::Placement {
                end_date: niva_testing::values::on(day(2024, 3, 20)),
                info: revision(2),
                ..second.placement("U-1")
            };
            world.chosen(&[placed(ended)]).await;
            let april = world.paid(2024, 4).await;
            // Through the 24th, the notice that nobody gave, and a week of vacancy.
            assert_eq!(of(&world, &april).await, [
                ("P-0001".to_owned(), -MARCH, true), ("P-0001".to_owned(), 24 * 39_500, false), ("P-0001".to_owned(), 7 * 30_000, false),
            ]);
            nothing_is_found(&world).await;
            world.stop().await;
        }
    }

    async fn what_is_reported_is_judged_by_what_the_person_has(db: &TestDb) {
        let world = World::start(db, Start { today: day(2010, 5, 3), ..Start::default() }).await;
        let [first, second] = [1, 2].map(|n| Person::new(n, stockholm::OCCUPATION, day(2010, 3, 1)));
        let three = niva_proto::common::v1::GrantScope { sessions_per_week: 3, ..Default::default() };
        // The grant and the level are the one's, the placement is the other's.
        world.assessed(&[first.grant_of(1, None, three), first.level(1, 2, first.start)]).await;
        world.chosen(&[unit("U-1", "PR-1", "Farsta", Regime::Municipal), second.placed("U-1")]).await;
        let mut provider = world.provider("PR-1");
        let mut record = async |sessions| {
            let schedule = pb::Schedule { schedule_id: String::new(), ..schedule("PL-0002", (2010, 3, 1), sessions) };
            let request = pb::RecordScheduleRequest { request_id: world.request(), schedule: Some(schedule), ..Default::default() };
            provider.schedules.record_schedule(request).await
        };
        world.assessed(&[merged("P-0002", "P-0001", "lena", 1, true)]).await;
        let refused = record([1, 1, 1, 1, 0]).await.unwrap_err();
        assert_eq!(reason(&refused), "SCHEDULE_EXCEEDS_GRANT", "{refused}");
        record([1, 0, 1, 0, 1]).await.unwrap();
        // Three a week, five Mondays, five Wednesdays and four Fridays.
        assert_eq!(of(&world, &world.paid(2010, 3).await).await, [("P-0001".to_owned(), 14 * 37_000, false)]);
        for who in ["P-0001", "P-0002"] {
            let request = pb::ListSchedulesRequest { person_id: who.to_owned(), ..Default::default() };
            let found = world.maker().schedules.list_schedules(request).await.unwrap().into_inner().schedules;
            assert_eq!(found.len(), 1, "{who}");
        }
        nothing_is_found(&world).await;
        world.stop().await;
    }

    async fn whoever_merged_does_not_approve_what_it_pays(db: &TestDb) {
        let world = World::new(db).await;
        settle(&world).await;
        world.assessed(&[merged("P-0002", "P-0001", "two-hats", 1, true)]).await;
        let run = world.calculated(2024, 3).await;
        let mut own = world.by(Caller::new("two-hats", [Role::FinanceApprover]));
        let refused = own.runs.approve_payment_run(requests::approve_run(&run)).await.unwrap_err();
        assert_eq!((refused.code(), reason(&refused).as_str()), (Code::PermissionDenied, "OWN_FACT"));
        assert!(refused.message().contains("person merge M-P-0002"), "{refused}");
        world.approve(&run).await.unwrap();
        world.stop().await;
    }

    /// What the merge changes before the first month of the ledger is paid by nobody, and told.
    async fn what_a_merge_changes_before_the_ledger_is_held(db: &TestDb) {
        let world = World::new(db).await;
        let [first, second] = [1, 2].map(|n| Person::new(n, stockholm::SUPPORTED_HOUSING, day(2024, 1, 15)));
        world.assessed(&[first.grant(), first.level(1, 3, first.start), second.grant()]).await;
        world.assessed(&[second.level(2, 2, day(2024, 2, 1))]).await;
        world.chosen(&[unit("U-1", "PR-1", "Farsta", Regime::Municipal), second.placed("U-1")]).await;
        assert_eq!(amount(&world.paid(2024, 3).await), MARCH);
        world.assessed(&[merged("P-0002", "P-0001", "lena", 1, true)]).await;
        let april = world.paid(2024, 4).await;
        assert_eq!(amount(&april), 30 * 39_500, "of March the same is owed");
        let holds = world.holds(&april).await;
        let told: Vec<_> = holds
            .iter()
            .map(|held| {
                let hold = held.hold.clone().unwrap();
                (held.person_id.as_str(), hold.reason(), text(hold.days.unwrap().first))
            })
            .collect();
        let early = |person, first: &str| (person, HoldReason::BeforeLedger, first.to_owned());
        assert_eq!(told, [
            early("P-0001", "2024-01-15"), early("P-0001", "2024-02-01"), early("P-0002", "2024-02-01"),
        ]);
        // By either id both are found.
        for person in ["P-0001", "P-0002"] {
            let request = pb::ListPaymentHoldsRequest {
                payment_run_id: april.payment_run_id.clone(),
                person_id: person.to_owned(),
                reason: HoldReason::BeforeLedger.into(),
                ..Default::default()
            };
            let found = world.maker().holds.list_payment_holds(request).await.unwrap().into_inner();
            assert_eq!(found.payment_holds, holds, "{person}");
        }
        nothing_is_found(&world).await;
        world.stop().await;
    }

    async fn a_chain_of_records_is_one_person(db: &TestDb) {
        let world = World::new(db).await;
        settle(&world).await;
        let third = Person::new(3, stockholm::SUPPORTED_HOUSING, day(2024, 3, 16));
        world.assessed(&[third.level(3, 3, third.start)]).await;
        world.assessed(&[merged("P-0002", "P-0001", "lena", 1, true)]).await;
        assert_eq!(amount(&world.paid(2024, 3).await), MARCH);
        world.assessed(&[merged("P-0001", "P-0003", "lena", 1, true)]).await;
        let april = world.paid(2024, 4).await;
        let person = |n: u32| format!("P-000{n}");
        assert_eq!(of(&world, &april).await, [
            (person(1), -MARCH, true),
            (person(3), 15 * 39_500, false), (person(3), 16 * 49_500, false), (person(3), 30 * 49_500, false),
        ]);
        nothing_is_found(&world).await;
        // The first merge is withdrawn: the placement is the second's alone again.
        world.assessed(&[merged("P-0002", "P-0001", "lena", 2, false)]).await;
        let may = world.paid(2024, 5).await;
        assert_eq!(amount(&may), 31 * 39_500 + MARCH + APRIL - 15 * 39_500 - 46 * 49_500);
        nothing_is_found(&world).await;
        world.stop().await;
    }
}
