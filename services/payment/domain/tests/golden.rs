//! The worked cases of the domain's description.

use niva_models::{Component, Regime};
use niva_names::stockholm;
use niva_payment_domain::Settlement;

use crate::support::{Facts, full_time, lines, part_time, sek, total};

#[test]
fn g1_supported_housing_that_ends() {
    let facts = Facts::new(stockholm::SUPPORTED_HOUSING, "2010-03-01")
        .level(2)
        .notice("2010-03-10")
        .end("2010-03-12");
    let owed = facts.owed("2010-03", "2010-03");
    assert_eq!(
        lines(&owed),
        [
            "rate 2010-03-01..2010-03-14 14 x 395.00 = 5530.00",
            "vacancy 2010-03-15..2010-03-21 7 x 300.00 = 2100.00",
        ]
    );
    assert!(owed.holds.is_empty());
    assert!(owed.lines.iter().all(|l| l.settlement == Settlement::OwnUnit));
    assert_eq!(lines(&facts.owed("2009-01", "2026-12")), lines(&owed));
}

#[test]
fn g2_death_after_a_long_stay() {
    let facts = Facts::new(stockholm::HOUSING_WITH_SPECIAL_SERVICE, "2010-01-02")
        .level(3)
        .notice("2010-06-10")
        .end("2010-06-10");
    let expected = [
        "rate 2010-06-01..2010-06-14 14 x 1350.00 = 18900.00",
        "vacancy 2010-06-15..2010-06-21 7 x 1025.00 = 7175.00",
    ];
    assert_eq!(lines(&facts.owed("2010-06", "2010-06")), expected);
    let without_notice = Facts { notice: None, ..facts };
    assert_eq!(lines(&without_notice.owed("2010-06", "2010-06")), expected, "E counts as N");
}

#[test]
fn g3_no_show_with_notice_on_day_ten() {
    let facts = Facts::new(stockholm::HOUSING_WITH_SPECIAL_SERVICE, "2010-05-03")
        .never_started()
        .level(3)
        .notice("2010-05-12");
    assert_eq!(
        lines(&facts.owed("2010-05", "2010-06")),
        [
            "rate 2010-05-03..2010-05-16 14 x 1350.00 = 18900.00",
            "vacancy 2010-05-17..2010-05-23 7 x 1025.00 = 7175.00",
        ]
    );
    assert_eq!(total(&facts.owed("2010-05", "2010-06")), sek("26075"));
    let private = facts.regime(Regime::Private);
    assert_eq!(total(&private.owed("2010-05", "2010-06")), sek("26698"));
    assert!(private.owed("2010-05", "2010-05").lines.iter().all(|l| l.settlement == Settlement::Outgoing));
}

#[test]
fn g4_no_show_with_later_notice() {
    let facts = Facts::new(stockholm::HOUSING_WITH_SPECIAL_SERVICE, "2010-05-03")
        .never_started()
        .level(3)
        .notice("2010-05-14");
    assert_eq!(
        lines(&facts.owed("2010-05", "2010-05")),
        [
            "rate 2010-05-03..2010-05-18 16 x 1350.00 = 21600.00",
            "vacancy 2010-05-19..2010-05-25 7 x 1025.00 = 7175.00",
        ]
    );
}

#[test]
fn no_show_pays_fourteen_days_for_notice_through_day_ten_and_stays_open_without() {
    for day in 3..=12 {
        let facts = Facts::new(stockholm::SUPPORTED_HOUSING, "2010-05-03")
            .never_started()
            .level(1)
            .notice(&format!("2010-05-{day:02}"));
        assert_eq!(
            lines(&facts.owed("2010-05", "2010-05"))[0],
            "rate 2010-05-03..2010-05-16 14 x 300.00 = 4200.00"
        );
    }
    let open = Facts::new(stockholm::SUPPORTED_HOUSING, "2010-05-03").never_started().level(1);
    assert_eq!(
        lines(&open.owed("2010-07", "2010-07")),
        ["rate 2010-07-01..2010-07-31 31 x 300.00 = 9300.00"]
    );
}

#[test]
fn g5_a_part_of_a_month() {
    let facts = Facts::new(stockholm::HOUSING_SUPPORT, "2010-02-15").level(1);
    let owed = facts.owed("2010-02", "2010-03");
    assert_eq!(
        lines(&owed),
        [
            "rate 2010-02-15..2010-02-28 14 x 2695.00 = 1347.50",
            "rate 2010-03-01..2010-03-31 31 x 2695.00 = 2695.00",
        ]
    );
}

#[test]
fn g6_sessions_by_the_weekly_schedule() {
    let facts =
        Facts::new(stockholm::OCCUPATION, "2010-01-01").level(2).sessions([1, 0, 1, 0, 1], "2010-01-01");
    assert_eq!(
        lines(&facts.owed("2010-03", "2010-03")),
        ["rate 2010-03-01..2010-03-31 14 x 370.00 = 5180.00"]
    );
    let march_2013 = facts.owed("2013-03", "2013-03");
    assert_eq!(
        lines(&march_2013),
        [
            "rate 2013-03-01..2013-03-31 13 x 370.00 = 4810.00",
            "premises 2013-03-01..2013-03-31 13 x 25.00 = 325.00",
        ]
    );
    let july_2013 = facts.owed("2013-07", "2013-07");
    assert_eq!(
        lines(&july_2013),
        [
            "rate 2013-07-01..2013-07-31 14 x 370.00 = 5180.00",
            "premises 2013-07-01..2013-07-31 14 x 25.00 = 350.00",
        ],
        "five Mondays, five Wednesdays, four Fridays as in March 2010"
    );
}

#[test]
fn g7_occupation_of_2019_from_the_middle_of_a_month() {
    let facts = Facts::new(stockholm::OCCUPATION, "2019-09-16").regime(Regime::Private);
    let owed = facts.owed("2019-09", "2019-09");
    assert_eq!(
        lines(&owed),
        [
            "rate 2019-09-16..2019-09-30 15 x 4576.00 = 2288.00",
            "premises 2019-09-16..2019-09-30 15 x 358.00 = 179.00",
        ]
    );
    assert!(owed.lines.iter().all(|l| l.level.is_none()));
}

#[test]
fn g8_a_level_that_changes_within_the_month() {
    let facts = Facts::new(stockholm::SUPPORTED_HOUSING, "2010-01-01")
        .regime(Regime::Private)
        .level(1)
        .level_from(3, "2010-03-16");
    let owed = facts.owed("2010-03", "2010-03");
    assert_eq!(
        lines(&owed),
        [
            "rate 2010-03-01..2010-03-15 15 x 307.00 = 4605.00",
            "rate 2010-03-16..2010-03-31 16 x 507.00 = 8112.00",
        ]
    );
    assert_eq!(total(&owed), sek("12717"));
}

#[test]
fn g9_weekdays_with_easter_monday() {
    let facts = Facts::new(stockholm::DAILY_ACTIVITIES_LSS, "2024-01-01")
        .regime(Regime::Private)
        .scope(part_time())
        .level(3);
    assert_eq!(
        lines(&facts.owed("2024-04", "2024-04")),
        ["rate 2024-04-01..2024-04-30 22 x 935.00 = 20570.00"]
    );
}

#[test]
fn g10_a_level_that_arrives_late() {
    let before = Facts::new(stockholm::SUPPORTED_HOUSING, "2010-01-01").level(1);
    let after = before.clone().level_from(3, "2010-03-01");
    let (paid, owed) = (before.owed("2010-03", "2010-03"), after.owed("2010-03", "2010-03"));
    assert_eq!(lines(&paid), ["rate 2010-03-01..2010-03-31 31 x 300.00 = 9300.00"]);
    assert_eq!(lines(&owed), ["rate 2010-03-01..2010-03-31 31 x 495.00 = 15345.00"]);
    assert_eq!(total(&owed).0 - total(&paid).0, sek("6045").0);
}

/// Malmskillnadsgatan: seven people from 1 600 to 1 300 a day are 766 500 a year.
#[test]
fn t4_seven_people_at_an_agreed_price() {
    let year = |price| {
        let facts = Facts::new(stockholm::HOUSING_WITH_SPECIAL_SERVICE, "2009-12-01").agreement(
            "malmskillnadsgatan",
            crate::support::days("2010-01-01", "2010-12-31"),
            price,
        );
        let owed = facts.owed("2010-01", "2010-12");
        assert!(owed.holds.is_empty(), "an agreement needs no level");
        assert_eq!(owed.lines.len(), 12);
        total(&owed).0
    };
    assert_eq!(7 * (year(1600) - year(1300)), sek("766500").0);
}

#[test]
fn a_year_of_weekdays_is_about_260() {
    let facts = Facts::new(stockholm::DAILY_ACTIVITIES_LSS, "2024-01-01").scope(full_time()).level(1);
    let owed = facts.owed("2024-01", "2024-12");
    assert_eq!(owed.lines.iter().map(|l| l.quantity).sum::<i64>(), 262, "2024 has 366 days");
    assert!(owed.lines.iter().all(|l| l.component == Component::Rate));
}
