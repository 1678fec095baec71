use std::collections::BTreeMap;

use niva_assessment_domain::{LssGroup, Person, PersonRefused};

use crate::day;
use niva_facts::Happened;
use niva_names::DistrictId;

fn person() -> Person {
    Person {
        person_id: "p".into(),
        residences: BTreeMap::from([(None, Some("Farsta".into()))]),
        lss_groups: BTreeMap::new(),
        death_date: None,
    }
}

fn now(change: Result<Happened<Person>, PersonRefused>) -> Person {
    match change.unwrap() {
        Happened::Now(person) => person,
        Happened::Already(_) => panic!("was already so"),
    }
}

#[test]
fn a_person_lives_somewhere_until_the_next_move() {
    let moved = now(person().move_to(Some(day(2024, 6, 1)), Some("Bromma".into())));
    // Told later, and back in time: what begins after it stays.
    let moved = now(moved.move_to(Some(day(2024, 3, 1)), None));
    let district = |day| moved.district(day).map(DistrictId::as_str);
    assert_eq!(district(day(1990, 1, 1)), Some("Farsta"));
    assert_eq!(district(day(2024, 2, 29)), Some("Farsta"));
    assert_eq!(district(day(2024, 3, 1)), None, "outside the city");
    assert_eq!(district(day(2024, 6, 1)), Some("Bromma"));
    assert_eq!(moved.districts().collect::<Vec<_>>(), ["Farsta", "Bromma"]);
    let again = moved.clone().move_to(Some(day(2024, 6, 1)), Some("Bromma".into()));
    assert!(matches!(again, Ok(Happened::Already(_))));
}

#[test]
fn nothing_begins_after_a_death() {
    let (death, today) = (day(2024, 3, 10), day(2024, 3, 18));
    let dead = now(person().die(death, today));
    assert!(matches!(dead.clone().die(death, today), Ok(Happened::Already(_))));
    let after = day(2024, 3, 11);
    let refused = PersonRefused::AfterDeath { day: after, death };
    assert_eq!(dead.clone().move_to(Some(after), None), Err(refused.clone()));
    assert_eq!(dead.clone().assign(after, Some(LssGroup::One)), Err(refused));
    now(dead.assign(death, Some(LssGroup::Two)));
    let future = day(2024, 3, 19);
    assert_eq!(person().die(future, today), Err(PersonRefused::DeathInFuture { death: future }));
    let moved = now(person().move_to(Some(after), None));
    assert!(matches!(moved.die(death, today), Err(PersonRefused::AfterDeath { .. })));
}
