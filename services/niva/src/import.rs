//! `niva import`: a city's files into running services.

use std::path::PathBuf;

use clap::Args;
use niva_city::{Endpoints, Source};
use niva_kit::Clock;
use niva_kit::auth::{Caller, Role};
use niva_kit::client::{Credentials, Endpoint};

use crate::failure::Failure;
use crate::runtime;
use crate::screen::{count, show};

/// Options of `import`.
#[derive(Debug, Clone, Args)]
pub(crate) struct Options {
    /// Folder with the city's files.
    folder: PathBuf,
    /// Where assessment is.
    #[arg(long, env = "NIVA_ASSESSMENT", value_name = "URI", default_value = "http://127.0.0.1:7401")]
    assessment: String,
    /// Where choice is.
    #[arg(long, env = "NIVA_CHOICE", value_name = "URI", default_value = "http://127.0.0.1:7402")]
    choice: String,
    /// Where payment is.
    #[arg(long, env = "NIVA_PAYMENT", value_name = "URI", default_value = "http://127.0.0.1:7403")]
    payment: String,
    /// Token with the role `service`. Without it one is made by the local issuer.
    #[arg(long, env = "NIVA_SERVICE_TOKEN", hide_env_values = true)]
    service_token: Option<String>,
    /// Folder of the local issuer's key.
    #[arg(long, env = "NIVA_ISSUER_DIR", default_value = ".niva")]
    issuer_dir: PathBuf,
}

/// `niva import`.
pub(crate) fn run(options: &Options) -> Result<(), Failure> {
    runtime::block_on(&runtime::QUIET, import(options))
}

async fn import(options: &Options) -> Result<(), Failure> {
    let city = niva_city::read(Source::Folder(&options.folder), &crate::shipped::city()?.districts)
        .map_err(Failure::failed)?;
    let credentials = match &options.service_token {
        Some(token) => Credentials::bearer(token),
        None => {
            let issuer = crate::shipped::local_issuer(&options.issuer_dir)?;
            let roles = [Role::Service, Role::Importer, Role::FeedReader];
            Credentials::minted(&issuer, Caller::new("importer", roles), &Clock::system())
        }
    };
    let endpoint = |uri: &str| Endpoint::tcp(uri).map_err(Failure::configuration);
    let endpoints = Endpoints {
        assessment: endpoint(&options.assessment)?,
        choice: endpoint(&options.choice)?,
        payment: endpoint(&options.payment)?,
    };
    let imported =
        niva_city::import::import(&endpoints.clients(&credentials), &city).await.map_err(Failure::failed)?;
    let (a, c) = (imported.assessment, imported.choice);
    show(format_args!(
        "Imported {} persons, {} grants, {} measurements ({} facts are new, {} corrected); {} providers, {} units, {} placements; {} facts of attendance. \
         Importing the same files again does nothing twice.",
        count(rows(&city.persons)),
        count(rows(&city.grants)),
        count(rows(&city.measurements)),
        count(a.created),
        count(a.corrected),
        count(c.providers),
        count(c.units),
        count(c.placements),
        count(imported.payment.facts),
    ));
    Ok(())
}

fn rows<T>(rows: &[T]) -> i64 {
    i64::try_from(rows.len()).unwrap_or(i64::MAX)
}
