//! `niva import`: a city's files into running services.

use std::path::PathBuf;

use clap::Args;
use niva_access::{Caller, LocalIssuer, Role};
use niva_city::{CityData, Endpoints, Source};
use niva_config::{
    CatalogueOptions, LocalIssuerOptions, TelemetryOptions, TlsOptions, ToAssessment, ToChoice, TokenFile,
    TokenOptions, Wrong,
};
use niva_rpc::client::Credentials;
use tokio_util::sync::CancellationToken;

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
    #[command(flatten)]
    token: TokenOptions,
    #[command(flatten)]
    tls: TlsOptions,
    #[command(flatten)]
    issuer: LocalIssuerOptions,
    #[command(flatten)]
    telemetry: TelemetryOptions,
}

/// As whom to import.
enum Importer {
    /// Whom a token names.
    Somebody(TokenFile),
    /// Whom the local issuer lets be anybody.
    Ours(LocalIssuer),
}

impl Importer {
    fn credentials(&self, ended: &CancellationToken) -> Credentials {
        match self {
            Self::Somebody(file) => file.credentials(ended),
            Self::Ours(issuer) => Credentials::minted(issuer, Caller::new("importer", ROLES)),
        }
    }
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
    let caller = match options.token.is_given() {
        true => options.token.check(&mut wrong).map(Importer::Somebody),
        false => wrong.take("--issuer-dir", options.issuer.open()).map(Importer::Ours),
    };
    let city = wrong.take("--catalogue", options.catalogue.services());
    let telemetry = options.telemetry.check("niva", runtime::QUIET, &mut wrong);
    let made = || {
        let endpoints = Endpoints { assessment: assessment?, choice: choice?, payment: payment? };
        Some((endpoints, caller?, city?, telemetry?))
    };
    let (endpoints, caller, city, telemetry) = wrong.finish(made()).map_err(Failure::configuration)?;
    let files = niva_city::read(Source::Folder(&options.folder), &city).map_err(Failure::failed)?;
    runtime::block_on(&telemetry, import(&endpoints, &caller, &files))
}

async fn import(endpoints: &Endpoints, caller: &Importer, files: &CityData) -> Result<(), Failure> {
    let ended = CancellationToken::new();
    let clients = endpoints.clients(&caller.credentials(&ended));
    let imported = niva_city::import::import(&clients, files).await;
    ended.cancel();
    let imported = imported.map_err(Failure::failed)?;
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
