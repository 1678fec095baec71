//! Days that should be paid and lack a fact.

use niva_models::{Component, Regime};
use niva_names::stockholm;
use niva_payment_domain::HoldReason;

use crate::support::{Facts, days, full_time, holds, hours, lines};

const WEEK: [u8; 5] = [1, 0, 1, 0, 1];

#[test]
fn an_evening_where_no_model_pays_evenings_is_held() {
    let facts = Facts::new(stockholm::HOUSING_SUPPORT, "2010-03-01").level(1).occasion("2010-03-04", 1);
    let owed = facts.owed("2010-03", "2010-03");
    assert_eq!(
        holds(&owed),
        [(Component::EveningNight, days("2010-03-04", "2010-03-04"), HoldReason::RateUnpublished)]
    );
    assert_eq!(owed.lines.len(), 1);
}

#[test]
fn occasions_outside_the_stay_are_held_on_their_very_days() {
    let facts = Facts {
        actual: Some(crate::support::d("2010-03-03")),
        ..Facts::new(stockholm::SUPPORTED_HOUSING, "2010-03-01")
    }
    .level(1)
    .end("2010-03-10")
    .occasion("2010-03-02", 1)
    .occasion("2010-03-03", 1)
    .occasion("2010-03-14", 1)
    .occasion("2010-03-15", 1)
    .occasion("2010-03-16", 1);
    let owed = facts.owed("2010-03", "2010-03");
    let outside = HoldReason::OccasionOutsidePlacement;
    assert_eq!(
        holds(&owed),
        [
            (Component::EveningNight, days("2010-03-02", "2010-03-02"), outside),
            (Component::EveningNight, days("2010-03-15", "2010-03-16"), outside),
        ]
    );
    assert_eq!(lines(&owed)[2], "evening_night 2010-03-01..2010-03-14 2 x 320.00 = 640.00");
    let never = Facts { end: None, ..facts }.never_started();
    assert_eq!(never.owed("2010-03", "2010-03").holds.len(), 2, "2–3 and 14–16 March");
}

#[test]
fn a_model_that_ends_leaves_days_without_one() {
    let facts =
        Facts::new(stockholm::HOUSING_SUPPORT, "2020-05-01").of_scale("housing-support-2018").level(1);
    let owed = facts.owed_by_own("2020-06", "2020-06");
    assert_eq!(lines(&owed), ["rate 2020-06-01..2020-06-10 10 x 1000.01 = 333.34"]);
    assert_eq!(holds(&owed), [(Component::Rate, days("2020-06-11", "2020-06-30"), HoldReason::NoModel)]);
    let early = Facts::new(stockholm::SUPPORTED_HOUSING, "2009-12-30").level(1);
    assert_eq!(
        holds(&early.owed("2009-12", "2009-12")),
        [(Component::Rate, days("2009-12-30", "2009-12-31"), HoldReason::NoModel)]
    );
}

#[test]
fn a_missing_fact_holds_its_days_and_no_others() {
    let whole = Facts::new(stockholm::OCCUPATION, "2013-03-01")
        .level_from(2, "2013-03-11")
        .sessions(WEEK, "2013-03-06");
    let owed = whole.owed("2013-03", "2013-03");
    assert_eq!(
        holds(&owed),
        [
            (Component::Rate, days("2013-03-01", "2013-03-10"), HoldReason::LevelMissing),
            (Component::Premises, days("2013-03-01", "2013-03-05"), HoldReason::ScheduleMissing),
        ]
    );
    assert_eq!(
        lines(&owed),
        [
            "rate 2013-03-11..2013-03-31 9 x 370.00 = 3330.00",
            "premises 2013-03-06..2013-03-31 11 x 25.00 = 275.00",
        ]
    );
    let held = |facts: Facts| holds(&facts.owed("2010-03", "2010-03"));
    let march = days("2010-03-01", "2010-03-31");
    let housing = || Facts::new(stockholm::SUPPORTED_HOUSING, "2010-01-01").level(1);
    let none = Facts { unit: niva_calendar::Timeline::new(), ..housing() };
    assert_eq!(held(none), [(Component::Rate, march, HoldReason::RegimeMissing)]);
    let none = Facts { grants: niva_calendar::Timeline::new(), ..housing() };
    assert_eq!(held(none), [(Component::Rate, march, HoldReason::GrantMissing)]);
    assert_eq!(held(housing().level(4)), [(Component::Rate, march, HoldReason::LevelNotPriced)]);
    assert_eq!(
        held(housing().regime(Regime::OtherMunicipality)),
        [(Component::Rate, march, HoldReason::RegimeNotPriced)]
    );
    assert_eq!(held(Facts { withdrawn: true, ..housing() }), []);
}

#[test]
fn the_grant_must_last_while_the_person_is_there_and_no_longer() {
    let scope = full_time();
    let facts = Facts::new(stockholm::SUPPORTED_HOUSING, "2010-02-01")
        .granted(days("2010-01-01", "2010-03-10"), scope)
        .level(1)
        .notice("2010-03-09")
        .end("2010-03-12");
    let owed = facts.owed("2010-03", "2010-03");
    assert_eq!(holds(&owed), [(Component::Rate, days("2010-03-11", "2010-03-12"), HoldReason::GrantMissing)]);
    assert_eq!(
        lines(&owed),
        [
            "rate 2010-03-01..2010-03-10 10 x 300.00 = 3000.00",
            "rate 2010-03-13..2010-03-13 1 x 300.00 = 300.00",
            "vacancy 2010-03-14..2010-03-20 7 x 300.00 = 2100.00",
        ]
    );
    let never = Facts { end: None, ..facts }.never_started();
    assert!(never.owed("2010-02", "2010-03").holds.is_empty(), "noticed while the grant was valid");
}

#[test]
fn days_with_nothing_to_pay_neither_cut_a_hold_nor_make_one() {
    let weekend = Facts::new(stockholm::DAILY_ACTIVITIES_LSS, "2024-03-01")
        .level(1)
        .agreement("a", days("2024-03-01", "2024-03-08"), 100)
        .agreement("b", days("2024-03-11", "2024-03-31"), 100);
    let owed = weekend.owed("2024-03", "2024-03");
    assert_eq!((holds(&owed), owed.lines.len()), (Vec::new(), 2), "9 and 10 March are a weekend");
    let mut facts = Facts::new(stockholm::DAILY_ACTIVITIES_LSS, "2024-03-01").level(1);
    facts.scope_on(days("2024-03-09", "2024-03-10"), hours(2));
    let march = days("2024-03-01", "2024-03-31");
    assert_eq!(
        holds(&facts.owed("2024-03", "2024-03")),
        [(Component::Rate, march, HoldReason::ScopeNotPriced)]
    );
}

#[test]
fn of_a_placement_with_the_id_of_another_persons_all_is_held_for_that_alone() {
    let of_another = Facts {
        of_another: true,
        ..Facts::new(stockholm::SUPPORTED_HOUSING, "2010-03-01").level(1).occasion("2010-03-02", 1)
    };
    let owed = of_another.owed("2010-03", "2010-04");
    let all: Vec<_> =
        holds(&owed).into_iter().map(|(component, days, reason)| (component, days.first, reason)).collect();
    let (march, april) = (crate::support::d("2010-03-01"), crate::support::d("2010-04-01"));
    let held = |component, day| (component, day, HoldReason::PlacementOfAnotherPerson);
    assert_eq!(
        all,
        [held(Component::Rate, march), held(Component::Rate, april), held(Component::EveningNight, march),]
    );
    assert!(owed.lines.is_empty());
    let withdrawn = Facts { withdrawn: true, ..of_another };
    assert!(withdrawn.owed("2010-03", "2010-03").lines.is_empty());
}
