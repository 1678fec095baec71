use chrono::DateTime;
use niva_assessment_domain::{Identity, NumberStays, PersonNumber};
use niva_facts::{Author, Happened, Info, Telling};

use crate::day;
use crate::person_numbers::digits;

fn number(serial: u32, later: u32) -> PersonNumber {
    PersonNumber::parse(&digits(day(1985, 2, 3), later, serial), day(2024, 3, 18)).unwrap()
}

fn identity(number: PersonNumber) -> Identity {
    Identity {
        person_id: "p".into(),
        number,
        given_name: "Påhittad".into(),
        family_name: "Person".into(),
        is_protected: false,
        former_numbers: Vec::new(),
    }
}

#[test]
fn a_coordination_number_becomes_a_personal_one_once() {
    let (coordination, personal) = (number(987, 60), number(986, 0));
    let Ok(Happened::Now(now)) =
        identity(coordination.clone()).replace_number(personal.clone(), day(2024, 3, 1))
    else {
        panic!("it takes the other's place")
    };
    assert_eq!(now.former_numbers, [(coordination.clone(), Some(day(2024, 2, 29)))]);
    assert_eq!(now.numbers().collect::<Vec<_>>(), [&personal, &coordination]);
    let again = now.clone().replace_number(personal, day(2024, 3, 1));
    assert!(matches!(again, Ok(Happened::Already(_))));
    assert_eq!(now.replace_number(number(985, 0), day(2024, 3, 1)), Err(NumberStays::PersonalAlready));
    let other = number(984, 60);
    assert_eq!(identity(coordination).replace_number(other, day(2024, 3, 1)), Err(NumberStays::NotPersonal));
}

#[test]
fn nothing_of_an_identity_is_printed() {
    assert_eq!(format!("{:?}", identity(number(987, 0))), "Identity(p)");
}

#[test]
fn what_was_withdrawn_can_be_told_anew() {
    let told = |reason: &str| Telling {
        author: Author { subject: "anna".into(), role: "case_officer".into() },
        recorded_at: DateTime::UNIX_EPOCH,
        reason: reason.into(),
    };
    let first = Identity::recorded(&"p".into(), None, told("")).unwrap();
    assert_eq!(first, Info::first("p", told("")));
    assert_eq!(Identity::recorded(&"p".into(), Some(&first), told("")), None);
    let withdrawn = first.withdrawn(1, told("another's")).unwrap();
    let anew = Identity::recorded(&"p".into(), Some(&withdrawn), told("")).unwrap();
    assert!(anew.stands() && anew.revision == 3);
}
