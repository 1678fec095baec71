//! What the executable knows of a part.

use std::fmt::Display;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use niva_access::{Policy, Verifier};
use niva_base::OpError;
use niva_names::PaymentLineId;
use niva_rpc::server::{PartServer, Recorder, Watched};
use niva_store::{Database, DbError};
use tokio_util::sync::CancellationToken;
use tonic::service::Routes;

use crate::ground::Ground;
use crate::wrong::Wrong;

/// Time for what a part does in the background to end.
const DRAIN: Duration = Duration::from_secs(10);

/// What one process serves, by its checked configuration.
pub trait Part: Sized + Send + 'static {
    /// `assessment`.
    const NAME: &'static str;
    /// What it is for, in a few words.
    const ABOUT: &'static str;
    /// The port that it listens on when none is given.
    const PORT: u16;
    /// Methods that may take longer than others, by path, and how long.
    const SLOW: &'static [(&'static str, Duration)];
    /// Its options, and no other part's.
    type Options: clap::Args;
    /// Why it does not start.
    type StartError: Display;

    /// Reads the options.
    ///
    /// # Errors
    /// All that is wrong with them.
    fn check(options: &Self::Options) -> Result<Self, Wrong>;

    /// What it stands on.
    fn ground(&self) -> &Ground;

    /// Brings its database up to date.
    fn migrate(db: &Database) -> impl Future<Output = Result<(), DbError>> + Send;

    /// Reads what its database keeps for good, and finds what is not as it was written, in words. A part that keeps no
    /// ledger finds nothing.
    fn verify(db: &Database) -> impl Future<Output = Result<Vec<String>, DbError>> + Send {
        let _ = db;
        std::future::ready(Ok(Vec::new()))
    }

    /// Explains a line of payment that its database keeps, in lines for people; `None`: there is no such line.
    fn explain(
        db: &Database,
        id: &PaymentLineId,
    ) -> impl Future<Output = Result<Option<Vec<String>>, OpError>> + Send {
        let _ = (db, id);
        std::future::ready(Ok(None))
    }

    /// Starts it on its database, until `shutdown`.
    fn start(
        self,
        db: Database,
        shutdown: CancellationToken,
    ) -> impl Future<Output = Result<Served, Self::StartError>> + Send;
}

/// A part that was started, ready to be served over any number of listeners.
pub struct Served {
    name: &'static str,
    slow: &'static [(&'static str, Duration)],
    routes: Routes,
    policy: Policy,
    recorder: Arc<dyn Recorder>,
    background: BoxFuture<'static, ()>,
    watched: Vec<(&'static str, Watched)>,
}

impl Served {
    /// `P` with its rpcs, who may call what, who keeps the records of it, and what ends when everything that it does
    /// beside answering calls has ended.
    pub fn new<P: Part>(
        routes: Routes,
        policy: Policy,
        recorder: impl Recorder,
        background: impl Future<Output = ()> + Send + 'static,
    ) -> Self {
        let (recorder, background) = (Arc::new(recorder), Box::pin(background));
        Self { name: P::NAME, slow: P::SLOW, routes, policy, recorder, background, watched: Vec::new() }
    }

    /// Tells by the health protocol, under this name, whether something that it stands on is as it should be.
    #[must_use]
    pub fn watched(mut self, name: &'static str, state: Watched) -> Self {
        self.watched.push((name, state));
        self
    }

    /// `assessment`.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// A server of it.
    #[must_use]
    pub fn server(&self, verifier: &Verifier) -> PartServer {
        let (routes, policy) = (self.routes.clone(), self.policy.clone());
        let recorder = Arc::clone(&self.recorder);
        let server = PartServer::new(self.name, routes, policy, verifier.clone(), recorder);
        let server =
            self.watched.iter().fold(server, |server, (name, state)| server.watched(name, state.clone()));
        self.slow.iter().fold(server, |server, (path, time)| server.time_for(*path, *time))
    }

    /// Waits for the end of what it does in the background, after the shutdown, within a bound.
    pub async fn finished(self) {
        if tokio::time::timeout(DRAIN, self.background).await.is_err() {
            tracing::warn!(part = self.name, limit = ?DRAIN, "the background did not end in time and is left behind");
        }
    }
}
