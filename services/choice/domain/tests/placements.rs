use niva_calendar::{Interval, NaiveDate};
use niva_choice_domain::{Around, Dates, Placement, PlacementState, Refusal, near};
use niva_facts::Happened;
use niva_names::stockholm::{OCCUPATION, STUDY_CIRCLE};
use proptest::prelude::*;

use crate::{day, grant, info, placement, unit};

const fn order() -> (i32, u32, u32) {
    (2024, 3, 11)
}

fn march(d: u32) -> NaiveDate {
    day(2024, 3, d)
}

/// One of each state.
fn states() -> [PlacementState; 6] {
    let actual_start = march(12);
    let notice = Some(march(20));
    [
        PlacementState::Ordered,
        PlacementState::Started { actual_start, notice: None },
        PlacementState::Started { actual_start, notice },
        PlacementState::NoShow { notice: march(20) },
        PlacementState::Ended { actual_start, notice: None, end: march(25) },
        PlacementState::Ended { actual_start, notice, end: march(25) },
    ]
}

type Verb = fn(Placement, NaiveDate) -> Result<Happened<Placement>, Refusal>;

fn verbs() -> [(&'static str, Verb); 4] {
    [
        ("start", |p, d| p.start(d)),
        ("notice", |p, d| p.give_notice(d)),
        ("end", |p, d| p.end(d)),
        ("withdraw", |p, today| p.may_be_withdrawn(today, false).map(|()| Happened::Now(p))),
    ]
}

/// What each verb makes of each state, with a day that is no day of the placement yet.
#[test]
fn every_state_and_verb() {
    let late = march(28);
    let told: Vec<String> = states()
        .into_iter()
        .map(|state| {
            let outcomes = verbs().map(|(name, verb)| {
                let day = if name == "withdraw" { march(10) } else { late };
                match verb(placement("p", state), day) {
                    Ok(Happened::Now(p)) => p.state.as_str(),
                    Ok(Happened::Already(_)) => "already",
                    Err(refusal) => refusal.reason(),
                }
            });
            format!("{}: {}", state.as_str(), outcomes.join(" "))
        })
        .collect();
    assert_eq!(
        told,
        [
            "ordered: started no_show PLACEMENT_STATE ordered",
            "started: PLACEMENT_STATE started ended PLACEMENT_STATE",
            "started: PLACEMENT_STATE PLACEMENT_STATE ended PLACEMENT_STATE",
            "no_show: PLACEMENT_STATE PLACEMENT_STATE PLACEMENT_STATE PLACEMENT_STATE",
            "ended: PLACEMENT_STATE PLACEMENT_STATE PLACEMENT_STATE PLACEMENT_STATE",
            "ended: PLACEMENT_STATE PLACEMENT_STATE PLACEMENT_STATE PLACEMENT_STATE",
        ]
    );
}

#[test]
fn dates_come_in_order() {
    let ordered = placement("p", PlacementState::Ordered);
    assert_eq!(ordered.clone().start(march(10)).unwrap_err().reason(), "START_BEFORE_ORDER");
    assert_eq!(ordered.clone().give_notice(march(10)).unwrap_err().reason(), "NOTICE_BEFORE_ORDER");
    let started = ordered.clone().start(march(13)).unwrap().value();
    let end = |d| started.clone().end(d);
    assert_eq!(end(march(12)).unwrap_err().reason(), "END_BEFORE_START");
    assert_eq!(end(march(13)).unwrap().value().state.end(), Some(march(13)));
    let withdraw = |today, mistake| ordered.may_be_withdrawn(today, mistake).map_err(|r| r.reason());
    assert_eq!(withdraw(march(11), false), Err("WITHDRAWAL_TOO_LATE"));
    assert_eq!((withdraw(march(10), false), withdraw(march(11), true)), (Ok(()), Ok(())));
    assert!(started.may_be_withdrawn(march(30), true).is_ok());
}

#[test]
fn the_same_again_changes_nothing_and_another_day_is_told_apart() {
    let started = placement("p", PlacementState::Ordered).start(march(13)).unwrap().value();
    assert_eq!(started.clone().start(march(13)), Ok(Happened::Already(started.clone())));
    assert_eq!(started.clone().start(march(14)).unwrap_err().reason(), "PLACEMENT_STATE");
    let leaving = started.give_notice(march(15)).unwrap().value();
    assert_eq!(leaving.clone().give_notice(march(15)), Ok(Happened::Already(leaving)));
}

fn check(to: &Placement, before: Option<&Placement>, occupied: &[Interval]) -> Result<(), Refusal> {
    let (unit, grants) = (unit("unit-1", OCCUPATION, 1), [grant("grant-1", OCCUPATION)]);
    to.check(
        before,
        &Around { service: info(OCCUPATION), unit: &unit, occupied, grants: &grants, others: &[] },
    )
}

fn ended(end: NaiveDate) -> Placement {
    placement("p", PlacementState::Ended { actual_start: march(11), notice: Some(march(12)), end })
}

#[test]
fn a_later_end_needs_the_place_to_be_free() {
    let before = ended(march(15));
    assert_eq!(check(&ended(march(14)), Some(&before), &[Interval::from(march(16))]), Ok(()));
    assert_eq!(check(&ended(march(20)), Some(&before), &[Interval::from(march(21))]), Ok(()));
    let refused = Refusal::PlaceTaken { unit_id: "unit-1".into(), day: march(16) };
    assert_eq!(check(&ended(march(20)), Some(&before), &[Interval::from(march(16))]), Err(refused.clone()));
    // The end taken back, as if nobody had left.
    let open = placement("p", PlacementState::Started { actual_start: march(11), notice: None });
    assert_eq!(check(&open, Some(&before), &[Interval::from(march(16))]), Err(refused));
    assert_eq!(check(&open, Some(&before), &[]), Ok(()));
    // Days that it has long had are not asked for again, whoever else is there.
    assert_eq!(check(&ended(march(14)), Some(&before), &[Interval::from(march(1))]), Ok(()));
    // An earlier start needs the days before, too.
    let earlier = Placement { ordered_start: march(8), ..before.clone() };
    let there = Interval { first: march(1), last: march(8) };
    let refused = Refusal::PlaceTaken { unit_id: "unit-1".into(), day: march(8) };
    assert_eq!(check(&earlier, Some(&before), &[there]), Err(refused));
}

#[test]
fn a_correction_keeps_to_what_it_is_about() {
    let before = ended(march(15));
    let reason = |to: Placement| check(&to, Some(&before), &[]).err().map(|refusal| refusal.reason());
    assert_eq!(reason(Placement { person_id: "another".into(), ..before.clone() }), Some("SUBJECT_FIXED"));
    assert_eq!(reason(Placement { service: STUDY_CIRCLE, ..before.clone() }), Some("SUBJECT_FIXED"));
    assert_eq!(
        reason(Placement { ordered_start: day(2023, 12, 31), ..before.clone() }),
        Some("OUTSIDE_GRANT")
    );
    let circle = Placement { service: STUDY_CIRCLE, ..before.clone() };
    assert_eq!(check(&circle, None, &[]).unwrap_err().reason(), "WRONG_SERVICE");
}

#[test]
fn any_grant_of_the_service_carries_the_ordered_day() {
    let until = |id: &str, first, last| {
        let valid = Interval { first, last };
        niva_choice_domain::Grant { valid, ..grant(id, OCCUPATION) }
    };
    // Renewed with a gap of three days.
    let grants = [until("grant-1", day(2024, 1, 1), march(9)), until("renewed", march(13), march(31))];
    let unit = unit("unit-1", OCCUPATION, 1);
    let around =
        Around { service: info(OCCUPATION), unit: &unit, occupied: &[], grants: &grants, others: &[] };
    let on = |ordered_start| {
        let placement = Placement { ordered_start, ..placement("p", PlacementState::Ordered) };
        placement.check(None, &around).map_err(|refusal| refusal.reason())
    };
    assert_eq!((on(march(9)), on(march(13))), (Ok(()), Ok(())));
    assert_eq!((on(march(10)), on(march(12))), (Err("OUTSIDE_GRANT"), Err("OUTSIDE_GRANT")));
}

#[test]
fn a_slip_of_the_pen_is_seen() {
    let (y, m, d) = order();
    let today = day(y, m, d);
    assert!(near(day(2026, 3, 12), today).is_ok());
    assert_eq!(near(day(2042, 3, 11), today).unwrap_err().reason(), "DATE_TOO_FAR");
}

fn some_day() -> impl Strategy<Value = NaiveDate> {
    (1_u32..=28).prop_map(march)
}

proptest! {
    /// Any verb with any day leaves dates in order and keeps what it does not concern; or refuses.
    #[test]
    fn no_verb_breaks_the_order_of_dates(
        steps in proptest::collection::vec((0_usize..4, some_day()), 0..12),
    ) {
        let mut now = placement("p", PlacementState::Ordered);
        for (verb, day) in steps {
            match verbs()[verb].1(now.clone(), day) {
                Ok(Happened::Now(next)) => {
                    prop_assert_eq!(next.ordered_start, now.ordered_start);
                    now = next;
                }
                Ok(Happened::Already(same)) => prop_assert_eq!(&same, &now),
                Err(_) => {}
            }
            let s = now.state;
            prop_assert!(s.actual_start().is_none_or(|a| a >= now.ordered_start));
            prop_assert!(s.notice().is_none_or(|n| n >= now.ordered_start));
            prop_assert!(s.end().is_none_or(|e| s.actual_start().is_some_and(|a| a <= e)));
        }
    }

    /// What the verbs make can be written down as dates and read again.
    #[test]
    fn dates_tell_the_state(
        actual_start in proptest::option::of(some_day()),
        notice in proptest::option::of(some_day()),
        end in proptest::option::of(some_day()),
    ) {
        let (y, m, d) = order();
        let dates = Dates { ordered_start: day(y, m, d), actual_start, notice, end };
        let one_by_one = || {
            let mut p = placement("p", PlacementState::Ordered);
            if let Some(d) = actual_start {
                p = p.start(d)?.value();
            }
            if let Some(d) = notice {
                p = p.give_notice(d)?.value();
            }
            if let Some(d) = end {
                p = p.end(d)?.value();
            }
            Ok::<_, Refusal>(p.state)
        };
        prop_assert_eq!(dates.state().ok(), one_by_one().ok());
    }
}

#[test]
fn all_that_is_wrong_with_dates_is_told() {
    let (y, m, d) = order();
    let dates = Dates {
        ordered_start: day(y, m, d),
        actual_start: Some(march(10)),
        notice: Some(march(9)),
        end: Some(march(8)),
    };
    let reasons: Vec<_> = dates.state().unwrap_err().iter().map(Refusal::reason).collect();
    assert_eq!(reasons, ["START_BEFORE_ORDER", "NOTICE_BEFORE_ORDER", "END_BEFORE_START"]);
    let never = Dates { actual_start: None, notice: None, ..dates };
    assert_eq!(never.state().unwrap_err()[0].reason(), "END_WITHOUT_START");
}
