//! CalculateCompensation: golden cases over the wire, and what it refuses.

use niva_access::{Caller, Role};
use niva_names::{ServiceKey, stockholm};
use niva_proto::common::v1::{self as wire, Regime};
use niva_proto::payment::v1::{
    self as pb, Component,
    transition::{Outcome, To},
};
use niva_testing::TestDb;
use tonic::Status;

use crate::common::city::on;
use crate::common::{World, day, ore};

fn regime(regime: Regime) -> Vec<pb::CaseRegimePeriod> {
    vec![pb::CaseRegimePeriod { valid_from: on(day(2000, 1, 1)), regime: regime.into() }]
}

fn level(level: i32) -> Vec<pb::LevelPeriod> {
    vec![pb::LevelPeriod {
        valid_from: on(day(2000, 1, 1)),
        level: Some(wire::Level { value: level }),
        points: None,
    }]
}

fn case(service: ServiceKey, start: (i32, u32, u32)) -> pb::CompensationCase {
    let start = on(day(start.0, start.1, start.2));
    pb::CompensationCase {
        service: service.into(),
        ordered_start: start,
        actual_start: start,
        regimes: regime(Regime::Municipal),
        buyer_district: "Farsta".to_owned(),
        unit_district: "Bromma".to_owned(),
        ..Default::default()
    }
}

async fn quote(
    world: &World,
    case: pb::CompensationCase,
    first: (i32, i32),
    last: (i32, i32),
) -> Result<pb::CalculateCompensationResponse, Status> {
    let request = pb::CalculateCompensationRequest {
        case: Some(case),
        first_month: Some(wire::Month { year: first.0, month: first.1 }),
        last_month: Some(wire::Month { year: last.0, month: last.1 }),
    };
    let client = world.by(Caller::new("officer", [Role::CaseOfficer]));
    Ok({ client }.compensation.calculate_compensation(request).await?.into_inner())
}

fn sums(answer: &pb::CalculateCompensationResponse) -> Vec<(Component, i64, i64)> {
    answer.lines.iter().map(|l| (l.component(), l.quantity, ore(l.amount))).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn golden_cases_come_out_over_the_wire_with_an_explanation_a_line() {
    let db = TestDb::sqlite().await;
    let world = World::new(&db).await;
    let g1 = pb::CompensationCase {
        levels: level(2),
        notice_date: on(day(2010, 3, 10)),
        end_date: on(day(2010, 3, 12)),
        ..case(stockholm::SUPPORTED_HOUSING, (2010, 3, 1))
    };
    let answer = quote(&world, g1, (2010, 3), (2010, 3)).await.unwrap();
    assert_eq!(sums(&answer), [(Component::Rate, 14, 553_000), (Component::Vacancy, 7, 210_000)]);
    assert_eq!(ore(answer.total), 763_000);
    for line in &answer.lines {
        let e = line.explanation.clone().unwrap();
        assert!(
            !e.sentences.is_empty() && !e.source_document.is_empty() && !e.source_place.is_empty(),
            "{e:?}"
        );
        assert_eq!(line.settlement(), pb::Settlement::InternalVoucher);
    }
    let g3 = pb::CompensationCase {
        levels: level(3),
        regimes: regime(Regime::Private),
        actual_start: None,
        notice_date: on(day(2010, 5, 12)),
        ..case(stockholm::HOUSING_WITH_SPECIAL_SERVICE, (2010, 5, 3))
    };
    assert_eq!(ore(quote(&world, g3, (2010, 5), (2010, 6)).await.unwrap().total), 2_669_800);
    // The level from points: 38 of 72 is level 3, as the scale is read.
    let by_points = vec![pb::LevelPeriod { valid_from: on(day(2010, 3, 1)), level: None, points: Some(38) }];
    let g8 = pb::CompensationCase { levels: by_points, ..case(stockholm::SUPPORTED_HOUSING, (2010, 3, 1)) };
    let answer = quote(&world, g8, (2010, 3), (2010, 3)).await.unwrap();
    assert_eq!(
        (ore(answer.total), answer.lines[0].explanation.clone().unwrap().points),
        (31 * 49_500, Some(38))
    );
    let held =
        quote(&world, case(stockholm::SUPPORTED_HOUSING, (2010, 3, 1)), (2010, 3), (2010, 3)).await.unwrap();
    assert_eq!((held.lines.len(), held.holds[0].reason()), (0, pb::HoldReason::LevelMissing));
    assert!(held.holds[0].message.len() > 20);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_violation_is_told_at_once() {
    let db = TestDb::sqlite().await;
    let world = World::new(&db).await;
    let scope = |hours: &str| pb::CaseScopePeriod {
        valid_from: on(day(2010, 3, 1)),
        scope: Some(wire::GrantScope { hours_per_week: hours.to_owned(), ..Default::default() }),
    };
    let wrong = pb::CompensationCase {
        notice_date: on(day(2010, 2, 1)),
        end_date: on(day(2010, 2, 2)),
        levels: vec![pb::LevelPeriod { valid_from: on(day(2010, 3, 1)), level: None, points: Some(37) }],
        scopes: vec![scope("10.5")],
        occasions: vec![pb::Occasion {
            date: on(day(2010, 3, 2)),
            component: Component::Premises.into(),
            ..Default::default()
        }],
        buyer_district: "Gotland".to_owned(),
        ..case(stockholm::SUPPORTED_HOUSING, (2010, 3, 1))
    };
    let refused = quote(&world, wrong, (2010, 3), (2020, 3)).await.unwrap_err();
    let mut reasons = niva_rpc::reasons(&refused);
    reasons.sort();
    let expected = [
        "COMPONENT_NOT_REPORTED",
        "DISTRICT_UNKNOWN",
        "END_BEFORE_START",
        "HOURS_NOT_WHOLE",
        "MONTHS_OUT_OF_RANGE",
        "NOTICE_BEFORE_ORDER",
        "POINTS_WITHOUT_LEVEL",
    ];
    assert_eq!(reasons, expected, "{:?}", niva_rpc::violations(&refused));
    let days =
        |first: u32, last: u32| crate::common::city::days(day(2010, 3, first), Some(day(2010, 3, last)));
    let agreement = |id: &str, first, last, ore| pb::Agreement {
        agreement_id: id.to_owned(),
        valid: days(first, last),
        price: Some(wire::Money { ore }),
        unit: pb::PriceUnit::CalendarDay.into(),
        ..Default::default()
    };
    let wrong = pb::CompensationCase {
        actual_start: None,
        end_date: on(day(2010, 4, 2)),
        scopes: vec![scope("41")],
        agreements: vec![agreement("A", 1, 10, 5), agreement("B", 10, 12, -5)],
        schedules: vec![pb::Schedule {
            valid_from: on(day(2010, 3, 1)),
            week: Some(pb::WeeklySchedule { monday: -1, ..Default::default() }),
            ..Default::default()
        }],
        ..case(stockholm::SUPPORTED_HOUSING, (2010, 3, 1))
    };
    let refused = quote(&world, wrong, (2010, 3), (2999, 3)).await.unwrap_err();
    let reasons = niva_rpc::reasons(&refused);
    for expected in [
        "END_WITHOUT_START",
        "HOURS_OUT_OF_RANGE",
        "AGREEMENTS_OVERLAP",
        "AMOUNT_NEGATIVE",
        "SCHEDULE_OUT_OF_RANGE",
        "MONTHS_OUT_OF_RANGE",
    ] {
        assert!(reasons.iter().any(|r| r == expected), "{expected} is not among {reasons:?}");
    }
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn overrides_and_sessions_that_cannot_be_are_refused() {
    let db = TestDb::sqlite().await;
    let world = World::new(&db).await;
    let sessions = |sessions_per_week| pb::CaseScopePeriod {
        valid_from: on(day(2013, 3, 1)),
        scope: Some(wire::GrantScope { sessions_per_week, ..Default::default() }),
    };
    let transition = |support_end, outcome| pb::Transition {
        job_start: on(day(2013, 3, 4)),
        to: To::Work.into(),
        support_end,
        outcome: Some(outcome),
        ..Default::default()
    };
    let early = Outcome::ReturnDate(on(day(2013, 3, 3)).unwrap());
    let fine = || case(stockholm::OCCUPATION, (2013, 3, 1));
    let week = pb::WeeklySchedule { monday: 1, tuesday: 1, ..Default::default() };
    let weekly = pb::Schedule { valid_from: on(day(2013, 3, 1)), week: Some(week), ..Default::default() };
    let agreement = pb::Agreement {
        valid: crate::common::city::days(day(2013, 3, 1), None),
        price: Some(wire::Money { ore: 1 }),
        ..Default::default()
    };
    for (wrong, refusal) in [
        (pb::CompensationCase { scopes: vec![sessions(21)], ..fine() }, "SESSIONS_OUT_OF_RANGE"),
        (
            pb::CompensationCase { scopes: vec![sessions(1)], schedules: vec![weekly], ..fine() },
            "SCHEDULE_EXCEEDS_GRANT",
        ),
        (pb::CompensationCase { agreements: vec![agreement], ..fine() }, "AGREEMENT_UNIT_UNKNOWN"),
        (
            pb::CompensationCase { transitions: vec![transition(None, Outcome::Left(true))], ..fine() },
            "OUTCOME_WITHOUT_SUPPORT_END",
        ),
        (
            pb::CompensationCase { transitions: vec![transition(on(day(2013, 3, 20)), early)], ..fine() },
            "RETURN_BEFORE_JOB",
        ),
    ] {
        let refused = quote(&world, wrong, (2013, 3), (2013, 3)).await.unwrap_err();
        assert_eq!(niva_rpc::reasons(&refused), [refusal], "{:?}", niva_rpc::violations(&refused));
    }
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn facts_told_twice_for_a_day_are_refused() {
    let db = TestDb::sqlite().await;
    let world = World::new(&db).await;
    let occasion = pb::Occasion {
        date: on(day(2010, 3, 5)),
        component: Component::EveningNight.into(),
        count: 1,
        ..Default::default()
    };
    let wrong = pb::CompensationCase {
        levels: [level(1), level(2)].concat(),
        occasions: vec![occasion.clone(), occasion],
        ..case(stockholm::SUPPORTED_HOUSING, (2010, 3, 1))
    };
    let refused = quote(&world, wrong, (2010, 3), (2010, 3)).await.unwrap_err();
    let mut reasons = niva_rpc::reasons(&refused);
    reasons.sort();
    assert_eq!(reasons, ["OCCASION_TWICE", "VALID_FROM_TWICE"], "{:?}", niva_rpc::violations(&refused));
    world.stop().await;
}
