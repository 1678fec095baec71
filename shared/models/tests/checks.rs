//! What `models check` and `models show` say.

use niva_models::{Catalogue, Component, Level, Outcome, Regime, Status, Variant, explain, table};
use niva_names::stockholm;

use crate::{day, model, shipped, terms};

#[test]
fn identities_hold_in_all_cells() {
    let report = shipped().check();
    let lines: Vec<String> = report
        .checks
        .iter()
        .map(|c| {
            format!("{} | {} | {} | {}", c.model, c.name, c.outcome, c.detail.split(';').next().unwrap())
        })
        .collect();
    assert_eq!(
        lines,
        [
            "socialpsychiatry-2010 | private = municipal × 1.024 | holds | 14 of 14 figures agree",
            "socialpsychiatry-2010 | housing support = 385 SEK × 7, 16 and 23 hours | holds | 3 of 3 figures agree",
            "socialpsychiatry-2013 | private = municipal × 1.024 | holds | 3 of 3 figures agree",
            "daily-activities-2024 | private − contracted = 174–175 SEK, full time | holds | 14 of 14 figures agree",
            "daily-activities-2024 | private − contracted = 139–140 SEK, part time | holds | 14 of 14 figures agree",
            "daily-activities-2024 | contracted ≈ municipal × 1.054 | within tolerance | 21 of 28 figures agree, the others within 1.00 SEK",
            "daily-activities-2025 | levels = 404 000 × 0.61, 0.7925, 1, 1.2075 and 1.45 | holds | 5 of 5 figures agree",
            "daily-activities-2025 | 11–24 h = 80 % of 25–40 h | holds | 5 of 5 figures agree",
            "daily-activities-2025 | 1–10 h = 63 % of 25–40 h | holds | 5 of 5 figures agree",
            "daily-activities-2025 | 25–40 h with personal assistance = 70 % of without | holds | 5 of 5 figures agree",
            "daily-activities-2025 | 11–24 h with personal assistance = 70 % of without | holds | 5 of 5 figures agree",
            "daily-activities-2025 | 1–10 h with personal assistance = 70 % of without | holds | 5 of 5 figures agree",
            "daily-activities-2025 | the levels of 2024 become those of 2025: 1 and 2 → 1, 3 → 2, 4 → 3, 5 → 4, 6 and 7 → 5 | holds | 111 of 111 totals keep the level that the map says",
        ]
    );
    assert!(report.is_fine());
}

#[test]
fn the_printed_bands_have_gaps() {
    let report = shipped().check();
    let of = |place: &str| {
        let found = report.anomalies.iter().find(|a| a.place.starts_with(place)).unwrap();
        (found.printed.as_str(), found.done.as_str())
    };
    let (printed, done) = of("housing_with_special_service, points");
    assert_eq!(printed, "0-8: as printed, the totals 10, 12, 14 have no level");
    assert!(done.starts_with("0-14"), "{done}");
    let (printed, done) = of("supported_housing, points");
    assert_eq!(printed, "40-72: as printed, the total 38 has no level");
    assert!(done.starts_with("38-72"), "{done}");
    assert_eq!(report.anomalies.len(), 14);
}

#[test]
fn it_says_how_old_the_amounts_are() {
    let report = shipped().check();
    let of = |id: &str| report.published.iter().find(|p| p.model == id).unwrap();
    assert_eq!(of("daily-activities-2024").amounts, Some(day("2024-11-11")));
    let proposal = of("occupation-intervals");
    assert_eq!((proposal.amounts, proposal.status), (None, Status::Proposal));
    assert_eq!(report.published.len(), 9);
}

#[test]
fn a_changed_amount_is_seen_and_not_mended() {
    let text = include_str!("../data/socialpsychiatry-2010.toml").replace("[2, 404],", "[2, 405],");
    let catalogue = Catalogue::from_files(&crate::city(), vec![("2010".to_owned(), text)]).unwrap();
    let report = catalogue.check();
    assert_eq!(report.checks[0].outcome, Outcome::Off);
    assert_eq!(
        report.checks[0].detail,
        "13 of 14 figures agree; supported_housing rate, level 2: 405.00 is not 404.00"
    );
    assert!(!report.is_fine());

    let alone = include_str!("../data/daily-activities-2025.toml").to_owned();
    let report = Catalogue::from_files(&crate::city(), vec![("2025".to_owned(), alone)]).unwrap().check();
    let map = report.checks.last().unwrap();
    assert_eq!(
        (map.outcome, map.detail.as_str()),
        (Outcome::NotChecked, "model daily-activities-2024 is not loaded")
    );
    assert!(report.is_fine());
}

#[test]
fn a_rate_in_words() {
    let catalogue = shipped();
    let words = |id, service, regime, level, variant| {
        let (model, terms) = (model(&catalogue, id), terms(&catalogue, id, service));
        let rate = terms.rate(Component::Rate, regime, level, variant).unwrap();
        explain(model, terms, &rate, variant)
    };
    assert_eq!(
        words(
            "daily-activities-2024",
            stockholm::DAILY_ACTIVITIES_LSS,
            Regime::Private,
            Some(Level(3)),
            Variant(1)
        ),
        "Daglig verksamhet (LSS) 2024: rate of daily_activities_lss, level 3 (26-40 points), part_time, private: \
         935.00 SEK per weekday. Source: Stockholms stad, Utlåtande Rotel IV (dnr KS 2024/492): Stadens modell för \
         ersättningsnivåer daglig verksamhet (LSS), tabell 1, Daglig verksamhet - deltid."
    );
    let contracted = words(
        "socialpsychiatry-2010",
        stockholm::HOUSING_SUPPORT,
        Regime::Contracted,
        Some(Level(3)),
        Variant(0),
    );
    assert!(
        contracted
            .contains("level 3 (36- points), contracted at the amount of private: 9068.00 SEK per month"),
        "{contracted}"
    );
    assert!(contracted.ends_with("Entreprenad has no printed amounts: it is paid as private."));
}

#[test]
fn a_model_as_a_table() {
    let catalogue = shipped();
    let rows = table(model(&catalogue, "daily-activities-2024"));
    assert_eq!(rows.len(), 84 + 28);
    let row =
        rows.iter().find(|r| r.level.starts_with('3') && r.variant == "part_time" && r.regime == "private");
    let row = row.unwrap();
    assert_eq!(
        (row.level.as_str(), row.amount.as_str(), row.unit.as_str()),
        ("3 (26-40)", "935.00", "weekday")
    );
    assert!(rows.iter().all(|r| r.source.contains("tabell 1")));
    let rows = table(model(&catalogue, "occupation-2019-07"));
    assert_eq!(rows.iter().filter(|r| r.amount.starts_with("as ")).count(), 2);
}
