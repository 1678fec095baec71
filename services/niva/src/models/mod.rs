//! `niva models`: a look at compensation models.

mod check;
mod show;

use std::path::PathBuf;

use clap::Subcommand;
use niva_config::ModelOptions;
use niva_names::ModelId;

use crate::failure::Failure;

/// Commands on models.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Check model files, and print identities, anomalies and ages.
    Check {
        /// Files to check instead of the shipped ones.
        files: Vec<PathBuf>,
        #[command(flatten)]
        models: ModelOptions,
    },
    /// Print a model's tables with the source of every amount.
    Show {
        /// Its id, such as socialpsychiatry-2010.
        model: ModelId,
        #[command(flatten)]
        models: ModelOptions,
    },
}

/// `niva models`.
pub(crate) fn run(command: Command) -> Result<(), Failure> {
    match command {
        Command::Check { files, models } => check::run(&files, &models),
        Command::Show { model, models } => show::run(&model, &models),
    }
}
