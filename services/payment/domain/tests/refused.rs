//! Facts that cannot be are refused, all of them at once.

use niva_models::{GrantScope, PriceUnit};
use niva_money::Ore;
use niva_names::stockholm;
use niva_payment_domain::{
    Agreement, FactError, Known, MAX_PRICE, Outcome, Special, check_agreements, check_price,
    check_second_person, validate,
};

use crate::support::{Facts, SHIPPED, d, days, from, hours, id};

fn reasons(facts: &Facts) -> Vec<(String, &'static str)> {
    validate(&facts.view(), &SHIPPED)
        .err()
        .unwrap_or_default()
        .iter()
        .map(|e| (e.field(), e.reason()))
        .collect()
}

fn housing() -> Facts {
    Facts::new(stockholm::SUPPORTED_HOUSING, "2010-03-01")
}

#[test]
fn whole_facts_pass() {
    let passes = |facts: &Facts| assert_eq!(validate(&facts.view(), &SHIPPED), Ok(()));
    passes(&housing().level(1).notice("2010-03-01").end("2010-03-01"));
    passes(&housing().scope(hours(40)));
    passes(&Facts::new(stockholm::OCCUPATION, "2010-03-01").sessions([2, 2, 2, 2, 0], "2010-03-01"));
}

#[test]
fn dates_that_cannot_be() {
    let end = |reason| vec![("end_date".to_owned(), reason)];
    assert_eq!(reasons(&housing().end("2010-02-28")), end("END_BEFORE_START"));
    let late = Facts { actual: Some(d("2010-03-05")), ..housing() };
    assert_eq!(reasons(&late.end("2010-03-04")), end("END_BEFORE_START"));
    let early = Facts { actual: Some(d("2010-02-20")), ..housing() };
    assert_eq!(reasons(&early.end("2010-02-25")), end("END_BEFORE_START"), "before the ordered start");
    assert_eq!(reasons(&housing().never_started().end("2010-03-04")), end("END_WITHOUT_START"));
    assert_eq!(reasons(&housing().notice("2010-02-28")), [("notice_date".to_owned(), "NOTICE_BEFORE_ORDER")]);
}

#[test]
fn everything_wrong_is_told_at_once() {
    let facts = Facts::new(stockholm::OCCUPATION, "2010-03-01")
        .never_started()
        .notice("2010-01-01")
        .end("2010-04-01")
        .schedule([3, 0, 0, 0, 0], "2010-01-01")
        .schedule([2, 2, 2, 2, 1], "2010-02-01")
        .schedule([2, 2, 0, 0, 0], "2010-03-01")
        .occasion("2010-03-02", 10)
        .scope(GrantScope { sessions_per_week: Some(3), ..hours(41) })
        .transition("2010-05-01", Some("2010-04-30"));
    let expected = [
        ("end_date", "END_WITHOUT_START"),
        ("notice_date", "NOTICE_BEFORE_ORDER"),
        ("schedules[0].week", "SCHEDULE_OUT_OF_RANGE"),
        ("schedules[1].week", "SCHEDULE_OUT_OF_RANGE"),
        ("schedules[2].week", "SCHEDULE_EXCEEDS_GRANT"),
        ("occasions[0].count", "COUNT_OUT_OF_RANGE"),
        ("scopes.scope.hours_per_week", "HOURS_OUT_OF_RANGE"),
        ("transitions[0].support_end", "END_BEFORE_START"),
    ];
    assert_eq!(reasons(&facts), expected.map(|(field, reason)| (field.to_owned(), reason)));
    for error in validate(&facts.view(), &SHIPPED).unwrap_err() {
        assert!(error.to_string().len() > 30, "says what to do: {error}");
    }
}

#[test]
fn a_price_is_not_negative_and_not_out_of_reason() {
    let checked = |ore| check_price(Ore(ore), || "price".to_owned()).err().map(|e| (e.field(), e.reason()));
    assert_eq!((checked(0), checked(MAX_PRICE.0)), (None, None));
    assert_eq!(checked(-1), Some(("price".to_owned(), "AMOUNT_NEGATIVE")));
    assert_eq!(checked(MAX_PRICE.0 + 1), Some(("price".to_owned(), "AMOUNT_TOO_LARGE")));
}

#[test]
fn agreements_of_a_placement_share_no_day() {
    let agreement = |id, first, last| {
        let agreement =
            Agreement { days: days(first, last), unit: PriceUnit::Month, price: Ore(100), approved: true };
        Known { id, ..Known::stated(agreement) }
    };
    let (march, april) =
        (agreement(id("a"), "2010-03-01", "2010-03-31"), agreement(id("b"), "2010-04-01", "2010-04-30"));
    assert_eq!(check_agreements(&[april, march]), Ok(()));
    let within = agreement(id("c"), "2010-03-05", "2010-03-06");
    let after = agreement(id("d"), "2010-03-31", "2010-04-02");
    let overlap = |index, first: &str, second: &str| FactError::AgreementsOverlap {
        index,
        first: first.into(),
        second: second.into(),
    };
    assert_eq!(
        check_agreements(&[after, march, within, april]),
        Err(vec![overlap(2, "a", "c"), overlap(0, "a", "d"), overlap(3, "d", "b")])
    );
}

#[test]
fn what_needs_two_persons_is_not_approved_by_the_one_who_told_it() {
    assert_eq!(check_second_person("officer-1", "officer-2"), Ok(()));
    let alone = check_second_person("officer-1", "officer-1").unwrap_err();
    // The contract has one word for it, of runs as well.
    assert_eq!(alone.reason(), "SAME_PERSON");
}

#[test]
fn transitions_special_compensation_and_units_of_agreements_that_cannot_be() {
    let transition = |support_end, outcome| {
        let facts = housing().transition("2010-05-01", support_end);
        let facts = Facts { transitions: facts.transitions.clone(), ..facts };
        reasons(&if let Some(outcome) = outcome { facts.outcome(outcome) } else { facts })
    };
    let outcome = |reason| [("transitions[0].outcome".to_owned(), reason)].to_vec();
    assert_eq!(transition(None, Some(Outcome::Left)), outcome("OUTCOME_WITHOUT_SUPPORT_END"));
    assert_eq!(transition(None, Some(Outcome::Returned(d("2010-05-01")))), outcome("RETURN_BEFORE_JOB"));
    assert_eq!(transition(Some("2010-05-31"), Some(Outcome::Left)), []);

    let special = |days, applied_on| {
        let special = Special { days, amount: Ore(100), applied_on: d(applied_on) };
        reasons(&Facts { special: vec![Known::stated(special)], ..housing() })
    };
    let june = days("2010-06-01", "2010-06-30");
    assert_eq!(special(june, "2010-06-01"), []);
    let late = ("special_compensations[0].apply_date".to_owned(), "APPLIED_AFTER_COST");
    assert_eq!(special(june, "2010-06-02"), [late]);
    let open = ("special_compensations[0].valid".to_owned(), "PERIOD_OPEN");
    assert_eq!(special(from("2010-06-01"), "2010-05-01"), [open]);

    let mut agreed = housing();
    let agreement =
        Agreement { days: june, unit: PriceUnit::EveningOrNight, price: Ore(100), approved: true };
    agreed.agreements.set(june, Known::stated(agreement));
    assert_eq!(reasons(&agreed), [("agreements[0].unit".to_owned(), "AGREEMENT_UNIT_UNKNOWN")]);
}
