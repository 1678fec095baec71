use std::ops::Range;

use niva_calendar::{Interval, OPEN_END};
use niva_names::{
    ServiceCatalogue, ServiceKey,
    file::{self, Documents, Problems},
};

use super::{
    common::{self, Common},
    identities,
    read::{self, Section},
    service, terms,
};
use crate::{Anomaly, Component, Model, Regime, RegimeAlias, Status};

/// The model of a file, with the places of its id and of its first day. `None` after a problem.
pub(super) fn read(
    text: &str,
    services: Option<&ServiceCatalogue>,
    problems: &mut Problems<'_>,
) -> Option<(Model, Range<usize>, Range<usize>)> {
    file::whole(text, "the model", problems, |file, problems| model(file, services, problems))
}

fn model(
    mut file: Section<'_>,
    services: Option<&ServiceCatalogue>,
    problems: &mut Problems<'_>,
) -> Option<(Model, Range<usize>, Range<usize>)> {
    let id = file.need("id", problems);
    let valid_from = file.need("valid_from", problems);
    let title = file.need_text("title", problems);
    let status = file.need("status", problems).and_then(|v| {
        read::choice(v, &[("in_force", Status::InForce), ("proposal", Status::Proposal)], problems)
    });
    let valid = interval(&mut file, problems);
    let published = file.get("amounts_published").and_then(|v| read::date(v, problems));
    let notes = file.get("notes").map(|v| texts(v, problems)).unwrap_or_default();
    let documents = Documents::read(&mut file, problems);
    let regimes = file.get("regimes").map(|v| common::regimes(v, problems));
    let aliases = aliases(&mut file, problems);
    let parameters = terms::parameters(&mut file, &documents, problems);
    let common = Common { services, documents, regimes, aliases, parameters };
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
        id: id_text?.into(),
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
    let mut seen: Vec<ServiceKey> = Vec::new();
    for (at, terms) in services.iter().filter_map(|(at, terms)| Some((at, terms.as_ref()?))) {
        if seen.contains(&terms.service) {
            problems.add(at, format!("service {} is in the model twice", terms.service), "merge the two");
        }
        seen.push(terms.service);
    }
}
