//! The choice service: providers, units, wishes, offers and placements.
//!
//! It hears of grants by the feed of assessment and tells of providers, units and placements by its own.

mod assessment;
mod config;
mod grpc;
mod lapse;
mod ops;
mod sight;
mod store;
mod wire;

use std::sync::Arc;

use niva_calendar::NaiveDate;
use niva_kit::auth::{Policy, Role};
use niva_kit::client::Channel;
use niva_kit::feed::{Consumer, ConsumerHandle, ConsumerStatus, FeedLog};
use niva_kit::{Clock, Database, Ids};
use niva_models::{Catalogue, City};
use niva_proto::choice::v1::choice_service_server::{ChoiceServiceServer, SERVICE_NAME};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tonic::service::Routes;

pub use config::{Config, Options};
pub use store::Migrator;

/// What the service stands on.
#[derive(Debug)]
pub struct Deps {
    /// Its database, migrated.
    pub db: Database,
    /// What time it is.
    pub clock: Clock,
    /// Where new ids come from.
    pub ids: Ids,
    /// The city and its district boards.
    pub city: Arc<City>,
    /// Compensation models: working days to answer an offer and to start.
    pub catalogue: Arc<Catalogue>,
    /// Channel to assessment, with credentials of the role `service`.
    pub assessment: Channel,
}

/// Why the service does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The schema is older than the program.
    #[error("the database of choice lacks migration {0}; run `niva migrate` first")]
    NotMigrated(String),
}

/// The running service.
#[derive(Debug)]
pub struct Service {
    /// To hand to the server.
    pub routes: Routes,
    /// Names to report health under.
    pub health_names: Vec<&'static str>,
    consumer: ConsumerHandle,
    lapsing: JoinHandle<()>,
    lapsed: watch::Receiver<Option<NaiveDate>>,
}

/// What every operation works with.
#[derive(Debug)]
pub(crate) struct App {
    db: Database,
    clock: Clock,
    ids: Ids,
    city: Arc<City>,
    catalogue: Arc<Catalogue>,
    feed: FeedLog,
    /// How the feed of assessment is doing.
    assessment: watch::Receiver<ConsumerStatus>,
    shutdown: CancellationToken,
}

/// Starts consuming the feed of assessment and letting offers lapse, until `shutdown`.
///
/// # Errors
/// The schema is not migrated.
pub async fn start(deps: Deps, shutdown: CancellationToken) -> Result<Service, StartError> {
    let Deps { db, clock, ids, city, catalogue, assessment } = deps;
    if let Some(migration) = store::pending_migration(&db).await {
        return Err(StartError::NotMigrated(migration));
    }
    let source = assessment::Source::new(assessment);
    let (name, told) = (assessment::FEED, shutdown.clone());
    let consumer = Consumer::spawn(name, db.clone(), clock.clone(), source, assessment::Grants, told);
    let app = Arc::new(App {
        feed: FeedLog::new(db.clone()),
        db,
        clock,
        ids,
        city,
        catalogue,
        assessment: consumer.watch(),
        shutdown: shutdown.clone(),
    });
    let (done, lapsed) = watch::channel(None);
    let lapsing = tokio::spawn(lapse::run(app.clone(), done, shutdown));
    let server = niva_kit::bounded!(ChoiceServiceServer::new(grpc::Grpc(app)));
    Ok(Service { routes: Routes::new(server), health_names: vec![SERVICE_NAME], consumer, lapsing, lapsed })
}

impl Service {
    /// The consumer of assessment's feed.
    #[must_use]
    pub fn consumer(&self) -> &ConsumerHandle {
        &self.consumer
    }

    /// Waits until offers whose deadline passed before `day` have lapsed by themselves.
    pub async fn lapsed_by(&self, day: NaiveDate) {
        let mut lapsed = self.lapsed.clone();
        // An error means that the service has ended: nothing more will lapse.
        let _ = lapsed.wait_for(|done| done.is_some_and(|done| done >= day)).await;
    }

    /// Waits for the end of what runs in the background, after the shutdown.
    pub async fn finished(self) {
        self.consumer.finished().await;
        if let Err(error) = self.lapsing.await {
            tracing::error!(%error, "letting offers lapse ended badly");
        }
    }
}

/// Who may call what.
#[must_use]
pub fn policy() -> Policy {
    use Role::{Administrator, CaseOfficer, Provider, Service};
    const REGISTER: &[Role] = &[Administrator];
    const PLACES: &[Role] = &[Administrator, Provider];
    const OFFICER: &[Role] = &[CaseOfficer, Administrator];
    const SYSTEMS: &[Role] = &[Service, Administrator];
    const LAPSE: &[Role] = &[CaseOfficer, Administrator, Service];
    Policy::new().service(
        SERVICE_NAME,
        &[
            ("CreateProvider", REGISTER),
            ("ListProviders", &Role::ALL),
            ("CreateUnit", REGISTER),
            ("SetUnitCapacity", PLACES),
            ("ChangeUnitRegime", REGISTER),
            ("GetUnit", &Role::ALL),
            ("ListUnits", &Role::ALL),
            ("RecordWish", OFFICER),
            ("MakeOffer", OFFICER),
            ("AcceptOffer", OFFICER),
            ("DeclineOffer", OFFICER),
            ("LapseOffers", LAPSE),
            ("ListOffers", &Role::ALL),
            ("StartPlacement", OFFICER),
            ("GiveNotice", OFFICER),
            ("EndPlacement", OFFICER),
            ("WithdrawPlacement", OFFICER),
            ("GetPlacement", &Role::ALL),
            ("ListPlacements", &Role::ALL),
            ("ImportChoice", SYSTEMS),
            ("WatchChoice", SYSTEMS),
            ("GetFeedStatus", &Role::ALL),
        ],
    )
}
