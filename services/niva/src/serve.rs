//! The services, started and served: one role a process, or all in one.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use clap::{Args, ValueEnum};
use niva_calendar::Month;
use niva_kit::auth::{Caller, Policy, Role as CallerRole, Verifier};
use niva_kit::client::{Credentials, Endpoint};
use niva_kit::server::{Listen, RoleServer};
use niva_kit::telemetry::DEFAULT_FILTER;
use niva_kit::{Clock, Database, Ids};
use niva_models::{Catalogue, City};
use tokio_util::sync::CancellationToken;
use tonic::service::Routes;

use crate::failure::{Doing, Failure};
use crate::runtime::{self, Telemetry};

/// Time for an import: a whole city in one transaction.
const IMPORT_TIME: Duration = Duration::from_secs(15 * 60);
/// Time for a call that may be a preview of a whole month's run.
const PREVIEW_TIME: Duration = Duration::from_secs(15 * 60);

/// Time for what a service does in the background to end.
const DRAIN: Duration = Duration::from_secs(10);

/// A service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Role {
    /// Persons, grants, measurements, levels.
    Assessment,
    /// Providers, units, wishes, offers, placements.
    Choice,
    /// Compensation and payment runs.
    Payment,
}

impl Role {
    /// `assessment`.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Assessment => "assessment",
            Self::Choice => "choice",
            Self::Payment => "payment",
        }
    }

    /// The port it listens on when none is given.
    pub(crate) const fn port(self) -> u16 {
        match self {
            Self::Assessment => 7401,
            Self::Choice => 7402,
            Self::Payment => 7403,
        }
    }
}

/// Options of `serve`.
#[derive(Debug, Clone, Args)]
pub(crate) struct Options {
    /// Which service.
    pub(crate) role: Role,
    /// Address to listen on: 127.0.0.1 and port 7401 (assessment), 7402 (choice) or 7403 (payment) when not given.
    #[arg(long, env = "NIVA_LISTEN")]
    pub(crate) listen: Option<SocketAddr>,
    /// `sqlite://PATH?mode=rwc` or `postgres://USER@HOST:PORT/NAME`, brought up to date by `niva migrate`.
    #[arg(long, env = "NIVA_DATABASE_URL", hide_env_values = true)]
    pub(crate) database_url: String,
    /// Where assessment is (choice and payment need it).
    #[arg(long, env = "NIVA_ASSESSMENT", value_name = "URI", default_value = "http://127.0.0.1:7401")]
    pub(crate) assessment: String,
    /// Where choice is (payment needs it).
    #[arg(long, env = "NIVA_CHOICE", value_name = "URI", default_value = "http://127.0.0.1:7402")]
    pub(crate) choice: String,
    /// Issuer of callers' tokens (`iss`). Without it the local issuer is trusted, and only loopback is listened on.
    #[arg(long, env = "NIVA_ISSUER", value_name = "URL", requires = "jwks")]
    pub(crate) issuer: Option<String>,
    /// File with the issuer's public keys (JWK set).
    #[arg(long, env = "NIVA_JWKS", value_name = "FILE", requires = "issuer")]
    pub(crate) jwks: Option<PathBuf>,
    /// Token that this service shows the others, with the role `service`, where an issuer is given.
    #[arg(long, env = "NIVA_SERVICE_TOKEN", hide_env_values = true)]
    pub(crate) service_token: Option<String>,
    /// Folder of the local issuer's key.
    #[arg(long, env = "NIVA_ISSUER_DIR", default_value = ".niva")]
    pub(crate) issuer_dir: PathBuf,
    /// Folder with the city's own model files.
    #[arg(long, env = "NIVA_MODELS")]
    pub(crate) models: Option<PathBuf>,
    /// File with the instant that counts as the present (RFC 3339), for tests across processes.
    #[arg(long, env = "NIVA_CLOCK_FILE")]
    pub(crate) clock_file: Option<PathBuf>,
    /// Decide levels with the example instruments (assessment).
    #[arg(long, env = "NIVA_ALLOW_EXAMPLE_INSTRUMENTS")]
    pub(crate) allow_example_instruments: bool,
    /// First month of the ledger, such as 2024-03: nothing before it is owed (payment). The first run's when not given.
    #[arg(long, env = "NIVA_OPENING_MONTH", value_name = "MONTH")]
    pub(crate) opening_month: Option<Month>,
    /// Where to send traces, metrics and logs (OTLP over gRPC). Off when not given.
    #[arg(long, env = "NIVA_OTLP_ENDPOINT")]
    pub(crate) otlp_endpoint: Option<String>,
}

/// What every role stands on.
#[derive(Debug, Clone)]
pub(crate) struct Common {
    /// Time.
    pub(crate) clock: Clock,
    /// The city and its district boards.
    pub(crate) city: Arc<City>,
    /// Compensation models.
    pub(crate) catalogue: Arc<Catalogue>,
}

/// What a role is given beside its database.
#[derive(Debug, Clone)]
pub(crate) struct Setup {
    /// Where assessment is, and as whom to call it (choice and payment).
    pub(crate) assessment: Option<(Endpoint, Credentials)>,
    /// Where choice is, and as whom to call it (payment).
    pub(crate) choice: Option<(Endpoint, Credentials)>,
    /// Decide levels with example instruments (assessment).
    pub(crate) allow_example_instruments: bool,
    /// First month of the ledger (payment).
    pub(crate) opening_month: Option<Month>,
}

/// A service that was started, ready to be served over any number of listeners.
#[derive(Debug, Clone)]
pub(crate) struct Started {
    role: Role,
    routes: Routes,
    policy: Policy,
}

impl Started {
    /// A server of it.
    pub(crate) fn server(&self, verifier: &Verifier, clock: &Clock) -> RoleServer {
        let server = RoleServer::new(
            self.role.name(),
            self.routes.clone(),
            self.policy.clone(),
            verifier.clone(),
            clock.clone(),
        );
        match self.role {
            Role::Assessment => {
                server.time_for("/niva.assessment.v1.ImportService/CreateImport", IMPORT_TIME)
            }
            Role::Choice => server.time_for("/niva.choice.v1.ImportService/ImportChoice", IMPORT_TIME),
            Role::Payment => server
                .time_for("/niva.payment.v1.ImportService/ImportPayment", IMPORT_TIME)
                .time_for("/niva.payment.v1.RunService/CreatePaymentRun", PREVIEW_TIME),
        }
    }
}

/// Ends when what a service does in the background has ended, after the shutdown.
pub(crate) type Background = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Starts a service on its database, which must have been migrated.
///
/// # Errors
/// The service does not start; what it says.
pub(crate) async fn start(
    role: Role,
    db: Database,
    common: &Common,
    setup: Setup,
    shutdown: &CancellationToken,
) -> Result<(Started, Background), Failure> {
    let Common { clock, city, catalogue } = common.clone();
    let channel = |of: Option<(Endpoint, Credentials)>, name: &str| {
        of.map(|(endpoint, credentials)| endpoint.channel(credentials)).ok_or_else(|| {
            Failure::configuration(format_args!("{} needs to know where {name} is", role.name()))
        })
    };
    let (ids, shutdown) = (Ids::random(), shutdown.clone());
    let what = format_args!("start {}", role.name());
    Ok(match role {
        Role::Assessment => {
            let allow_example_instruments = setup.allow_example_instruments;
            let deps = niva_assessment::Deps { db, clock, ids, city, catalogue, allow_example_instruments };
            let service = niva_assessment::start(deps, shutdown).await.doing(what)?;
            let nothing: Background = Box::pin(async {});
            (Started { role, routes: service.routes, policy: niva_assessment::policy() }, nothing)
        }
        Role::Choice => {
            let assessment = channel(setup.assessment, "assessment")?;
            let deps = niva_choice::Deps { db, clock, ids, city, catalogue, assessment };
            let service = niva_choice::start(deps, shutdown).await.doing(what)?;
            let started = Started { role, routes: service.routes.clone(), policy: niva_choice::policy() };
            (started, Box::pin(service.finished()))
        }
        Role::Payment => {
            let assessment = channel(setup.assessment, "assessment")?;
            let choice = channel(setup.choice, "choice")?;
            let opening_month = setup.opening_month;
            let deps = niva_payment::Deps { db, clock, city, catalogue, assessment, choice, opening_month };
            let service = niva_payment::start(deps, shutdown).await.doing(what)?;
            let started = Started { role, routes: service.routes.clone(), policy: niva_payment::policy() };
            (started, Box::pin(service.finished()))
        }
    })
}

/// Waits for the background after the shutdown, within a bound.
pub(crate) async fn drain(background: Background) {
    if tokio::time::timeout(DRAIN, background).await.is_err() {
        tracing::warn!(limit = ?DRAIN, "the background did not end in time and is left behind");
    }
}

/// Brings a service's database up to date.
///
/// # Errors
/// The database cannot be reached, or a migration fails.
pub(crate) async fn migrate(role: Role, db: &Database) -> Result<(), Failure> {
    match role {
        Role::Assessment => db.migrate::<niva_assessment::Migrator>().await,
        Role::Choice => db.migrate::<niva_choice::Migrator>().await,
        Role::Payment => db.migrate::<niva_payment::Migrator>().await,
    }
    .doing(format_args!("migrate the database of {}", role.name()))
}

/// `niva serve`.
pub(crate) fn run(options: Options) -> Result<(), Failure> {
    let telemetry = Telemetry {
        service: format!("niva-{}", options.role.name()),
        otlp_endpoint: options.otlp_endpoint.clone(),
        filter: DEFAULT_FILTER,
    };
    runtime::block_on(&telemetry, async {
        let shutdown = niva_kit::shutdown::on_signals().doing("listen to signals")?;
        serve(options, shutdown).await
    })
}

/// `niva serve`, until `shutdown`. Everything that can be wrong with the configuration is found before it binds.
async fn serve(options: Options, shutdown: CancellationToken) -> Result<(), Failure> {
    let clock = options
        .clock_file
        .as_ref()
        .map_or_else(|| Ok(Clock::system()), Clock::file)
        .map_err(Failure::configuration)?;
    let common = Common {
        clock: clock.clone(),
        city: Arc::new(crate::shipped::city()?),
        catalogue: Arc::new(crate::shipped::catalogue(options.models.as_deref())?),
    };
    let default = SocketAddr::from((Ipv4Addr::LOCALHOST, options.role.port()));
    let address = options.listen.unwrap_or(default);
    let (verifier, credentials) = trust(&options, &clock)?;
    if verifier.is_local() && !address.ip().is_loopback() {
        return Err(Failure::configuration(niva_kit::server::ServeError::OpenWithLocalIssuer(address)));
    }
    let endpoint =
        |uri: &str| Endpoint::tcp(uri).map(|e| (e, credentials.clone())).map_err(Failure::configuration);
    let setup = Setup {
        assessment: Some(endpoint(&options.assessment)?),
        choice: Some(endpoint(&options.choice)?),
        allow_example_instruments: options.allow_example_instruments,
        opening_month: options.opening_month,
    };
    let db = Database::connect(&options.database_url).await.map_err(Failure::configuration)?;
    let (started, background) = start(options.role, db, &common, setup, &shutdown).await?;
    let running = started
        .server(&verifier, &clock)
        .start(Listen::Tcp(address), shutdown)
        .await
        .doing(format_args!("serve {}", options.role.name()))?;
    if let Some(bound) = running.address() {
        // Whoever asked for a free port must learn which it is.
        crate::screen::show(format_args!("niva {} listens on {bound}", options.role.name()));
    }
    running.finished().await;
    drain(background).await;
    Ok(())
}

/// Who is believed, and as whom this service calls others.
fn trust(options: &Options, clock: &Clock) -> Result<(Verifier, Credentials), Failure> {
    if let (Some(issuer), Some(jwks)) = (&options.issuer, &options.jwks) {
        let verifier = Verifier::jwks_file(issuer, jwks).map_err(Failure::configuration)?;
        return match (&options.service_token, options.role) {
            (Some(token), _) => Ok((verifier, Credentials::bearer(token))),
            (None, Role::Assessment) => Ok((verifier, Credentials::none())),
            (None, role) => Err(Failure::configuration(format_args!(
                "{} calls other services and an issuer is given: give --service-token, with the role `service`",
                role.name()
            ))),
        };
    }
    let issuer = crate::shipped::local_issuer(&options.issuer_dir)?;
    let name = format!("niva-{}", options.role.name());
    let credentials =
        Credentials::minted(&issuer, Caller::new(name, [CallerRole::Service, CallerRole::FeedReader]), clock);
    Ok((Verifier::local(&issuer), credentials))
}
