//! Rates in words, and models as tables.

use crate::{Level, Model, Rate, Scale, ServiceTerms, Variant};

/// A rate in words: the model, what it pays for, per what, and where it stands.
#[must_use]
pub fn explain(model: &Model, terms: &ServiceTerms, rate: &Rate<'_>, variant: Variant) -> String {
    let amount = rate.amount;
    let mut words = format!("{}: {} of {}", model.title, amount.component, terms.service);
    if let Some(level) = amount.level {
        let points =
            points(terms.scale.as_ref(), level).map(|p| format!(" ({p} points)")).unwrap_or_default();
        words.push_str(&format!(", level {level}{points}"));
    }
    let key = terms.variant_key(amount.variant.unwrap_or(variant));
    if !key.is_empty() {
        words.push_str(&format!(", {key}"));
    }
    if let Some(alias) = rate.alias {
        words.push_str(&format!(", {} at the amount of {}", alias.regime, alias.amount_of));
    } else {
        words.push_str(&format!(", {}", amount.regime.map_or("any regime", |r| r.as_str())));
    }
    words.push_str(&format!(
        ": {} SEK per {}. Source: {}, {}.",
        rate.price, rate.unit, amount.source.document, amount.source.place
    ));
    for note in rate.alias.map(|a| &a.note).into_iter().chain(&amount.note) {
        words.push_str(&format!(" {note}"));
    }
    words
}

/// A row of a model's tables, all in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableRow {
    /// The service.
    pub service: String,
    /// The component, or `allocation`.
    pub component: String,
    /// The regime; `any` for all.
    pub regime: String,
    /// The level with its points: `2 (16-25)`; empty where there is none.
    pub level: String,
    /// The variant; empty where there is none.
    pub variant: String,
    /// Per what.
    pub unit: String,
    /// SEK.
    pub amount: String,
    /// Document and place.
    pub source: String,
    /// What needs saying about it; often empty.
    pub note: String,
}

/// All amounts of a model as rows, in the order of its file; then its allocations, and its aliases as notes.
#[must_use]
pub fn table(model: &Model) -> Vec<TableRow> {
    model.services.iter().flat_map(rows).collect()
}

fn rows(terms: &ServiceTerms) -> Vec<TableRow> {
    let level = |level: Option<Level>| {
        level.map_or_else(String::new, |level| {
            points(terms.scale.as_ref(), level)
                .map_or_else(|| level.to_string(), |p| format!("{level} ({p})"))
        })
    };
    let amounts = terms.amounts.iter().map(|a| TableRow {
        service: terms.service.to_string(),
        component: a.component.to_string(),
        regime: a.regime.map_or_else(|| "any".to_owned(), |r| r.to_string()),
        level: level(a.level),
        variant: a.variant.map_or_else(String::new, |v| terms.variant_key(v).to_owned()),
        unit: a.unit.to_string(),
        amount: a.price.to_string(),
        source: format!("{}, {}", a.source.document, a.source.place),
        note: a.note.clone().unwrap_or_default(),
    });
    let aliases = terms.aliases.iter().map(|a| TableRow {
        service: terms.service.to_string(),
        component: a.component.to_string(),
        regime: a.regime.to_string(),
        level: String::new(),
        variant: String::new(),
        unit: String::new(),
        amount: format!("as {}", a.amount_of),
        source: String::new(),
        note: a.note.clone(),
    });
    let allocations = terms.allocations.iter().map(|a| TableRow {
        service: terms.service.to_string(),
        component: "allocation".to_owned(),
        regime: "any".to_owned(),
        level: level(Some(a.level)),
        variant: a.variant.clone(),
        unit: crate::PriceUnit::Year.to_string(),
        amount: a.per_year.to_string(),
        source: format!("{}, {}", a.source.document, a.source.place),
        note: String::new(),
    });
    amounts.chain(aliases).chain(allocations).collect()
}

fn points(scale: Option<&Scale>, level: Level) -> Option<String> {
    let band = scale?.bands.iter().find(|b| b.level == level)?;
    Some(band.to.map_or_else(|| format!("{}-", band.from), |to| format!("{}-{to}", band.from)))
}
