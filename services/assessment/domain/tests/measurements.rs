use std::collections::BTreeMap;

use niva_assessment_domain::{
    Basis, Distance, Instrument, Instruments, Measurement, MeasurementRefused, NoLevel, Sheet, Visit,
    default_valid_from, derive_level, distance,
};
use niva_facts::Happened;
use niva_models::{Catalogue, Level};
use niva_names::stockholm;

use crate::day;

fn instrument() -> Instrument {
    Instruments::shipped(&niva_names::ServiceCatalogue::shipped().unwrap())
        .unwrap()
        .newest(stockholm::SUPPORTED_HOUSING)
        .unwrap()
        .clone()
}

fn scored(follow_up_date: niva_calendar::NaiveDate, scores: BTreeMap<String, u16>) -> Measurement {
    let visit = Visit {
        measurement_id: "m".into(),
        person_id: "p".into(),
        service: stockholm::SUPPORTED_HOUSING,
        visit_date: day(2024, 3, 5),
    };
    let sheet = Sheet { instrument_id: instrument().id, follow_up_date, scores };
    Measurement { visit, basis: Basis::Scored(sheet), decided_by: None }
}

fn complete(score: u16) -> Measurement {
    let scores = instrument().items().map(|item| (item.key.clone(), score)).collect();
    scored(day(2024, 3, 1), scores)
}

#[test]
fn a_visit_has_been_made_and_a_follow_up_before_it() {
    let check = |follow_up, today| scored(follow_up, BTreeMap::new()).check(today);
    check(day(2024, 3, 5), day(2024, 3, 5)).unwrap();
    let refused = check(day(2024, 3, 6), day(2024, 3, 4)).unwrap_err();
    assert!(matches!(
        refused[..],
        [MeasurementRefused::VisitInFuture { .. }, MeasurementRefused::FollowUpAfterVisit { .. }]
    ));
}

#[test]
fn items_are_scored_one_by_one_and_again() {
    let instrument = instrument();
    let open = scored(day(2024, 3, 1), BTreeMap::new());
    let Ok(Happened::Now(open)) = open.score(&instrument, "planning", 6) else { panic!() };
    let Ok(Happened::Already(open)) = open.score(&instrument, "planning", 6) else { panic!() };
    let Ok(Happened::Now(open)) = open.score(&instrument, "planning", 2) else { panic!() };
    assert_eq!((open.points(), open.sheet().unwrap().missing(&instrument).len()), (2, 11));
    assert_eq!(open.sheet().unwrap().areas(&instrument)[0].points, 2);
    let refused = open.clone().score(&instrument, "chess", 2);
    assert!(matches!(refused, Err(MeasurementRefused::ItemUnknown { .. })));
    for score in [3, -2, 8, 70_000] {
        let refused = open.clone().score(&instrument, "planning", score).unwrap_err();
        assert_eq!(
            refused.to_string(),
            format!("{score} is no score of `planning`: choose one of 0, 2, 4, 6")
        );
    }
    let refused = open.complete(Some(&instrument), true).unwrap_err();
    assert!(matches!(refused, MeasurementRefused::ItemsMissing(items) if items.len() == 11));
}

#[test]
fn points_decide_a_level_and_then_stay() {
    let (instrument, catalogue) = (instrument(), Catalogue::shipped().unwrap());
    assert_eq!(complete(4).complete(Some(&instrument), true), Ok(48));
    let derived = derive_level(&catalogue, stockholm::SUPPORTED_HOUSING, 48, day(2024, 4, 1)).unwrap();
    assert_eq!(
        (derived.level, derived.points, derived.scale_id.as_str()),
        (Level(3), 48, "supported-housing-2010")
    );
    let decided = Measurement { decided_by: Some("d".into()), ..complete(4) };
    let refused = MeasurementRefused::Decided("d".into());
    assert_eq!(decided.open(), Err(refused.clone()));
    assert_eq!(decided.score(&instrument, "planning", 2).unwrap_err(), refused);
    let refused = complete(4).complete(Some(&instrument), false);
    assert!(matches!(refused, Err(MeasurementRefused::ExampleInstrument(_))));
    let total = Measurement { basis: Basis::Total(13), ..complete(4) };
    assert_eq!(total.complete(None, false), Ok(13));
    assert_eq!(total.score(&instrument, "planning", 2).unwrap_err(), MeasurementRefused::NotScored);
}

#[test]
fn points_without_a_level_and_services_without_a_scale_are_refused() {
    let catalogue = Catalogue::shipped().unwrap();
    let derive = |service, points, day| derive_level(&catalogue, service, points, day);
    for points in [-2, 13, 74, 70_000] {
        let refused = derive(stockholm::SUPPORTED_HOUSING, points, day(2024, 4, 1)).unwrap_err();
        assert!(matches!(refused, NoLevel::PointsWithoutLevel { .. }), "{points}");
    }
    for service in [stockholm::STUDY_CIRCLE, stockholm::GROUP_HOUSING_LSS, stockholm::OCCUPATION] {
        assert!(matches!(derive(service, 2, day(2024, 4, 1)), Err(NoLevel::NoScale { .. })), "{service}");
    }
    assert!(matches!(derive(stockholm::SUPPORTED_HOUSING, 2, day(1999, 1, 1)), Err(NoLevel::NoScale { .. })));
    assert_eq!(derive(stockholm::OCCUPATION, 10, day(2013, 4, 1)).unwrap().scale_id, "occupation-2010");
}

#[test]
fn distances_are_counted_in_points() {
    let catalogue = Catalogue::shipped().unwrap();
    let from = |points| distance(&catalogue, stockholm::SUPPORTED_HOUSING, points, day(2024, 3, 5));
    assert_eq!(from(0), Distance { to_higher: Some(14), to_lower: None });
    assert_eq!(from(14), Distance { to_higher: Some(24), to_lower: Some(2) });
    assert_eq!(from(72), Distance { to_higher: None, to_lower: Some(36) });
    assert_eq!(distance(&catalogue, stockholm::STUDY_CIRCLE, 0, day(2024, 3, 5)), Distance::default());
}

#[test]
fn a_level_takes_effect_on_the_first_of_the_next_month() {
    assert_eq!(default_valid_from(day(2024, 12, 1)), day(2025, 1, 1));
    assert_eq!(default_valid_from(day(2024, 2, 29)), day(2024, 3, 1));
}
