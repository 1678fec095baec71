//! `niva migrate`: a part's database, brought up to date.

use clap::Args;
use clap::builder::PossibleValuesParser;
use niva_config::{DatabaseOptions, TelemetryOptions, Wrong};
use niva_store::Database;

use crate::failure::{Doing, Failure};
use crate::parts::PARTS;
use crate::runtime;

/// Options of `migrate`.
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

/// `niva migrate`.
pub(crate) fn run(options: &Options) -> Result<(), Failure> {
    let mut wrong = Wrong::default();
    let url = options.database.check(&mut wrong);
    let telemetry = options.telemetry.check("niva", runtime::QUIET, &mut wrong);
    let part = PARTS.iter().find(|part| part.name == options.part);
    let made = || Some((url?, telemetry?, part?));
    let (url, telemetry, part) = wrong.finish(made()).map_err(Failure::configuration)?;
    runtime::block_on(&telemetry, async {
        let db = Database::connect(&url).await.map_err(Failure::configuration)?;
        (part.migrate)(&db).await.doing(format_args!("migrate the database of {}", part.name))
    })
}
