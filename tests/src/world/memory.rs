//! The three services in this process, over memory.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use niva_access::{Caller, LocalIssuer, Policy, Role};
use niva_assessment::IdentityKeys;
use niva_base::Clock;
use niva_models::Catalogue;
use niva_names::ServiceCatalogue;
use niva_retention::Retention;
use niva_rpc::MemoryConnector;
use niva_rpc::client::{Channel, Credentials, Endpoint};
use niva_rpc::server::{Recorder, Running};
use niva_store::Database;
use niva_testing::{Service, city, models, serve};
use tokio_util::sync::CancellationToken;
use tonic::service::Routes;

use super::{Ground, HANG, Part, identity_keys};

pub(super) struct Memory {
    parts: Parts,
    connectors: [MemoryConnector; 3],
    running: [Option<(CancellationToken, Running, BoxFuture<'static, ()>)>; 3],
}

/// A service, and what it does beside answering calls: to be waited for.
struct Started {
    service: Service,
    jobs: BoxFuture<'static, ()>,
}

fn of(part: Part, routes: Routes, policy: Policy, recorder: impl Recorder) -> Service {
    Service { name: part.name(), routes, policy, recorder: Arc::new(recorder) }
}

/// What a service is made of, to make it again.
struct Parts {
    databases: [Database; 3],
    issuer: LocalIssuer,
    clock: Clock,
    city: Arc<ServiceCatalogue>,
    catalogue: Arc<Catalogue>,
    identity_keys: IdentityKeys,
}

impl Memory {
    pub(super) async fn start(ground: &Ground) -> Self {
        let databases = std::array::from_fn(|i| ground.databases.own(Part::ALL[i]).db().clone());
        let [assessment, choice, payment] = &databases;
        assessment.migrate::<niva_assessment::Migrator>().await.expect("a schema");
        choice.migrate::<niva_choice::Migrator>().await.expect("a schema");
        payment.migrate::<niva_payment::Migrator>().await.expect("a schema");
        let parts = Parts {
            databases,
            issuer: ground.issuer.clone(),
            clock: ground.clock.clone(),
            city: city(),
            catalogue: models(),
            identity_keys: IdentityKeys::open_or_create(identity_keys(ground.folder.path())).expect("a key"),
        };
        let connectors = std::array::from_fn(|_| MemoryConnector::new());
        let mut memory = Self { parts, connectors, running: [None, None, None] };
        for part in Part::ALL {
            memory.resume(part).await;
        }
        memory
    }

    pub(super) fn endpoint(&self, part: Part) -> Endpoint {
        Endpoint::Memory(self.connectors[part as usize].clone())
    }

    /// As one service calls another.
    fn channel(&self, part: Part) -> Channel {
        let caller = Caller::new("service", [Role::FeedReader]);
        self.endpoint(part).channel(Credentials::minted(&self.parts.issuer, caller))
    }

    pub(super) async fn halt(&mut self, part: Part) {
        if let Some((shutdown, running, jobs)) = self.running[part as usize].take() {
            shutdown.cancel();
            let ended = tokio::time::timeout(HANG, async { tokio::join!(running.finished(), jobs) }).await;
            assert!(ended.is_ok(), "{} does not end", part.name());
        }
    }

    pub(super) async fn resume(&mut self, part: Part) {
        let shutdown = CancellationToken::new();
        let Started { service, jobs } = self.begin(part, shutdown.clone()).await;
        let connector = &self.connectors[part as usize];
        let trusted = &self.parts.issuer;
        let running = serve(connector, service, trusted, shutdown.clone()).await;
        self.running[part as usize] = Some((shutdown, running, jobs));
    }

    async fn begin(&self, part: Part, shutdown: CancellationToken) -> Started {
        let (db, clock) = (self.parts.databases[part as usize].clone(), self.parts.clock.clone());
        // Cities that are told the same end with the same ids.
        niva_store::Secrets::make_known(&db).await.expect("keys");
        let (city, catalogue) = (Arc::clone(&self.parts.city), Arc::clone(&self.parts.catalogue));
        let retention = Arc::new(Retention::shipped().expect("the rules"));
        match part {
            Part::Assessment => {
                let deps = niva_assessment::Deps {
                    db,
                    clock,
                    city,
                    catalogue,
                    allow_example_instruments: true,
                    identity_keys: Some(self.parts.identity_keys.clone()),
                    retention,
                };
                let started = niva_assessment::start(deps, shutdown).await.expect("assessment");
                let service =
                    of(part, started.routes.clone(), niva_assessment::policy(), started.audit.clone());
                Started { service, jobs: Box::pin(started.finished()) }
            }
            Part::Choice => {
                let assessment = self.channel(Part::Assessment);
                let deps = niva_choice::Deps { db, clock, city, catalogue, assessment, retention };
                let started = niva_choice::start(deps, shutdown).await.expect("choice");
                let service = of(part, started.routes.clone(), niva_choice::policy(), started.audit.clone());
                Started { service, jobs: Box::pin(started.finished()) }
            }
            Part::Payment => {
                let (assessment, choice) = (self.channel(Part::Assessment), self.channel(Part::Choice));
                let deps = niva_payment::Deps {
                    db,
                    clock,
                    city,
                    catalogue,
                    assessment,
                    choice,
                    opening_month: None,
                    claims: niva_payment::ClaimRules::shipped().expect("the rules of claims"),
                    postings: Some(Arc::new(niva_payment::Mapping::shipped().expect("the accounts"))),
                    payers: Arc::new(niva_payment::Payers::shipped().expect("the payers")),
                    exports: None,
                    retention,
                };
                let started = niva_payment::start(deps, shutdown).await.expect("payment");
                let service = of(part, started.routes.clone(), niva_payment::policy(), started.audit.clone());
                Started { service, jobs: Box::pin(started.finished()) }
            }
        }
    }

    pub(super) async fn load_models(&mut self, catalogue: Catalogue) {
        for part in Part::ALL.into_iter().rev() {
            self.halt(part).await;
        }
        self.parts.catalogue = Arc::new(catalogue);
        for part in Part::ALL {
            self.resume(part).await;
        }
    }

    /// Those that listen to others first: nobody is left waiting.
    pub(super) async fn close(mut self) {
        for part in Part::ALL.into_iter().rev() {
            self.halt(part).await;
        }
    }
}
