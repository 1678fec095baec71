//! Records of payment's own: schedules, occasions, agreements, transitions, premises costs; one by one and imported.

use niva_kit::auth::{Caller, Role};
use niva_proto::common::v1::{self as wire, GrantScope, Regime, ServiceType};
use niva_proto::payment::v1::{self as pb, Component, import_payment_request::Record};
use tonic::Status;

use crate::common::city::{Person, date, days, unit};
use crate::common::{World, amount, brief, day, ore, reason};

fn schedule(from: (i32, u32, u32), sessions: [i32; 5]) -> pb::SchedulePeriod {
    let [monday, tuesday, wednesday, thursday, friday] = sessions;
    pb::SchedulePeriod {
        valid_from: date(day(from.0, from.1, from.2)),
        schedule: Some(pb::WeeklySchedule { monday, tuesday, wednesday, thursday, friday }),
    }
}

fn evening(on: (i32, u32, u32), count: i32) -> pb::Occasion {
    let on = date(day(on.0, on.1, on.2));
    pb::Occasion { date: on, component: Component::EveningNight.into(), count }
}

async fn report(
    world: &World,
    by: Caller,
    request_id: &str,
    occasions: Vec<pb::Occasion>,
) -> Result<i64, Status> {
    let request = pb::ReportOccasionsRequest {
        request_id: request_id.to_owned(),
        placement_id: "PL-0001".to_owned(),
        occasions,
    };
    Ok(world.by(by).attendance.report_occasions(request).await?.into_inner().fact_number)
}

fn admin() -> Caller {
    Caller::new("admin", [Role::Administrator])
}

fn provider(id: &str) -> Caller {
    Caller { provider: Some(id.to_owned()), ..Caller::new("staff", [Role::Provider]) }
}

async fn agree(world: &World, id: &str, first: u32, last: u32, price: i64) -> Result<i64, Status> {
    let agreement = pb::Agreement {
        agreement_id: id.to_owned(),
        valid: days(day(2024, 3, first), Some(day(2024, 3, last))),
        price: Some(wire::Money { ore: price }),
    };
    let request = pb::RecordAgreementRequest {
        request_id: world.request(),
        placement_id: "PL-0001".to_owned(),
        agreement: Some(agreement),
    };
    Ok(world.maker().agreements.record_agreement(request).await?.into_inner().fact_number)
}

/// `PL-0001` in supported housing and `PL-0002` in occupation, both at level 1 in a municipal unit.
async fn settle(world: &World) {
    let housed = Person::new(1, ServiceType::SupportedHousing, day(2024, 3, 1));
    let mut occupied = Person::new(2, ServiceType::Occupation, day(2013, 3, 1));
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
            occupied.grant_of(1, None, GrantScope { time_interval: 1, ..Default::default() }),
        ])
        .await;
    world.assessed(&levels).await;
}

niva_kit::on_both_databases! {
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
        report(&world, provider("PR-1"), "r-2", vec![evening((2024, 3, 9), 0)]).await.unwrap();
        let april = world.paid(2024, 4).await;
        let lines = world.lines(&april).await;
        let corrected: Vec<_> = lines.iter().filter(|l| l.component() == Component::EveningNight).collect();
        assert_eq!(corrected.iter().map(|l| l.cause.as_str()).collect::<Vec<_>>(), ["occasion PL-0001 2024-03-09"; 2]);
        assert_eq!(evenings(lines), [(-3, -96_000), (1, 32_000)]);
        world.stop().await;
    }

    async fn agreements_costs_schedules_and_transitions_take_effect(db: &TestDb) {
        let world = World::new(db).await;
        settle(&world).await;
        agree(&world, "IA-1", 11, 20, 60_000).await.unwrap();
        let cost = pb::PremisesCost { valid: days(day(2024, 3, 1), None), per_month: Some(wire::Money { ore: 310_000 }) };
        let request = pb::RecordPremisesCostRequest { request_id: world.request(), placement_id: "PL-0001".to_owned(), premises_cost: Some(cost) };
        world.maker().premises_costs.record_premises_cost(request).await.unwrap();
        let request = pb::SetWeeklyScheduleRequest { request_id: world.request(), placement_id: "PL-0002".to_owned(), schedule: Some(schedule((2013, 3, 1), [1, 0, 1, 0, 1])) };
        world.by(provider("PR-1")).schedules.set_weekly_schedule(request).await.unwrap();
        let transition = pb::Transition { job_start: date(day(2024, 3, 4)), support_end: None };
        let request = pb::RecordTransitionRequest { request_id: world.request(), placement_id: "PL-0001".to_owned(), transition: Some(transition) };
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
        let refused = report(&world, admin(), "x", vec![
            evening((2024, 4, 3), 1),
            evening((2024, 3, 3), 10),
            pb::Occasion { component: Component::Premises.into(), ..evening((2024, 3, 3), 1) },
            pb::Occasion { date: None, ..evening((2024, 3, 3), 1) },
            pb::Occasion { date: Some(wire::Date { year: 2024, month: 2, day: 30 }), ..evening((2024, 3, 3), 1) },
        ]).await.unwrap_err();
        assert_eq!(niva_kit::error::reasons(&refused), ["DATE_IN_FUTURE", "COUNT_OUT_OF_RANGE", "COMPONENT_NOT_REPORTED", "FIELD_REQUIRED", "DATE_INVALID"]);
        let fields: Vec<_> = niva_kit::error::violations(&refused).into_iter().map(|(field, _)| field).collect();
        assert_eq!(fields, ["occasions[0].date", "occasions[1].count", "occasions[2].component", "occasions[3].date", "occasions[4].date"]);
        let circle = pb::Occasion { component: Component::Rate.into(), ..evening((2024, 3, 3), 1) };
        assert_eq!(reason(&report(&world, admin(), "x", vec![circle]).await.unwrap_err()), "COMPONENT_NOT_REPORTED");
        assert_eq!(reason(&report(&world, admin(), "x", vec![]).await.unwrap_err()), "COUNT_OUT_OF_RANGE");
        assert_eq!(reason(&report(&world, provider("PR-2"), "x", vec![evening((2024, 3, 3), 1)]).await.unwrap_err()), "OTHER_PROVIDER");
        let request = pb::SetWeeklyScheduleRequest { request_id: "x".to_owned(), placement_id: "PL-9".to_owned(), schedule: Some(schedule((2024, 3, 1), [1; 5])) };
        assert_eq!(reason(&world.by(admin()).schedules.set_weekly_schedule(request.clone()).await.unwrap_err()), "PLACEMENT_UNKNOWN");
        let too_many = pb::SetWeeklyScheduleRequest { schedule: Some(schedule((2024, 3, 1), [2; 5])), ..request };
        assert_eq!(reason(&world.by(admin()).schedules.set_weekly_schedule(too_many).await.unwrap_err()), "SCHEDULE_OUT_OF_RANGE");
        assert_eq!(reason(&agree(&world, "A", 20, 11, 1).await.unwrap_err()), "END_BEFORE_START");
        assert_eq!(reason(&agree(&world, "A", 11, 20, -1).await.unwrap_err()), "AMOUNT_NEGATIVE");
        let transition = pb::Transition { job_start: date(day(2024, 3, 4)), support_end: date(day(2024, 3, 3)) };
        let request = pb::RecordTransitionRequest { request_id: world.request(), placement_id: "PL-0001".to_owned(), transition: Some(transition) };
        assert_eq!(reason(&world.maker().transitions.record_transition(request).await.unwrap_err()), "END_BEFORE_START");
        let after = world.preview(2024, 3).await.unwrap();
        assert_eq!((after.control, after.frozen_fact_number), (before.control, before.frozen_fact_number));
        // And one that stands is in the way of the next, but not of its own replacement.
        agree(&world, "A", 1, 10, 100).await.unwrap();
        assert_eq!(reason(&agree(&world, "B", 10, 20, 100).await.unwrap_err()), "AGREEMENTS_OVERLAP");
        agree(&world, "A", 1, 9, 200).await.unwrap();
        agree(&world, "B", 10, 20, 100).await.unwrap();
        world.stop().await;
    }

    async fn an_import_takes_all_or_tells_every_error(db: &TestDb) {
        let world = World::new(db).await;
        settle(&world).await;
        let message = |n: usize, placement: &str, record: Record| pb::ImportPaymentRequest {
            request_id: if n == 1 { "import".to_owned() } else { String::new() },
            origin: format!("occasions.csv:{n}"),
            placement_id: placement.to_owned(),
            record: Some(record),
        };
        let import = |messages: Vec<pb::ImportPaymentRequest>| {
            let mut client = world.by(Caller::new("import", [Role::Service]));
            async move { client.imports.import_payment(tokio_stream::iter(messages)).await.map(|r| r.into_inner().facts) }
        };
        let bad = vec![
            message(1, "PL-0001", Record::Occasion(evening((2024, 3, 3), 99))),
            message(2, "", Record::Occasion(evening((2024, 3, 3), 1))),
            message(3, "PL-0002", Record::Schedule(schedule((2024, 3, 1), [3, 0, 0, 0, 0]))),
        ];
        let refused = import(bad).await.unwrap_err();
        assert_eq!(niva_kit::error::violations(&refused).into_iter().map(|(field, _)| field).collect::<Vec<_>>(), [
            "records[0].occasion.count", "records[1].placement_id", "records[2].schedule.schedule",
        ]);
        for (n, (_, words)) in (1..).zip(niva_kit::error::violations(&refused)) {
            assert!(words.starts_with(&format!("occasions.csv:{n}: ")), "{words}");
        }
        let good: Vec<_> = (1..=20).map(|n| {
            let n32 = u32::try_from(n).unwrap();
            message(n, "PL-0001", Record::Occasion(evening((2024, 3, n32), 1)))
        }).collect();
        let mut unknown = good.clone();
        unknown[7].placement_id = "PL-9".to_owned();
        assert_eq!(reason(&import(unknown).await.unwrap_err()), "PLACEMENT_UNKNOWN");
        assert_eq!(import(good.clone()).await.unwrap(), 20);
        assert_eq!(import(good.clone()).await.unwrap(), 20);
        assert_eq!(reason(&import(good[..3].to_vec()).await.unwrap_err()), "REQUEST_ID_REUSED");
        let run = world.calculated(2024, 3).await;
        assert_eq!(amount(&run) - 31 * 30_000 - other(&world, &run).await, 20 * 32_000);
        world.stop().await;
    }
}

/// What a run pays to others than `PL-0001`.
async fn other(world: &World, run: &pb::PaymentRun) -> i64 {
    world.lines(run).await.iter().filter(|l| l.placement_id != "PL-0001").map(|l| ore(l.amount)).sum()
}
