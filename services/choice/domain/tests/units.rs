use niva_calendar::{NaiveDate, plus_days};
use niva_choice_domain::{Periods, Refusal, Unit, UnitChange, UnitTerms};
use niva_facts::Happened;
use niva_models::Regime;
use niva_names::stockholm::OCCUPATION;
use proptest::prelude::*;

use crate::{day, terms, unit};

fn nth(n: i64) -> NaiveDate {
    plus_days(day(2024, 3, 1), n)
}

fn places(capacity: u32) -> UnitChange {
    UnitChange { capacity: Some(capacity), ..UnitChange::default() }
}

fn run_by(provider: &str) -> UnitChange {
    UnitChange { provider_id: Some(provider.into()), ..UnitChange::default() }
}

fn changed(unit: Unit, from: NaiveDate, change: &UnitChange) -> Unit {
    match unit.change(from, change).unwrap() {
        Happened::Now(unit) => unit,
        Happened::Already(_) => panic!("nothing changed"),
    }
}

fn reasons(wrong: &[Refusal]) -> Vec<&'static str> {
    wrong.iter().map(Refusal::reason).collect()
}

#[test]
fn a_property_holds_until_its_own_next_change() {
    let unit = changed(unit("u", OCCUPATION, 5), nth(20), &places(2));
    let unit = changed(unit, nth(5), &run_by("other"));
    let unit = changed(unit, nth(10), &places(9));
    let at = |n| unit.periods.at(nth(n)).map(|terms| (terms.capacity, terms.provider_id.as_str()));
    assert_eq!(unit.periods.at(day(2023, 12, 31)), None);
    assert_eq!(
        [at(0), at(5), at(10), at(19), at(20)],
        [
            Some((5, "provider-1")),
            Some((5, "other")),
            Some((9, "other")),
            Some((9, "other")),
            Some((2, "other"))
        ]
    );
    assert!(matches!(unit.clone().change(nth(20), &places(2)), Ok(Happened::Already(_))));
    assert_eq!(unit.change(day(2023, 12, 31), &places(1)).unwrap_err().reason(), "BEFORE_FIRST_PERIOD");
}

#[test]
fn a_new_provider_takes_over_from_a_day_in_the_past() {
    let unit = changed(unit("u", OCCUPATION, 5), day(2024, 2, 1), &run_by("provider-2"));
    let by = |d| unit.periods.at(d).map(|terms| terms.provider_id.as_str());
    assert_eq!((by(day(2024, 1, 31)), by(day(2024, 2, 1))), (Some("provider-1"), Some("provider-2")));
    // Taken back: the provider of before runs it again, and one period is left.
    let back = changed(unit, day(2024, 2, 1), &run_by("provider-1"));
    assert_eq!(back.periods.all().len(), 1);
}

#[test]
fn all_that_is_wrong_with_periods_is_told() {
    assert_eq!(reasons(&Periods::new(Vec::new()).unwrap_err()), ["NO_PERIOD_GIVEN"]);
    let column = UnitTerms { regime: Regime::OtherMunicipality, ..terms(1) };
    let wrong = Periods::new(vec![(nth(0), terms(1)), (nth(0), column)]).unwrap_err();
    assert_eq!(reasons(&wrong), ["REGIME_NOT_ALLOWED", "PERIOD_TWICE"]);
    let unit = unit("u", OCCUPATION, 1);
    let column = UnitChange { regime: Some(Regime::OtherMunicipality), ..UnitChange::default() };
    assert_eq!(unit.clone().change(nth(0), &column).unwrap_err().reason(), "REGIME_NOT_ALLOWED");
    assert_eq!(unit.change(nth(0), &UnitChange::default()).unwrap_err().reason(), "NO_CHANGE_GIVEN");
}

proptest! {
    /// After any changes each day has what the latest change of the property that covers the day said.
    #[test]
    fn changes_are_seen_from_their_day_on_and_no_period_repeats_another(
        changes in proptest::collection::vec((0_i64..30, 0_u32..4), 0..8),
    ) {
        let mut unit = unit("u", OCCUPATION, 1);
        for (from, capacity) in changes {
            unit = unit.change(nth(from), &places(capacity)).unwrap().value();
            prop_assert_eq!(unit.periods.at(nth(from)).map(|terms| terms.capacity), Some(capacity));
            let all = unit.periods.all();
            prop_assert!(all.windows(2).all(|two| two[0].0 < two[1].0 && two[0].1 != two[1].1));
            prop_assert_eq!(Periods::new(all.to_vec()), Ok(unit.periods.clone()));
        }
    }
}
