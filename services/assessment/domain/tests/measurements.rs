use std::collections::BTreeMap;

use niva_assessment_domain::{
    Basis, Change, DecideRefused, Distance, Instrument, Instruments, Measurement, NoLevel, Open,
    ScoreRefused, Sheet, StartRefused, Visit, default_valid_from, derive_level, distance,
};
use niva_models::{Catalogue, Level};
use niva_names::stockholm;

use crate::day;

fn instrument() -> Instrument {
    Instruments::shipped().unwrap().newest(stockholm::SUPPORTED_HOUSING).unwrap().clone()
}

fn visit() -> Visit {
    Visit {
        measurement_id: "m".into(),
        person_id: "p".into(),
        service: stockholm::SUPPORTED_HOUSING,
        visit_date: day(2024, 3, 5),
    }
}

fn complete(score: u16) -> Measurement {
    let scores: BTreeMap<_, _> = instrument().items().map(|item| (item.key.clone(), score)).collect();
    let sheet = Sheet { instrument_id: instrument().id, follow_up_date: day(2024, 3, 1), scores };
    Measurement::Open(Open { visit: visit(), sheet })
}

#[test]
fn a_visit_has_been_made_and_a_follow_up_before_it() {
    let start = |follow_up, today| Open::start(visit(), &instrument(), follow_up, today);
    start(day(2024, 3, 5), day(2024, 3, 5)).unwrap();
    let refused = start(day(2024, 3, 6), day(2024, 3, 4)).unwrap_err();
    assert!(matches!(
        refused[..],
        [StartRefused::VisitInFuture { .. }, StartRefused::FollowUpAfterVisit { .. }]
    ));
}

#[test]
fn items_are_scored_one_by_one_and_again() {
    let instrument = instrument();
    let open =
        Measurement::Open(Open::start(visit(), &instrument, day(2024, 3, 1), day(2024, 3, 5)).unwrap());
    let Ok(Change::Now(open)) = open.score(&instrument, "planning", 6) else { panic!() };
    let Ok(Change::Already(open)) = open.score(&instrument, "planning", 6) else { panic!() };
    let Ok(Change::Now(open)) = open.score(&instrument, "planning", 2) else { panic!() };
    assert_eq!((open.points(), open.sheet().unwrap().missing(&instrument).len()), (Some(2), 11));
    assert_eq!(open.sheet().unwrap().areas(&instrument)[0].points, 2);
    assert!(matches!(open.clone().score(&instrument, "chess", 2), Err(ScoreRefused::ItemUnknown { .. })));
    for score in [3, -2, 8, 70_000] {
        let refused = open.clone().score(&instrument, "planning", score).unwrap_err();
        assert_eq!(
            refused.to_string(),
            format!("{score} is no score of `planning`: choose one of 0, 2, 4, 6")
        );
    }
    let refused =
        open.decide(&instrument, true, &Catalogue::shipped().unwrap(), day(2024, 4, 1)).unwrap_err();
    assert!(matches!(refused, DecideRefused::ItemsMissing(items) if items.len() == 11));
}

#[test]
fn points_decide_the_level_once() {
    let (instrument, catalogue) = (instrument(), Catalogue::shipped().unwrap());
    let decide = |m: Measurement, examples| m.decide(&instrument, examples, &catalogue, day(2024, 4, 1));
    let (decided, derived) = decide(complete(4), true).unwrap();
    assert_eq!(
        (derived.level, derived.points, derived.scale_model_id.as_str()),
        (Level(3), 48, "socialpsychiatry-2010")
    );
    assert!(matches!(decided.basis, Basis::Scored(_)));
    let decided = Measurement::Decided(decided);
    assert_eq!(decide(decided.clone(), true).unwrap_err(), DecideRefused::Decided);
    assert_eq!(decided.score(&instrument, "planning", 2).unwrap_err(), ScoreRefused::Decided);
    assert!(matches!(decide(complete(4), false), Err(DecideRefused::ExampleInstrument(_))));
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
    assert_eq!(
        derive(stockholm::OCCUPATION, 10, day(2013, 4, 1)).unwrap().scale_model_id,
        "socialpsychiatry-2013"
    );
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
