//! `niva import`: a city's files into running services.

use std::path::PathBuf;

use clap::Args;
use niva_access::{Caller, Role};
use niva_base::Clock;
use niva_city::{CityData, Endpoints, Source};
use niva_config::{
    CatalogueOptions, LocalIssuerOptions, TelemetryOptions, TlsOptions, ToAssessment, ToChoice, Wrong,
};
use niva_rpc::client::Credentials;

use crate::failure::Failure;
use crate::runtime;
use crate::screen::{count, show};

/// Options of `import`.
#[derive(Debug, Clone, Args)]
pub(crate) struct Options {
    /// Folder with the city's files.
    folder: PathBuf,
    #[command(flatten)]
    catalogue: CatalogueOptions,
    #[command(flatten)]
    assessment: ToAssessment,
    #[command(flatten)]
    choice: ToChoice,
    /// Where payment is.
    #[arg(long, env = "NIVA_PAYMENT", value_name = "URI", default_value = "http://127.0.0.1:7403")]
    payment: String,
    /// Token with the roles `service` and `importer`. Without it one is made by the local issuer.
    #[arg(long, env = "NIVA_SERVICE_TOKEN", value_name = "TOKEN", hide_env_values = true)]
    service_token: Option<String>,
    #[command(flatten)]
    tls: TlsOptions,
    #[command(flatten)]
    issuer: LocalIssuerOptions,
    #[command(flatten)]
    telemetry: TelemetryOptions,
}

/// What imports and waits until its facts have arrived.
const ROLES: [Role; 2] = [Role::Importer, Role::FeedReader];

/// `niva import`.
pub(crate) fn run(options: &Options) -> Result<(), Failure> {
    let mut wrong = Wrong::default();
    let tls = options.tls.check(&mut wrong);
    let assessment = options.assessment.check(tls.as_ref(), &mut wrong);
    let choice = options.choice.check(tls.as_ref(), &mut wrong);
    let payment = niva_config::endpoint("--payment", &options.payment, tls.as_ref(), &mut wrong);
    let credentials = match &options.service_token {
        Some(token) => Some(Credentials::bearer(token)),
        None => wrong
            .take("--issuer-dir", options.issuer.open())
            .map(|issuer| Credentials::minted(&issuer, Caller::new("importer", ROLES), &Clock::system())),
    };
    let city = wrong.take("--catalogue", options.catalogue.services());
    let telemetry = options.telemetry.check("niva", runtime::QUIET, &mut wrong);
    let made = || {
        let endpoints = Endpoints { assessment: assessment?, choice: choice?, payment: payment? };
        Some((endpoints, credentials?, city?, telemetry?))
    };
    let (endpoints, credentials, city, telemetry) = wrong.finish(made()).map_err(Failure::configuration)?;
    let files = niva_city::read(Source::Folder(&options.folder), &city).map_err(Failure::failed)?;
    runtime::block_on(&telemetry, import(&endpoints, &credentials, &files))
}

async fn import(endpoints: &Endpoints, credentials: &Credentials, files: &CityData) -> Result<(), Failure> {
    let imported =
        niva_city::import::import(&endpoints.clients(credentials), files).await.map_err(Failure::failed)?;
    let (a, c) = (&imported.assessment, &imported.choice);
    show(format_args!(
        "Imported {} persons, {} grants, {} measurements ({} facts are new, {} corrected); {} providers, {} units, {} placements \
         ({} facts are new, {} corrected); {} facts of attendance. Importing the same files again does nothing twice.",
        count(rows(&files.persons)),
        count(rows(&files.grants)),
        count(rows(&files.measurements)),
        count(a.created),
        count(a.corrected),
        count(rows(&files.providers)),
        count(rows(&files.units)),
        count(rows(&files.placements)),
        count(c.created),
        count(c.corrected),
        count(imported.payment.records),
    ));
    Ok(())
}

fn rows<T>(rows: &[T]) -> i64 {
    i64::try_from(rows.len()).unwrap_or(i64::MAX)
}
