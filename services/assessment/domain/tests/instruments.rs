use std::collections::BTreeSet;

use niva_assessment_domain::{InstrumentError, Instruments, derive_level, distance};
use niva_calendar::{Interval, NaiveDate};
use niva_models::Catalogue;
use niva_names::{ServiceCatalogue, stockholm};
use proptest::prelude::{any, prop_assert_eq, proptest};

use crate::day;

const TINY: &str = r#"
key = "tiny"
version = 1
title = "Tiny"
example = false
gradings = [{ key = "g", grades = [{ score = 0, meaning = "no" }, { score = 2, meaning = "yes" }] }]
areas = [{ key = "a", title = "A", items = [{ key = "i", title = "I", grading = "g" }] }]
"#;

fn the_city() -> ServiceCatalogue {
    ServiceCatalogue::shipped().unwrap()
}

/// Stockholm, if it measured one service alone, by `tiny`.
fn measured(service: &str) -> ServiceCatalogue {
    let mut within = "";
    let lines = the_city()
        .text()
        .lines()
        .filter_map(|line| {
            if let Some(key) = line.strip_prefix("key = ") {
                within = key.trim_matches('"');
            }
            match line.starts_with("measured_by") {
                true => (within == service).then(|| "measured_by = \"tiny\"".to_owned()),
                false => Some(line.to_owned()),
            }
        })
        .collect::<Vec<_>>()
        .join("\n");
    ServiceCatalogue::parse("a-city.toml", &lines).unwrap()
}

fn tiny(text: &str) -> Result<Instruments, InstrumentError> {
    Instruments::parse(&[("x.toml", text)], &measured("occupation"))
}

fn problems(text: &str) -> Vec<String> {
    match tiny(text).unwrap_err() {
        InstrumentError::Wrong { problems, .. } => problems,
        other => panic!("{other}"),
    }
}

#[test]
fn the_shipped_examples_reach_the_published_totals() {
    let shipped = Instruments::shipped(&the_city()).unwrap();
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
    let (shipped, catalogue) = (Instruments::shipped(&the_city()).unwrap(), Catalogue::shipped().unwrap());
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
    let odd = TINY.replace("score = 2", "score = 9");
    let supported = Instruments::parse(&[("x.toml", &odd)], &measured("supported_housing")).unwrap();
    let found = supported.check_from(&catalogue, day(2024, 1, 1)).unwrap_err();
    assert_eq!(found.len(), 1);
    assert_eq!(
        found[0].to_string(),
        "instrument tiny/1 can give 9 points, which no level of supported_housing in model socialpsychiatry-2010 holds: \
         correct the instrument's scores or the model's bands"
    );
    // Occupation has no scale since 2019-07: nothing to cover from then on, but before.
    let odd = tiny(&odd).unwrap();
    odd.check_from(&catalogue, day(2024, 1, 1)).unwrap();
    assert_eq!(odd.check_from(&catalogue, day(2019, 6, 30)).unwrap_err().len(), 1);
}

#[test]
fn the_newest_version_measures() {
    let newer = TINY.replace("version = 1", "version = 10");
    let both = Instruments::parse(&[("a.toml", TINY), ("b.toml", &newer)], &measured("occupation")).unwrap();
    assert_eq!(both.newest(stockholm::OCCUPATION).unwrap().id, "tiny/10");
    let twice =
        Instruments::parse(&[("a.toml", TINY), ("b.toml", TINY)], &measured("occupation")).unwrap_err();
    assert_eq!(twice.to_string(), "b.toml: instrument tiny/1 stands in another file too: raise `version`");
}

/// The catalogue is the one place that says what a service is measured by.
#[test]
fn the_citys_catalogue_says_what_a_service_is_measured_by() {
    let both = [
        ("a.toml", TINY),
        ("b.toml", &TINY.replace("\"tiny\"", "\"other\"").replace("version = 1", "version = 9")),
    ];
    let measured_by = Instruments::parse(&both, &measured("housing_support")).unwrap();
    assert_eq!(measured_by.newest(stockholm::HOUSING_SUPPORT).unwrap().id, "tiny/1");
    assert!(measured_by.newest(stockholm::OCCUPATION).is_none());
    assert!(measured_by.get(&"other/9".into()).unwrap().services.is_empty());
    assert_eq!(
        Instruments::parse(&both[1..], &measured("housing_support")).unwrap_err().to_string(),
        "service housing_support is measured by `tiny` (`measured_by` in the catalogue), and there is no such instrument"
    );
}

#[test]
fn a_bad_file_is_refused_with_all_that_is_wrong() {
    let bad = TINY
        .replace("version = 1", "version = 0")
        .replace("score = 2", "score = 0")
        .replace("meaning = \"no\"", "meaning = \" \"")
        .replace("grading = \"g\"", "grading = \"h\"");
    assert_eq!(
        problems(&bad),
        [
            "`version` is 0: begin with 1",
            "item `i` has grading `h`, which is not in `gradings`",
            "the scores of grading `g` do not ascend: sort them, each once",
            "a grade of grading `g` has no meaning: say when it is given",
        ]
    );
    assert_eq!(
        problems(&TINY.replace("score = 2", "score = 10001")),
        ["the highest total is 10001: 10000 is the most"]
    );
    for unreadable in
        ["x", &TINY.replace("score = 2", "score = -2"), &format!("services = [\"occupation\"]\n{TINY}")]
    {
        let error = tiny(unreadable).unwrap_err();
        assert!(matches!(error, InstrumentError::Unreadable { .. }), "{unreadable}");
    }
}

proptest! {
    /// Any scoring of a shipped instrument ends in a total that it claims, with a level, and the distances lead exactly to
    /// the neighbouring levels.
    #[test]
    fn any_scoring_has_a_level_and_true_distances(picks in proptest::collection::vec(any::<usize>(), 12), which in 0..4_usize) {
        let (shipped, catalogue) = (Instruments::shipped(&the_city()).unwrap(), Catalogue::shipped().unwrap());
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
