use niva_calendar::OPEN_END;
use niva_config::ModelOptions;
use niva_models::{Catalogue, Model, ServiceTerms, Status};
use niva_names::ModelId;
use niva_names::file::Source;

use crate::failure::Failure;
use crate::screen::{show, table};

/// `niva models show MODEL`.
pub(super) fn run(id: &ModelId, models: &ModelOptions) -> Result<(), Failure> {
    let catalogue = models.catalogue().map_err(Failure::configuration)?;
    let Some(model) = catalogue.model(id) else {
        let known: Vec<&str> = catalogue.models.iter().map(|m| m.id.as_str()).collect();
        return Err(Failure::configuration(format_args!(
            "there is no model `{id}`: one of {}",
            known.join(", ")
        )));
    };
    show(header(&catalogue, model));
    for terms in &model.services {
        show(rules(terms));
    }
    amounts(model);
    if !model.anomalies.is_empty() {
        show("\nAnomalies of the source");
        let rows = model.anomalies.iter().map(|a| vec![a.place.clone(), a.printed.clone(), a.done.clone()]);
        show(table(&["where", "printed", "done"], &[], rows));
    }
    for note in &model.notes {
        show(format_args!("\nNote: {note}"));
    }
    Ok(())
}

fn header(catalogue: &Catalogue, model: &Model) -> String {
    let status = match model.status {
        Status::InForce => in_force(catalogue, model),
        Status::Proposal => "A proposal or a template: for simulation only, no payment uses it.".to_owned(),
    };
    let published = model.amounts_published.map_or_else(
        || "Its amounts were never published in our sources.".to_owned(),
        |day| format!("Its amounts were last published {day}."),
    );
    format!("{}: {}\n{status}\n{published}", model.id, model.title)
}

fn in_force(catalogue: &Catalogue, model: &Model) -> String {
    let mut sentences = Vec::new();
    for terms in &model.services {
        let days = catalogue
            .in_force(terms.service, niva_calendar::Interval::from(model.valid.first))
            .find(|span| span.model.id == model.id)
            .map(|span| span.days);
        sentences.push(match days {
            Some(days) if days.last >= OPEN_END => {
                format!(
                    "{}: in force from {}; without a published successor it stays in force.",
                    terms.service, days.first
                )
            }
            Some(days) => format!("{}: in force {} to {}.", terms.service, days.first, days.last),
            None => format!("{}: never in force, another model covers its days.", terms.service),
        });
    }
    sentences.join("\n")
}

fn rules(terms: &ServiceTerms) -> String {
    let p = &terms.parameters;
    let regimes: Vec<&str> = terms.regimes.iter().map(|r| r.as_str()).collect();
    let mut text = format!(
        "\n{} per {}, for {}\n  notice {} days, no-show {} days, vacancy {} days ({:?}); {} working days to answer an offer, {} to start",
        terms.service,
        terms.unit,
        regimes.join(", "),
        p.notice_days,
        p.no_show_days,
        p.vacancy_days,
        p.day_count,
        p.reflection_days,
        p.start_days,
    )
    .replace("(Calendar)", "(calendar days)")
    .replace("(Working)", "(working days)");
    text.push_str(&cited("rules", terms.parameters_source.as_ref()));
    if let Some(scale) = &terms.scale {
        let bands: Vec<String> = scale
            .bands
            .iter()
            .map(|b| {
                format!(
                    "level {}: {}-{}",
                    b.level,
                    b.from,
                    b.to.map_or_else(String::new, |to| to.to_string())
                )
            })
            .collect();
        text.push_str(&format!("\n  points: {}", bands.join("; ")));
        text.push_str(&cited("points", Some(&scale.source)));
    }
    if let Some(transition) = &terms.transition {
        text.push_str(&format!(
            "\n  transition to work: up to {} months at level {}, {} hours a week",
            transition.max_months, transition.level, transition.hours_per_week
        ));
        text.push_str(&cited("transition", Some(&transition.source)));
    }
    if let Some(why) = &terms.rates_unpublished {
        text.push_str(&format!("\n  rates are not published: {why}"));
    }
    text
}

fn cited(what: &str, source: Option<&Source>) -> String {
    source.map_or_else(String::new, |s| format!("\n  source of the {what}: {}, {}", s.document, s.place))
}

/// Sources are long and few: they are numbered below the table.
fn amounts(model: &Model) {
    let mut sources: Vec<String> = Vec::new();
    let mut rows = Vec::new();
    for row in niva_models::table(model) {
        let source = if row.source.is_empty() {
            String::new()
        } else {
            let at = sources.iter().position(|s| *s == row.source).unwrap_or_else(|| {
                sources.push(row.source.clone());
                sources.len() - 1
            });
            format!("[{}]", at + 1)
        };
        rows.push(vec![
            row.service,
            row.component,
            row.regime,
            row.level,
            row.variant,
            row.unit,
            row.amount,
            source,
            row.note,
        ]);
    }
    show("\nAmounts in SEK");
    let columns =
        ["service", "component", "regime", "level (points)", "variant", "per", "SEK", "source", "note"];
    show(table(&columns, &[6], rows));
    for (number, source) in (1..).zip(&sources) {
        show(format_args!("[{number}] {source}"));
    }
}
