//! What payments ask: which model on which days, what it pays, which level the points are.

use std::{collections::BTreeSet, sync::Arc};

use niva_calendar::{Interval, Month, day_after};
use niva_models::{Catalogue, Component, Extent, GrantScope, Level, NoRate, PriceUnit, Regime, Variant};
use niva_money::Ore;
use niva_names::{ServiceCatalogue, ServiceKey, stockholm};

use crate::{day, model, shipped, terms};

const NO_VARIANT: Variant = Variant(0);

fn sek(amount: i64) -> Ore {
    Ore(amount * 100)
}

#[test]
fn each_day_has_the_model_of_its_list() {
    let catalogue = shipped();
    let all = Interval::new(day("2009-01-01"), day("2030-12-31")).unwrap();
    let of = |service| -> Vec<(String, String, String)> {
        let spans = catalogue.in_force(service, all);
        spans.map(|f| (f.model.id.to_string(), f.days.first.to_string(), f.days.last.to_string())).collect()
    };
    let span = |id: &str, first: &str, last: &str| (id.to_owned(), first.to_owned(), last.to_owned());
    assert_eq!(
        of(stockholm::OCCUPATION),
        [
            span("socialpsychiatry-2010", "2010-01-01", "2012-12-31"),
            span("socialpsychiatry-2013", "2013-01-01", "2019-06-30"),
            span("occupation-2019-07", "2019-07-01", "2030-12-31"),
        ]
    );
    assert_eq!(of(stockholm::SUPPORTED_HOUSING), [span("socialpsychiatry-2010", "2010-01-01", "2030-12-31")]);
    assert_eq!(
        of(stockholm::DAILY_ACTIVITIES_LSS),
        [
            span("daily-activities-2024", "2024-01-01", "2024-12-31"),
            span("daily-activities-2025", "2025-01-01", "2030-12-31"),
        ]
    );
    assert_eq!(of(stockholm::GROUP_HOUSING_LSS).len(), 3);
    assert!(catalogue.on(stockholm::OCCUPATION, day("2009-12-31")).is_none());
    let on = catalogue.on(stockholm::OCCUPATION, day("2019-07-01")).unwrap();
    assert_eq!((on.model.id.as_str(), on.days), ("occupation-2019-07", Interval::day(day("2019-07-01"))));
    for service in &stockholm::SERVICES {
        let spans: Vec<Interval> = catalogue.in_force(*service, all).map(|f| f.days).collect();
        assert!(spans.windows(2).all(|w| day_after(w[0].last) == w[1].first), "{service}");
    }
}

#[test]
fn contracted_is_private_with_municipal_premises() {
    let catalogue = shipped();
    let housing = terms(&catalogue, "socialpsychiatry-2010", stockholm::SUPPORTED_HOUSING);
    let rate = housing.rate(Component::Rate, Regime::Contracted, Some(Level(2)), NO_VARIANT).unwrap();
    assert_eq!((rate.price, rate.unit), (sek(404), PriceUnit::CalendarDay));
    assert_eq!(rate.amount.regime, Some(Regime::Private));
    assert!(rate.amount.source.place.contains("privat driven"));
    assert!(rate.alias.unwrap().note.contains("Entreprenad"));
    let own = housing.rate(Component::Rate, Regime::Private, Some(Level(2)), NO_VARIANT).unwrap();
    assert!(own.alias.is_none() && own.price == rate.price);

    let occupation = terms(&catalogue, "occupation-2019-07", stockholm::OCCUPATION);
    let of = |component, regime| occupation.rate(component, regime, None, NO_VARIANT).unwrap().price;
    assert_eq!(of(Component::Rate, Regime::Contracted), sek(4576));
    assert_eq!(of(Component::Premises, Regime::Contracted), sek(286));
    assert_eq!(of(Component::Premises, Regime::Private), sek(358));
}

#[test]
fn what_an_amount_does_not_depend_on_is_not_looked_at() {
    let catalogue = shipped();
    let occupation = terms(&catalogue, "socialpsychiatry-2013", stockholm::OCCUPATION);
    for level in [None, Some(Level(1)), Some(Level(3)), Some(Level(9))] {
        for regime in [Regime::Municipal, Regime::Contracted, Regime::Private] {
            assert_eq!(
                occupation.rate(Component::Premises, regime, level, NO_VARIANT).unwrap().price,
                sek(25)
            );
        }
    }
    let month = terms(&catalogue, "occupation-2019-07", stockholm::OCCUPATION);
    assert_eq!(
        month.rate(Component::Rate, Regime::Municipal, Some(Level(2)), NO_VARIANT).unwrap().price,
        sek(4465)
    );
}

#[test]
fn why_there_is_no_rate() {
    let catalogue = shipped();
    let daily = terms(&catalogue, "daily-activities-2024", stockholm::DAILY_ACTIVITIES_LSS);
    let rate = |component, regime, level: Option<u8>, variant| {
        daily.rate(component, regime, level.map(Level), Variant(variant)).map(|r| r.price)
    };
    assert_eq!(rate(Component::Rate, Regime::Private, Some(3), 1), Ok(sek(935)));
    assert_eq!(rate(Component::Rate, Regime::Private, None, 1), Err(NoRate::NoLevel));
    assert_eq!(rate(Component::Rate, Regime::Private, Some(8), 1), Err(NoRate::UnknownLevel));
    assert_eq!(rate(Component::Rate, Regime::Private, Some(0), 1), Err(NoRate::UnknownLevel));
    assert_eq!(rate(Component::Rate, Regime::Private, Some(3), 4), Err(NoRate::NoVariant));
    assert_eq!(rate(Component::Rate, Regime::OtherMunicipality, Some(3), 1), Err(NoRate::UnknownRegime));
    assert_eq!(rate(Component::Premises, Regime::Private, Some(3), 1), Err(NoRate::NotPaid));
    let next = terms(&catalogue, "daily-activities-2025", stockholm::DAILY_ACTIVITIES_LSS);
    let unpublished = next.rate(Component::Rate, Regime::Private, Some(Level(1)), Variant(0));
    assert_eq!(unpublished.map(|r| r.price), Err(NoRate::Unpublished));
    let group = terms(&catalogue, "lss-housing-2021", stockholm::GROUP_HOUSING_LSS);
    let base = group.rate(Component::Rate, Regime::OtherMunicipality, Some(Level::BASE), NO_VARIANT).unwrap();
    assert_eq!(base.price, sek(877));
}

#[test]
fn the_index_finds_every_amount_and_only_those() {
    for model in &shipped().models {
        for terms in &model.services {
            let variants = u8::try_from(terms.variants.len().max(1)).unwrap();
            for component in Component::ALL {
                for regime in Regime::ALL {
                    for level in (0..=9).map(Level).map(Some).chain([None]) {
                        for variant in (0..variants).map(Variant) {
                            let paid_as = terms
                                .aliases
                                .iter()
                                .find(|a| a.regime == *regime && a.component == *component);
                            let regime_paid = paid_as.map_or(*regime, |a| a.amount_of);
                            let slow = terms.amounts.iter().find(|a| {
                                a.component == *component
                                    && terms.regimes.contains(regime)
                                    && a.regime.is_none_or(|r| r == regime_paid)
                                    && (a.level.is_none() || a.level == level)
                                    && a.variant.is_none_or(|v| v == variant)
                            });
                            let fast = terms.rate(*component, *regime, level, variant);
                            assert_eq!(fast.ok().map(|r| r.amount), slow, "{} {}", model.id, terms.service);
                        }
                    }
                }
            }
        }
    }
}

#[test]
fn a_version_is_that_of_what_prices_and_of_nothing_else() {
    let text = include_str!("good.toml");
    let city = Arc::new(ServiceCatalogue::shipped().unwrap());
    let versions = |text: String| -> Vec<String> {
        let catalogue = Catalogue::from_files(&city, vec![("a.toml".to_owned(), text)]).unwrap();
        catalogue.models[0].services.iter().map(|terms| terms.version.clone()).collect()
    };
    let first = versions(text.to_owned());
    assert_eq!((first.len(), first[0].len()), (2, 32));
    let said = text.replace("A city's list", "Another title").replace("page 3", "page 4") + "# A comment.\n";
    assert_eq!(versions(said), first, "words price nothing");
    let dearer = versions(text.replace("[2, 200, 204]", "[2, 200, 205]"));
    assert!(dearer[0] != first[0] && dearer[1] == first[1], "a changed amount touches its service alone");
    assert_ne!(versions(text.replace("notice_days = 4", "notice_days = 5")), first);
    assert_ne!(versions(text.replace("0-18", "0-16").replace("20-\"", "18-\""))[0], first[0]);
}

#[test]
fn where_a_variant_has_extent_and_hours_the_grant_states_one_or_both() {
    let catalogue = Catalogue::shipped().unwrap();
    let terms = catalogue
        .model(&"daily-activities-2024".into())
        .unwrap()
        .terms(stockholm::DAILY_ACTIVITIES_LSS)
        .unwrap();
    let variant = |extent, hours_per_week| {
        let variant = terms.variant_of(&GrantScope { extent, hours_per_week, ..GrantScope::default() });
        variant.map(|v| terms.variant_key(v).to_owned())
    };
    let (full, part) = (Some("full_time".to_owned()), Some("part_time".to_owned()));
    assert_eq!([variant(Some(Extent::PartTime), None), variant(None, Some(4))], [part.clone(), part.clone()]);
    assert_eq!(
        [variant(Some(Extent::PartTime), Some(24)), variant(Some(Extent::FullTime), Some(25))],
        [part, full]
    );
    for (extent, hours) in [(None, None), (None, Some(3)), (Some(Extent::PartTime), Some(25))] {
        assert_eq!(variant(extent, hours), None, "{extent:?} {hours:?}");
    }
}

#[test]
fn a_scope_is_one_variant_or_none() {
    let catalogue = shipped();
    let of = |model: &str, scope: GrantScope| {
        let terms = terms(&catalogue, model, stockholm::DAILY_ACTIVITIES_LSS);
        terms.variant_of(&scope).map(|v| terms.variant_key(v).to_owned())
    };
    let part =
        GrantScope { extent: Some(Extent::PartTime), personal_assistance: true, ..GrantScope::default() };
    assert_eq!(of("daily-activities-2024", part).as_deref(), Some("part_time+personal_assistance"));
    assert_eq!(of("daily-activities-2024", GrantScope::default()), None);
    let hours = |h| GrantScope { hours_per_week: Some(h), ..GrantScope::default() };
    for (h, key) in [
        (0, None),
        (1, Some("1-10 h")),
        (10, Some("1-10 h")),
        (11, Some("11-24 h")),
        (24, Some("11-24 h")),
        (25, Some("25-40 h")),
        (40, Some("25-40 h")),
        (41, None),
    ] {
        assert_eq!(of("daily-activities-2025", hours(h)).as_deref(), key, "{h} hours");
    }
}

#[test]
fn points_are_levels() {
    let catalogue = shipped();
    let housing = terms(&catalogue, "socialpsychiatry-2010", stockholm::HOUSING_WITH_SPECIAL_SERVICE);
    let scale = housing.scale.as_ref().unwrap();
    let level = |points| scale.level_of(points).map(|b| b.level.0);
    assert_eq!([0, 10, 12, 14, 16, 38, 40, 72].map(level), [1, 1, 1, 1, 2, 2, 3, 3].map(Some));
    assert_eq!([11, 73, 74].map(level), [None; 3], "totals that the instrument cannot give");
    assert_eq!((scale.points_to_lower(16), scale.points_to_higher(16)), (Some(2), Some(24)));
    assert_eq!((scale.points_to_lower(14), scale.points_to_higher(14)), (None, Some(2)));
    assert_eq!((scale.points_to_lower(72), scale.points_to_higher(72)), (Some(34), None));
    assert_eq!((scale.points_to_lower(11), scale.points_to_higher(73)), (None, None));
    let support =
        terms(&catalogue, "socialpsychiatry-2010", stockholm::HOUSING_SUPPORT).scale.as_ref().unwrap();
    assert_eq!(support.level_of(72).map(|b| b.level), Some(Level(3)));
}

#[test]
fn levels_of_2024_become_those_of_2025_by_points() {
    let catalogue = shipped();
    let scale = |id| terms(&catalogue, id, stockholm::DAILY_ACTIVITIES_LSS).scale.as_ref().unwrap();
    let (before, after) = (scale("daily-activities-2024"), scale("daily-activities-2025"));
    for points in before.totals() {
        let (old, new) = (before.level_of(points).unwrap().level.0, after.level_of(points).unwrap().level.0);
        assert_eq!(new, [1, 1, 2, 3, 4, 5, 5][usize::from(old) - 1], "{points} points");
    }
}

#[test]
fn the_rules_of_2010_and_after() {
    let catalogue = shipped();
    let days = |id, service| {
        let p = &terms(&catalogue, id, service).parameters;
        (p.notice_days, p.no_show_days, p.vacancy_days, p.reflection_days, p.start_days)
    };
    assert_eq!(days("socialpsychiatry-2010", stockholm::SUPPORTED_HOUSING), (4, 14, 7, 3, 7));
    assert_eq!(days("socialpsychiatry-2010", stockholm::STUDY_CIRCLE), (4, 14, 0, 3, 7));
    assert_eq!(days("socialpsychiatry-2013", stockholm::OCCUPATION), (4, 14, 7, 3, 7));
    assert_eq!(days("occupation-2019-07", stockholm::OCCUPATION), (4, 14, 0, 3, 7));
    assert_eq!(days("daily-activities-2024", stockholm::DAILY_ACTIVITIES_LSS), (0, 0, 0, 3, 7));
    let transition =
        terms(&catalogue, "daily-activities-2025", stockholm::DAILY_ACTIVITIES_LSS).transition.as_ref();
    assert_eq!(transition.map(|t| (t.max_months, t.level, t.hours_per_week)), Some((6, Level(1), 10)));
}

#[test]
fn a_citys_own_directory_adds_and_replaces() {
    let folder = tempfile::tempdir().unwrap();
    let text = include_str!("../data/lss-housing-2023.toml");
    let next = text.replace("lss-housing-2023", "lss-housing-2024").replace("2023-01-01", "2024-01-01");
    std::fs::write(folder.path().join("2024.toml"), next).unwrap();
    std::fs::write(folder.path().join("2023 corrected.toml"), text.replace("670", "671.50")).unwrap();
    std::fs::write(folder.path().join("read me.txt"), "not a model").unwrap();
    let catalogue = Catalogue::of_city(&crate::city(), Some(folder.path())).unwrap();
    assert_eq!(catalogue.models.len(), 10);
    assert_ne!(catalogue.fingerprint, shipped().fingerprint);
    let base = |on| {
        let found = catalogue.on(stockholm::SERVICE_HOUSING_LSS, day(on)).unwrap();
        found.terms.rate(Component::Rate, Regime::Private, Some(Level::BASE), NO_VARIANT).unwrap().price
    };
    assert_eq!((base("2023-12-31"), base("2024-01-01")), (Ore(67_150), sek(670)));
    assert_eq!(model(&catalogue, "lss-housing-2024").valid.first, day("2024-01-01"));

    let missing = Catalogue::of_city(&crate::city(), Some(&folder.path().join("none"))).unwrap_err();
    assert!(missing.to_string().contains("cannot be read"), "{missing}");
}

#[test]
fn the_fingerprint_is_of_the_contents_not_of_the_order() {
    let file = |name: &str, text: &str| (name.to_owned(), text.to_owned());
    let (a, b) = (
        include_str!("../data/daily-activities-2024.toml"),
        include_str!("../data/daily-activities-2025.toml"),
    );
    let one = Catalogue::from_files(&crate::city(), vec![file("a", a), file("b", b)]).unwrap();
    let other = Catalogue::from_files(&crate::city(), vec![file("y", b), file("x", a)]).unwrap();
    assert_eq!(one.fingerprint, other.fingerprint);
    assert_eq!(one.fingerprint.len(), 64);
    let changed =
        Catalogue::from_files(&crate::city(), vec![file("a", &format!("{a}\n")), file("b", b)]).unwrap();
    assert_ne!(one.fingerprint, changed.fingerprint);
}

#[test]
fn a_service_is_repriced_in_the_months_of_what_changed_and_no_others() {
    let services = Arc::new(ServiceCatalogue::shipped().unwrap());
    let before = shipped();
    let with = |from: &str, to: &str| {
        let files: Vec<(String, String)> = before
            .files
            .iter()
            .map(|(id, text)| {
                let own = id == "socialpsychiatry-2013";
                (id.clone(), if own { text.replacen(from, to, 1) } else { text.clone() })
            })
            .collect();
        assert_ne!(files, before.files, "nothing was changed");
        Catalogue::kept(&services, files).unwrap()
    };
    let months = || Month::new(2012, 11).unwrap().through(Month::new(2013, 3).unwrap());
    let repriced = |now: &Catalogue| -> Vec<(ServiceKey, Month)> {
        let each = services.services().iter().flat_map(|service| months().map(|month| (service.key, month)));
        each.filter(|(service, month)| now.reprices(&before, *service, *month)).collect()
    };
    assert_eq!(repriced(&with("title = ", "# A remark.\ntitle = ")), []);
    let changed = repriced(&with("[1, 320]", "[1, 321]"));
    assert!(!changed.is_empty() && changed.iter().all(|(_, month)| month.year() == 2013), "{changed:?}");
    let services: BTreeSet<ServiceKey> = changed.iter().map(|(service, _)| *service).collect();
    assert_eq!(services.len(), 1, "{services:?}");
}
