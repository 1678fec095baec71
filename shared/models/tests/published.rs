//! Every published figure is in the shipped models once, to the öre, and nothing else is.

use std::collections::BTreeMap;

use niva_models::{Catalogue, Component, Level, Regime, ServiceTerms};

use crate::{model, rows, shipped};

const TARIFFS: &str = include_str!("published/tariffs.csv");
const PRICE_LISTS: &str = include_str!("published/lss_housing_price_lists.csv");

/// Model, service, component (or `allocation`), regime, variant, level, unit, öre.
type Figure = (String, String, String, String, String, String, String, i64);

/// All figures of the models, with the title of the document that each cites.
fn loaded(catalogue: &Catalogue) -> Vec<(Figure, String)> {
    let mut figures = Vec::new();
    for model in &catalogue.models {
        for terms in &model.services {
            let level = |l: Option<Level>| l.map_or_else(String::new, |l| l.to_string());
            for a in &terms.amounts {
                let variant = a.variant.map_or_else(String::new, |v| terms.variant_key(v).to_owned());
                let figure = (
                    model.id.to_string(),
                    terms.service.to_string(),
                    a.component.to_string(),
                    a.regime.map_or_else(|| "any".to_owned(), |r| r.to_string()),
                    variant,
                    level(a.level),
                    a.unit.to_string(),
                    a.price.0,
                );
                figures.push((figure, a.source.document.clone()));
            }
            for a in &terms.allocations {
                let figure = (
                    model.id.to_string(),
                    terms.service.to_string(),
                    "allocation".to_owned(),
                    "any".to_owned(),
                    a.variant.clone(),
                    a.level.to_string(),
                    "year".to_owned(),
                    a.per_year.0,
                );
                figures.push((figure, a.source.document.clone()));
            }
        }
    }
    figures
}

/// What the cited document's title says, by its key in the published table.
fn title(source: &str) -> &'static str {
    match source {
        "norrmalm" => "Norrmalms stadsdelsförvaltning",
        "hagersten" => "Hägersten-Liljeholmens stadsdelsförvaltning",
        "socialforvaltningen" => "Socialförvaltningen",
        "utlatande" => "dnr KS 2024/492",
        other => panic!("{other}"),
    }
}

fn ore(sek: &str) -> i64 {
    sek.parse::<i64>().unwrap() * 100
}

/// The published figures, with a part of the title of the document that prints each.
fn published() -> Vec<(Figure, String)> {
    let mut figures = Vec::new();
    for row in rows(TARIFFS) {
        let (component, variant) = match (row["unit"], row["variant"]) {
            ("year", variant) => ("allocation", variant),
            (_, "premises") => ("premises", ""),
            (_, "temporary evening/night") => ("evening_night", ""),
            // The hours a month of housing support describe its levels; they are no variants.
            ("month", hours) if hours.ends_with("h/month") => ("rate", ""),
            (_, variant) => ("rate", variant),
        };
        let [model, service, regime, level, unit] =
            ["model", "service", "regime", "level", "unit"].map(|column| row[column].to_owned());
        let (component, variant) = (component.to_owned(), variant.to_owned());
        let figure = (model, service, component, regime, variant, level, unit, ore(row["amount"]));
        figures.push((figure, title(row["source"]).to_owned()));
    }
    for row in rows(PRICE_LISTS) {
        for regime in Regime::ALL.iter().map(|r| r.as_str()).filter(|r| !row[r].is_empty()) {
            let model = format!("lss-housing-{}", row["year"]);
            let [service, level, unit] = ["service", "level", "unit"].map(|column| row[column].to_owned());
            let rate = "rate".to_owned();
            let figure =
                (model, service, rate, regime.to_owned(), String::new(), level, unit, ore(row[regime]));
            figures.push((figure, format!("prislista {}", row["year"])));
        }
    }
    figures
}

#[test]
fn every_published_figure_is_there_once_and_no_other() {
    let catalogue = shipped();
    let mut found: BTreeMap<Figure, Vec<String>> = BTreeMap::new();
    for (figure, document) in loaded(&catalogue) {
        // The list of 2013 repeats what 2010 printed: the next test.
        if figure.0 != "socialpsychiatry-2013" || figure.2 == "premises" {
            found.entry(figure).or_default().push(document);
        }
    }
    let published = published();
    assert_eq!(published.len(), 175 + 2 * 17 * 4 + 17 * 3, "figures of the published tables");
    for (figure, title) in published {
        let documents = found.remove(&figure).unwrap_or_else(|| panic!("not in the models: {figure:?}"));
        assert_eq!(documents.len(), 1, "twice: {figure:?}");
        assert!(documents[0].contains(&title), "{figure:?} cites {}", documents[0]);
    }
    assert!(found.is_empty(), "not published: {found:?}");
}

#[test]
fn the_rates_of_2013_are_those_of_2010() {
    let catalogue = shipped();
    let rates = |id: &str| -> Vec<_> {
        let occupation = model(&catalogue, id).services.iter().find(|s| s.service.as_str() == "occupation");
        let rates = occupation.unwrap().amounts.iter().filter(|a| a.component == Component::Rate);
        rates.map(|a| (a.regime, a.level, a.unit, a.price, a.source.clone())).collect()
    };
    assert_eq!(rates("socialpsychiatry-2013"), rates("socialpsychiatry-2010"));
    let note = &model(&catalogue, "socialpsychiatry-2013").services[0].amounts[0].note;
    assert!(note.as_ref().unwrap().contains("oförändrade"));
}

#[test]
fn bands_are_as_published_but_for_the_two_noted() {
    let catalogue = shipped();
    let mut corrected = Vec::new();
    for row in rows(TARIFFS).iter().filter(|r| !r["points_from"].is_empty()) {
        let model = model(&catalogue, row["model"]);
        let terms: &ServiceTerms =
            model.services.iter().find(|s| s.service.as_str() == row["service"]).unwrap();
        let bands = &terms.scale.as_ref().unwrap().bands;
        let band = bands.iter().find(|b| b.level.to_string() == row["level"]).unwrap();
        let printed = (row["points_from"].parse().unwrap(), row["points_to"].parse().ok());
        if printed != (band.from, band.to) {
            assert_eq!(band.printed, Some(printed), "{row:?}");
            corrected.push(format!("{} {} {}", row["service"], row["regime"], row["level"]));
        }
    }
    assert_eq!(
        corrected,
        [
            "housing_with_special_service municipal 1",
            "supported_housing municipal 3",
            "supported_housing private 3"
        ]
    );
}

#[test]
fn every_amount_rule_and_scale_has_a_source() {
    for model in &shipped().models {
        assert!(!model.title.is_empty());
        for terms in &model.services {
            let sources = (terms.amounts.iter().map(|a| &a.source))
                .chain(terms.allocations.iter().map(|a| &a.source))
                .chain(terms.scale.iter().map(|s| &s.source))
                .chain(terms.transition.iter().map(|t| &t.source))
                .chain(terms.parameters_source.as_ref());
            for source in sources {
                assert!(source.document.len() > 20 && source.place.len() > 5, "{source:?}");
            }
            assert!(terms.parameters_source.is_some());
        }
    }
}
