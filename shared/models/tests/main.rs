//! The shipped models against the published figures, and the loader against bad files.
#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests fail by panicking")]

mod bad_files;
mod checks;
mod published;
mod rates;
mod statistics;

use std::sync::Arc;

use niva_calendar::NaiveDate;
use niva_models::{Catalogue, Model, ServiceTerms};
use niva_names::{ServiceCatalogue, ServiceKey};

fn city() -> Arc<ServiceCatalogue> {
    Arc::new(ServiceCatalogue::shipped().unwrap_or_else(|e| panic!("{e}")))
}

fn shipped() -> Catalogue {
    Catalogue::shipped().unwrap_or_else(|e| panic!("{e}"))
}

fn terms<'c>(catalogue: &'c Catalogue, model: &str, service: ServiceKey) -> &'c ServiceTerms {
    self::model(catalogue, model).terms(service).unwrap_or_else(|| panic!("{model} lacks {service}"))
}

fn model<'c>(catalogue: &'c Catalogue, id: &str) -> &'c Model {
    catalogue.model(&id.into()).unwrap_or_else(|| panic!("no model {id}"))
}

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

/// The rows of a CSV file without quotes: header and comments left out, cells by column name.
fn rows(text: &str) -> Vec<std::collections::BTreeMap<&str, &str>> {
    let mut lines = text.lines().filter(|l| !l.starts_with('#') && !l.is_empty());
    let header: Vec<&str> = lines.next().unwrap().split(',').collect();
    lines
        .map(|line| {
            let cells: Vec<&str> = line.split(',').collect();
            assert_eq!(cells.len(), header.len(), "{line}");
            header.iter().copied().zip(cells).collect()
        })
        .collect()
}
