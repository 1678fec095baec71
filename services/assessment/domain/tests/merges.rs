use std::collections::BTreeMap;

use niva_assessment_domain::{
    Difference, Grant, LevelBasis, LevelDecision, Person, PersonRecord, differences,
};
use niva_calendar::{Interval, NaiveDate};
use niva_names::{DistrictId, ServiceKey, stockholm};

use crate::day;

const HOUSING: ServiceKey = stockholm::SUPPORTED_HOUSING;

fn record(residences: &[(Option<NaiveDate>, &str)]) -> PersonRecord {
    let lives = |(first, district): &(Option<NaiveDate>, &str)| (*first, Some(DistrictId::from(*district)));
    let person = Person {
        person_id: "p".into(),
        residences: residences.iter().map(lives).collect(),
        lss_groups: BTreeMap::new(),
        death_date: None,
    };
    PersonRecord { person, grants: Vec::new(), levels: Vec::new() }
}

fn grant(service: ServiceKey, first: NaiveDate, last: NaiveDate) -> Grant {
    Grant {
        grant_id: "g".into(),
        person_id: "p".into(),
        service,
        district: "Farsta".into(),
        valid: Interval::new(first, last).unwrap(),
        scopes: BTreeMap::new(),
        application_id: None,
    }
}

fn level(number: i64, value: u8, valid_from: NaiveDate) -> LevelDecision {
    LevelDecision {
        level_decision_id: format!("l{number}").into(),
        decision_number: number,
        person_id: "p".into(),
        service: HOUSING,
        level: niva_models::Level(value),
        scale_id: None,
        basis: LevelBasis::Stated,
        valid_from,
    }
}

fn found(one: &PersonRecord, other: &PersonRecord) -> Vec<Difference> {
    let found = differences(one, other);
    assert_eq!(found, differences(other, one), "whichever of them goes");
    found.into_iter().collect()
}

#[test]
fn what_both_say_of_one_day_must_be_the_same() {
    let (march, june) = (Some(day(2024, 3, 1)), Some(day(2024, 6, 1)));
    let ever = record(&[(None, "Farsta")]);
    assert_eq!(found(&ever, &ever), []);
    assert_eq!(found(&ever, &record(&[(None, "Bromma")])), [Difference::Residence]);
    // Before March only one of them says anything.
    let moved = record(&[(None, "Bromma"), (march, "Farsta")]);
    assert_eq!(found(&moved, &record(&[(march, "Farsta")])), []);
    assert_eq!(found(&moved, &record(&[(june, "Farsta")])), []);
    assert_eq!(found(&moved, &ever), [Difference::Residence]);
    assert_eq!(
        found(&record(&[(march, "Farsta"), (june, "Bromma")]), &record(&[(march, "Farsta")])),
        [Difference::Residence]
    );
}

#[test]
fn a_person_is_dead_by_both_records_or_none() {
    let alive = record(&[(None, "Farsta")]);
    let mut dead = alive.clone();
    dead.person.death_date = Some(day(2024, 3, 1));
    assert_eq!(found(&alive, &dead), [Difference::Death]);
    assert_eq!(found(&dead, &dead), []);
}

#[test]
fn grants_of_one_service_have_no_day_in_common() {
    let with = |grants: Vec<Grant>| PersonRecord { grants, ..record(&[(None, "Farsta")]) };
    let spring = with(vec![grant(HOUSING, day(2024, 3, 1), day(2024, 5, 31))]);
    let summer = with(vec![grant(HOUSING, day(2024, 6, 1), day(2024, 8, 31))]);
    assert_eq!(found(&spring, &summer), []);
    let other = with(vec![grant(stockholm::OCCUPATION, day(2024, 3, 1), day(2024, 5, 31))]);
    assert_eq!(found(&spring, &other), []);
    let late = with(vec![grant(HOUSING, day(2024, 5, 31), day(2024, 8, 31))]);
    assert_eq!(found(&spring, &late), [Difference::Grants]);
}

#[test]
fn one_level_holds_on_a_day() {
    let with = |levels: Vec<LevelDecision>| PersonRecord { levels, ..record(&[(None, "Farsta")]) };
    let (march, june) = (day(2024, 3, 1), day(2024, 6, 1));
    let two = with(vec![level(1, 2, march)]);
    assert_eq!(found(&two, &with(vec![level(2, 2, june)])), []);
    assert_eq!(found(&two, &with(vec![level(2, 3, june)])), [Difference::Levels]);
    // Of two of one day the later decided counts.
    assert_eq!(found(&two, &with(vec![level(2, 3, march), level(3, 2, march)])), []);
    assert_eq!(found(&two, &with(Vec::new())), []);
}
