//! Lines as comma-separated values (RFC 4180), in UTF-8, with a head.

use crate::{About, CannotSay, Content, Driver, Format, Line, Part, kronor};

/// A row for each line of the run.
pub(crate) struct LinesCsv;

const HEAD: [&str; 19] = [
    "line",
    "service",
    "month",
    "component",
    "first_day",
    "last_day",
    "regime",
    "price_per",
    "quantity",
    "unit_price",
    "amount",
    "payer_district",
    "provider",
    "payee_district",
    "unit",
    "settlement",
    "reversal",
    "corrects",
    "model",
];

impl Driver for LinesCsv {
    fn format(&self) -> Format {
        Format {
            key: "lines_csv",
            title: "CSV: the run's lines, without persons",
            media_type: "text/csv; charset=utf-8; header=present",
            extension: "csv",
            content: Content::Lines,
        }
    }

    fn write(&self, _: &About<'_>, part: &Part<'_>, out: &mut Vec<u8>) -> Result<(), CannotSay> {
        match part {
            Part::Begin => record(out, HEAD.map(str::to_owned)),
            Part::Line(line) => record(out, fields(line)),
            Part::End => Ok(()),
            _ => Err(CannotSay::Part),
        }
    }
}

fn record<const N: usize>(out: &mut Vec<u8>, fields: [String; N]) -> Result<(), CannotSay> {
    let broken = |error: csv::Error| CannotSay::Writer(error.to_string());
    let mut writer =
        csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).buffer_capacity(512).from_writer(out);
    writer.write_record(fields).map_err(broken)?;
    writer.flush().map_err(|error| CannotSay::Writer(error.to_string()))
}

fn fields(line: &Line<'_>) -> [String; HEAD.len()] {
    let p = line.payable;
    [
        text(&line.id),
        text(line.service),
        p.month.to_string(),
        p.component.to_string(),
        p.days.first.to_string(),
        p.days.last.to_string(),
        p.regime.to_string(),
        p.unit.to_string(),
        p.quantity.to_string(),
        kronor(p.unit_price),
        kronor(p.amount),
        text(p.payer.as_str()),
        text(p.provider_id.as_str()),
        text(p.payee_district.as_str()),
        text(p.unit_id.as_str()),
        p.settlement.to_string(),
        line.reversal.to_string(),
        text(&line.corrects),
        text(&p.model_id),
    ]
}

/// A text that no spreadsheet takes for a formula.
fn text(given: &str) -> String {
    if given.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{given}") } else { given.to_owned() }
}
