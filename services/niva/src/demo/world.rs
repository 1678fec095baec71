//! The three services in one process, reached over memory, on one clock that the demo moves.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use niva_calendar::NaiveDate;
use niva_city::{Clients, Endpoints};
use niva_kit::auth::{Caller, LocalIssuer, Role as CallerRole, Verifier};
use niva_kit::client::{Credentials, Endpoint};
use niva_kit::server::{Listen, MemoryConnector, Running};
use niva_kit::{Clock, Database, ManualClock, morning};
use niva_models::{Catalogue, City};
use tokio_util::sync::CancellationToken;

use super::databases;
use super::{Options, dates};
use crate::failure::{Doing, Failure};
use crate::serve::{Background, Common, Role, Setup, Started, drain, migrate, start};
use crate::shipped::local_issuer;

/// Everything that runs.
pub(super) struct World {
    pub(super) city: Arc<City>,
    pub(super) catalogue: Arc<Catalogue>,
    clock: Clock,
    hand: ManualClock,
    issuer: LocalIssuer,
    endpoints: Endpoints,
    started: Vec<Started>,
    running: Vec<Running>,
    background: Vec<Background>,
    shutdown: CancellationToken,
}

impl World {
    /// Migrates, starts and serves all three in memory.
    pub(super) async fn start(config: &Options, catalogue: Catalogue) -> Result<Self, Failure> {
        let (clock, hand) = Clock::manual(morning(dates::day0()));
        let common = Common {
            clock: clock.clone(),
            city: Arc::new(crate::shipped::city()?),
            catalogue: Arc::new(catalogue),
        };
        let issuer = local_issuer(&config.data)?;
        let memory = [(); 3].map(|()| MemoryConnector::new());
        let [assessment, choice, payment] = memory.clone().map(Endpoint::Memory);
        let mut world = Self {
            city: common.city.clone(),
            catalogue: common.catalogue.clone(),
            clock,
            hand,
            issuer,
            endpoints: Endpoints { assessment, choice, payment },
            started: Vec::new(),
            running: Vec::new(),
            background: Vec::new(),
            shutdown: CancellationToken::new(),
        };
        for (role, connector) in [Role::Assessment, Role::Choice, Role::Payment].into_iter().zip(memory) {
            let db = databases::open(config, role).await?;
            world.start_role(role, db, &common, Listen::Memory(connector.listen())).await?;
        }
        Ok(world)
    }

    async fn start_role(
        &mut self,
        role: Role,
        db: Database,
        common: &Common,
        listen: Listen,
    ) -> Result<(), Failure> {
        migrate(role, &db).await?;
        let caller =
            Caller::new(format!("niva-{}", role.name()), [CallerRole::Service, CallerRole::FeedReader]);
        let credentials = Credentials::minted(&self.issuer, caller, &self.clock);
        let setup = Setup {
            assessment: Some((self.endpoints.assessment.clone(), credentials.clone())),
            choice: Some((self.endpoints.choice.clone(), credentials)),
            // The demo is what example instruments are for.
            allow_example_instruments: true,
            opening_month: Some(dates::march()),
        };
        let (started, background) = start(role, db, common, setup, &self.shutdown).await?;
        let running = self.serve(&started, listen).await?;
        self.started.push(started);
        self.running.push(running);
        self.background.push(background);
        Ok(())
    }

    async fn serve(&self, started: &Started, listen: Listen) -> Result<Running, Failure> {
        let server = started.server(&Verifier::local(&self.issuer), &self.clock);
        server.start(listen, self.shutdown.clone()).await.doing("serve")
    }

    /// Serves over TCP as well: assessment on the address, choice and payment on the next two ports.
    pub(super) async fn bind(&mut self, first: SocketAddr) -> Result<Vec<SocketAddr>, Failure> {
        let mut bound = Vec::new();
        for (offset, started) in (0..).zip(self.started.clone()) {
            let port = if first.port() == 0 { 0 } else { first.port().saturating_add(offset) };
            let running = self.serve(&started, Listen::Tcp(SocketAddr::new(first.ip(), port))).await?;
            bound.extend(running.address());
            self.running.push(running);
        }
        Ok(bound)
    }

    /// Clients of a caller, with tokens of the local issuer.
    pub(super) fn clients(&self, caller: &Caller) -> Clients {
        self.endpoints.clients(&Credentials::minted(&self.issuer, caller.clone(), &self.clock))
    }

    /// Clients of a caller with one role and all districts.
    pub(super) fn caller(&self, subject: &str, role: CallerRole) -> Clients {
        self.clients(&Caller::new(subject, [role]))
    }

    /// The caller that imports.
    pub(super) fn importer(&self) -> Clients {
        let roles = [CallerRole::Service, CallerRole::Importer, CallerRole::FeedReader];
        self.clients(&Caller::new("importer", roles))
    }

    /// It is nine in the morning of a day.
    pub(super) fn now_is(&self, day: NaiveDate) {
        self.hand.advance_to(day);
    }

    /// Ends everything, within the drain's bound.
    pub(super) async fn stop(self) {
        self.shutdown.cancel();
        for running in self.running {
            running.finished().await;
        }
        for background in self.background {
            drain(background).await;
        }
    }
}

/// Makes the data folder.
pub(super) fn prepare(folder: &Path) -> Result<(), Failure> {
    std::fs::create_dir_all(folder).map_err(|e| {
        Failure::configuration(format_args!("the data folder {} cannot be made: {e}", folder.display()))
    })
}
