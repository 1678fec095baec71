use niva_assessment_domain::{
    LevelBasis, LevelDecision, LevelRefused, by_scale, in_force, measure_by, scale_on,
};
use niva_calendar::NaiveDate;
use niva_models::{Catalogue, Level};
use niva_names::{ServiceKey, stockholm};

use crate::day;

const SERVICE: ServiceKey = stockholm::DAILY_ACTIVITIES_LSS;

fn decision(number: i64, basis: LevelBasis, level: u8, valid_from: NaiveDate) -> LevelDecision {
    LevelDecision {
        level_decision_id: format!("d{number}").into(),
        decision_number: number,
        person_id: "p".into(),
        service: SERVICE,
        level: Level(level),
        scale_id: None,
        basis,
        valid_from,
    }
}

fn measured(points: u16) -> LevelBasis {
    LevelBasis::Measured { measurement_id: "m".into(), points }
}

fn conversion(points: u16) -> LevelBasis {
    LevelBasis::Conversion { measurement_id: "m".into(), points }
}

#[test]
fn the_greatest_first_day_counts_and_of_two_the_later_decision() {
    let decisions = [
        decision(1, LevelBasis::Stated, 3, day(2024, 2, 1)),
        decision(2, LevelBasis::Stated, 1, day(2024, 1, 1)),
        decision(3, LevelBasis::Stated, 2, day(2024, 2, 1)),
    ];
    let number = |on| in_force(&decisions, on).map(|d| d.decision_number);
    assert_eq!(number(day(2023, 12, 31)), None);
    assert_eq!(number(day(2024, 1, 31)), Some(2));
    assert_eq!(number(day(2024, 2, 1)), Some(3));
}

/// 60 points: level 5 of the scale of 2024, level 4 of that of 2025.
#[test]
fn a_level_is_what_the_points_give_on_its_first_day() {
    let catalogue = Catalogue::shipped().unwrap();
    let (december, january) = (day(2024, 12, 10), day(2025, 1, 1));
    let by = |day| by_scale(&catalogue, SERVICE, 60, day).unwrap();
    assert_eq!((by(december).level, by(january).level), (Some(Level(5)), Some(Level(4))));
    assert_ne!(by(december).scale_id, by(january).scale_id);
    let refused = decision(1, measured(60), 5, january).checked(&catalogue, &[]).unwrap_err();
    let LevelRefused::Differs { derived, expected, .. } = &refused else { panic!("{refused}") };
    assert_eq!((derived.level, *expected), (Level(4), Level(5)));
    let decided = decision(1, measured(60), 4, january).checked(&catalogue, &[]).unwrap();
    assert_eq!(decided.scale_id, scale_on(&catalogue, SERVICE, january));
}

#[test]
fn a_conversion_is_from_another_scale() {
    let catalogue = Catalogue::shipped().unwrap();
    let january = day(2025, 1, 1);
    let old = decision(1, measured(60), 5, day(2024, 4, 1)).checked(&catalogue, &[]).unwrap();
    let converted = decision(2, conversion(60), 4, january);
    let converted = converted.checked(&catalogue, std::slice::from_ref(&old)).unwrap();
    let again = decision(3, conversion(60), 4, day(2025, 2, 1)).checked(&catalogue, &[old, converted]);
    assert!(matches!(again, Err(LevelRefused::SameScale { .. })));
    let from_nothing = decision(3, conversion(60), 4, january).checked(&catalogue, &[]);
    assert!(matches!(from_nothing, Err(LevelRefused::SameScale { .. })));
}

#[test]
fn a_stated_level_is_one_of_the_model_in_force() {
    let catalogue = Catalogue::shipped().unwrap();
    let refused = decision(1, LevelBasis::Stated, 19, day(2024, 4, 1)).checked(&catalogue, &[]).unwrap_err();
    let LevelRefused::Unknown { level, .. } = &refused else { panic!("{refused}") };
    assert_eq!(*level, Level(19));
    // Without a model, any level is kept until there is one.
    let early = decision(1, LevelBasis::Stated, 19, day(1999, 1, 1)).checked(&catalogue, &[]).unwrap();
    assert_eq!(early.scale_id, None);
}

#[test]
fn a_preliminary_level_is_for_a_new_person_and_is_measured_within_three_months() {
    let measured = decision(1, measured(60), 5, day(2024, 4, 1));
    let preliminary = decision(2, LevelBasis::Preliminary, 2, day(2024, 1, 1));
    assert_eq!(preliminary.new_person(&[]), Ok(()));
    assert_eq!(preliminary.new_person(&[measured]), Err(LevelRefused::MeasuredAlready("d1".into())));
    assert_eq!(measure_by(day(2024, 11, 30)), day(2025, 2, 28));
}

#[test]
fn a_level_follows_its_corrected_points() {
    let catalogue = Catalogue::shipped().unwrap();
    let decided = decision(1, measured(60), 5, day(2024, 4, 1)).checked(&catalogue, &[]).unwrap();
    let followed = decided.with_points(&catalogue, 0).unwrap();
    assert_eq!((followed.level, followed.basis.measured().unwrap().1), (Level(1), 0));
}
