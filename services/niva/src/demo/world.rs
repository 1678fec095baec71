//! The three services in one process, reached over memory, on one clock that the demo moves.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use niva_access::{Caller, LocalIssuer, Role, Verifier, audience};
use niva_assessment::IdentityKeys;
use niva_base::{Clock, ManualClock, morning};
use niva_calendar::NaiveDate;
use niva_city::{Clients, Endpoints};
use niva_config::{Part, Served};
use niva_models::Catalogue;
use niva_names::ServiceCatalogue;
use niva_retention::Retention;
use niva_rpc::MemoryConnector;
use niva_rpc::client::{Channel, Credentials, Endpoint};
use niva_rpc::server::{Listen, Running};
use tokio_util::sync::CancellationToken;

use super::databases::Databases;
use super::dates;
use super::options::Config;
use crate::failure::{Doing, Failure};

/// Everything that runs.
pub(super) struct World {
    pub(super) city: Arc<ServiceCatalogue>,
    pub(super) catalogue: Arc<Catalogue>,
    clock: Clock,
    hand: ManualClock,
    issuer: LocalIssuer,
    identity_keys: IdentityKeys,
    endpoints: Endpoints,
    served: Vec<Served>,
    running: Vec<Running>,
    shutdown: CancellationToken,
}

impl World {
    /// Migrates, starts and serves all three in memory.
    pub(super) async fn start(config: &Config) -> Result<Self, Failure> {
        let (clock, hand) = Clock::manual(morning(dates::day0()));
        let issuer = LocalIssuer::open_or_create(&config.data).map_err(Failure::configuration)?;
        let memory = [(); 3].map(|()| MemoryConnector::new());
        let [assessment, choice, payment] = memory.clone().map(Endpoint::Memory);
        let mut world = Self {
            city: Arc::clone(&config.catalogue.services),
            catalogue: Arc::new(config.catalogue.clone()),
            clock,
            hand,
            issuer,
            identity_keys: IdentityKeys::open_or_create(config.data.join("identities.key"))
                .map_err(Failure::configuration)?,
            endpoints: Endpoints { assessment, choice, payment },
            served: Vec::new(),
            running: Vec::new(),
            shutdown: CancellationToken::new(),
        };
        let [to_assessment, to_choice, to_payment] = memory.map(|memory| Listen::Memory(memory.listen()));
        world.serve(world.assessment(&config.databases).await?, to_assessment).await?;
        world.serve(world.choice(&config.databases).await?, to_choice).await?;
        world.serve(world.payment(&config.databases).await?, to_payment).await?;
        Ok(world)
    }

    async fn assessment(&self, databases: &Databases) -> Result<Served, Failure> {
        let deps = niva_assessment::Deps {
            db: databases.open::<niva_assessment::Config>().await?,
            clock: self.clock.clone(),
            city: self.city.clone(),
            catalogue: self.catalogue.clone(),
            // The demo is what example instruments are for.
            allow_example_instruments: true,
            identity_keys: Some(self.identity_keys.clone()),
            retention: retention()?,
        };
        let started = niva_assessment::start(deps, self.shutdown.clone()).await;
        Ok(started.doing("start assessment")?.into())
    }

    async fn choice(&self, databases: &Databases) -> Result<Served, Failure> {
        let caller = niva_choice::Config::NAME;
        let deps = niva_choice::Deps {
            db: databases.open::<niva_choice::Config>().await?,
            clock: self.clock.clone(),
            city: self.city.clone(),
            catalogue: self.catalogue.clone(),
            assessment: self.channel(&self.endpoints.assessment, caller),
            retention: retention()?,
        };
        let started = niva_choice::start(deps, self.shutdown.clone()).await;
        Ok(started.doing("start choice")?.into())
    }

    async fn payment(&self, databases: &Databases) -> Result<Served, Failure> {
        let caller = niva_payment::Config::NAME;
        let deps = niva_payment::Deps {
            db: databases.open::<niva_payment::Config>().await?,
            clock: self.clock.clone(),
            city: self.city.clone(),
            catalogue: self.catalogue.clone(),
            assessment: self.channel(&self.endpoints.assessment, caller),
            choice: self.channel(&self.endpoints.choice, caller),
            opening_month: Some(dates::march()),
            claims: niva_payment::ClaimRules::shipped().map_err(Failure::configuration)?,
            postings: Some(Arc::new(niva_payment::Mapping::shipped().map_err(Failure::configuration)?)),
            payers: Arc::new(niva_payment::Payers::shipped().map_err(Failure::configuration)?),
            exports: None,
            retention: retention()?,
        };
        let started = niva_payment::start(deps, self.shutdown.clone()).await;
        Ok(started.doing("start payment")?.into())
    }

    /// As one part calls another.
    fn channel(&self, to: &Endpoint, part: &str) -> Channel {
        to.channel(self.credentials(Caller::new(format!("niva-{part}"), [Role::FeedReader])))
    }

    fn credentials(&self, caller: Caller) -> Credentials {
        Credentials::minted(&self.issuer, caller)
    }

    async fn serve(&mut self, served: Served, listen: Listen) -> Result<(), Failure> {
        let running = self.listen(&served, listen).await?;
        self.running.push(running);
        self.served.push(served);
        Ok(())
    }

    async fn listen(&self, served: &Served, listen: Listen) -> Result<Running, Failure> {
        let verifier = Verifier::local(&self.issuer, &audience(served.name()));
        let server = served.server(&verifier);
        server.start(listen, self.shutdown.clone()).await.doing("serve")
    }

    /// Serves over TCP as well: assessment on the address, choice and payment on the next two ports.
    pub(super) async fn bind(&mut self, first: SocketAddr) -> Result<Vec<SocketAddr>, Failure> {
        let mut running = Vec::new();
        for (offset, served) in (0..).zip(&self.served) {
            let port = if first.port() == 0 { 0 } else { first.port().saturating_add(offset) };
            running.push(self.listen(served, Listen::Tcp(SocketAddr::new(first.ip(), port))).await?);
        }
        let bound = running.iter().filter_map(Running::address).collect();
        self.running.append(&mut running);
        Ok(bound)
    }

    /// Clients of a caller, with tokens of the local issuer.
    pub(super) fn clients(&self, caller: &Caller) -> Clients {
        self.endpoints.clients(&self.credentials(caller.clone()))
    }

    /// Clients of a caller with one role and all districts.
    pub(super) fn caller(&self, subject: &str, role: Role) -> Clients {
        self.clients(&Caller::new(subject, [role]))
    }

    /// The caller that imports.
    pub(super) fn importer(&self) -> Clients {
        let roles = [Role::Importer, Role::FeedReader];
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
        for served in self.served {
            served.finished().await;
        }
    }
}

/// Makes the data folder.
pub(super) fn prepare(folder: &Path) -> Result<(), Failure> {
    std::fs::create_dir_all(folder).map_err(|e| {
        Failure::configuration(format_args!("the data folder {} cannot be made: {e}", folder.display()))
    })
}

/// Stockholm's rules.
fn retention() -> Result<Arc<Retention>, Failure> {
    Retention::shipped().map(Arc::new).map_err(Failure::configuration)
}
