use std::{collections::BTreeMap, ops::Range};

use niva_calendar::{Interval, OPEN_END};
use toml::de::DeTable;

use super::{
    identities,
    problems::Problems,
    read::{self, Section},
    service,
    terms::{self, PartialParameters},
};
use crate::{Anomaly, Component, Model, Regime, RegimeAlias, Service, Source, Status};

/// What a file says once for all its services.
pub(super) struct Common {
    documents: BTreeMap<String, String>,
    pub(super) regimes: Option<Vec<Regime>>,
    pub(super) aliases: Vec<RegimeAlias>,
    pub(super) parameters: PartialParameters,
}

impl Common {
    /// `source = { in = "key of [documents]", place = "…" }`, which must be there.
    pub(super) fn source(&self, section: &mut Section<'_>, problems: &mut Problems<'_>) -> Option<Source> {
        let value = section.get("source");
        let Some(value) = value else {
            problems.add(
                &section.span,
                "the source is missing",
                "add `source = { in = \"…\", place = \"…\" }`: a key of [documents], and the place in it",
            );
            return None;
        };
        let mut source = read::section(value, "a source", problems)?;
        let (key, place) = (source.need("in", problems), source.need_text("place", problems));
        source.finish(problems);
        let key = key?;
        let name = read::text(key, problems)?;
        let Some(document) = self.documents.get(&name) else {
            let known: Vec<&str> = self.documents.keys().map(String::as_str).collect();
            let mut to_do = "add it to [documents]".to_owned();
            if !known.is_empty() {
                to_do = format!("{to_do}, or use one of: {}", known.join(", "));
            }
            problems.add(&key.span(), format!("`{name}` is none of the documents"), to_do);
            return None;
        };
        Some(Source { document: document.clone(), place: place? })
    }
}

/// The model of a file, with the places of its id and of its first day. `None` after a problem.
pub(super) fn read(text: &str, problems: &mut Problems<'_>) -> Option<(Model, Range<usize>, Range<usize>)> {
    let (table, errors) = DeTable::parse_recoverable(text);
    for error in &errors {
        let at = error.span().unwrap_or(0..0);
        problems.add(&at, format!("this is not TOML: {}", error.message()), "");
    }
    if !errors.is_empty() {
        return None;
    }
    let mut file = Section::new(table.get_ref(), 0..0, "the model");
    let id = file.need("id", problems);
    let valid_from = file.need("valid_from", problems);
    let title = file.need_text("title", problems);
    let status = file.need("status", problems).and_then(|v| {
        read::choice(v, &[("in_force", Status::InForce), ("proposal", Status::Proposal)], problems)
    });
    let valid = interval(&mut file, problems);
    let published = file.get("amounts_published").and_then(|v| read::date(v, problems));
    let notes = file.get("notes").map(|v| texts(v, problems)).unwrap_or_default();
    let common = Common {
        documents: documents(&mut file, problems),
        regimes: file.get("regimes").map(|v| regimes(v, problems)),
        aliases: aliases(&mut file, problems),
        parameters: PartialParameters::default(),
    };
    let parameters = terms::parameters(&mut file, &common, problems);
    let common = Common { parameters, ..common };
    let services: Vec<_> = file
        .tables("service", "a service", problems)
        .into_iter()
        .map(|section| (section.span.clone(), service::read(section, &common, problems)))
        .collect();
    if services.is_empty() {
        problems.add(&(0..0), "the model has no services", "add a [[service]]");
    }
    twice(&services, problems);
    let services: Vec<_> = services.into_iter().filter_map(|(_, service)| service).collect();
    let anomalies = anomalies(&mut file, problems);
    let identities = identities::read(&mut file, &services, problems);
    file.finish(problems);
    let id_text = id.and_then(|v| read::text(v, problems));
    if !problems.is_empty() {
        return None;
    }
    let model = Model {
        id: id_text?,
        title: title?,
        status: status?,
        valid: valid?,
        amounts_published: published,
        services,
        anomalies,
        identities,
        notes,
    };
    Some((model, id?.span(), valid_from?.span()))
}

fn interval(file: &mut Section<'_>, problems: &mut Problems<'_>) -> Option<Interval> {
    let first = file.get("valid_from").and_then(|v| read::date(v, problems));
    let Some(end) = file.get("valid_to") else { return Interval::new(first?, OPEN_END) };
    let (first, last) = (first?, read::date(end, problems)?);
    let interval = Interval::new(first, last);
    if interval.is_none() {
        let to_do = "write a last day on or after the first, or leave valid_to out";
        problems.add(&end.span(), format!("valid_to {last} is before valid_from {first}"), to_do);
    }
    interval
}

fn documents(file: &mut Section<'_>, problems: &mut Problems<'_>) -> BTreeMap<String, String> {
    let Some(value) = file.need("documents", problems) else { return BTreeMap::new() };
    let Some(section) = read::section(value, "the documents", problems) else { return BTreeMap::new() };
    let entries = section.entries();
    entries.filter_map(|(key, _, value)| Some((key.to_owned(), read::text(value, problems)?))).collect()
}

pub(super) fn regimes(value: read::Value<'_>, problems: &mut Problems<'_>) -> Vec<Regime> {
    let values = read::list(value, problems).unwrap_or_default();
    let mut regimes: Vec<Regime> = Vec::new();
    for value in values {
        let Some(regime) = read::name(value, problems) else { continue };
        if regimes.contains(&regime) {
            problems.add(&value.span(), format!("regime {regime} is named twice"), "remove one");
        } else {
            regimes.push(regime);
        }
    }
    regimes
}

fn texts(value: read::Value<'_>, problems: &mut Problems<'_>) -> Vec<String> {
    let values = read::list(value, problems).unwrap_or_default();
    values.into_iter().filter_map(|v| read::text(v, problems)).collect()
}

fn aliases(file: &mut Section<'_>, problems: &mut Problems<'_>) -> Vec<RegimeAlias> {
    let mut aliases: Vec<RegimeAlias> = Vec::new();
    for mut section in file.tables("alias", "an alias", problems) {
        let regime: Option<Regime> = section.need_name("regime", problems);
        let note = section.need_text("note", problems);
        let of = section.need("amounts_of", problems).and_then(|v| read::section(v, "amounts_of", problems));
        section.finish(problems);
        let (Some(regime), Some(note), Some(of)) = (regime, note, of) else { continue };
        for (key, at, value) in of.entries() {
            let amount_of: Option<Regime> = read::name(value, problems);
            match (key.parse::<Component>(), amount_of) {
                (Err(e), _) => {
                    problems.add(
                        &at,
                        format!("`{key}` is not a component"),
                        format!("use one of: {}", e.known),
                    );
                }
                (Ok(component), Some(amount_of)) => {
                    if aliases.iter().any(|a| a.regime == regime && a.component == component) {
                        problems.add(
                            &at,
                            format!("{component} of {regime} has an alias already"),
                            "remove one",
                        );
                    }
                    aliases.push(RegimeAlias { regime, component, amount_of, note: note.clone() });
                }
                (Ok(_), None) => {}
            }
        }
    }
    aliases
}

fn anomalies(file: &mut Section<'_>, problems: &mut Problems<'_>) -> Vec<Anomaly> {
    let mut anomalies = Vec::new();
    for mut section in file.tables("anomaly", "an anomaly", problems) {
        let place = section.need_text("place", problems);
        let printed = section.need_text("printed", problems);
        let done = section.need_text("done", problems);
        section.finish(problems);
        if let (Some(place), Some(printed), Some(done)) = (place, printed, done) {
            anomalies.push(Anomaly { place, printed, done });
        }
    }
    anomalies
}

fn twice(services: &[(Range<usize>, Option<crate::ServiceTerms>)], problems: &mut Problems<'_>) {
    let mut seen: Vec<Service> = Vec::new();
    for (at, terms) in services.iter().filter_map(|(at, terms)| Some((at, terms.as_ref()?))) {
        if seen.contains(&terms.service) {
            problems.add(at, format!("service {} is in the model twice", terms.service), "merge the two");
        }
        seen.push(terms.service);
    }
}
