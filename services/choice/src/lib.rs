//! The choice service: providers, units, wishes, offers and placements.
//!
//! It hears of grants by the feed of assessment and tells of providers, units and placements by its own.

mod audit;
mod config;
mod exports;
mod feed;
#[cfg(feature = "fuzz")]
pub mod fuzz;
mod grants;
mod import;
mod imports;
mod occupancy;
mod offers;
mod placements;
mod providers;
mod refused;
mod schema;
mod store;
mod units;
mod wire;
mod wishes;

use std::fmt::Debug;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use futures_util::future::BoxFuture;
use niva_access::{Policy, Scope};
use niva_audit::{Keeping, Named, Trail};
use niva_base::{Clock, OpError};
use niva_calendar::NaiveDate;
use niva_facts::{Changing, Fact, Info, Telling, Tells};
use niva_feed::{Consumer, Consumers, FeedLog, NewEvent};
use niva_models::{Catalogue, ServiceTerms};
use niva_names::{ServiceCatalogue, ServiceInfo, ServiceKey};
use niva_proto::choice::v1 as pb;
use niva_retention::Retention;
use niva_rpc::bounded;
use niva_rpc::client::Channel;
use niva_store::page::PageRequest;
use niva_store::{Database, NotReady, Secrets, Tx, facts, request};
use pb::audit_service_server::AuditServiceServer;
use pb::export_service_server::ExportServiceServer;
use pb::feed_service_server::FeedServiceServer;
use pb::import_service_server::ImportServiceServer;
use pb::offer_service_server::OfferServiceServer;
use pb::placement_service_server::PlacementServiceServer;
use pb::provider_service_server::ProviderServiceServer;
use pb::unit_service_server::UnitServiceServer;
use pb::wish_service_server::WishServiceServer;
use prost::Message;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tonic::service::Routes;

pub use config::{Config, Options};
pub use schema::Migrator;

/// Most rows on a page.
const MAX_PAGE: u32 = 1_000;

/// What an rpc answers.
type Answer<T> = Result<tonic::Response<T>, tonic::Status>;

/// An answer, and what the feed is to tell.
type Told<R> = (R, Vec<NewEvent>);

/// What the service stands on.
#[derive(Debug)]
pub struct Deps {
    /// Its database, migrated.
    pub db: Database,
    /// What time it is.
    pub clock: Clock,
    /// The city and its district boards.
    pub city: Arc<ServiceCatalogue>,
    /// Compensation models: working days to answer an offer and to start.
    pub catalogue: Arc<Catalogue>,
    /// Channel to assessment, with credentials of the role `feed_reader`.
    pub assessment: Channel,
    /// How long what is kept must be kept.
    pub retention: Arc<Retention>,
}

/// Why the service does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The database is not what this version expects.
    #[error(transparent)]
    NotReady(#[from] NotReady),
    /// The database does not give or keep the service's own keys.
    #[error("choice cannot start without its keys: {0}")]
    NoSecrets(#[from] OpError),
}

/// The service as it runs.
#[derive(Debug)]
pub struct Started {
    /// To hand to the server.
    pub routes: Routes,
    /// Where the records of its calls go.
    pub audit: Trail,
    app: Arc<App>,
    sealing: JoinHandle<()>,
    lapsing: JoinHandle<()>,
    importing: JoinHandle<()>,
    lapsed: watch::Receiver<Option<NaiveDate>>,
}

/// What every operation works with.
#[derive(Debug)]
pub(crate) struct App {
    db: Database,
    clock: Clock,
    secrets: Secrets,
    city: Arc<ServiceCatalogue>,
    catalogue: Arc<Catalogue>,
    feed: FeedLog,
    /// The feeds that it follows.
    followed: Consumers,
    shutdown: CancellationToken,
}

impl App {
    /// Runs a changing call once: in one transaction with the claim of its request id, its events and the stored answer.
    async fn change<'a, Q, R, F>(&'a self, scope: &'a Scope, request: &'a Q, work: F) -> Result<R, OpError>
    where
        Q: Changing + Message,
        R: Tells + Message + Default + 'static,
        F: for<'t> Fn(&'t Tx<'a>, Telling) -> BoxFuture<'t, Result<Told<R>, OpError>> + Send + Sync,
    {
        self.followed.reach(&request.min_positions()).await?;
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
        self.followed.reach(&request.min_positions()).await?;
        request::change(&self.db, scope, request, self.clock.now(), work).await
    }

    /// A fact as it is known now, or was at a recorded time.
    async fn read<M: Fact + Message + Default>(
        &self,
        id: &M::Id,
        at: Option<DateTime<Utc>>,
    ) -> Result<M, OpError> {
        let found = facts::read(self.db.conn(), id, at, self.clock.now()).await?;
        found.ok_or_else(|| OpError::not_found(M::KIND, id.as_ref()))
    }

    /// A page of all that was told of a fact.
    async fn revisions<M: Fact + Message + Default>(
        &self,
        scope: &Scope,
        id: &M::Id,
        page: (i32, &str),
    ) -> Result<(Vec<M>, String), OpError> {
        let page = self.secrets.page(scope.author(), page, &["revisions", M::KIND, id.as_ref()], MAX_PAGE)?;
        let (told, next_page_token) = facts::revisions::<M>(self.db.conn(), id, &page).await?;
        if told.is_empty() && page.after.is_none() {
            return Err(OpError::not_found(M::KIND, id.as_ref()));
        }
        Ok((told, next_page_token))
    }

    /// The page of a list that is asked for. `list` is the request without its page, which a token is bound to.
    fn page(&self, scope: &Scope, list: &impl Debug, page: (i32, &str)) -> Result<PageRequest, OpError> {
        self.secrets.page(scope.author(), page, &[&format!("{list:?}")], MAX_PAGE)
    }

    /// The facts of a page as they stand, in the order of their ids, and the next page's token. `ids` are those that the
    /// store found for the page.
    async fn listed<M: Fact + Message + Default>(
        &self,
        page: &PageRequest,
        ids: Vec<M::Id>,
    ) -> Result<(Vec<M>, String), OpError> {
        Ok(facts::listed(self.db.conn(), page, ids).await?)
    }

    fn reader(&self) -> wire::Reader<'_> {
        wire::Reader { city: &self.city, today: self.clock.today() }
    }

    /// What the city's catalogue says of a service that was granted.
    fn service(&self, key: ServiceKey) -> Result<&ServiceInfo, OpError> {
        let found = self.city.service(key.as_str());
        found.map_err(|unknown| {
            OpError::precondition("SERVICE_UNKNOWN", unknown.to_string()).with("service", key)
        })
    }

    /// The rules of a service by the model in force today.
    fn terms(&self, service: ServiceKey) -> Result<&ServiceTerms, OpError> {
        let today = self.clock.today();
        self.catalogue.on(service, today).map(|in_force| in_force.terms).ok_or_else(|| {
            let words =
                format!("no compensation model is in force for {service} on {today}; add one that is");
            OpError::precondition("NO_MODEL", words).with("service", service)
        })
    }
}

/// Starts consuming the feed of assessment and letting offers lapse, until `shutdown`.
///
/// # Errors
/// The schema is not migrated; the database does not give or keep the service's own keys.
pub async fn start(deps: Deps, shutdown: CancellationToken) -> Result<Started, StartError> {
    let Deps { db, clock, city, catalogue, assessment, retention } = deps;
    niva_store::migrated::<Migrator>(&db).await?;
    let secrets = Secrets::load(&db).await?;
    let (source, told) = (grants::source(assessment), shutdown.clone());
    let consumer = Consumer::spawn(grants::FEED, db.clone(), clock.clone(), source, grants::Grants, told);
    let keeping = Keeping { rule: retention.audit().clone(), people: Arc::new(Named) };
    let (audit, sealing) = niva_audit::start(&db, keeping, &shutdown);
    let app = Arc::new(App {
        feed: FeedLog::new(db.clone()),
        db,
        clock,
        secrets,
        city,
        catalogue,
        followed: [consumer].into_iter().collect(),
        shutdown: shutdown.clone(),
    });
    let (import, importing) = imports::start(&app);
    let (done, lapsed) = watch::channel(None);
    let lapsing = tokio::spawn(offers::job::run(offers::Offers(app.clone()), done, shutdown));
    Ok(Started { routes: routes(&app, import), audit, app, sealing, lapsing, importing, lapsed })
}

fn routes(app: &Arc<App>, import: niva_imports::Imports<imports::Facts>) -> Routes {
    let app = || app.clone();
    Routes::new(bounded!(ProviderServiceServer::new(providers::Providers(app()))))
        .add_service(bounded!(UnitServiceServer::new(units::Units(app()))))
        .add_service(bounded!(WishServiceServer::new(wishes::Wishes(app()))))
        .add_service(bounded!(OfferServiceServer::new(offers::Offers(app()))))
        .add_service(bounded!(PlacementServiceServer::new(placements::Placements(app()))))
        .add_service(bounded!(AuditServiceServer::new(audit::Audit::new(&app()))))
        .add_service(bounded!(ExportServiceServer::new(exports::Exports(app()))))
        .add_service(bounded!(ImportServiceServer::new(imports::Imports(import))))
        .add_service(niva_catalogue::server(Arc::clone(&app().city), app().secrets.clone()))
        .add_service(niva_audit::server(app().db.clone(), app().secrets.clone(), Arc::new(Named)))
        .add_service(bounded!(FeedServiceServer::new(feed::Feed(app()))))
}

impl Started {
    /// The feeds that it follows.
    #[must_use]
    pub fn followed(&self) -> &Consumers {
        &self.app.followed
    }

    /// Waits until offers whose deadline passed before `day` have lapsed by themselves.
    pub async fn lapsed_by(&self, day: NaiveDate) {
        let mut lapsed = self.lapsed.clone();
        // An error means that the service has ended: nothing more will lapse.
        let _ = lapsed.wait_for(|done| done.is_some_and(|done| done >= day)).await;
    }

    /// Waits for the end of what runs in the background, after the shutdown.
    pub async fn finished(self) {
        if let Some(assessment) = self.app.followed.get(grants::FEED) {
            let mut status = assessment.watch();
            // Nothing is told any more when the consumer has ended.
            while status.changed().await.is_ok() {}
        }
        if let Err(error) = self.lapsing.await {
            tracing::error!(%error, "letting offers lapse ended badly");
        }
        if let Err(error) = self.importing.await {
            tracing::error!(%error, "the job of imports ended badly");
        }
        if let Err(error) = self.sealing.await {
            tracing::error!(%error, "sealing audit records ended badly");
        }
    }
}

/// Who may call what: as the contract says.
#[must_use]
pub fn policy() -> Policy {
    niva_rpc::policy("niva.choice.v1").and(niva_catalogue::policy()).and(niva_audit::policy())
}

/// The newest telling of a fact, which the resource's own table says there is, and which revision it is.
async fn standing<M: Fact + Message + Default>(tx: &Tx<'_>, id: &M::Id) -> Result<(M, Info), OpError> {
    let newest: Option<M> = facts::newest(tx, id).await?;
    let missing = || OpError::internal(format!("{} {id} has a row and was never told", M::KIND));
    let fact = newest.ok_or_else(missing)?;
    let info = fact.info().ok_or_else(missing)?;
    Ok((fact, info))
}
