//! `niva migrate`: a service's database, brought up to date.

use clap::Args;
use niva_kit::Database;

use crate::failure::Failure;
use crate::runtime;
use crate::serve::{Role, migrate};

/// Options of `migrate`.
#[derive(Debug, Clone, Args)]
pub(crate) struct Options {
    /// Which service.
    role: Role,
    /// `sqlite://PATH?mode=rwc` or `postgres://USER@HOST:PORT/NAME`.
    #[arg(long, env = "NIVA_DATABASE_URL", hide_env_values = true)]
    database_url: String,
}

/// `niva migrate`.
pub(crate) fn run(options: &Options) -> Result<(), Failure> {
    runtime::block_on(&runtime::QUIET, async {
        let db = Database::connect(&options.database_url).await.map_err(Failure::configuration)?;
        migrate(options.role, &db).await
    })
}
