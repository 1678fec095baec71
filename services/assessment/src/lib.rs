//! The assessment service: persons, grants, instruments, measurements and levels.
//!
//! A call walks `grpc` → `wire` (message to command, every violation at once) → `ops` (claim, load, rules, save) →
//! `store`. Every change of a grant and every level decision is an event of the feed, appended in the same transaction.

mod decision_id;
mod grpc;
mod ops;
mod store;
mod wire;

use std::sync::Arc;

use niva_assessment_domain::{InstrumentError, Instruments, UncoveredTotal};
use niva_kit::auth::{Policy, Role};
use niva_kit::feed::FeedLog;
use niva_kit::{Clock, Database, DbError, Ids};
use niva_models::{Catalogue, City};
use niva_proto::assessment::v1::assessment_service_server::{AssessmentServiceServer, SERVICE_NAME};
use sea_orm_migration::MigratorTrait;
use tokio_util::sync::CancellationToken;
use tonic::service::Routes;

pub use store::Migrator;

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
    pub city: Arc<City>,
    /// Compensation models, for their level scales.
    pub catalogue: Arc<Catalogue>,
    /// Whether levels may be decided with instruments that are examples.
    pub allow_example_instruments: bool,
}

/// The service, ready to be served.
#[derive(Clone, Debug)]
pub struct Service {
    /// Its rpcs.
    pub routes: Routes,
    /// Names that health tells of.
    pub health_names: Vec<&'static str>,
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
    city: Arc<City>,
    catalogue: Arc<Catalogue>,
    instruments: Instruments,
    allow_example_instruments: bool,
    feed: FeedLog,
    shutdown: CancellationToken,
}

/// Starts the service. Feeds that it streams end when `shutdown` is cancelled.
///
/// # Errors
/// The schema is not migrated; an instrument gives totals that a scale in force today or later has no level for.
pub async fn start(deps: Deps, shutdown: CancellationToken) -> Result<Service, StartError> {
    let pending = Migrator::get_pending_migrations(deps.db.conn()).await.map_err(DbError::from)?;
    if !pending.is_empty() {
        return Err(StartError::NotMigrated(pending.len()));
    }
    let instruments = Instruments::shipped()?;
    instruments.check_from(&deps.catalogue, deps.clock.today()).map_err(StartError::Uncovered)?;
    let app = App {
        feed: FeedLog::new(deps.db.clone()),
        db: deps.db,
        clock: deps.clock,
        ids: deps.ids,
        city: deps.city,
        catalogue: deps.catalogue,
        instruments,
        allow_example_instruments: deps.allow_example_instruments,
        shutdown,
    };
    let server = niva_kit::bounded!(AssessmentServiceServer::new(grpc::Grpc(Arc::new(app))));
    Ok(Service { routes: Routes::new(server), health_names: vec![SERVICE_NAME] })
}

/// Who may call what. Providers are not among them: which people are theirs is for another service to know.
#[must_use]
pub fn policy() -> Policy {
    use Role::{Administrator, Analyst, Assessor, Auditor, CaseOfficer, Service};
    const GRANTS: &[Role] = &[CaseOfficer, Administrator];
    const MEASURES: &[Role] = &[Assessor, Administrator];
    const READS: &[Role] = &[Assessor, CaseOfficer, Analyst, Auditor, Administrator];
    const SYSTEMS: &[Role] = &[Service, Administrator];
    Policy::new().service(
        SERVICE_NAME,
        &[
            ("RegisterPerson", GRANTS),
            ("GetPerson", READS),
            ("ListPersons", READS),
            ("RecordGrant", GRANTS),
            ("ChangeGrantScope", GRANTS),
            ("EndGrant", GRANTS),
            ("GetGrant", READS),
            ("ListGrants", READS),
            ("ListInstruments", READS),
            ("StartMeasurement", MEASURES),
            ("RecordScore", MEASURES),
            ("DecideLevel", MEASURES),
            ("GetMeasurement", READS),
            ("ListMeasurements", READS),
            ("ListLevelDecisions", READS),
            ("ImportAssessment", SYSTEMS),
            ("WatchAssessment", SYSTEMS),
        ],
    )
}
