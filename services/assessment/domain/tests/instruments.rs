use std::collections::BTreeSet;

use niva_assessment_domain::{InstrumentError, Instruments, derive_level, distance};
use niva_calendar::{Interval, NaiveDate};
use niva_models::Catalogue;
use niva_names::stockholm;
use proptest::prelude::{any, prop_assert_eq, proptest};

use crate::day;

const TINY: &str = r#"
key = "tiny"
version = 1
title = "Tiny"
example = false
services = ["occupation"]
gradings = [{ key = "g", grades = [{ score = 0, meaning = "no" }, { score = 2, meaning = "yes" }] }]
areas = [{ key = "a", title = "A", items = [{ key = "i", title = "I", grading = "g" }] }]
"#;

fn problems(text: &str) -> Vec<String> {
    match Instruments::parse(&[("x.toml", text)]).unwrap_err() {
        InstrumentError::Wrong { problems, .. } => problems,
        InstrumentError::Unreadable { message, .. } => panic!("unreadable: {message}"),
    }
}

#[test]
fn the_shipped_examples_reach_the_published_totals() {
    let shipped = Instruments::shipped().unwrap();
    assert!(shipped.all().iter().all(|i| i.example));
    let even = |max: u16| (0..=max).step_by(2).collect::<BTreeSet<_>>();
    for (service, totals) in [
        (stockholm::HOUSING_WITH_SPECIAL_SERVICE, even(72)),
        (stockholm::SUPPORTED_HOUSING, even(72)),
        (stockholm::HOUSING_SUPPORT, even(72)),
        (stockholm::OCCUPATION, even(24)),
    ] {
        assert_eq!(shipped.newest(service).unwrap().totals(), totals, "{service}");
        assert_eq!(shipped.newest(service).unwrap().areas.len(), 4, "four variables");
    }
    let lss = shipped.newest(stockholm::DAILY_ACTIVITIES_LSS).unwrap();
    assert_eq!(lss.totals().last(), Some(&110));
    assert_eq!(lss.areas.len(), 7);
    assert!(lss.items().all(|item| item.grades.len() == 5));
    assert!(shipped.newest(stockholm::STUDY_CIRCLE).is_none());
}

/// Whatever the day, every total has a level wherever a scale is in force.
#[test]
fn every_attainable_total_has_a_level() {
    let (shipped, catalogue) = (Instruments::shipped().unwrap(), Catalogue::shipped().unwrap());
    shipped.check(&catalogue, Interval::from(NaiveDate::MIN)).unwrap();
    let lss = shipped.newest(stockholm::DAILY_ACTIVITIES_LSS).unwrap();
    for total in lss.totals() {
        let level = |day| {
            derive_level(&catalogue, stockholm::DAILY_ACTIVITIES_LSS, total.into(), day).unwrap().level.0
        };
        let converted = [1, 1, 2, 3, 4, 5, 5][usize::from(level(day(2024, 3, 1))) - 1];
        assert_eq!(converted, level(day(2025, 3, 1)), "{total} points: levels of 2024 map to 2025 by points");
    }
}

#[test]
fn a_total_without_a_level_stops_the_start_by_name() {
    let catalogue = Catalogue::shipped().unwrap();
    let odd = TINY.replace("score = 2", "score = 9").replace("occupation", "supported_housing");
    let found =
        Instruments::parse(&[("x.toml", &odd)]).unwrap().check_from(&catalogue, day(2024, 1, 1)).unwrap_err();
    assert_eq!(found.len(), 1);
    assert_eq!(
        found[0].to_string(),
        "instrument tiny/1 can give 9 points, which no level of supported_housing in model socialpsychiatry-2010 holds: \
         correct the instrument's scores or the model's bands"
    );
    // Occupation has no scale since 2019-07: nothing to cover from then on, but before.
    let odd = Instruments::parse(&[("x.toml", &TINY.replace("score = 2", "score = 9"))]).unwrap();
    odd.check_from(&catalogue, day(2024, 1, 1)).unwrap();
    assert_eq!(odd.check_from(&catalogue, day(2019, 6, 30)).unwrap_err().len(), 1);
}

#[test]
fn the_newest_version_measures() {
    let newer = TINY.replace("version = 1", "version = 10");
    let both = Instruments::parse(&[("a.toml", TINY), ("b.toml", &newer)]).unwrap();
    assert_eq!(both.newest(stockholm::OCCUPATION).unwrap().id, "tiny/10");
    let twice = Instruments::parse(&[("a.toml", TINY), ("b.toml", TINY)]).unwrap_err();
    assert_eq!(twice.to_string(), "b.toml: instrument tiny/1 stands in another file too: raise `version`");
}

#[test]
fn a_bad_file_is_refused_with_all_that_is_wrong() {
    let bad = TINY
        .replace("version = 1", "version = 0")
        .replace("[\"occupation\"]", "[\"occupation\", \"occupation\"]")
        .replace("score = 2", "score = 0")
        .replace("meaning = \"no\"", "meaning = \" \"")
        .replace("grading = \"g\"", "grading = \"h\"");
    assert_eq!(
        problems(&bad),
        [
            "`version` is 0: begin with 1",
            "service `occupation` stands twice: take one away",
            "item `i` has grading `h`, which is not in `gradings`",
            "the scores of grading `g` do not ascend: sort them, each once",
            "a grade of grading `g` has no meaning: say when it is given",
        ]
    );
    assert_eq!(
        problems(&TINY.replace("score = 2", "score = 10001")),
        ["the highest total is 10001: 10000 is the most"]
    );
    for unreadable in ["x", &TINY.replace("score = 2", "score = -2"), &TINY.replace("occupation", "Chess")] {
        let error = Instruments::parse(&[("x.toml", unreadable)]).unwrap_err();
        assert!(matches!(error, InstrumentError::Unreadable { .. }), "{unreadable}");
    }
}

proptest! {
    /// Any scoring of a shipped instrument ends in a total that it claims, with a level, and the distances lead exactly to
    /// the neighbouring levels.
    #[test]
    fn any_scoring_has_a_level_and_true_distances(picks in proptest::collection::vec(any::<usize>(), 12), which in 0..4_usize) {
        let (shipped, catalogue) = (Instruments::shipped().unwrap(), Catalogue::shipped().unwrap());
        let services =
            [stockholm::HOUSING_WITH_SPECIAL_SERVICE, stockholm::SUPPORTED_HOUSING, stockholm::HOUSING_SUPPORT, stockholm::DAILY_ACTIVITIES_LSS];
        let service = services[which];
        let instrument = shipped.newest(service).unwrap();
        let total: u16 =
            instrument.items().zip(&picks).map(|(item, pick)| item.grades[pick % item.grades.len()].score).sum();
        assert!(instrument.totals().contains(&total));
        let on = day(2024, 3, 1);
        let level = |points: u16| derive_level(&catalogue, service, points.into(), on).unwrap().level.0;
        let here = level(total);
        let away = distance(&catalogue, service, total, on);
        if let Some(up) = away.to_higher {
            prop_assert_eq!(level(total + up), here + 1);
        }
        if let Some(down) = away.to_lower {
            prop_assert_eq!(level(total - down), here - 1);
        }
        prop_assert_eq!(away.to_lower.is_none(), here == 1);
    }
}
