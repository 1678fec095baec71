//! `niva models`: a look at compensation models.

mod check;
mod show;

use std::path::PathBuf;

use clap::Subcommand;

use crate::failure::Failure;

/// Commands on models.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Check model files, and print identities, anomalies and ages.
    Check {
        /// Files to check instead of the shipped ones.
        files: Vec<PathBuf>,
        /// Folder with the city's own model files.
        #[arg(long, env = "NIVA_MODELS")]
        models: Option<PathBuf>,
    },
    /// Print a model's tables with the source of every amount.
    Show {
        /// Its id, such as socialpsychiatry-2010.
        model: String,
        /// Folder with the city's own model files.
        #[arg(long, env = "NIVA_MODELS")]
        models: Option<PathBuf>,
    },
}

/// `niva models`.
pub(crate) fn run(command: Command) -> Result<(), Failure> {
    match command {
        Command::Check { files, models } => check::run(&files, models.as_deref()),
        Command::Show { model, models } => show::run(&model, models.as_deref()),
    }
}
