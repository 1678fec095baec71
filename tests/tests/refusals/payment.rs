//! Calculations and runs.

use niva_journeys::{
    values::{day, hours, month},
    world::{Role, World},
};
use niva_proto::{
    common::v1::{GrantScope, Month, Regime},
    payment::v1::{
        CalculateCompensationRequest, CaseRegimePeriod, CaseScopePeriod, CompensationCase, LevelPeriod,
    },
};
use niva_testing::requests::payment::create_run;
use tonic::Code;

use super::{SERVICE, assert_refused};

fn case() -> CompensationCase {
    CompensationCase {
        service: SERVICE.into(),
        ordered_start: day("2024-03-04"),
        actual_start: day("2024-03-04"),
        regimes: vec![CaseRegimePeriod { valid_from: day("2020-01-01"), regime: Regime::Private.into() }],
        levels: vec![LevelPeriod { valid_from: day("2024-03-01"), level: None, points: Some(40) }],
        buyer_district: "Farsta".to_owned(),
        unit_district: "Farsta".to_owned(),
        ..CompensationCase::default()
    }
}

pub(super) async fn calculations(world: &World) {
    let mut client = world.payment(Role::FinanceMaker);
    let scoped =
        |scope: GrantScope| vec![CaseScopePeriod { valid_from: day("2024-03-04"), scope: Some(scope) }];
    let points =
        |points| vec![LevelPeriod { valid_from: day("2024-03-01"), level: None, points: Some(points) }];
    let refused: [(&str, CompensationCase, &[&str]); 6] = [
        (
            "end before start",
            CompensationCase { end_date: day("2024-03-03"), ..case() },
            &["END_BEFORE_START"],
        ),
        (
            "notice before order",
            CompensationCase { notice_date: day("2024-03-03"), ..case() },
            &["NOTICE_BEFORE_ORDER"],
        ),
        ("13 points", CompensationCase { levels: points(13), ..case() }, &["POINTS_WITHOUT_LEVEL"]),
        ("10.5 hours", CompensationCase { scopes: scoped(hours("10.5")), ..case() }, &["HOURS_NOT_WHOLE"]),
        (
            "unknown district",
            CompensationCase { buyer_district: "Atlantis".to_owned(), ..case() },
            &["DISTRICT_UNKNOWN"],
        ),
        (
            "three at once",
            CompensationCase {
                notice_date: day("2024-03-03"),
                scopes: scoped(hours("10.5")),
                unit_district: "Atlantis".to_owned(),
                ..case()
            },
            &["DISTRICT_UNKNOWN", "HOURS_NOT_WHOLE", "NOTICE_BEFORE_ORDER"],
        ),
    ];
    for (what, case, reasons) in refused {
        let months = Some(month("2024-03"));
        let request =
            CalculateCompensationRequest { case: Some(case), first_month: months, last_month: months };
        assert_refused(
            what,
            client.compensation.calculate_compensation(request).await,
            Code::InvalidArgument,
            reasons,
        );
    }
    let far = CalculateCompensationRequest {
        case: Some(case()),
        first_month: Some(month("2024-03")),
        last_month: Some(month("2027-01")),
    };
    let answer = client.compensation.calculate_compensation(far).await;
    assert_refused("a far month", answer, Code::InvalidArgument, &["MONTHS_OUT_OF_RANGE"]);
}

pub(super) async fn runs(world: &World) {
    let mut client = world.payment(Role::FinanceMaker);
    let of = |month: Month| create_run(month);
    for far in ["2024-05", "2080-01"] {
        let answer = client.runs.create_payment_run(of(month(far))).await.unwrap_err();
        assert_eq!(niva_rpc::reason(&answer).as_deref(), Some("MONTH_IN_FUTURE"), "{far}: {answer:?}");
    }
    let answer = client.runs.create_payment_run(of(Month { year: 2024, month: 13 })).await.unwrap_err();
    assert_eq!(answer.code(), Code::InvalidArgument);
}
