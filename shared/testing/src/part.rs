//! A part under test: behind its gate, reached over memory, with a clock that is set by hand.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use futures_util::future::BoxFuture;
use niva_access::{Caller, LocalIssuer, Policy, Record, Verifier, audience};
use niva_base::{Clock, ManualClock, OpError, morning};
use niva_calendar::NaiveDate;
use niva_models::Catalogue;
use niva_names::ServiceCatalogue;
use niva_rpc::MemoryConnector;
use niva_rpc::client::{Channel, Credentials, Endpoint};
use niva_rpc::server::{Listen, PartServer, Recorder, Running};
use tokio_util::sync::CancellationToken;
use tonic::service::Routes;

use crate::TestIssuer;

/// What a part stands on, and the way to it. Stops serving when it is dropped.
#[derive(Debug)]
pub struct TestPart {
    /// What time it is.
    pub now: Clock,
    /// Sets it.
    pub clock: ManualClock,
    /// Whose tokens the part trusts.
    pub issuer: TestIssuer,
    /// Ends everything.
    pub shutdown: CancellationToken,
    memory: MemoryConnector,
}

impl Drop for TestPart {
    fn drop(&mut self) {
        self.shutdown.cancel();
    }
}

impl TestPart {
    /// Nothing yet; it is the morning of a day.
    #[must_use]
    pub fn on(day: NaiveDate) -> Self {
        Self::at(morning(day))
    }

    /// Nothing yet, at a time.
    #[must_use]
    pub fn at(time: DateTime<Utc>) -> Self {
        let (now, clock) = Clock::manual(time);
        let (issuer, shutdown, memory) =
            (TestIssuer::new(), CancellationToken::new(), MemoryConnector::new());
        Self { now, clock, issuer, shutdown, memory }
    }

    /// Serves the part.
    pub async fn serve(
        &self,
        name: &'static str,
        routes: Routes,
        policy: Policy,
        recorder: impl Recorder,
    ) -> Running {
        let served = Service { name, routes, policy, recorder: Arc::new(recorder) };
        serve(&self.memory, served, &self.issuer, self.shutdown.clone()).await
    }

    /// Serves what stands in for another part, and says where it is.
    pub async fn serve_beside(&self, name: &'static str, routes: Routes, policy: Policy) -> Endpoint {
        let (memory, recorder) = (MemoryConnector::new(), Arc::new(Unrecorded));
        let served = Service { name, routes, policy, recorder };
        serve(&memory, served, &self.issuer, self.shutdown.clone()).await;
        Endpoint::Memory(memory)
    }

    /// A token for a caller, made anew for each call.
    #[must_use]
    pub fn credentials(&self, caller: Caller) -> Credentials {
        Credentials::minted(&self.issuer, caller)
    }

    /// A channel to the part, as nobody.
    #[must_use]
    pub fn as_nobody(&self) -> Channel {
        Endpoint::Memory(self.memory.clone()).channel(Credentials::none())
    }

    /// A channel to the part, as a caller.
    #[must_use]
    pub fn channel(&self, caller: Caller) -> Channel {
        Endpoint::Memory(self.memory.clone()).channel(self.credentials(caller))
    }
}

/// A part that is to be served.
#[derive(Debug)]
pub struct Service {
    /// `payment`.
    pub name: &'static str,
    /// Its rpcs.
    pub routes: Routes,
    /// Who may call what.
    pub policy: Policy,
    /// Who keeps the records of it.
    pub recorder: Arc<dyn Recorder>,
}

/// What stands in for a part keeps no records.
#[derive(Debug)]
struct Unrecorded;

impl Recorder for Unrecorded {
    fn record(&self, _: Record) -> BoxFuture<'_, Result<(), OpError>> {
        Box::pin(std::future::ready(Ok(())))
    }

    fn turned_away(&self, _: Record) -> BoxFuture<'_, Result<(), OpError>> {
        Box::pin(std::future::ready(Ok(())))
    }
}

/// Serves a part over memory, to whom a local issuer has given tokens: the one way in which tests start a server.
///
/// # Panics
/// When it cannot be served.
pub async fn serve(
    memory: &MemoryConnector,
    served: Service,
    issuer: &LocalIssuer,
    shutdown: CancellationToken,
) -> Running {
    let Service { name, routes, policy, recorder } = served;
    let server = PartServer::new(name, routes, policy, Verifier::local(issuer, &audience(name)), recorder);
    server.start(Listen::Memory(memory.listen()), shutdown).await.expect("a server")
}

/// The city that is shipped.
///
/// # Panics
/// When its file is wrong.
#[must_use]
pub fn city() -> Arc<ServiceCatalogue> {
    Arc::new(ServiceCatalogue::shipped().expect("the city"))
}

/// The models that are shipped.
///
/// # Panics
/// When a file is wrong.
#[must_use]
pub fn models() -> Arc<Catalogue> {
    Arc::new(Catalogue::shipped().expect("the models"))
}
