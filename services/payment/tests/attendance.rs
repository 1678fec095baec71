//! Facts that payment is told itself: schedules, occasions, agreements, transitions, premises costs; one by one and
//! imported.

use niva_access::{Caller, Role};
use niva_names::stockholm;
use niva_proto::common::v1::{self as wire, GrantScope, Regime};
use niva_proto::payment::v1::{self as pb, Component, create_import_request::Record, transition::To};
use niva_testing::requests::payment::{
    record_agreement, record_occasions, record_premises_cost, record_schedule, record_transition,
};
use tonic::Status;

use crate::common::city::{Person, days, on, unit};
use crate::common::told::{agreed, approved_by, evening, imported, schedule};
use crate::common::{World, amount, brief, day, ore, reason};

async fn report(
    world: &World,
    by: Caller,
    request_id: &str,
    occasions: Vec<pb::Occasion>,
) -> Result<Vec<pb::Occasion>, Status> {
    let request =
        pb::RecordOccasionsRequest { request_id: request_id.to_owned(), ..record_occasions(occasions) };
    Ok(world.by(by).occasions.record_occasions(request).await?.into_inner().occasions)
}

fn finance() -> Caller {
    Caller::new("maker", [Role::FinanceMaker])
}

fn provider(id: &str) -> Caller {
    niva_testing::values::staff_of("staff", id)
}

async fn agree(world: &World, id: &str, first: u32, last: u32, price: i64) -> Result<pb::Agreement, Status> {
    let agreement = agreed(id, day(2024, 3, first), Some(day(2024, 3, last)), price);
    let request = record_agreement(agreement);
    Ok(world.maker().agreements.record_agreement(request).await?.into_inner().agreement.unwrap())
}

/// `PL-0001` in supported housing and `PL-0002` in occupation, both at level 1 in a municipal unit.
async fn settle(world: &World) {
    let housed = Person::new(1, stockholm::SUPPORTED_HOUSING, day(2024, 3, 1));
    let mut occupied = Person::new(2, stockholm::OCCUPATION, day(2013, 3, 1));
    occupied.district = "Bromma";
    world
        .chosen(&[
            unit("U-1", "PR-1", "Farsta", Regime::Municipal),
            housed.placed("U-1"),
            occupied.placed("U-1"),
        ])
        .await;
    let levels = [housed.level(1, 1, housed.start), occupied.level(2, 1, occupied.start)];
    world
        .assessed(&[
            housed.grant(),
            occupied.grant_of(
                1,
                None,
                GrantScope { time_interval: 1, sessions_per_week: 3, ..Default::default() },
            ),
        ])
        .await;
    world.assessed(&levels).await;
}

niva_testing::on_both_databases! {
    async fn occasions_are_paid_replaced_and_taken_back(db: &TestDb) {
        let world = World::new(db).await;
        settle(&world).await;
        let first = report(&world, provider("PR-1"), "r-1", vec![evening((2024, 3, 3), 1), evening((2024, 3, 9), 2)]).await.unwrap();
        assert_eq!(report(&world, provider("PR-1"), "r-1", vec![evening((2024, 3, 3), 1), evening((2024, 3, 9), 2)]).await.unwrap(), first);
        assert_eq!(reason(&report(&world, provider("PR-1"), "r-1", vec![evening((2024, 3, 3), 2)]).await.unwrap_err()), "REQUEST_ID_REUSED");
        let march = world.paid(2024, 3).await;
        let evenings = |lines: Vec<pb::PaymentLine>| -> Vec<(i64, i64)> {
            lines.iter().filter(|l| l.component() == Component::EveningNight).map(|l| (l.quantity, ore(l.amount))).collect()
        };
        assert_eq!(evenings(world.lines(&march).await), [(3, 3 * 32_000)]);
        let corrected = pb::CorrectOccasionRequest {
            request_id: "r-2".to_owned(),
            expected_revision: 1,
            reason: "nobody came".to_owned(),
            occasion: Some(pb::Occasion { count: 0, ..first[1].clone() }),
            ..Default::default()
        };
        world.provider("PR-1").occasions.correct_occasion(corrected).await.unwrap();
        let april = world.paid(2024, 4).await;
        let lines = world.lines(&april).await;
        let corrected: Vec<_> = lines.iter().filter(|l| l.component() == Component::EveningNight).collect();
        assert_eq!(corrected.iter().map(|l| l.cause.clone()).collect::<Vec<_>>(), vec![format!("occasion {} revision 2", first[1].occasion_id); 2]);
        assert_eq!(evenings(lines), [(-3, -96_000), (1, 32_000)]);
        world.stop().await;
    }

    async fn agreements_costs_schedules_and_transitions_take_effect(db: &TestDb) {
        let world = World::new(db).await;
        settle(&world).await;
        agree(&world, "IA-1", 11, 20, 60_000).await.unwrap();
        // It is not paid before a second person has approved it.
        approved_by(&world, "approver", "IA-1", 1).await.unwrap();
        let cost = pb::PremisesCost { placement_id: "PL-0001".to_owned(), valid: days(day(2024, 3, 1), None), per_month: Some(wire::Money { ore: 310_000 }), ..Default::default() };
        let request = record_premises_cost(cost);
        world.maker().premises_costs.record_premises_cost(request).await.unwrap();
        let request = record_schedule(schedule("PL-0002", (2013, 3, 1), [1, 0, 1, 0, 1]));
        world.by(provider("PR-1")).schedules.record_schedule(request).await.unwrap();
        let transition = pb::Transition { placement_id: "PL-0001".to_owned(), job_start: on(day(2024, 3, 4)), to: To::Work.into(), ..Default::default() };
        let request = record_transition(transition);
        world.maker().transitions.record_transition(request).await.unwrap();
        let march = world.paid(2024, 3).await;
        let lines = world.lines(&march).await;
        let housed: Vec<_> = lines.iter().filter(|l| l.placement_id == "PL-0001").collect();
        let brief: Vec<_> = housed.iter().map(|l| (l.model_id.as_str(), brief(l).3, brief(l).4)).collect();
        assert_eq!(brief[..3], [
            ("socialpsychiatry-2010", 10, 300_000),
            ("IA-1", 10, 600_000),
            ("socialpsychiatry-2010", 11, 330_000),
        ]);
        for line in &housed {
            let explained = world.explain(line).await.explanation.unwrap();
            assert!(!explained.sentences.is_empty(), "{line:?}");
        }
        world.stop().await;
    }

    async fn every_refusal_says_why_and_changes_nothing(db: &TestDb) {
        let world = World::new(db).await;
        settle(&world).await;
        let before = world.preview(2024, 3).await.unwrap();
        let refused = report(&world, finance(), "x", vec![
            evening((2024, 4, 3), 1),
            evening((2024, 3, 3), 10),
            pb::Occasion { component: Component::Premises.into(), ..evening((2024, 3, 3), 1) },
            pb::Occasion { date: None, ..evening((2024, 3, 3), 1) },
            pb::Occasion { date: Some(wire::Date { year: 2024, month: 2, day: 30 }), ..evening((2024, 3, 3), 1) },
        ]).await.unwrap_err();
        assert_eq!(niva_rpc::reasons(&refused), ["DATE_IN_FUTURE", "COUNT_OUT_OF_RANGE", "COMPONENT_NOT_REPORTED", "FIELD_REQUIRED", "DATE_INVALID"]);
        let fields: Vec<_> = niva_rpc::violations(&refused).into_iter().map(|(field, _)| field).collect();
        assert_eq!(fields, ["occasions[0].date", "occasions[1].count", "occasions[2].component", "occasions[3].date", "occasions[4].date"]);
        let circle = pb::Occasion { component: Component::Rate.into(), ..evening((2024, 3, 3), 1) };
        assert_eq!(reason(&report(&world, finance(), "x", vec![circle]).await.unwrap_err()), "COMPONENT_NOT_REPORTED");
        assert_eq!(reason(&report(&world, finance(), "x", vec![]).await.unwrap_err()), "COUNT_OUT_OF_RANGE");
        assert_eq!(reason(&report(&world, provider("PR-2"), "x", vec![evening((2024, 3, 3), 1)]).await.unwrap_err()), "PLACEMENT_UNKNOWN");
        let request = pb::RecordScheduleRequest { request_id: "x".to_owned(), ..record_schedule(schedule("PL-9", (2024, 3, 1), [1; 5])) };
        assert_eq!(reason(&world.by(finance()).schedules.record_schedule(request.clone()).await.unwrap_err()), "PLACEMENT_UNKNOWN");
        for (sessions, refusal) in [([2; 5], "SCHEDULE_OUT_OF_RANGE"), ([2, 1, 1, 0, 0], "SCHEDULE_EXCEEDS_GRANT")] {
            let given = schedule("PL-0002", (2013, 3, 1), sessions);
            let request = pb::RecordScheduleRequest { schedule: Some(given), ..request.clone() };
            assert_eq!(reason(&world.by(finance()).schedules.record_schedule(request).await.unwrap_err()), refusal);
        }
        assert_eq!(reason(&agree(&world, "A", 20, 11, 1).await.unwrap_err()), "END_BEFORE_START");
        assert_eq!(reason(&agree(&world, "A", 11, 20, -1).await.unwrap_err()), "AMOUNT_NEGATIVE");
        let transition = pb::Transition { placement_id: "PL-0001".to_owned(), job_start: on(day(2024, 3, 4)), to: To::Work.into(), support_end: on(day(2024, 3, 3)), ..Default::default() };
        let request = record_transition(transition);
        assert_eq!(reason(&world.maker().transitions.record_transition(request).await.unwrap_err()), "END_BEFORE_START");
        let after = world.preview(2024, 3).await.unwrap();
        assert_eq!((after.control, after.frozen_fact_number), (before.control, before.frozen_fact_number));
        // And one that stands is in the way of the next, but not of its own correction.
        agree(&world, "A", 1, 10, 100).await.unwrap();
        assert_eq!(reason(&agree(&world, "B", 10, 20, 100).await.unwrap_err()), "PERIOD_OVERLAPS");
        assert_eq!(reason(&agree(&world, "A", 21, 22, 100).await.unwrap_err()), "ID_TAKEN");
        let shorter = pb::CorrectAgreementRequest {
            request_id: world.request(),
            expected_revision: 1,
            reason: "ends a day earlier".to_owned(),
            agreement: Some(agreed("A", day(2024, 3, 1), Some(day(2024, 3, 9)), 200)),
            ..Default::default()
        };
        world.maker().agreements.correct_agreement(shorter).await.unwrap();
        agree(&world, "B", 10, 20, 100).await.unwrap();
        world.stop().await;
    }

    async fn an_import_takes_all_or_tells_every_error(db: &TestDb) {
        let world = World::new(db).await;
        settle(&world).await;
        let occasion = |n: u32, id: &str, count| {
            Record::Occasion(pb::Occasion { occasion_id: id.to_owned(), ..evening((2024, 3, n), count) })
        };
        let elsewhere = |placement: &str| Record::Occasion(pb::Occasion { placement_id: placement.to_owned(), occasion_id: "x".to_owned(), ..evening((2024, 3, 3), 1) });
        let bad = vec![occasion(3, "O-1", 99), elsewhere(""), occasion(3, "", 1), Record::Schedule(schedule("PL-0002", (2024, 3, 1), [-1, 0, 0, 0, 0]))];
        let (import, errors) = imported(&world, "bad", "", bad).await.unwrap();
        assert_eq!((import.job.unwrap().state(), import.refused, import.created), (wire::job::State::Failed, 4, 0));
        let told: Vec<_> = errors.iter().map(|e| (e.record, e.origin.as_str(), e.field.as_str(), e.reason.as_str())).collect();
        assert_eq!(told, [
            (0, "occasions.csv:1", "occasion.count", "COUNT_OUT_OF_RANGE"),
            (1, "occasions.csv:2", "occasion.placement_id", "FIELD_REQUIRED"),
            (2, "occasions.csv:3", "occasion.occasion_id", "FIELD_REQUIRED"),
            (3, "occasions.csv:4", "schedule.schedule_id", "FIELD_REQUIRED"),
            (3, "occasions.csv:4", "schedule.week", "SCHEDULE_OUT_OF_RANGE"),
        ]);
        let good: Vec<_> = (1..=20).map(|n| occasion(n, &format!("O-{n}"), 1)).collect();
        let mut unknown = good.clone();
        unknown[7] = elsewhere("PL-9");
        let (_, errors) = imported(&world, "unknown", "", unknown).await.unwrap();
        assert_eq!(errors.iter().map(|e| (e.record, e.reason.as_str())).collect::<Vec<_>>(), [(7, "PLACEMENT_UNKNOWN")]);
        let (import, _) = imported(&world, "good", "", good.clone()).await.unwrap();
        assert_eq!((import.created, import.corrected, import.unchanged), (20, 0, 0));
        assert_eq!(imported(&world, "good", "", good.clone()).await.unwrap().0, import, "the same import");
        assert_eq!(reason(&imported(&world, "good", "", good[..3].to_vec()).await.unwrap_err()), "REQUEST_ID_REUSED");
        let run = world.calculated(2024, 3).await;
        assert_eq!(amount(&run) - 31 * 30_000 - other(&world, &run).await, 20 * 32_000);
        world.approve(&run).await.unwrap();

        // The next night: the same files say nothing new; with two lines changed they correct two facts.
        let (import, _) = imported(&world, "again", "", good.clone()).await.unwrap();
        assert_eq!((import.created, import.corrected, import.unchanged), (0, 0, 20));
        let mut changed = good.clone();
        (changed[2], changed[3]) = (occasion(3, "O-3", 4), occasion(30, "O-4", 1));
        let (import, errors) = imported(&world, "no reason", "", changed.clone()).await.unwrap();
        assert_eq!((import.refused, errors[0].reason.as_str()), (2, "REASON_MISSING"));
        let (import, _) = imported(&world, "changed", "the provider counted anew", changed).await.unwrap();
        assert_eq!((import.created, import.corrected, import.unchanged), (0, 2, 18));
        let april = world.calculated(2024, 4).await;
        let evenings: Vec<_> = world.lines(&april).await.iter().filter(|l| l.component() == Component::EveningNight).map(brief).collect();
        assert_eq!(evenings.iter().map(|l| l.4).sum::<i64>(), 3 * 32_000, "{evenings:?}");
        world.stop().await;
    }
}

/// What a run pays to others than `PL-0001`.
async fn other(world: &World, run: &pb::PaymentRun) -> i64 {
    world.lines(run).await.iter().filter(|l| l.placement_id != "PL-0001").map(|l| ore(l.amount)).sum()
}
