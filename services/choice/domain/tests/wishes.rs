use niva_choice_domain::{MAX_UNITS, Refusal, Wish};
use niva_models::Service::{HousingSupport, Occupation};

use crate::{day, grant, unit};

fn reasons(wrong: &[(Option<usize>, Refusal)]) -> Vec<(Option<usize>, &'static str)> {
    wrong.iter().map(|(rank, refusal)| (*rank, refusal.reason())).collect()
}

#[test]
fn a_wish_replaces_the_one_before() {
    let (a, b) = (unit("a", Occupation, 0), unit("b", Occupation, 1));
    let wish = Wish::record(&grant("g", Occupation), &[&b, &a], 3, day(2024, 3, 1)).unwrap();
    assert_eq!((wish.unit_ids.as_slice(), wish.version), (&["b".to_owned(), "a".to_owned()][..], 4));
}

#[test]
fn everything_wrong_is_told_at_once() {
    let mut grant = grant("g", HousingSupport);
    grant.valid.last = day(2024, 2, 29);
    let (mut here, mut there) = (unit("here", HousingSupport, 1), unit("there", HousingSupport, 1));
    "Järva".clone_into(&mut here.district);
    "Farsta".clone_into(&mut there.district);
    let other = unit("other", Occupation, 1);
    let wrong = Wish::record(&grant, &[&here, &other, &there, &here], 0, day(2024, 3, 1)).unwrap_err();
    assert_eq!(
        reasons(&wrong),
        [
            (Some(3), "UNIT_TWICE"),
            (None, "GRANT_ENDED"),
            (Some(1), "WRONG_SERVICE"),
            (Some(2), "WRONG_DISTRICT")
        ]
    );
    // The grant's last day is still a day of it.
    assert!(Wish::record(&grant, &[&here], 0, day(2024, 2, 29)).is_ok());
}

#[test]
fn between_one_and_twenty_units_are_ranked() {
    let units: Vec<_> = (0..=MAX_UNITS).map(|n| unit(&format!("u{n}"), Occupation, 1)).collect();
    let all: Vec<_> = units.iter().collect();
    let record = |n: usize| Wish::record(&grant("g", Occupation), &all[..n], 0, day(2024, 3, 1));
    assert!(record(1).is_ok() && record(MAX_UNITS).is_ok());
    assert_eq!(reasons(&record(0).unwrap_err()), [(None, "FIELD_REQUIRED")]);
    assert_eq!(reasons(&record(MAX_UNITS + 1).unwrap_err()), [(None, "TOO_MANY_UNITS")]);
}

#[test]
fn another_district_is_free_to_choose_except_for_housing_support() {
    let mut farsta = unit("u", Occupation, 1);
    "Farsta".clone_into(&mut farsta.district);
    assert!(Wish::record(&grant("g", Occupation), &[&farsta], 0, day(2024, 3, 1)).is_ok());
}
