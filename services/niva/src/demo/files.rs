//! A run's lines as a file.

use std::io::Write;
use std::path::Path;

use niva_proto::payment::v1::PaymentLine;

use crate::failure::{Doing, Failure};
use crate::wire;

const COLUMNS: [&str; 23] = [
    "payment_line_id",
    "placement_id",
    "person_id",
    "service",
    "month",
    "component",
    "first",
    "last",
    "model_id",
    "level",
    "variant",
    "regime",
    "unit",
    "quantity",
    "unit_price_sek",
    "amount_sek",
    "payer_district",
    "provider_id",
    "unit_id",
    "settlement",
    "reversal",
    "corrects_line_id",
    "cause",
];

/// Writes lines as CSV: whole, or not at all.
pub(super) fn write_lines(path: &Path, lines: &[PaymentLine]) -> Result<(), Failure> {
    let aside = path.with_extension("csv.part");
    let written = || -> Result<(), Box<dyn std::error::Error>> {
        let mut file = csv::WriterBuilder::new().from_path(&aside)?;
        file.write_record(COLUMNS)?;
        for line in lines {
            file.write_record(cells(line))?;
        }
        let mut file = file.into_inner().map_err(|e| e.to_string())?;
        file.flush()?;
        file.sync_all()?;
        std::fs::rename(&aside, path)?;
        Ok(())
    };
    written().doing(format_args!("write {}", path.display()))
}

fn cells(line: &PaymentLine) -> [String; 23] {
    let day = |date| wire::day(date).map_or_else(String::new, |d| d.to_string());
    let days = line.days.unwrap_or_default();
    [
        line.payment_line_id.clone(),
        line.placement_id.clone(),
        line.person_id.clone(),
        line.service.clone(),
        wire::month_of(line.month).map_or_else(String::new, |m| m.to_string()),
        wire::component_name(line.component),
        day(days.first),
        day(days.last),
        line.model_id.clone(),
        line.level.map_or_else(String::new, |l| l.value.to_string()),
        line.variant.clone(),
        wire::regime_name(line.regime),
        wire::unit_name(line.unit),
        line.quantity.to_string(),
        wire::ore(line.unit_price).to_string(),
        wire::ore(line.amount).to_string(),
        line.payer_district.clone(),
        line.provider_id.clone(),
        line.unit_id.clone(),
        wire::settlement_name(line.settlement),
        if line.reversal { "yes" } else { "no" }.to_owned(),
        line.corrects_line_id.clone(),
        line.cause.clone(),
    ]
}
