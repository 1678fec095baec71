//! Levels belong to their scale, and full and part time have hours.

use niva_models::{Component, GrantScope};
use niva_names::stockholm;
use niva_payment_domain::HoldReason;

use crate::support::{Facts, days, full_time, full_time_hours, holds, hours, lines, part_time};

const WEEK: [u8; 5] = [1, 0, 1, 0, 1];

#[test]
fn a_level_of_another_scale_is_held_until_it_is_converted() {
    // 30 points are level 3 by the scale of 2024 and level 2 by that of 2025.
    let facts = Facts::new(stockholm::DAILY_ACTIVITIES_LSS, "2024-03-01")
        .scope(full_time_hours(30))
        .points_from(3, 30, "2024-03-01");
    let owed = facts.owed_by_own("2024-12", "2025-01");
    assert_eq!(lines(&owed), ["rate 2024-12-01..2024-12-31 22 x 943.00 = 20746.00"]);
    assert_eq!(
        holds(&owed),
        [(Component::Rate, days("2025-01-01", "2025-01-31"), HoldReason::LevelOfOtherScale)]
    );
    let converted = facts.clone().of_scale("daily-activities-2025").points_from(2, 30, "2025-01-01");
    let owed = converted.owed_by_own("2025-01", "2025-01");
    assert_eq!(lines(&owed), ["rate 2025-01-01..2025-01-31 23 x 1200.00 = 27600.00"]);
    assert_eq!(owed.lines[0].points, Some(30));
    // Level 7, which 2025 does not have, is first of all of another scale.
    let high = Facts { levels: niva_calendar::Timeline::new(), ..facts }.points_from(7, 90, "2024-03-01");
    let owed = high.owed_by_own("2025-01", "2025-01");
    assert_eq!(owed.holds[0].reason, HoldReason::LevelOfOtherScale);
}

#[test]
fn c19_a_conversion_in_the_middle_of_a_month_makes_two_lines_with_the_same_points() {
    let facts = Facts::new(stockholm::HOUSING_SUPPORT, "2018-01-01")
        .points_from(2, 32, "2018-01-01")
        .of_scale("housing-support-2018")
        .points_from(2, 32, "2018-03-15");
    let owed = facts.owed_by_own("2018-03", "2018-03");
    assert_eq!(
        lines(&owed),
        [
            "rate 2018-03-01..2018-03-14 14 x 6160.00 = 2781.94",
            "rate 2018-03-15..2018-03-31 17 x 3333.33 = 1827.96",
        ]
    );
    assert!(owed.lines.iter().all(|line| line.points == Some(32)));
}

#[test]
fn stated_levels_of_housing_under_lss_keep_their_scale_from_list_to_list() {
    let facts = Facts::new(stockholm::GROUP_HOUSING_LSS, "2021-06-01").level_from(3, "2021-06-01");
    let owed = facts.owed("2021-06", "2026-06");
    assert_eq!((owed.holds.len(), owed.lines.len()), (0, 61));
}

#[test]
fn scales_that_two_models_share_go_on() {
    let facts = Facts::new(stockholm::OCCUPATION, "2012-12-01").level(2).sessions(WEEK, "2012-12-01");
    assert!(facts.owed("2012-12", "2013-01").holds.is_empty(), "2010 and 2013 have one scale");
}

#[test]
fn full_and_part_time_of_2024_have_hours() {
    let held = |scope| {
        let facts = Facts::new(stockholm::DAILY_ACTIVITIES_LSS, "2024-03-01").scope(scope).level(1);
        facts.owed("2024-03", "2024-03").holds.first().map(|hold| hold.reason)
    };
    let part = |hours| GrantScope { hours_per_week: Some(hours), ..part_time() };
    assert_eq!(
        [held(part(3)), held(part(4)), held(part(24))],
        [Some(HoldReason::ScopeNotPriced), None, None]
    );
    assert_eq!(
        held(full_time_hours(24)),
        Some(HoldReason::ScopeNotPriced),
        "full time with part time's hours"
    );
    assert_eq!(
        [held(hours(3)), held(hours(4)), held(hours(25))],
        [Some(HoldReason::ScopeNotPriced), None, None]
    );
    assert_eq!([held(part_time()), held(full_time())], [None, None]);
}
