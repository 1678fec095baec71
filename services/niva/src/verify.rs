//! `niva verify`: whether what a part keeps for good is what was written.

use clap::Args;
use clap::builder::PossibleValuesParser;
use niva_config::{DatabaseOptions, TelemetryOptions, Wrong};
use niva_store::Database;

use crate::failure::{Doing, Failure};
use crate::parts::PARTS;
use crate::runtime;
use crate::screen::show;

/// Options of `verify`.
#[derive(Debug, Clone, Args)]
pub(crate) struct Options {
    /// Whose database.
    #[arg(value_parser = PossibleValuesParser::new(PARTS.each_ref().map(|part| part.name)))]
    part: String,
    #[command(flatten)]
    database: DatabaseOptions,
    #[command(flatten)]
    telemetry: TelemetryOptions,
}

/// `niva verify`: shows each finding on a line, and fails when there is one.
pub(crate) fn run(options: &Options) -> Result<(), Failure> {
    let mut wrong = Wrong::default();
    let url = options.database.check(&mut wrong);
    let telemetry = options.telemetry.check("niva", runtime::QUIET, &mut wrong);
    let part = PARTS.iter().find(|part| part.name == options.part);
    let made = || Some((url?, telemetry?, part?));
    let (url, telemetry, part) = wrong.finish(made()).map_err(Failure::configuration)?;
    let findings = runtime::block_on(&telemetry, async {
        let db = Database::connect(&url).await.map_err(Failure::configuration)?;
        (part.verify)(&db).await.doing(format_args!("verify the database of {}", part.name))
    })?;
    for finding in &findings {
        show(finding);
    }
    match findings.len() {
        0 => {
            show(format_args!("{}: everything is as it was written", part.name));
            Ok(())
        }
        found => Err(Failure::failed(format_args!("{}: {found} findings, see above", part.name))),
    }
}
