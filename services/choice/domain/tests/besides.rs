//! One placement of an exclusive service at a time, but for a switch's overlap, a trial and named exceptions.

use niva_calendar::NaiveDate;
use niva_choice_domain::{Around, Beside, Placement, PlacementState};
use niva_names::{
    ServiceKey,
    stockholm::{OCCUPATION, STUDY_CIRCLE},
};

use crate::{day, grant, info, placement, unit};

fn march(d: u32) -> NaiveDate {
    day(2024, 3, d)
}

const fn started(notice: Option<NaiveDate>, actual_start: NaiveDate) -> PlacementState {
    PlacementState::Started { actual_start, notice }
}

/// A placement ordered for a day in March.
fn from(id: &str, d: u32, state: PlacementState) -> Placement {
    Placement { ordered_start: march(d), ..placement(id, state) }
}

fn trial() -> Beside {
    Beside::Trial { reason: "decision 12".to_owned() }
}

fn exception() -> Beside {
    Beside::Exception { reason: "two units share the week, decision 13".to_owned() }
}

fn of(
    service: ServiceKey,
    to: &Placement,
    before: Option<&Placement>,
    others: &[Placement],
) -> Option<&'static str> {
    let (unit, grants) = (unit("unit-1", service, 9), [grant("grant-1", service)]);
    let to = Placement { service, ..to.clone() };
    let before = before.map(|before| Placement { service, ..before.clone() });
    let around = Around { service: info(service), unit: &unit, occupied: &[], grants: &grants, others };
    to.check(before.as_ref(), &around).err().map(|refusal| refusal.reason())
}

fn told(to: &Placement, others: &[Placement]) -> Option<&'static str> {
    of(OCCUPATION, to, None, others)
}

const NO: Option<&str> = Some("EXCLUSIVE_SERVICE");

#[test]
fn a_second_one_needs_the_first_to_be_given_up_or_a_name() {
    let open = from("first", 1, started(None, march(1)));
    let second = from("second", 15, PlacementState::Ordered);
    assert_eq!(told(&second, std::slice::from_ref(&open)), NO);
    for beside in [Beside::Switch, trial(), exception()] {
        assert_eq!(told(&Placement { beside, ..second.clone() }, std::slice::from_ref(&open)), None);
    }
    // A switch's overlap: the first has notice, or an end.
    let leaving = from("first", 1, started(Some(march(12)), march(1)));
    let left = PlacementState::Ended { actual_start: march(1), notice: None, end: march(20) };
    assert_eq!(told(&second, &[leaving]), None);
    assert_eq!(told(&second, &[from("first", 1, left)]), None);
    // One that the person has not come to is not switched from.
    let ordered = from("first", 1, PlacementState::Ordered);
    assert_eq!(told(&Placement { beside: Beside::Switch, ..second.clone() }, &[ordered]), NO);
    // What was told as a trial or an exception bars nothing either.
    assert_eq!(told(&second, &[Placement { beside: trial(), ..open.clone() }]), None);
    // Services that are not exclusive are taken side by side.
    assert_eq!(of(STUDY_CIRCLE, &second, None, &[Placement { service: STUDY_CIRCLE, ..open }]), None);
}

#[test]
fn a_third_waits_until_the_switch_is_finished() {
    let first = from("first", 1, started(None, march(1)));
    let second = Placement { beside: Beside::Switch, ..from("second", 10, started(None, march(10))) };
    let third = Placement { beside: Beside::Switch, ..from("third", 20, PlacementState::Ordered) };
    assert_eq!(told(&third, &[first, second.clone()]), NO);
    let leaving = from("first", 1, started(Some(march(12)), march(1)));
    assert_eq!(told(&third, &[leaving, second]), None);
}

#[test]
fn a_correction_makes_no_new_overlap_and_is_not_asked_for_an_old_one() {
    let end = |d| PlacementState::Ended { actual_start: march(1), notice: None, end: march(d) };
    let (first, second) = (from("first", 1, end(9)), from("second", 15, started(None, march(15))));
    let others = std::slice::from_ref(&second);
    assert_eq!(of(OCCUPATION, &from("first", 1, end(14)), Some(&first), others), None);
    // Its end taken back: nobody has given it up any more.
    let open = from("first", 1, started(None, march(1)));
    assert_eq!(of(OCCUPATION, &open, Some(&first), others), NO);
    let named = Placement { beside: exception(), ..open.clone() };
    assert_eq!(of(OCCUPATION, &named, Some(&first), others), None);
    // Two that have long overlapped: a correction of one's dates is not refused for that.
    let moved = from("second", 15, started(None, march(16)));
    assert_eq!(of(OCCUPATION, &moved, Some(&second), std::slice::from_ref(&open)), None);
    // The name taken back is a new overlap.
    assert_eq!(of(OCCUPATION, &open, Some(&named), others), NO);
}
