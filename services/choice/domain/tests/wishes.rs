use std::collections::BTreeMap;

use niva_choice_domain::{MAX_UNITS, Refusal, Unit, UnitChange, Wish};
use niva_names::ServiceKey;
use niva_names::stockholm::{HOUSING_SUPPORT, OCCUPATION};

use crate::{day, grant, info, unit};

type Wrong = Vec<(Option<usize>, Refusal)>;

fn record(service: ServiceKey, ranked: &[&str], units: &[Unit]) -> Result<Wish, Wrong> {
    let units: BTreeMap<_, _> = units.iter().map(|u| (u.unit_id.clone(), u.clone())).collect();
    let ranked = ranked.iter().map(|id| (*id).into()).collect();
    Wish::new("w".into(), &grant("g", service), info(service), ranked, &units, day(2024, 3, 1))
}

fn elsewhere(unit: Unit) -> Unit {
    let change = UnitChange { district: Some("Farsta".into()), ..UnitChange::default() };
    unit.change(day(2024, 1, 1), &change).unwrap().value()
}

fn reasons(result: Result<Wish, Wrong>) -> Vec<(Option<usize>, &'static str)> {
    result.unwrap_err().iter().map(|(rank, refusal)| (*rank, refusal.reason())).collect()
}

#[test]
fn a_wish_ranks_units_best_first() {
    let wish =
        record(OCCUPATION, &["b", "a"], &[unit("a", OCCUPATION, 0), unit("b", OCCUPATION, 1)]).unwrap();
    assert_eq!((wish.unit_ids, wish.person_id.as_str()), (vec!["b".into(), "a".into()], "person of g"));
}

#[test]
fn everything_wrong_is_told_at_once() {
    let there = elsewhere(unit("there", HOUSING_SUPPORT, 1));
    let units = [unit("here", HOUSING_SUPPORT, 1), there, unit("other", OCCUPATION, 1)];
    assert_eq!(
        reasons(record(HOUSING_SUPPORT, &["here", "other", "there", "here", "nowhere"], &units)),
        [
            (Some(1), "WRONG_SERVICE"),
            (Some(2), "WRONG_DISTRICT"),
            (Some(3), "UNIT_TWICE"),
            (Some(4), "UNIT_UNKNOWN"),
        ]
    );
}

#[test]
fn between_one_and_twenty_units_are_ranked() {
    let units: Vec<_> = (0..=MAX_UNITS).map(|n| unit(&format!("u{n}"), OCCUPATION, 1)).collect();
    let ids: Vec<_> = units.iter().map(|u| u.unit_id.as_str()).collect();
    let record = |n: usize| record(OCCUPATION, &ids[..n], &units);
    assert!(record(1).is_ok() && record(MAX_UNITS).is_ok());
    assert_eq!(reasons(record(0)), [(None, "FIELD_REQUIRED")]);
    assert_eq!(reasons(record(MAX_UNITS + 1)), [(None, "TOO_MANY_UNITS")]);
}

#[test]
fn another_district_is_free_to_choose_except_for_housing_support() {
    assert!(record(OCCUPATION, &["u"], &[elsewhere(unit("u", OCCUPATION, 1))]).is_ok());
}

#[test]
fn a_grants_last_day_is_still_a_day_of_it() {
    let mut grant = grant("g", OCCUPATION);
    grant.valid.last = day(2024, 2, 29);
    assert!(grant.usable(day(2024, 2, 29)).is_ok());
    assert_eq!(grant.usable(day(2024, 3, 1)).unwrap_err().reason(), "GRANT_ENDED");
}
