//! The payment service: facts in, by feed and by rpc; runs, lines and their explanation out.
//!
//! What is known of a person in a service is a [`niva_payment_domain::Case`], kept in versions by fact number. A run
//! freezes a number, computes what is owed for every month of the ledger, and pays the difference to what was paid.

mod case_key;
pub mod feed;
mod grpc;
mod ops;
mod policy;
mod record;
mod run;
mod store;
mod wire;

use std::sync::Arc;

use niva_calendar::Month;
use niva_kit::client::Channel;
use niva_kit::feed::{Consumer, ConsumerHandle};
use niva_kit::{Clock, Database, DbError, Ids};
use niva_models::{Catalogue, City};
use niva_proto::assessment::v1::feed_service_client::FeedServiceClient as AssessmentFeedClient;
use niva_proto::choice::v1::feed_service_client::FeedServiceClient as ChoiceFeedClient;
use niva_proto::payment::v1::payment_service_server::PaymentServiceServer;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tonic::service::Routes;

pub use ops::quote::calculate;
pub use policy::policy;
pub use store::migration::Migrator;

/// The service's name in the contract, by which its health is told.
pub const SERVICE: &str = "niva.payment.v1.PaymentService";

/// What the service stands on.
pub struct Deps {
    /// Its database, migrated.
    pub db: Database,
    /// What time it is.
    pub clock: Clock,
    /// Where identities come from. Payment makes none of its own: runs and lines have numbers.
    pub ids: Ids,
    /// The city and its district boards.
    pub city: Arc<City>,
    /// The compensation models.
    pub catalogue: Arc<Catalogue>,
    /// Where assessment is, with credentials of the role `service`.
    pub assessment: Channel,
    /// Where choice is, with credentials of the role `service`.
    pub choice: Channel,
    /// First month of the ledger; `None`: the month of the first run that is made.
    pub opening_month: Option<Month>,
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
    /// The tables are missing.
    #[error("the database of payment is not migrated: run `niva migrate`")]
    NotMigrated(#[source] DbError),
    /// The database cannot be reached.
    #[error("the database of payment cannot be reached: start it, or check its URL")]
    Unavailable(#[source] DbError),
}

/// The running service.
#[derive(Debug)]
pub struct Service {
    /// What to serve.
    pub routes: Routes,
    /// Services whose health is told.
    pub health_names: Vec<&'static str>,
    context: Arc<ops::Context>,
    job: JoinHandle<()>,
}

impl Service {
    /// The consumer of a feed, by name: [`feed::ASSESSMENT`] or [`feed::CHOICE`].
    #[must_use]
    pub fn consumer(&self, feed: &str) -> Option<&ConsumerHandle> {
        self.context.consumers.iter().find(|(name, _)| *name == feed).map(|(_, consumer)| consumer)
    }

    /// Waits until the job that calculates runs has ended, after the shutdown.
    pub async fn finished(self) {
        if let Err(error) = self.job.await {
            tracing::error!(%error, "the job of payment runs ended badly");
        }
    }
}

/// Starts the service: consumers of both feeds, and the job that calculates runs; a run that was being calculated goes on.
///
/// # Errors
/// The database is not migrated, or cannot be reached.
pub async fn start(deps: Deps, shutdown: CancellationToken) -> Result<Service, StartError> {
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
) -> Result<Service, StartError> {
    let Deps { db, clock, city, catalogue, assessment, choice, opening_month, .. } = deps;
    store::runs::unsettled(db.conn()).await.map_err(|e| match e {
        e if e.is_unavailable() => StartError::Unavailable(e),
        e => StartError::NotMigrated(e),
    })?;
    let facts = || feed::Facts { clock: clock.clone() };
    let assessment = feed::Assessment(niva_kit::bounded!(AssessmentFeedClient::new(assessment)));
    let choice = feed::Choice(niva_kit::bounded!(ChoiceFeedClient::new(choice)));
    let (of_db, of_clock, stop) = (|| db.clone(), || clock.clone(), || shutdown.clone());
    let consumers = vec![
        (
            feed::ASSESSMENT,
            Consumer::spawn(feed::ASSESSMENT, of_db(), of_clock(), assessment, facts(), stop()),
        ),
        (feed::CHOICE, Consumer::spawn(feed::CHOICE, of_db(), of_clock(), choice, facts(), stop())),
    ];
    let cases_per_part = tuning.cases_per_part.max(1);
    let (jobs, job) = run::spawn(db.clone(), Arc::clone(&catalogue), cases_per_part, shutdown.clone());
    let context =
        Arc::new(ops::Context { db, clock, city, catalogue, opening_month, cases_per_part, jobs, consumers });
    let api = grpc::Api { context: Arc::clone(&context), shutdown };
    let routes = Routes::new(niva_kit::bounded!(PaymentServiceServer::new(api)));
    Ok(Service { routes, health_names: vec![SERVICE], context, job })
}
