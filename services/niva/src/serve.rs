//! The services, started and served: one role a process, or all in one.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use niva_calendar::Month;
use niva_kit::auth::{Caller, LocalIssuer, Policy, Role as CallerRole, Verifier};
use niva_kit::client::{Credentials, Endpoint};
use niva_kit::server::{Listen, RoleServer};
use niva_kit::{Clock, Database, Ids};
use niva_models::{Catalogue, City};
use tokio_util::sync::CancellationToken;
use tonic::service::Routes;

use crate::cli::{MigrateArgs, Role, ServeArgs};
use crate::failure::{Doing, Failure};

/// Time for an import: a whole city in one transaction.
const IMPORT_TIME: Duration = Duration::from_secs(15 * 60);
/// Time for a call that may be a preview of a whole month's run.
const PREVIEW_TIME: Duration = Duration::from_secs(15 * 60);

/// Time for what a service does in the background to end.
const DRAIN: Duration = Duration::from_secs(10);

/// What every role stands on.
#[derive(Debug, Clone)]
pub struct Common {
    /// Time.
    pub clock: Clock,
    /// The city and its district boards.
    pub city: Arc<City>,
    /// Compensation models.
    pub catalogue: Arc<Catalogue>,
}

/// What a role is given beside its database.
#[derive(Debug, Clone)]
pub struct Setup {
    /// Where assessment is, and as whom to call it (choice and payment).
    pub assessment: Option<(Endpoint, Credentials)>,
    /// Where choice is, and as whom to call it (payment).
    pub choice: Option<(Endpoint, Credentials)>,
    /// Decide levels with example instruments (assessment).
    pub allow_example_instruments: bool,
    /// First month of the ledger (payment).
    pub opening_month: Option<Month>,
}

/// A service that was started, ready to be served over any number of listeners.
#[derive(Debug, Clone)]
pub struct Started {
    role: Role,
    routes: Routes,
    policy: Policy,
}

impl Started {
    /// A server of it.
    #[must_use]
    pub fn server(&self, verifier: &Verifier, clock: &Clock) -> RoleServer {
        let server = RoleServer::new(
            self.role.name(),
            self.routes.clone(),
            self.policy.clone(),
            verifier.clone(),
            clock.clone(),
        );
        match self.role {
            Role::Assessment => {
                server.time_for("/niva.assessment.v1.AssessmentService/ImportAssessment", IMPORT_TIME)
            }
            Role::Choice => server.time_for("/niva.choice.v1.ChoiceService/ImportChoice", IMPORT_TIME),
            Role::Payment => server
                .time_for("/niva.payment.v1.ImportService/ImportPayment", IMPORT_TIME)
                .time_for("/niva.payment.v1.RunService/CreatePaymentRun", PREVIEW_TIME),
        }
    }
}

/// Ends when what a service does in the background has ended, after the shutdown.
pub type Background = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Starts a service on its database, which must have been migrated.
///
/// # Errors
/// The service does not start; what it says.
pub async fn start(
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
pub async fn migrate(role: Role, db: &Database) -> Result<(), Failure> {
    match role {
        Role::Assessment => db.migrate::<niva_assessment::Migrator>().await,
        Role::Choice => db.migrate::<niva_choice::Migrator>().await,
        Role::Payment => db.migrate::<niva_payment::Migrator>().await,
    }
    .doing(format_args!("migrate the database of {}", role.name()))
}

/// `niva migrate`.
pub(crate) async fn run_migrate(args: MigrateArgs) -> Result<(), Failure> {
    let db = Database::connect(&args.database_url).await.map_err(Failure::configuration)?;
    migrate(args.role, &db).await
}

/// `niva serve`, until `shutdown`. Everything that can be wrong with the configuration is found before it binds.
pub(crate) async fn run_serve(args: ServeArgs, shutdown: CancellationToken) -> Result<(), Failure> {
    let clock = args
        .clock_file
        .as_ref()
        .map_or_else(|| Ok(Clock::system()), Clock::file)
        .map_err(Failure::configuration)?;
    let common = Common {
        clock: clock.clone(),
        city: Arc::new(crate::models::city()?),
        catalogue: Arc::new(crate::models::catalogue(args.models.as_deref())?),
    };
    let default = SocketAddr::from((Ipv4Addr::LOCALHOST, args.role.port()));
    let address = args.listen.unwrap_or(default);
    let (verifier, credentials) = trust(&args, &clock)?;
    if verifier.is_local() && !address.ip().is_loopback() {
        return Err(Failure::configuration(niva_kit::server::ServeError::OpenWithLocalIssuer(address)));
    }
    let endpoint =
        |uri: &str| Endpoint::tcp(uri).map(|e| (e, credentials.clone())).map_err(Failure::configuration);
    let setup = Setup {
        assessment: Some(endpoint(&args.assessment)?),
        choice: Some(endpoint(&args.choice)?),
        allow_example_instruments: args.allow_example_instruments,
        opening_month: args.opening_month,
    };
    let db = Database::connect(&args.database_url).await.map_err(Failure::configuration)?;
    let (started, background) = start(args.role, db, &common, setup, &shutdown).await?;
    let running = started
        .server(&verifier, &clock)
        .start(Listen::Tcp(address), shutdown)
        .await
        .doing(format_args!("serve {}", args.role.name()))?;
    if let Some(bound) = running.address() {
        // Whoever asked for a free port must learn which it is.
        crate::screen::show(format_args!("niva {} listens on {bound}", args.role.name()));
    }
    running.finished().await;
    drain(background).await;
    Ok(())
}

/// Who is believed, and as whom this service calls others.
fn trust(args: &ServeArgs, clock: &Clock) -> Result<(Verifier, Credentials), Failure> {
    if let (Some(issuer), Some(jwks)) = (&args.issuer, &args.jwks) {
        let verifier = Verifier::jwks_file(issuer, jwks).map_err(Failure::configuration)?;
        return match (&args.service_token, args.role) {
            (Some(token), _) => Ok((verifier, Credentials::bearer(token))),
            (None, Role::Assessment) => Ok((verifier, Credentials::none())),
            (None, role) => Err(Failure::configuration(format_args!(
                "{} calls other services and an issuer is given: give --service-token, with the role `service`",
                role.name()
            ))),
        };
    }
    let issuer = local_issuer(&args.issuer_dir)?;
    let name = format!("niva-{}", args.role.name());
    let credentials = Credentials::minted(&issuer, Caller::new(name, [CallerRole::Service]), clock);
    Ok((Verifier::local(&issuer), credentials))
}

/// The local issuer of a folder.
pub(crate) fn local_issuer(folder: &Path) -> Result<LocalIssuer, Failure> {
    LocalIssuer::open_or_create(folder).map_err(Failure::configuration)
}
