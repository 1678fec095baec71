//! The assessment service: persons, grants, instruments, measurements and levels.
//!
//! A folder a resource: `mod.rs` has the rpcs and below them the operations (claim, load, rules, save, tell), `wire.rs` reads
//! messages with every violation at once and writes them, `store.rs` knows the database. Every change of a grant and every
//! level decision is an event of the feed, appended in the same transaction.

use std::fmt::Display;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use futures_util::future::BoxFuture;
use niva_access::{Policy, Scope};
use niva_assessment_domain::{InstrumentError, Instruments, UncoveredTotal};
use niva_audit::{Keeping, Named, Trail};
use niva_base::{Clock, OpError};
use niva_facts::{Changing, Fact, Info, Telling, Tells};
use niva_feed::{FeedLog, NewEvent};
use niva_models::Catalogue;
use niva_names::{PersonId, ServiceCatalogue};
use niva_proto::assessment::v1 as pb;
use niva_retention::Retention;
use niva_store::page::PageRequest;
use niva_store::{Database, DbError, NotReady, Secrets, Tx, facts, migrated, request};
use prost::Message;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tonic::service::Routes;

use persons::store::{OfPerson, is_reached};

pub use config::{Config, Options};
pub use identities::{IdentityKeys, IdentityKeysError};
pub use schema::Migrator;

mod applications;
mod audit;
mod config;
mod exports;
mod feed;
#[cfg(feature = "fuzz")]
pub mod fuzz;
mod grants;
mod identities;
mod import;
mod imports;
mod instruments;
mod level_decisions;
mod measurements;
mod merges;
mod persons;
mod schema;
mod store;
mod wire;

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
    /// The city and its district boards.
    pub city: Arc<ServiceCatalogue>,
    /// Compensation models, for their level scales.
    pub catalogue: Arc<Catalogue>,
    /// Whether levels may be decided with instruments that are examples.
    pub allow_example_instruments: bool,
    /// What encrypts who people are; without it nobody can be told of by number and name.
    pub identity_keys: Option<IdentityKeys>,
    /// How long it must be kept who people are.
    pub retention: Arc<Retention>,
}

/// The service, ready to be served.
#[derive(Debug)]
pub struct Started {
    /// Its rpcs.
    pub routes: Routes,
    /// Where the records of its calls go.
    pub audit: Trail,
    importing: JoinHandle<()>,
    sealing: JoinHandle<()>,
    rotating: Option<JoinHandle<()>>,
}

impl Started {
    /// Waits for the end of what runs in the background, after the shutdown.
    pub async fn finished(self) {
        if let Err(error) = self.importing.await {
            tracing::error!(%error, "the job of imports ended badly");
        }
        if let Err(error) = self.sealing.await {
            tracing::error!(%error, "sealing audit records ended badly");
        }
        if let Some(Err(error)) = futures_util::future::OptionFuture::from(self.rotating).await {
            tracing::error!(%error, "giving identities a new key ended badly");
        }
    }
}

/// Why the service does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The database is not what this version expects.
    #[error(transparent)]
    NotReady(#[from] NotReady),
    /// The database does not give or keep the service's own keys.
    #[error("assessment cannot start without its keys: {0}")]
    NoSecrets(#[from] OpError),
    /// An instrument file is wrong.
    #[error(transparent)]
    Instruments(#[from] InstrumentError),
    /// Some totals would have no level.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Uncovered(Vec<UncoveredTotal>),
}

/// Which facts a list tells of.
struct Listed {
    /// Something was told of them at this time or later.
    since: Option<DateTime<Utc>>,
    /// Withdrawn ones too.
    withdrawn: bool,
}

/// What every operation works with.
struct App {
    db: Database,
    clock: Clock,
    secrets: Secrets,
    city: Arc<ServiceCatalogue>,
    catalogue: Arc<Catalogue>,
    instruments: Instruments,
    allow_example_instruments: bool,
    identity_keys: Option<IdentityKeys>,
    retention: Arc<Retention>,
    feed: FeedLog,
    shutdown: CancellationToken,
}

impl App {
    /// Runs `work` once for a request id: in one transaction with the claim, the events and the stored answer.
    async fn change<'a, Q, R, F>(&'a self, scope: &'a Scope, request: &'a Q, work: F) -> Result<R, OpError>
    where
        Q: Changing + Message,
        R: Tells + Message + Default + 'static,
        F: for<'t> Fn(&'t Tx<'a>, Telling) -> BoxFuture<'t, Result<Told<R>, OpError>> + Send + Sync,
    {
        self.feed.change(scope, request, self.clock.now(), work).await
    }

    /// [`App::change`] of what nobody else acts on: there is nothing to tell.
    async fn change_untold<'a, Q, R, F>(
        &'a self,
        scope: &'a Scope,
        request: &'a Q,
        work: F,
    ) -> Result<R, OpError>
    where
        Q: Changing + Message,
        R: Message + Default + 'static,
        F: for<'t> Fn(&'t Tx<'a>, Telling) -> BoxFuture<'t, Result<R, OpError>> + Send + Sync,
    {
        request::change(&self.db, scope, request, self.clock.now(), work).await
    }

    /// A fact of a person as it is known now, or was at a recorded time; what the call does not reach is not there.
    async fn get<M: OfPerson>(
        &self,
        scope: &Scope,
        id: &M::Id,
        at: Option<DateTime<Utc>>,
    ) -> Result<M, OpError> {
        self.db.read(|tx| Box::pin(self.told(tx, scope, id, at))).await
    }

    /// [`App::get`], in a transaction.
    async fn told<M: OfPerson>(
        &self,
        tx: &Tx<'_>,
        scope: &Scope,
        id: &M::Id,
        at: Option<DateTime<Utc>>,
    ) -> Result<M, OpError> {
        reached::<M>(tx, scope, id).await?;
        let found = facts::read(tx, id, at, self.clock.now()).await?;
        found.ok_or_else(|| OpError::not_found(M::KIND, id.as_ref()))
    }

    /// A page of all that was told of a fact of a person, and the next page's token; what the call does not reach is not
    /// there.
    async fn revisions<M: OfPerson>(
        &self,
        scope: &Scope,
        id: &M::Id,
        page: (i32, &str),
    ) -> Result<(Vec<M>, String), OpError> {
        let list = ["revisions", M::KIND, id.as_ref()];
        let page = &self.secrets.page(scope.author(), page, &list, MAX_PAGE)?;
        let told = self.db.read(|tx| {
            Box::pin(async move {
                reached::<M>(tx, scope, id).await?;
                Ok::<_, OpError>(facts::revisions::<M>(tx, id, page).await?)
            })
        });
        told.await
    }

    /// The facts of a page as they stand, and the next page's token. `ids` finds those of the page.
    async fn listed<'env, M, F>(
        &self,
        page: &'env PageRequest,
        ids: &'env F,
    ) -> Result<(Vec<M>, String), OpError>
    where
        M: Fact + Message + Default,
        F: for<'t> Fn(&'t Tx<'env>) -> BoxFuture<'t, Result<Vec<M::Id>, DbError>> + Sync,
    {
        let read = self.db.read(|tx| {
            Box::pin(async move { Ok::<_, OpError>(facts::listed(tx, page, ids(tx).await?).await?) })
        });
        read.await
    }
}

/// Refuses to tell of a fact that there is not, and in the same words of one whose person the call does not reach.
async fn reached<M: OfPerson>(tx: &Tx<'_>, scope: &Scope, id: &M::Id) -> Result<(), OpError> {
    match is_reached::<M>(tx, scope, id).await? {
        true => Ok(()),
        false => Err(OpError::not_found(M::KIND, id.as_ref())),
    }
}

/// Starts the service. Feeds that it streams end when `shutdown` is cancelled.
///
/// # Errors
/// The schema is not migrated; the city measures a service by an instrument that is not there; an instrument gives totals that a scale in force today or later has no level for.
pub async fn start(deps: Deps, shutdown: CancellationToken) -> Result<Started, StartError> {
    use niva_rpc::bounded;
    use pb::application_service_server::ApplicationServiceServer;
    use pb::audit_service_server::AuditServiceServer;
    use pb::export_service_server::ExportServiceServer;
    use pb::feed_service_server::FeedServiceServer;
    use pb::grant_service_server::GrantServiceServer;
    use pb::identity_service_server::IdentityServiceServer;
    use pb::import_service_server::ImportServiceServer;
    use pb::instrument_service_server::InstrumentServiceServer;
    use pb::level_decision_service_server::LevelDecisionServiceServer;
    use pb::measurement_service_server::MeasurementServiceServer;
    use pb::person_merge_service_server::PersonMergeServiceServer;
    use pb::person_service_server::PersonServiceServer;

    migrated::<Migrator>(&deps.db).await?;
    let instruments = Instruments::shipped(&deps.city)?;
    instruments.check_from(&deps.catalogue, deps.clock.today()).map_err(StartError::Uncovered)?;
    let secrets = Secrets::load(&deps.db).await?;
    let keeping = Keeping { rule: deps.retention.audit().clone(), people: Arc::new(Named) };
    let (audit, sealing) = niva_audit::start(&deps.db, keeping, &shutdown);
    let app = Arc::new(App {
        feed: FeedLog::new(deps.db.clone()),
        secrets: secrets.clone(),
        db: deps.db,
        clock: deps.clock,
        city: deps.city,
        catalogue: deps.catalogue,
        instruments,
        allow_example_instruments: deps.allow_example_instruments,
        identity_keys: deps.identity_keys,
        retention: deps.retention,
        shutdown,
    });
    let (import, importing) = imports::start(&app);
    let rotating = identities::start(&app);
    let routes = Routes::new(bounded!(PersonServiceServer::new(persons::Persons(app.clone()))))
        .add_service(bounded!(IdentityServiceServer::new(identities::Identities(app.clone()))))
        .add_service(bounded!(PersonMergeServiceServer::new(merges::PersonMerges(app.clone()))))
        .add_service(bounded!(ExportServiceServer::new(exports::Exports(app.clone()))))
        .add_service(bounded!(ApplicationServiceServer::new(applications::Applications(app.clone()))))
        .add_service(bounded!(GrantServiceServer::new(grants::Grants(app.clone()))))
        .add_service(bounded!(InstrumentServiceServer::new(instruments::Instruments(app.clone()))))
        .add_service(bounded!(MeasurementServiceServer::new(measurements::Measurements(app.clone()))))
        .add_service(bounded!(LevelDecisionServiceServer::new(level_decisions::LevelDecisions(app.clone()))))
        .add_service(bounded!(AuditServiceServer::new(audit::Audit::new(&app))))
        .add_service(bounded!(ImportServiceServer::new(imports::Imports(import))))
        .add_service(niva_catalogue::server(Arc::clone(&app.city), secrets.clone()))
        .add_service(niva_audit::server(app.db.clone(), secrets, Arc::new(Named)))
        .add_service(bounded!(FeedServiceServer::new(feed::Feed(app))));
    Ok(Started { routes, audit, importing, sealing, rotating })
}

/// Who may call what, as the contract says.
#[must_use]
pub fn policy() -> Policy {
    niva_rpc::policy("niva.assessment.v1").and(niva_catalogue::policy()).and(niva_audit::policy())
}

/// Which revision a stored fact is.
fn info<M: Fact>(fact: &M) -> Result<Info, OpError> {
    fact.info()
        .ok_or_else(|| OpError::internal(format!("{} {} is stored without info", M::KIND, fact.fact_id())))
}

/// Refuses to correct what a fact is about.
fn fixed<T: PartialEq + Display>(field: &str, standing: &T, given: &T) -> Result<(), OpError> {
    if standing == given {
        return Ok(());
    }
    let words = format!("is {standing} and not {given}: withdraw what was told wrongly, and record it anew");
    Err(OpError::invalid(field, "SUBJECT_FIXED", words))
}

fn id_taken(kind: &str, id: impl Display) -> OpError {
    OpError::already_exists("ID_TAKEN", format!("there is a {kind} {id} already: choose another id"))
}

fn person_merged(id: &PersonId, into: &PersonId) -> OpError {
    let words =
        format!("person {id} is person {into}, into whose record this one was merged: tell it of that one");
    OpError::precondition("PERSON_MERGED", words).with("person_id", id).with("into_person_id", into)
}

fn person_unknown(id: &PersonId) -> OpError {
    OpError::precondition("PERSON_UNKNOWN", format!("there is no person {id}: record the person first"))
        .with("person_id", id)
}
