//! The tables of amounts. A row of the file is a row of the printed table; the columns say what its numbers are.

use std::ops::Range;

use niva_money::Ore;
use niva_names::file::{Problems, Source};

use super::{
    common::Common,
    read::{self, Section, Value},
};
use crate::{Allocation, Amount, Component, Level, PriceUnit, Regime, ServiceTerms, Variant};

/// What the numbers of a column are.
#[derive(Debug, Clone)]
enum Column {
    /// The row's level.
    Level,
    /// An amount for a regime, or for all of them.
    Price(Option<Regime>),
    /// An allocation for the variant with this key.
    Allocation(String),
}

/// What holds for all cells of a table.
struct Table {
    component: Component,
    variant: Option<Variant>,
    unit: PriceUnit,
    source: Source,
    note: Option<String>,
}

/// What became of the tables of a service.
#[derive(Default)]
pub(super) struct Tables {
    /// Where each amount stands.
    pub(super) places: Vec<Range<usize>>,
    /// Whether a part could not be read, so that an amount may be there and still not be found.
    pub(super) unreadable: bool,
    /// Whether the service's levels could be read, so that others are wrong.
    levels_known: bool,
}

/// Reads `[[service.amounts]]` and `[[service.allocations]]` into `terms`.
pub(super) fn read(
    service: &mut Section<'_>,
    terms: &mut ServiceTerms,
    levels_known: bool,
    common: &Common<'_>,
    problems: &mut Problems<'_>,
) -> Tables {
    let mut tables = Tables { unreadable: !levels_known, levels_known, ..Tables::default() };
    for mut section in service.tables("amounts", "a table of amounts", problems) {
        let component = section.need_name("pays", problems);
        let unit = section.get("unit").map_or(Some(terms.unit), |v| read::name(v, problems));
        let key = section.get("variant");
        let variant = key.and_then(|v| variant(v, terms, problems));
        let variant_key = variant.map(|v| terms.variant_key(v).to_owned()).unwrap_or_default();
        let note = section.text("note", problems);
        let source = common.documents.source(&mut section, problems);
        let columns = columns(&mut section, problems, |value, problems| {
            price_column(value, &variant_key, terms, problems)
        });
        let cells = rows(&mut section, &columns, terms, &mut tables, problems);
        section.finish(problems);
        let unknown_variant = key.is_some() && variant.is_none();
        let (Some(component), Some(unit), Some(source), false) = (component, unit, source, unknown_variant)
        else {
            tables.unreadable = true;
            continue;
        };
        let table = Table { component, variant, unit, source, note };
        for cell in cells {
            cell.store(&table, terms, &mut tables.places, problems);
        }
    }
    for mut section in service.tables("allocations", "a table of allocations", problems) {
        let source = common.documents.source(&mut section, problems);
        let columns = columns(&mut section, problems, |value, problems| {
            let variant = variant(value, terms, problems)?;
            Some(Column::Allocation(terms.variant_key(variant).to_owned()))
        });
        let cells = rows(&mut section, &columns, terms, &mut tables, problems);
        section.finish(problems);
        let Some(source) = source else { continue };
        let table =
            Table { component: Component::Rate, variant: None, unit: PriceUnit::Year, source, note: None };
        for cell in cells {
            cell.store(&table, terms, &mut tables.places, problems);
        }
    }
    tables
}

fn variant(value: Value<'_>, terms: &ServiceTerms, problems: &mut Problems<'_>) -> Option<Variant> {
    let key = read::text(value, problems)?;
    let variant = terms.variant_named(&key);
    if variant.is_none() {
        let known: Vec<&str> = terms.variants.iter().map(|rule| rule.key.as_str()).collect();
        let to_do = if known.is_empty() {
            "the service has no variants: add them with [[service.variants]]".to_owned()
        } else {
            format!("use one of: {}", known.join(", "))
        };
        problems.add(&value.span(), format!("`{key}` is none of the service's variants"), to_do);
    }
    variant
}

fn price_column(
    value: Value<'_>,
    variant: &str,
    terms: &ServiceTerms,
    problems: &mut Problems<'_>,
) -> Option<Column> {
    let text = read::text(value, problems)?;
    let regime: Option<Regime> = match text.as_str() {
        "any" => return Some(Column::Price(None)),
        "allocation" => return Some(Column::Allocation(variant.to_owned())),
        other => other.parse().ok(),
    };
    let regime = regime.filter(|r| terms.regimes.contains(r));
    if regime.is_none() {
        let known: Vec<&str> = terms.regimes.iter().map(|r| r.as_str()).collect();
        problems.add(
            &value.span(),
            format!("`{text}` is no column here"),
            format!("use level, allocation, any, or a regime of the service: {}", known.join(", ")),
        );
    }
    regime.map(|r| Column::Price(Some(r)))
}

fn columns(
    section: &mut Section<'_>,
    problems: &mut Problems<'_>,
    mut other: impl FnMut(Value<'_>, &mut Problems<'_>) -> Option<Column>,
) -> Vec<Option<Column>> {
    let Some(value) = section.need("columns", problems) else { return Vec::new() };
    let values = read::list(value, problems).unwrap_or_default();
    let mut columns = Vec::with_capacity(values.len());
    for value in values {
        let is_level = value.get_ref().as_str() == Some("level");
        columns.push(if is_level { Some(Column::Level) } else { other(value, problems) });
    }
    columns
}

/// A number of a table.
struct Cell {
    column: Column,
    level: Option<Level>,
    price: Ore,
    at: Range<usize>,
}

fn rows(
    section: &mut Section<'_>,
    columns: &[Option<Column>],
    terms: &ServiceTerms,
    tables: &mut Tables,
    problems: &mut Problems<'_>,
) -> Vec<Cell> {
    tables.unreadable |= columns.iter().any(Option::is_none);
    let Some(value) = section.need("rows", problems) else { return Vec::new() };
    let mut cells = Vec::new();
    for row in read::list(value, problems).unwrap_or_default() {
        let Some(values) = read::list(row, problems) else {
            tables.unreadable = true;
            continue;
        };
        if values.len() != columns.len() {
            let what = format!("the row has {} cells for {} columns", values.len(), columns.len());
            problems.add(&row.span(), what, "give the row a cell for each column");
            tables.unreadable = true;
            continue;
        }
        let mut level = None;
        for (column, value) in columns.iter().zip(values) {
            match column {
                None => {}
                Some(Column::Level) => {
                    level = read::level(value, problems);
                    tables.unreadable |= level.is_none();
                    if tables.levels_known {
                        known_level(value, level, terms, problems);
                    }
                }
                Some(column) => {
                    // After a problem the file is refused: any amount will do to see what else is wrong.
                    let price = read::amount(value, problems).unwrap_or_default();
                    cells.push(Cell { column: column.clone(), level, price, at: value.span() });
                }
            }
        }
    }
    cells
}

fn known_level(value: Value<'_>, level: Option<Level>, terms: &ServiceTerms, problems: &mut Problems<'_>) {
    let Some(level) = level.filter(|level| !terms.levels.contains(level)) else { return };
    let known: Vec<String> = terms.levels.iter().map(ToString::to_string).collect();
    let to_do = if known.is_empty() {
        "the service has no levels: add `levels = […]` or [service.scale]".to_owned()
    } else {
        format!("use one of: {}", known.join(", "))
    };
    problems.add(&value.span(), format!("level {level} is none of the service's levels"), to_do);
}

impl Cell {
    fn store(
        self,
        table: &Table,
        terms: &mut ServiceTerms,
        places: &mut Vec<Range<usize>>,
        problems: &mut Problems<'_>,
    ) {
        match self.column {
            Column::Level => {}
            Column::Price(regime) => {
                places.push(self.at);
                terms.amounts.push(Amount {
                    component: table.component,
                    regime,
                    level: self.level,
                    variant: table.variant,
                    unit: table.unit,
                    price: self.price,
                    source: table.source.clone(),
                    note: table.note.clone(),
                });
            }
            Column::Allocation(variant) => {
                let Some(level) = self.level else {
                    problems.add(&self.at, "the allocation has no level", "make `level` the first column");
                    return;
                };
                if terms.allocations.iter().any(|a| a.level == level && a.variant == variant) {
                    let what = format!("level {level} of `{variant}` has an allocation already");
                    problems.add(&self.at, what, "remove one of the two");
                }
                let source = table.source.clone();
                terms.allocations.push(Allocation { level, variant, per_year: self.price, source });
            }
        }
    }
}
