//! Facts that cannot be are refused, all of them at once.

use niva_money::Ore;
use niva_names::stockholm;
use niva_payment_domain::{
    Agreement, FactError, Known, MAX_PRICE, OccasionKind, check_agreements, check_price, parse_hours,
    validate,
};

use crate::support::{Facts, d, days, hours};

fn reasons(facts: &Facts) -> Vec<(String, &'static str)> {
    validate(&facts.view()).err().unwrap_or_default().iter().map(|e| (e.field(), e.reason())).collect()
}

fn housing() -> Facts {
    Facts::new(stockholm::SUPPORTED_HOUSING, "2010-03-01")
}

#[test]
fn whole_facts_pass() {
    assert_eq!(validate(&housing().level(1).notice("2010-03-01").end("2010-03-01").view()), Ok(()));
    assert_eq!(validate(&housing().schedule([2, 2, 2, 2, 0], "2010-03-01").scope(hours(40)).view()), Ok(()));
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
    let facts = housing()
        .never_started()
        .notice("2010-01-01")
        .end("2010-04-01")
        .schedule([3, 0, 0, 0, 0], "2010-01-01")
        .schedule([2, 2, 2, 2, 1], "2010-02-01")
        .occasion(OccasionKind::EveningNight, "2010-03-02", 10)
        .scope(hours(41))
        .transition("2010-05-01", Some("2010-04-30"));
    let expected = [
        ("end_date", "END_WITHOUT_START"),
        ("notice_date", "NOTICE_BEFORE_ORDER"),
        ("schedules[0].schedule", "SCHEDULE_OUT_OF_RANGE"),
        ("schedules[1].schedule", "SCHEDULE_OUT_OF_RANGE"),
        ("occasions[0].count", "COUNT_OUT_OF_RANGE"),
        ("scopes.scope.hours_per_week", "HOURS_OUT_OF_RANGE"),
        ("transitions[0].support_end", "END_BEFORE_START"),
    ];
    assert_eq!(reasons(&facts), expected.map(|(field, reason)| (field.to_owned(), reason)));
    for error in validate(&facts.view()).unwrap_err() {
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
        let agreement = Agreement { days: days(first, last), price: Ore(100) };
        Known { id, ..Known::stated(agreement) }
    };
    let (march, april) =
        (agreement("a", "2010-03-01", "2010-03-31"), agreement("b", "2010-04-01", "2010-04-30"));
    assert_eq!(check_agreements(&[april, march]), Ok(()));
    let within = agreement("c", "2010-03-05", "2010-03-06");
    let after = agreement("d", "2010-03-31", "2010-04-02");
    let overlap = |index, first: &str, second: &str| FactError::AgreementsOverlap {
        index,
        first: first.to_owned(),
        second: second.to_owned(),
    };
    assert_eq!(
        check_agreements(&[after, march, within, april]),
        Err(vec![overlap(2, "a", "c"), overlap(0, "a", "d"), overlap(3, "d", "b")])
    );
}

#[test]
fn hours_are_whole_and_one_to_forty() {
    assert_eq!(parse_hours("1"), Ok(1));
    assert_eq!(parse_hours(" 40 "), Ok(40));
    assert_eq!(parse_hours("20.0"), Ok(20));
    for text in ["10.5", "24.5", "0.5", "10,5", "ten", "", "-", "1e1", "12.", "½"] {
        assert_eq!(parse_hours(text).unwrap_err().reason(), "HOURS_NOT_WHOLE", "{text}");
    }
    for text in ["0", "41", "-3", "256", "99999999999999999999"] {
        assert_eq!(parse_hours(text).unwrap_err().reason(), "HOURS_OUT_OF_RANGE", "{text}");
    }
    let error = FactError::HoursNotWhole { text: "10.5".to_owned() };
    assert_eq!(
        error.to_string(),
        "`10.5` hours a week is not a whole number: grants are stated in whole hours, 1 to 40"
    );
}
