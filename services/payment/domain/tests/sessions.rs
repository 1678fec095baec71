//! Sessions are those granted, on the weekdays of the schedule.

use niva_models::{Component, GrantScope};
use niva_names::stockholm;
use niva_payment_domain::HoldReason;

use crate::support::{Facts, days, from, holds, lines};

const WEEK: [u8; 5] = [1, 0, 1, 0, 1];

#[test]
fn the_circle_pays_decided_sessions_and_has_no_level_and_no_vacancy() {
    let facts = Facts::new(stockholm::STUDY_CIRCLE, "2010-03-01")
        .sessions([0, 0, 0, 1, 0], "2010-03-01")
        .end("2010-03-20");
    let owed = facts.owed("2010-03", "2010-04");
    // Thursdays the 4th, 11th and 18th; full compensation ends on the 24th, a Wednesday.
    assert_eq!(lines(&owed), ["rate 2010-03-01..2010-03-24 3 x 80.00 = 240.00"]);
    assert!(owed.holds.is_empty());
    let never = Facts { end: None, ..facts }.never_started().notice("2010-03-02");
    assert_eq!(
        lines(&never.owed("2010-03", "2010-04")),
        ["rate 2010-03-01..2010-03-14 2 x 80.00 = 160.00"],
        "fourteen days for a person who never came"
    );
}

#[test]
fn granted_sessions_are_paid_on_the_weekdays_of_the_schedule_and_never_more() {
    let march = |facts: &Facts| facts.owed("2010-03", "2010-03");
    let granted = |sessions| GrantScope { sessions_per_week: Some(sessions), ..GrantScope::default() };
    let facts = Facts::new(stockholm::OCCUPATION, "2010-01-01").level(2).sessions(WEEK, "2010-01-01");
    let all_of_march = days("2010-03-01", "2010-03-31");
    let held = |reason| [(Component::Rate, all_of_march, reason)];
    // The schedule of three is set to eight, back in time: what is granted is three.
    let raised = facts.clone().schedule([2, 2, 2, 1, 1], "2010-01-01");
    assert_eq!(holds(&march(&raised)), held(HoldReason::ScheduleNotAsGranted));
    assert_eq!(march(&raised).lines.len(), 0);
    let fewer = facts.clone().schedule([1, 0, 1, 0, 0], "2010-01-01");
    assert_eq!(holds(&march(&fewer)), held(HoldReason::ScheduleNotAsGranted));
    let unsaid = facts.clone().scope(GrantScope::default());
    assert_eq!(holds(&march(&unsaid)), held(HoldReason::SessionsNotGranted));
    let mut more = facts;
    more.scope_on(from("2010-03-15"), granted(4));
    let owed = march(&more.schedule([1, 1, 1, 0, 1], "2010-03-15"));
    assert_eq!(
        (lines(&owed), owed.holds.len()),
        (vec!["rate 2010-03-01..2010-03-31 17 x 370.00 = 6290.00".to_owned()], 0)
    );
}

#[test]
fn a_schedule_that_ends_while_sessions_are_granted_is_a_hold() {
    // Notice and last day on 10 March, the schedule ended on the 11th: one session of notice and three of vacancy wait.
    let facts = Facts::new(stockholm::OCCUPATION, "2010-01-01")
        .level(2)
        .sessions(WEEK, "2010-01-01")
        .schedule([0; 5], "2010-03-11")
        .notice("2010-03-10")
        .end("2010-03-10");
    let owed = facts.owed("2010-03", "2010-03");
    assert_eq!(lines(&owed), ["rate 2010-03-01..2010-03-10 5 x 370.00 = 1850.00"]);
    assert_eq!(
        holds(&owed),
        [
            (Component::Rate, days("2010-03-11", "2010-03-14"), HoldReason::ScheduleMissing),
            (Component::Vacancy, days("2010-03-15", "2010-03-21"), HoldReason::ScheduleMissing),
        ]
    );
    let going_on = Facts { schedules: niva_calendar::Timeline::new(), ..facts }.schedule(WEEK, "2010-01-01");
    assert_eq!(
        lines(&going_on.owed("2010-03", "2010-03")),
        [
            "rate 2010-03-01..2010-03-14 6 x 370.00 = 2220.00",
            "vacancy 2010-03-15..2010-03-21 3 x 320.00 = 960.00",
        ]
    );
}
