//! `niva city`: a city's files, made or checked.

use std::path::{Path, PathBuf};

use clap::Subcommand;
use niva_city::Source;
use niva_config::CatalogueOptions;

use crate::failure::{Doing, Failure};
use crate::screen::{count, show};

/// Commands on a city's files.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Write the files of a made-up city on the published counts.
    Generate {
        /// Folder to write into.
        folder: PathBuf,
        /// Another seed makes another city on the same counts.
        #[arg(long, default_value_t = niva_city::generate::SEED)]
        seed: u64,
        #[command(flatten)]
        catalogue: CatalogueOptions,
    },
    /// Check a city's files: every problem at once, with file, line and column.
    Check {
        /// Folder with the files.
        folder: PathBuf,
        #[command(flatten)]
        catalogue: CatalogueOptions,
    },
}

/// `niva city`.
pub(crate) fn run(command: Command) -> Result<(), Failure> {
    match command {
        Command::Generate { folder, seed, catalogue } => generate(&folder, seed, &catalogue),
        Command::Check { folder, catalogue } => check(&folder, &catalogue),
    }
}

/// `niva city generate FOLDER`.
fn generate(folder: &Path, seed: u64, catalogue: &CatalogueOptions) -> Result<(), Failure> {
    let services = catalogue.services().map_err(Failure::configuration)?;
    niva_city::generate::generate_into(folder, seed, &services)
        .doing(format_args!("write the city into {}", folder.display()))?;
    show(format_args!("A made-up city (seed {seed}) is in {}: see its README.md.", folder.display()));
    Ok(())
}

/// `niva city check FOLDER`.
fn check(folder: &Path, catalogue: &CatalogueOptions) -> Result<(), Failure> {
    let services = catalogue.services().map_err(Failure::configuration)?;
    let city = niva_city::read(Source::Folder(folder), &services).map_err(Failure::failed)?;
    let rows = [
        ("persons", city.persons.len()),
        ("grants", city.grants.len()),
        ("measurements", city.measurements.len()),
        ("providers", city.providers.len()),
        ("units", city.units.len()),
        ("placements", city.placements.len()),
        ("weekly schedules", city.schedules.len()),
        ("occasions", city.occasions.len()),
    ];
    for (what, number) in rows {
        show(format_args!("{:>8} {what}", count(i64::try_from(number).unwrap_or(i64::MAX))));
    }
    show("No problem was found.");
    Ok(())
}
