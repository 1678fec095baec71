//! `niva quote`: the compensation of one case from a file, by the very call that the service answers.

mod case;

use std::path::PathBuf;

use clap::Args;
use niva_config::ModelOptions;
use niva_proto::payment::v1::{CalculateCompensationResponse, CompensationLine};

use case::QuoteFile;

use crate::failure::Failure;
use crate::screen::{count, kronor, show, table};
use crate::wire;

/// Options of `quote`.
#[derive(Debug, Clone, Args)]
pub(crate) struct Options {
    /// The case, as JSON. Two examples are in services/niva/cases.
    #[arg(long)]
    file: PathBuf,
    #[command(flatten)]
    models: ModelOptions,
}

/// Reads a case, calculates it and prints lines, holds and explanations.
pub(crate) fn run(options: &Options) -> Result<(), Failure> {
    let name = options.file.display();
    let text = std::fs::read_to_string(&options.file).map_err(|e| {
        Failure::configuration(format_args!("{name} cannot be read: {e}; check the name and who may read it"))
    })?;
    let quote = QuoteFile::parse(&text)
        .map_err(|e| Failure::failed(format_args!("{name}:{}:{}: {e}", e.line(), e.column())))?;
    let answer = calculate(&quote, &options.models)?;
    if !quote.title.is_empty() {
        show(&quote.title);
    }
    print(&answer);
    Ok(())
}

/// Calculates a case with the shipped models, and the city's own where a folder is given.
fn calculate(quote: &QuoteFile, models: &ModelOptions) -> Result<CalculateCompensationResponse, Failure> {
    let catalogue = models.catalogue().map_err(Failure::configuration)?;
    let today = niva_base::Clock::system().today();
    niva_payment::calculate(&quote.request(), &catalogue, &catalogue.services, today).map_err(|e| {
        let status = niva_rpc::status(e);
        let mut words = format!("the case is refused: {}", status.message());
        for (field, description) in niva_rpc::violations(&status) {
            words.push_str(&format!("\n  {field}: {description}"));
        }
        Failure::failed(words)
    })
}

fn print(answer: &CalculateCompensationResponse) {
    let rows = answer.lines.iter().map(row);
    let columns =
        ["component", "days", "level", "variant", "regime", "quantity", "per", "price", "amount", "settled"];
    show(table(&columns, &[5, 7, 8], rows));
    if !answer.holds.is_empty() {
        show("\nHeld: should be paid, and is not yet");
        let rows = answer.holds.iter().map(|hold| {
            vec![
                wire::component_name(hold.component),
                days(hold.days),
                wire::hold_name(hold.reason),
                hold.message.clone(),
            ]
        });
        show(table(&["component", "days", "reason", "what to do"], &[], rows));
    }
    show(format_args!("\nTotal {}", kronor(wire::ore(answer.total))));
    show("\nWhy");
    for line in &answer.lines {
        show(format_args!("{} {}", wire::component_name(line.component), days(line.days)));
        let Some(why) = &line.explanation else { continue };
        for sentence in why.sentences.iter().chain(&why.rules) {
            show(format_args!("  {sentence}"));
        }
        show(format_args!("  Model {} ({}).", why.model_id, why.model_title));
        if !why.source_document.is_empty() {
            show(format_args!("  Source of the amount: {}, {}.", why.source_document, why.source_place));
        }
    }
}

fn row(line: &CompensationLine) -> Vec<String> {
    vec![
        wire::component_name(line.component),
        days(line.days),
        line.level.map_or_else(String::new, |l| l.value.to_string()),
        line.variant.clone(),
        wire::regime_name(line.regime),
        count(line.quantity),
        wire::unit_name(line.unit),
        kronor(wire::ore(line.unit_price)),
        kronor(wire::ore(line.amount)),
        wire::settlement_name(line.settlement),
    ]
}

fn days(days: Option<niva_proto::common::v1::DateInterval>) -> String {
    let days = days.unwrap_or_default();
    let text = |day| wire::day(day).map_or_else(String::new, |d| d.to_string());
    format!("{} – {}", text(days.first), text(days.last))
}
