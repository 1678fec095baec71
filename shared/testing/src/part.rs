//! A part under test: behind its gate, reached over memory, with a clock that is set by hand.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use niva_access::{Caller, LocalIssuer, Policy, Verifier, audience};
use niva_base::{Clock, ManualClock, morning};
use niva_calendar::NaiveDate;
use niva_models::Catalogue;
use niva_names::ServiceCatalogue;
use niva_rpc::MemoryConnector;
use niva_rpc::client::{Channel, Credentials, Endpoint};
use niva_rpc::server::{Listen, PartServer, Running};
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
    pub async fn serve(&self, name: &'static str, routes: Routes, policy: Policy) -> Running {
        self.served(&self.memory, name, routes, policy).await
    }

    /// Serves what stands in for another part, and says where it is.
    pub async fn serve_beside(&self, name: &'static str, routes: Routes, policy: Policy) -> Endpoint {
        let memory = MemoryConnector::new();
        self.served(&memory, name, routes, policy).await;
        Endpoint::Memory(memory)
    }

    async fn served(
        &self,
        memory: &MemoryConnector,
        name: &'static str,
        routes: Routes,
        policy: Policy,
    ) -> Running {
        serve(memory, name, routes, policy, &self.issuer, self.shutdown.clone()).await
    }

    /// A token for a caller, made anew for each call.
    #[must_use]
    pub fn credentials(&self, caller: Caller) -> Credentials {
        Credentials::minted(&self.issuer, caller)
    }

    /// A channel to the part, as a caller.
    #[must_use]
    pub fn channel(&self, caller: Caller) -> Channel {
        Endpoint::Memory(self.memory.clone()).channel(self.credentials(caller))
    }
}

/// Serves a part over memory, to whom a local issuer has given tokens: the one way in which tests start a server.
///
/// # Panics
/// When it cannot be served.
pub async fn serve(
    memory: &MemoryConnector,
    name: &'static str,
    routes: Routes,
    policy: Policy,
    issuer: &LocalIssuer,
    shutdown: CancellationToken,
) -> Running {
    let server = PartServer::new(name, routes, policy, Verifier::local(issuer, &audience(name)));
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
