//! The assessment service: persons, grants, instruments, measurements and levels.
//!
//! A folder a resource: `mod.rs` has the rpcs and below them the operations (claim, load, rules, save, tell), `wire.rs` reads
//! messages with every violation at once and writes them, `store.rs` knows the database. Every change of a grant and every
//! level decision is an event of the feed, appended in the same transaction.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use niva_assessment_domain::{InstrumentError, Instruments, UncoveredTotal};
use niva_kit::auth::{Caller, Policy, Role};
use niva_kit::feed::{FeedLog, NewEvent};
use niva_kit::request::Call;
use niva_kit::{Clock, Database, DbError, Ids, OpError, Tx};
use niva_models::Catalogue;
use niva_names::ServiceCatalogue;
use niva_proto::assessment::v1 as pb;
use sea_orm_migration::MigratorTrait;
use tokio_util::sync::CancellationToken;
use tonic::service::Routes;

pub use config::{Config, Options};
pub use schema::Migrator;

/// A line an rpc: the operation, called by the caller with the message.
macro_rules! answer {
    ($self:ident.$operation:ident($request:ident)) => {
        niva_kit::rpc::answer($self.$operation(niva_kit::auth::caller(&$request)?, $request.get_ref()).await)
    };
}

mod config;
mod feed;
mod grants;
mod imports;
mod instruments;
mod level_decisions;
mod measurements;
mod persons;
mod schema;
mod store;

/// What an rpc answers.
type Answer<T> = Result<tonic::Response<T>, tonic::Status>;

/// An answer, and what the feed is to tell.
type Told<R> = (R, Vec<NewEvent>);

/// Most rows on a page.
const MAX_PAGE: u32 = 1_000;

/// What the service stands on.
#[derive(Clone, Debug)]
pub struct Deps {
    /// Its own database, migrated.
    pub db: Database,
    /// Time.
    pub clock: Clock,
    /// Ids that the service makes.
    pub ids: Ids,
    /// The city and its district boards.
    pub city: Arc<ServiceCatalogue>,
    /// Compensation models, for their level scales.
    pub catalogue: Arc<Catalogue>,
    /// Whether levels may be decided with instruments that are examples.
    pub allow_example_instruments: bool,
}

/// The service, ready to be served.
#[derive(Clone, Debug)]
pub struct Started {
    /// Its rpcs.
    pub routes: Routes,
}

/// Why the service does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The database's schema is not this version's.
    #[error("the database lacks {0} migrations of the assessment service: run `niva migrate`")]
    NotMigrated(usize),
    /// The database's error.
    #[error(transparent)]
    Database(#[from] DbError),
    /// An instrument file is wrong.
    #[error(transparent)]
    Instruments(#[from] InstrumentError),
    /// Some totals would have no level.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Uncovered(Vec<UncoveredTotal>),
}

/// What every operation works with.
struct App {
    db: Database,
    clock: Clock,
    ids: Ids,
    city: Arc<ServiceCatalogue>,
    catalogue: Arc<Catalogue>,
    instruments: Instruments,
    allow_example_instruments: bool,
    feed: FeedLog,
    shutdown: CancellationToken,
}

impl App {
    /// Runs `work` once for a request id: in one transaction with the claim, the events and the stored answer.
    async fn change<'a, Q, R, F>(&'a self, call: &'a Call<'a, Q>, work: F) -> Result<R, OpError>
    where
        Q: prost::Message,
        R: prost::Message + Default + 'static,
        F: for<'t> Fn(&'t Tx<'a>) -> BoxFuture<'t, Result<Told<R>, OpError>> + Send + Sync,
    {
        self.feed.once(call, self.clock.now(), work).await
    }
}

/// Starts the service. Feeds that it streams end when `shutdown` is cancelled.
///
/// # Errors
/// The schema is not migrated; an instrument gives totals that a scale in force today or later has no level for.
pub async fn start(deps: Deps, shutdown: CancellationToken) -> Result<Started, StartError> {
    use niva_kit::bounded;
    use pb::feed_service_server::FeedServiceServer;
    use pb::grant_service_server::GrantServiceServer;
    use pb::import_service_server::ImportServiceServer;
    use pb::instrument_service_server::InstrumentServiceServer;
    use pb::level_decision_service_server::LevelDecisionServiceServer;
    use pb::measurement_service_server::MeasurementServiceServer;
    use pb::person_service_server::PersonServiceServer;

    let pending = Migrator::get_pending_migrations(deps.db.conn()).await.map_err(DbError::from)?;
    if !pending.is_empty() {
        return Err(StartError::NotMigrated(pending.len()));
    }
    let instruments = Instruments::shipped()?;
    instruments.check_from(&deps.catalogue, deps.clock.today()).map_err(StartError::Uncovered)?;
    let app = Arc::new(App {
        feed: FeedLog::new(deps.db.clone()),
        db: deps.db,
        clock: deps.clock,
        ids: deps.ids,
        city: deps.city,
        catalogue: deps.catalogue,
        instruments,
        allow_example_instruments: deps.allow_example_instruments,
        shutdown,
    });
    let routes = Routes::new(bounded!(PersonServiceServer::new(persons::Persons(app.clone()))))
        .add_service(bounded!(GrantServiceServer::new(grants::Grants(app.clone()))))
        .add_service(bounded!(InstrumentServiceServer::new(instruments::Instruments(app.clone()))))
        .add_service(bounded!(MeasurementServiceServer::new(measurements::Measurements(app.clone()))))
        .add_service(bounded!(LevelDecisionServiceServer::new(level_decisions::LevelDecisions(app.clone()))))
        .add_service(bounded!(ImportServiceServer::new(imports::Imports(app.clone()))))
        .add_service(bounded!(FeedServiceServer::new(feed::Feed(app))));
    Ok(Started { routes })
}

/// Who may call what. Providers are not among them: which people are theirs is for another service to know.
#[must_use]
pub fn policy() -> Policy {
    use Role::{Administrator, Analyst, Assessor, Auditor, CaseOfficer, Service};
    const GRANTS: &[Role] = &[CaseOfficer, Administrator];
    const MEASURES: &[Role] = &[Assessor, Administrator];
    const READS: &[Role] = &[Assessor, CaseOfficer, Analyst, Auditor, Administrator];
    const SYSTEMS: &[Role] = &[Service, Administrator];
    Policy::new()
        .service(
            pb::person_service_server::SERVICE_NAME,
            &[("RegisterPerson", GRANTS), ("GetPerson", READS), ("ListPersons", READS)],
        )
        .service(
            pb::grant_service_server::SERVICE_NAME,
            &[
                ("RecordGrant", GRANTS),
                ("ChangeGrantScope", GRANTS),
                ("EndGrant", GRANTS),
                ("GetGrant", READS),
                ("ListGrants", READS),
            ],
        )
        .service(pb::instrument_service_server::SERVICE_NAME, &[("ListInstruments", READS)])
        .service(
            pb::measurement_service_server::SERVICE_NAME,
            &[
                ("StartMeasurement", MEASURES),
                ("RecordScore", MEASURES),
                ("GetMeasurement", READS),
                ("ListMeasurements", READS),
            ],
        )
        .service(
            pb::level_decision_service_server::SERVICE_NAME,
            &[("DecideLevel", MEASURES), ("ListLevelDecisions", READS)],
        )
        .service(pb::import_service_server::SERVICE_NAME, &[("ImportAssessment", SYSTEMS)])
        .service(pb::feed_service_server::SERVICE_NAME, &[("WatchAssessment", SYSTEMS)])
}

/// Refuses to work on what belongs to a district that the caller has nothing to do with.
fn in_district(caller: &Caller, district: &str) -> Result<(), OpError> {
    if caller.sees(district) {
        return Ok(());
    }
    let words = format!("{district} is not one of your districts: ask an officer of that board");
    Err(OpError::denied("DISTRICT_NOT_YOURS", words))
}

fn id_taken(kind: &str, id: &str) -> OpError {
    OpError::already_exists("ID_TAKEN", format!("there is a {kind} {id} already: choose another id"))
}

fn person_unknown(id: &str) -> OpError {
    OpError::precondition("PERSON_UNKNOWN", format!("there is no person {id}: register the person first"))
        .with("person_id", id)
}
