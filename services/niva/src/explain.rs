//! `niva explain`: why a line of the ledger pays what it pays.

use clap::Args;
use niva_config::{DatabaseOptions, TelemetryOptions, Wrong};
use niva_names::PaymentLineId;
use niva_store::Database;

use crate::failure::{Doing, Failure};
use crate::parts::PARTS;
use crate::runtime;
use crate::screen::show;

/// Options of `explain`.
#[derive(Debug, Clone, Args)]
pub(crate) struct Options {
    /// A payment line, such as 2024-03.1/17.
    line: PaymentLineId,
    #[command(flatten)]
    database: DatabaseOptions,
    #[command(flatten)]
    telemetry: TelemetryOptions,
}

/// `niva explain`: by the facts and the models that the line's run knew, read from the database of payment alone.
pub(crate) fn run(options: &Options) -> Result<(), Failure> {
    let mut wrong = Wrong::default();
    let url = options.database.check(&mut wrong);
    let telemetry = options.telemetry.check("niva", runtime::QUIET, &mut wrong);
    let (url, telemetry) = wrong.finish(url.zip(telemetry)).map_err(Failure::configuration)?;
    let found = runtime::block_on(&telemetry, async {
        let db = Database::connect(&url).await.map_err(Failure::configuration)?;
        let payment = PARTS.iter().find(|part| part.name == "payment");
        match payment {
            Some(part) => {
                (part.explain)(&db, &options.line).await.doing(format_args!("explain {}", options.line))
            }
            None => Ok(None),
        }
    })?;
    let words =
        found.ok_or_else(|| Failure::failed(format_args!("there is no payment line {}", options.line)))?;
    words.iter().for_each(show);
    Ok(())
}
