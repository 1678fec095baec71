//! The three services in this process, over memory.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use niva_access::{Caller, LocalIssuer, Policy, Role, Verifier};
use niva_base::Clock;
use niva_models::Catalogue;
use niva_names::ServiceCatalogue;
use niva_rpc::MemoryConnector;
use niva_rpc::client::{Channel, Credentials, Endpoint};
use niva_rpc::server::{Listen, RoleServer, Running};
use niva_store::Database;
use tokio_util::sync::CancellationToken;
use tonic::service::Routes;

use super::{Ground, HANG, Service};

pub(super) struct Memory {
    parts: Parts,
    connectors: [MemoryConnector; 3],
    running: [Option<(CancellationToken, Running, BoxFuture<'static, ()>)>; 3],
}

/// A service, and what it does beside answering calls: to be waited for.
struct Started {
    routes: Routes,
    policy: Policy,
    jobs: BoxFuture<'static, ()>,
}

/// What a service is made of, to make it again.
struct Parts {
    databases: [Database; 3],
    issuer: LocalIssuer,
    clock: Clock,
    city: Arc<ServiceCatalogue>,
    catalogue: Arc<Catalogue>,
}

impl Memory {
    pub(super) async fn start(ground: &Ground) -> Self {
        let databases = std::array::from_fn(|i| ground.databases[i].db().clone());
        let [assessment, choice, payment] = &databases;
        assessment.migrate::<niva_assessment::Migrator>().await.expect("a schema");
        choice.migrate::<niva_choice::Migrator>().await.expect("a schema");
        payment.migrate::<niva_payment::Migrator>().await.expect("a schema");
        let parts = Parts {
            databases,
            issuer: ground.issuer.clone(),
            clock: ground.clock.clone(),
            city: Arc::new(ServiceCatalogue::shipped().expect("the city")),
            catalogue: Arc::new(Catalogue::shipped().expect("the models")),
        };
        let connectors = std::array::from_fn(|_| MemoryConnector::new());
        let mut memory = Self { parts, connectors, running: [None, None, None] };
        for service in Service::ALL {
            memory.resume(service).await;
        }
        memory
    }

    pub(super) fn endpoint(&self, service: Service) -> Endpoint {
        Endpoint::Memory(self.connectors[service as usize].clone())
    }

    /// As one service calls another.
    fn channel(&self, service: Service) -> Channel {
        let caller = Caller::new("service", [Role::FeedReader]);
        self.endpoint(service).channel(Credentials::minted(&self.parts.issuer, caller, &self.parts.clock))
    }

    pub(super) async fn halt(&mut self, service: Service) {
        if let Some((shutdown, running, jobs)) = self.running[service as usize].take() {
            shutdown.cancel();
            let ended = tokio::time::timeout(HANG, async { tokio::join!(running.finished(), jobs) }).await;
            assert!(ended.is_ok(), "{} does not end", service.name());
        }
    }

    pub(super) async fn resume(&mut self, service: Service) {
        let shutdown = CancellationToken::new();
        let Started { routes, policy, jobs } = self.begin(service, shutdown.clone()).await;
        let verifier = Verifier::local(&self.parts.issuer);
        let server = RoleServer::new(service.name(), routes, policy, verifier, self.parts.clock.clone());
        let listen = Listen::Memory(self.connectors[service as usize].listen());
        let running = server.start(listen, shutdown.clone()).await.expect("a server");
        self.running[service as usize] = Some((shutdown, running, jobs));
    }

    async fn begin(&self, service: Service, shutdown: CancellationToken) -> Started {
        let (db, clock) = (self.parts.databases[service as usize].clone(), self.parts.clock.clone());
        // Cities that are told the same end with the same ids.
        niva_store::Secrets::make_known(&db).await.expect("keys");
        let (city, catalogue) = (Arc::clone(&self.parts.city), Arc::clone(&self.parts.catalogue));
        match service {
            Service::Assessment => {
                let deps =
                    niva_assessment::Deps { db, clock, city, catalogue, allow_example_instruments: true };
                let started = niva_assessment::start(deps, shutdown).await.expect("assessment");
                let routes = started.routes.clone();
                Started { routes, policy: niva_assessment::policy(), jobs: Box::pin(started.finished()) }
            }
            Service::Choice => {
                let assessment = self.channel(Service::Assessment);
                let deps = niva_choice::Deps { db, clock, city, catalogue, assessment };
                let started = niva_choice::start(deps, shutdown).await.expect("choice");
                let routes = started.routes.clone();
                Started { routes, policy: niva_choice::policy(), jobs: Box::pin(started.finished()) }
            }
            Service::Payment => {
                let (assessment, choice) = (self.channel(Service::Assessment), self.channel(Service::Choice));
                let deps = niva_payment::Deps {
                    db,
                    clock,
                    city,
                    catalogue,
                    assessment,
                    choice,
                    opening_month: None,
                };
                let started = niva_payment::start(deps, shutdown).await.expect("payment");
                let routes = started.routes.clone();
                Started { routes, policy: niva_payment::policy(), jobs: Box::pin(started.finished()) }
            }
        }
    }

    pub(super) async fn load_models(&mut self, catalogue: Catalogue) {
        for service in Service::ALL.into_iter().rev() {
            self.halt(service).await;
        }
        self.parts.catalogue = Arc::new(catalogue);
        for service in Service::ALL {
            self.resume(service).await;
        }
    }

    /// Those that listen to others first: nobody is left waiting.
    pub(super) async fn close(mut self) {
        for service in Service::ALL.into_iter().rev() {
            self.halt(service).await;
        }
    }
}
