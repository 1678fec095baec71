//! The payment service: facts in, by feed and by rpc; runs, lines and their explanation out.
//!
//! A folder a resource. What is known of a person in a service is a [`niva_payment_domain::Case`], kept in versions by
//! fact number. A run freezes a number, computes what is owed for every month of the ledger, and pays the difference to
//! what was paid.

mod absences;
mod agreements;
mod approval;
mod audit;
mod cases;
mod chain;
mod claims;
mod compensation;
mod config;
mod content;
mod exports;
mod facts;
pub mod feed;
mod files;
#[cfg(feature = "fuzz")]
pub mod fuzz;
mod hash;
mod holds;
mod imports;
mod lines;
mod models;
mod occasions;
mod orders;
mod payees;
mod placement_fact;
mod postings;
mod premises_costs;
mod runs;
mod schedules;
mod schema;
mod special_compensations;
mod store;
mod transitions;
mod units;
mod visits;
mod wire;

use std::path::PathBuf;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use niva_access::{Policy, Reach, Scope};
use niva_audit::{Keeping, Trail};
use niva_base::{Clock, OpError};
use niva_calendar::Month;
use niva_facts::{Changing, Telling};
use niva_feed::{ConsumerHandle, Consumers};
use niva_jobs::Signals;
use niva_models::Catalogue;
use niva_names::{ProviderId, ServiceCatalogue};
use niva_proto::payment::v1 as pb;
use niva_retention::Retention;
use niva_rpc::client::Channel;
use niva_store::request;
use niva_store::{Database, NotReady, Secrets, Tx};
use orders::log::OrderLog;
use pb::audit_service_server::AuditServiceServer;
use pb::import_service_server::ImportServiceServer;
use prost::Message;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tonic::service::Routes;

pub use compensation::calculate;
pub use config::{Config, Options};
pub use lines::explain_line;
pub use niva_payment_domain::orders::ClaimRules;
pub use niva_payment_domain::postings::Mapping;
pub use niva_payment_exports::Payers;
pub use runs::{Finding, Verified, verify};
pub use schema::Migrator;

/// What the service stands on.
pub struct Deps {
    /// Its database, migrated.
    pub db: Database,
    /// What time it is.
    pub clock: Clock,
    /// The city and its district boards.
    pub city: Arc<ServiceCatalogue>,
    /// The compensation models.
    pub catalogue: Arc<Catalogue>,
    /// Where assessment is, with credentials of the role `feed_reader`.
    pub assessment: Channel,
    /// Where choice is, with credentials of the role `feed_reader`.
    pub choice: Channel,
    /// First month of the ledger; `None`: the month of the first run that is made.
    pub opening_month: Option<Month>,
    /// When a credit becomes a claim.
    pub claims: ClaimRules,
    /// Where lines are booked; `None`: nothing is.
    pub postings: Option<Arc<Mapping>>,
    /// Who pays, by files for a bank; by default nobody does.
    pub payers: Arc<Payers>,
    /// The folder where files are put, beside being kept; `None`: none is.
    pub exports: Option<PathBuf>,
    /// How long what is kept must be kept.
    pub retention: Arc<Retention>,
}

/// What may be set, with good defaults.
#[derive(Debug, Clone, Copy)]
pub struct Tuning {
    /// Cases that a run reads, calculates and writes at a time. Bounds its memory, and what is done again after a crash.
    pub cases_per_part: u32,
}

impl Default for Tuning {
    fn default() -> Self {
        Self { cases_per_part: 5_000 }
    }
}

/// Why the service cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The database is not ready.
    #[error("payment cannot start: {0}")]
    NotReady(#[from] NotReady),
    /// The database does not give or keep the service's own keys.
    #[error("payment cannot start without its keys: {0}")]
    NoSecrets(#[from] OpError),
}

/// The running service.
#[derive(Debug)]
pub struct Started {
    /// What to serve.
    pub routes: Routes,
    /// Where the records of its calls go.
    pub audit: Trail,
    app: Arc<App>,
    sealing: JoinHandle<()>,
    job: JoinHandle<()>,
    importing: JoinHandle<()>,
}

impl Started {
    /// The consumer of a feed, by name: [`feed::ASSESSMENT`] or [`feed::CHOICE`].
    #[must_use]
    pub fn consumer(&self, feed: &str) -> Option<&ConsumerHandle> {
        self.app.consumers.get(feed)
    }

    /// Waits for the end of what runs in the background, after the shutdown.
    pub async fn finished(self) {
        if let Err(error) = self.job.await {
            tracing::error!(%error, "the job of payment runs ended badly");
        }
        if let Err(error) = self.importing.await {
            tracing::error!(%error, "the job of imports ended badly");
        }
        if let Err(error) = self.sealing.await {
            tracing::error!(%error, "sealing audit records ended badly");
        }
    }
}

/// What every operation works with.
#[derive(Debug)]
struct App {
    db: Database,
    clock: Clock,
    secrets: Secrets,
    city: Arc<ServiceCatalogue>,
    catalogue: Arc<Catalogue>,
    archive: models::Archive,
    /// First month of the ledger, where it is not the first run's.
    opening_month: Option<Month>,
    cases_per_part: u32,
    /// Wakes whoever calculates runs.
    jobs: Signals,
    orders: OrderLog,
    claims: ClaimRules,
    postings: Option<Arc<Mapping>>,
    payers: Arc<Payers>,
    exports: Option<PathBuf>,
    consumers: Consumers,
    shutdown: CancellationToken,
}

impl App {
    /// Runs `work` once for a request id: in one transaction with the claim and the stored answer.
    async fn change<'a, Q, R, F>(&'a self, scope: &'a Scope, request: &'a Q, work: F) -> Result<R, OpError>
    where
        Q: Changing + Message,
        R: Message + Default + 'static,
        F: for<'t> Fn(&'t Tx<'a>, Telling) -> BoxFuture<'t, Result<R, OpError>> + Send + Sync,
    {
        self.consumers.reach(&request.min_positions()).await?;
        request::change(&self.db, scope, request, self.clock.now(), work).await
    }
}

/// What an operation answers.
type OpResult<T> = Result<T, OpError>;

/// What an rpc answers.
type Answer<T> = Result<tonic::Response<T>, tonic::Status>;

/// Starts the service: consumers of both feeds, and the job that calculates runs; a run that was being calculated goes on.
///
/// # Errors
/// The database is not migrated, or cannot be reached.
pub async fn start(deps: Deps, shutdown: CancellationToken) -> Result<Started, StartError> {
    start_with(deps, Tuning::default(), shutdown).await
}

/// [`start`] with other settings.
///
/// # Errors
/// The database is not migrated, or cannot be reached.
pub async fn start_with(
    deps: Deps,
    tuning: Tuning,
    shutdown: CancellationToken,
) -> Result<Started, StartError> {
    let Deps {
        db,
        clock,
        city,
        catalogue,
        assessment,
        choice,
        opening_month,
        claims,
        postings,
        payers,
        exports,
        retention,
    } = deps;
    niva_store::migrated::<Migrator>(&db).await?;
    let secrets = Secrets::load(&db).await?;
    let consumers = feed::follow(&db, &clock, assessment, choice, &shutdown);
    let archive = models::Archive::new(Arc::clone(&catalogue));
    let cases_per_part = tuning.cases_per_part.max(1);
    let jobs = Signals::default();
    let keeping = Keeping { rule: retention.audit().clone(), people: audit::people() };
    let (audit, sealing) = niva_audit::start(&db, keeping, &shutdown);
    let calculated = runs::job::Worker::new(&db, &clock, &archive, cases_per_part, &jobs);
    let job = niva_jobs::spawn(calculated, jobs.clone(), shutdown.clone());
    let orders = OrderLog::new(&db);
    let app = Arc::new(App {
        db,
        clock,
        secrets,
        city,
        catalogue,
        archive,
        opening_month,
        cases_per_part,
        jobs,
        orders,
        claims,
        postings,
        payers,
        exports,
        consumers,
        shutdown,
    });
    let (imports, importing) = imports::start(&app);
    Ok(Started { routes: routes(&app, imports), audit, app, sealing, job, importing })
}

fn routes(app: &Arc<App>, imports: niva_imports::Imports<imports::Facts>) -> Routes {
    macro_rules! add {
        ($($server:ident::$type:ident($resource:expr),)+) => {{
            let mut routes = Routes::builder();
            $(routes.add_service(niva_rpc::bounded!(pb::$server::$type::new($resource(Arc::clone(app)))));)+
            routes.add_service(niva_catalogue::server(Arc::clone(&app.city), app.secrets.clone()));
            routes.add_service(niva_audit::server(app.db.clone(), app.secrets.clone(), audit::people()));
            routes.add_service(niva_rpc::bounded!(AuditServiceServer::new(audit::Audit::new(app))));
            routes.add_service(niva_rpc::bounded!(ImportServiceServer::new(imports::Imports(imports))));
            routes.routes()
        }};
    }
    add! {
        schedule_service_server::ScheduleServiceServer(schedules::Schedules),
        occasion_service_server::OccasionServiceServer(occasions::Occasions),
        absence_service_server::AbsenceServiceServer(absences::Absences),
        agreement_service_server::AgreementServiceServer(agreements::Agreements),
        special_compensation_service_server::SpecialCompensationServiceServer(special_compensations::SpecialCompensations),
        transition_service_server::TransitionServiceServer(transitions::Transitions),
        visit_service_server::VisitServiceServer(visits::Visits),
        premises_cost_service_server::PremisesCostServiceServer(premises_costs::PremisesCosts),
        compensation_service_server::CompensationServiceServer(compensation::Compensation),
        run_service_server::RunServiceServer(runs::Runs),
        line_service_server::LineServiceServer(lines::Lines),
        hold_service_server::HoldServiceServer(holds::Holds),
        model_service_server::ModelServiceServer(models::Models),
        payee_service_server::PayeeServiceServer(payees::Payees),
        payment_order_service_server::PaymentOrderServiceServer(orders::Orders),
        claim_service_server::ClaimServiceServer(claims::Claims),
        posting_service_server::PostingServiceServer(postings::Postings),
        payment_file_service_server::PaymentFileServiceServer(files::Files),
        export_service_server::ExportServiceServer(exports::Exports),
        feed_service_server::FeedServiceServer(feed::Feed),
    }
}

/// Who may call what: as the contract's method options say.
#[must_use]
pub fn policy() -> Policy {
    niva_rpc::policy("niva.payment.v1").and(niva_catalogue::policy()).and(niva_audit::policy())
}

/// The provider that a call is bounded by; `None` for the whole city.
///
/// # Errors
/// A defect: such facts are open to nobody who is bounded otherwise.
fn bound_to(scope: &Scope) -> Result<Option<&ProviderId>, OpError> {
    match scope.reach() {
        Reach::City => Ok(None),
        Reach::Provider(provider) => Ok(Some(provider)),
        Reach::Districts(_) | Reach::Person(_) | Reach::Author(_) => {
            Err(OpError::internal("such facts know no districts and no person's own"))
        }
    }
}
