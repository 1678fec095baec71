//! Rules of each model.

use niva_models::{Component, GrantScope, Regime};
use niva_names::stockholm;
use niva_payment_domain::HoldReason;

use crate::support::{Facts, days, from, full_time, holds, hours, lines, part_time};

const WEEK: [u8; 5] = [1, 0, 1, 0, 1];

#[test]
fn an_evening_is_paid_by_the_occasion_beside_the_day() {
    let facts = Facts::new(stockholm::SUPPORTED_HOUSING, "2010-03-01")
        .level(1)
        .occasion("2010-03-04", 1)
        .occasion("2010-03-20", 2);
    assert_eq!(
        lines(&facts.owed("2010-03", "2010-03")),
        [
            "rate 2010-03-01..2010-03-31 31 x 300.00 = 9300.00",
            "evening_night 2010-03-01..2010-03-31 3 x 320.00 = 960.00",
        ]
    );
    let contracted = facts.regime(Regime::Contracted);
    assert_eq!(
        lines(&contracted.owed("2010-03", "2010-03"))[1],
        "evening_night 2010-03-01..2010-03-31 3 x 328.00 = 984.00",
        "contracted is paid as private"
    );
}

#[test]
fn vacancy_of_sessions_and_months_and_its_missing_premises() {
    let sessions = Facts::new(stockholm::OCCUPATION, "2013-01-01")
        .level(3)
        .sessions(WEEK, "2013-01-01")
        .end("2013-03-11");
    assert_eq!(
        lines(&sessions.owed("2013-03", "2013-03")),
        [
            "rate 2013-03-01..2013-03-15 7 x 450.00 = 3150.00",
            "vacancy 2013-03-16..2013-03-22 3 x 320.00 = 960.00",
            "premises 2013-03-01..2013-03-15 7 x 25.00 = 175.00",
        ]
    );
    let month = Facts::new(stockholm::HOUSING_SUPPORT, "2010-01-01").level(3).end("2010-03-24");
    assert_eq!(
        lines(&month.owed("2010-03", "2010-04")),
        [
            "rate 2010-03-01..2010-03-28 28 x 8855.00 = 7998.06",
            "vacancy 2010-03-29..2010-03-31 3 x 2695.00 = 260.81",
            "vacancy 2010-04-01..2010-04-04 4 x 2695.00 = 359.33",
        ]
    );
}

#[test]
fn occupation_passes_from_sessions_to_months_and_loses_vacancy() {
    let facts = Facts::new(stockholm::OCCUPATION, "2019-01-07")
        .level(2)
        .sessions(WEEK, "2019-01-07")
        .notice("2019-06-20")
        .end("2019-06-24");
    // Four days after notice are 24 June; seven days of vacancy are counted, six of them under the old model.
    assert_eq!(
        lines(&facts.owed("2019-06", "2019-07")),
        [
            "rate 2019-06-01..2019-06-24 10 x 370.00 = 3700.00",
            "vacancy 2019-06-25..2019-06-30 2 x 320.00 = 640.00",
            "premises 2019-06-01..2019-06-24 10 x 25.00 = 250.00",
        ]
    );
    let on = Facts { notice: None, end: None, ..facts };
    assert_eq!(
        lines(&on.owed("2019-07", "2019-07")),
        [
            "rate 2019-07-01..2019-07-31 31 x 4465.00 = 4465.00",
            "premises 2019-07-01..2019-07-31 31 x 286.00 = 286.00"
        ]
    );
    let contracted = on.regime(Regime::Contracted);
    assert_eq!(
        lines(&contracted.owed("2019-07", "2019-07")),
        [
            "rate 2019-07-01..2019-07-31 31 x 4576.00 = 4576.00",
            "premises 2019-07-01..2019-07-31 31 x 286.00 = 286.00"
        ],
        "the rate as private, premises as municipal"
    );
}

#[test]
fn daily_activities_price_scope_and_assistance_and_end_at_once() {
    let mut facts = Facts::new(stockholm::DAILY_ACTIVITIES_LSS, "2024-03-01")
        .scope(full_time())
        .level(3)
        .end("2024-03-20");
    facts.scope_on(from("2024-03-11"), GrantScope { personal_assistance: true, ..part_time() });
    let owed = facts.owed("2024-03", "2024-04");
    assert_eq!(
        lines(&owed),
        [
            "rate 2024-03-01..2024-03-10 6 x 943.00 = 5658.00",
            "rate 2024-03-11..2024-03-20 8 x 425.00 = 3400.00"
        ]
    );
    facts.scope_on(from("2024-03-18"), GrantScope::default());
    assert_eq!(
        holds(&facts.owed("2024-03", "2024-03")),
        [(Component::Rate, days("2024-03-18", "2024-03-20"), HoldReason::ScopeNotPriced)]
    );
}

#[test]
fn rates_of_2025_are_held_until_a_city_has_its_own() {
    let facts = Facts::new(stockholm::DAILY_ACTIVITIES_LSS, "2025-03-01").scope(hours(20)).level(2);
    let owed = facts.owed("2025-03", "2025-04");
    assert!(owed.lines.is_empty());
    assert_eq!(
        holds(&owed),
        [
            (Component::Rate, days("2025-03-01", "2025-03-31"), HoldReason::RateUnpublished),
            (Component::Rate, days("2025-04-01", "2025-04-30"), HoldReason::RateUnpublished),
        ]
    );
    assert_eq!(
        lines(&facts.owed_by_own("2025-03", "2025-03")),
        ["rate 2025-03-01..2025-03-31 21 x 960.00 = 20160.00"]
    );
    let agreed = facts.agreement("a", days("2025-03-10", "2025-03-14"), 500);
    assert_eq!(
        lines(&agreed.owed("2025-03", "2025-03")),
        ["rate 2025-03-10..2025-03-14 5 x 500.00 = 2500.00"]
    );
}

#[test]
fn housing_under_lss_follows_the_list_of_the_day() {
    let facts = Facts::new(stockholm::SERVICE_HOUSING_LSS, "2021-12-30")
        .level(1)
        .regime(Regime::Private)
        .end("2022-01-02");
    let owed = facts.owed("2021-12", "2022-01");
    assert_eq!(lines(&owed)[0], "rate 2021-12-30..2021-12-31 2 x 940.00 = 1880.00");
    assert_eq!(owed.lines.len(), 2, "no notice and no vacancy: {owed:?}");
    assert_ne!(owed.lines[0].unit_price, owed.lines[1].unit_price);
    let base = Facts::new(stockholm::SERVICE_HOUSING_LSS, "2021-06-01").level(0);
    assert_eq!(
        lines(&base.owed("2021-06", "2021-06")),
        ["rate 2021-06-01..2021-06-30 30 x 570.00 = 17100.00"]
    );
}

#[test]
fn working_days_and_unpaid_holidays_where_a_model_says_so() {
    let scope = GrantScope { time_interval: Some(1), ..GrantScope::default() };
    let facts = Facts::new(stockholm::OCCUPATION, "2022-03-14")
        .scope(scope)
        .of_scale("occupation-2022")
        .level(2)
        .notice("2022-04-13")
        .end("2022-04-13");
    // 13 April 2022 is Wednesday; Good Friday and Easter Monday are no working days: three after it end on the 20th.
    assert_eq!(
        lines(&facts.owed_by_own("2022-04", "2022-04")),
        [
            "rate 2022-04-01..2022-04-20 12 x 150.00 = 1800.00",
            "vacancy 2022-04-21..2022-04-26 4 x 100.00 = 400.00",
            "premises 2022-04-01..2022-04-20 20 x 333.33 = 222.22",
        ]
    );
    let never = Facts { end: None, ..facts }.never_started();
    let never = Facts { start: crate::support::d("2022-04-12"), ..never };
    // Five working days from 12 April: 12, 13, 14, 19, 20; notice gives as many.
    assert_eq!(
        lines(&never.owed_by_own("2022-04", "2022-04"))[0],
        "rate 2022-04-12..2022-04-20 5 x 150.00 = 750.00"
    );
}

#[test]
fn points_may_change_within_a_level_without_ending_a_run() {
    let facts = Facts::new(stockholm::SUPPORTED_HOUSING, "2010-01-01")
        .points_from(2, 14, "2010-01-01")
        .points_from(2, 36, "2010-03-10");
    let owed = facts.owed("2010-03", "2010-03");
    assert_eq!(lines(&owed), ["rate 2010-03-01..2010-03-31 31 x 395.00 = 12245.00"]);
    assert_eq!(owed.lines[0].points, Some(14));
}
