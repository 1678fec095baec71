//! The shipped city: made again byte by byte, and on the published counts.

use std::collections::BTreeMap;

use niva_calendar::date;
use niva_city::generate::{SEED, band, generate, groups};
use niva_city::{CityData, Source, Verdict, read};
use niva_models::{Catalogue, Component, Regime};
use niva_names::{ServiceCatalogue, ServiceKey, UnitId, stockholm};

fn shipped() -> CityData {
    read(Source::Shipped, &ServiceCatalogue::shipped().unwrap()).unwrap_or_else(|e| panic!("{e}"))
}

#[test]
fn the_shipped_files_are_what_the_generator_makes() {
    for (name, text) in generate(SEED, &ServiceCatalogue::shipped().unwrap()) {
        if name != "README.md" {
            assert!(
                niva_city::shipped::file(name) == Some(text.as_str()),
                "{name} differs: run `niva city generate` and look at it"
            );
        }
    }
}

#[test]
fn another_seed_makes_another_city_with_the_same_counts() {
    let catalogue = ServiceCatalogue::shipped().unwrap();
    let files: Vec<(&str, Vec<u8>)> =
        generate(7, &catalogue).into_iter().map(|(name, text)| (name, text.into_bytes())).collect();
    let other = niva_city::read_bytes(&files, &catalogue).unwrap_or_else(|e| panic!("{e}"));
    assert_ne!(other.fingerprint, shipped().fingerprint);
    assert_eq!(by_level(&other), by_level(&shipped()));
}

/// People by service and the level that their points give on 1 March 2024.
fn by_level(city: &CityData) -> BTreeMap<(ServiceKey, Option<u8>), usize> {
    let catalogue = Catalogue::shipped().unwrap();
    let first_of_march = date(2024, 3, 1).unwrap();
    let mut points = BTreeMap::new();
    for measurement in city.measurements.iter().map(|row| &row.value) {
        let Verdict::Points(total) = measurement.verdict else { panic!("the shipped city states no level") };
        if measurement.valid_from <= first_of_march {
            points.insert(&measurement.person_id, total);
        }
    }
    let mut counts = BTreeMap::new();
    for grant in city.grants.iter().map(|row| &row.value) {
        let terms = catalogue.on(grant.service, first_of_march).unwrap().terms;
        let level = terms.scale.as_ref().map(|scale| {
            let total = points[&grant.person_id];
            scale.level_of(total).unwrap_or_else(|| panic!("{} {total}", grant.service)).level.0
        });
        *counts.entry((grant.service, level)).or_default() += 1;
    }
    counts
}

#[test]
fn people_in_housing_are_on_the_published_levels() {
    let counts = by_level(&shipped());
    let levels = |service| [1, 2, 3].map(|level| counts[&(service, Some(level))]);
    assert_eq!(levels(stockholm::HOUSING_WITH_SPECIAL_SERVICE), [21, 59, 57]);
    assert_eq!(levels(stockholm::SUPPORTED_HOUSING), [76, 82, 26]);
    // The published shares, to the percent: each service, and both together.
    let shares =
        |of: [usize; 3]| of.map(|n| (200 * n + of.iter().sum::<usize>()) / (2 * of.iter().sum::<usize>()));
    let (special, supported) =
        (levels(stockholm::HOUSING_WITH_SPECIAL_SERVICE), levels(stockholm::SUPPORTED_HOUSING));
    let both = [0, 1, 2].map(|level| special[level] + supported[level]);
    assert_eq!((shares(special), shares(supported)), ([15, 43, 42], [41, 45, 14]));
    assert_eq!((both, shares(both)), ([97, 141, 83], [30, 44, 26]));
    assert_eq!(levels(stockholm::HOUSING_SUPPORT).iter().sum::<usize>(), 86);
    assert_eq!(counts[&(stockholm::OCCUPATION, None)] + counts[&(stockholm::STUDY_CIRCLE, None)], 108);
}

#[test]
fn people_in_daily_activities_are_on_the_reconstructed_levels_and_variants() {
    let city = shipped();
    let catalogue = Catalogue::shipped().unwrap();
    let day = date(2024, 3, 1).unwrap();
    let terms = catalogue.on(stockholm::DAILY_ACTIVITIES_LSS, day).unwrap().terms;
    let next = catalogue.on(stockholm::DAILY_ACTIVITIES_LSS, date(2025, 1, 1).unwrap()).unwrap().terms;
    let grants =
        || city.grants.iter().map(|row| &row.value).filter(|g| g.service == stockholm::DAILY_ACTIVITIES_LSS);
    let mut variants: BTreeMap<(String, String), usize> = BTreeMap::new();
    for grant in grants() {
        let key = |terms: &niva_models::ServiceTerms| {
            terms.variant_key(terms.variant_of(&grant.scope).unwrap()).to_owned()
        };
        *variants.entry((key(terms), key(next))).or_default() += 1;
    }
    assert_eq!(grants().count(), 3_204);
    let counts: Vec<usize> = variants.into_values().collect();
    assert_eq!(counts.iter().sum::<usize>(), 3_204);
    let mut sorted = counts;
    sorted.sort_unstable();
    assert_eq!(sorted, [25, 30, 78, 689, 842, 1_540]);
    let levels = by_level(&city);
    let of = |level| levels[&(stockholm::DAILY_ACTIVITIES_LSS, Some(level))];
    assert_eq!([1, 2, 3, 4, 5, 6, 7].map(of), [187, 1_181, 656, 420, 290, 129, 341]);
}

#[test]
fn the_generator_draws_points_within_the_bands_in_force() {
    let catalogue = Catalogue::shipped().unwrap();
    for group in groups() {
        let Some(level) = group.level else { continue };
        let terms = catalogue.on(group.service, date(2024, 3, 1).unwrap()).unwrap().terms;
        let scale = terms.scale.as_ref().unwrap();
        let (from, to, step) = band(group.service, level).unwrap();
        for total in (from..=to).step_by(usize::from(step)) {
            assert_eq!(scale.level_of(total).map(|b| b.level.0), Some(level), "{} {total}", group.service);
        }
    }
}

#[test]
fn units_have_room_and_every_regime_and_district() {
    let city = shipped();
    let mut at: BTreeMap<&UnitId, u16> = BTreeMap::new();
    for placement in &city.placements {
        *at.entry(&placement.value.unit_id).or_default() += 1;
    }
    for unit in city.units.iter().map(|row| &row.value) {
        assert!(at.get(&unit.unit_id).copied().unwrap_or(0) + 2 <= unit.places, "{}", unit.unit_id);
    }
    assert_eq!((city.providers.len(), city.units.len()), (100, 250));
    for regime in [Regime::Municipal, Regime::Contracted, Regime::Private] {
        assert!(city.units.iter().filter(|u| u.value.regime == regime).count() > 30, "{regime}");
    }
    let catalogue = ServiceCatalogue::shipped().unwrap();
    for district in catalogue.districts_on(date(2024, 3, 1).unwrap()) {
        assert!(city.units.iter().any(|u| district.id == u.value.district.as_str()), "{}", district.name);
        assert!(city.persons.iter().any(|p| district.id == p.value.district.as_str()), "{}", district.name);
    }
}

#[test]
fn the_month_has_starts_ends_notices_and_somebody_who_is_awaited() {
    let city = shipped();
    let placements = || city.placements.iter().map(|row| &row.value);
    let march = niva_calendar::Month::new(2024, 3).unwrap().interval();
    let within = |day: Option<chrono::NaiveDate>| day.is_some_and(|d| march.contains(d));
    assert!(placements().filter(|p| within(p.actual_start)).count() >= 30);
    assert!(placements().filter(|p| within(p.end_date)).count() >= 8);
    assert!(placements().filter(|p| p.notice_date.is_some()).count() >= 20);
    assert!(placements().any(|p| p.actual_start.is_none() && p.notice_date.is_none()));
    assert!(city.occasions.iter().filter(|o| o.value.component == Component::EveningNight).count() > 50);
    assert_eq!(city.schedules.len(), 12 + 18);
}
