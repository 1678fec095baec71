//! What every part stands on beside what is its own.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::Arc;

use clap::Args;
use niva_access::{Caller, Role};
use niva_base::Clock;
use niva_models::Catalogue;
use niva_names::ServiceCatalogue;
use niva_rpc::client::Credentials;
use niva_rpc::server::{Listen, ServeError};
use niva_telemetry::{DEFAULT_FILTER, TelemetryConfig};
use niva_tls::Tls;
use tokio_util::sync::CancellationToken;

use crate::options::{
    ClockOptions, DatabaseOptions, IssuerOptions, ListenOptions, ModelOptions, TelemetryOptions, TlsOptions,
    Trust,
};
use crate::wrong::Wrong;

/// Options of every part.
#[derive(Debug, Clone, Args)]
pub struct PartOptions {
    #[command(flatten)]
    listen: ListenOptions,
    #[command(flatten)]
    tls: TlsOptions,
    #[command(flatten)]
    database: DatabaseOptions,
    #[command(flatten)]
    issuer: IssuerOptions,
    #[command(flatten)]
    models: ModelOptions,
    #[command(flatten)]
    clock: ClockOptions,
    #[command(flatten)]
    telemetry: TelemetryOptions,
}

/// What they say.
#[derive(Debug, Clone)]
pub struct Ground {
    /// Where to listen.
    pub address: SocketAddr,
    /// How the part shows who it is, and how it knows others.
    pub tls: Tls,
    /// Services that may follow its feed over TLS, where it has one.
    pub feed_readers: BTreeSet<String>,
    /// The part's own database.
    pub database_url: String,
    /// Who is believed.
    pub trust: Trust,
    /// Time.
    pub clock: Clock,
    /// The city and its district boards.
    pub city: Arc<ServiceCatalogue>,
    /// Compensation models.
    pub catalogue: Arc<Catalogue>,
    /// What is told of the process.
    pub telemetry: TelemetryConfig,
}

impl PartOptions {
    /// What the part shows of itself and knows others by.
    pub fn tls(&self, wrong: &mut Wrong) -> Option<Tls> {
        self.tls.check(wrong)
    }

    /// What the part of a name stands on; `port` is where it listens when nothing else is said.
    pub fn check(&self, name: &str, port: u16, tls: Option<&Tls>, wrong: &mut Wrong) -> Option<Ground> {
        let address = self.listen.check(port, tls, wrong);
        let database_url = self.database.check(wrong);
        let trust = self.issuer.check(wrong);
        let clock = self.clock.check(wrong);
        let catalogue = wrong.take("--catalogue, --models", self.models.catalogue());
        let telemetry = self.telemetry.check(&format!("niva-{name}"), DEFAULT_FILTER, wrong);
        if let Some(address) = address.filter(|a| !self.issuer.is_given() && !a.ip().is_loopback()) {
            wrong.add(ServeError::OpenWithLocalIssuer(address));
        }
        let catalogue = catalogue?;
        Some(Ground {
            address: address?,
            tls: tls?.clone(),
            feed_readers: BTreeSet::new(),
            database_url: database_url?,
            trust: trust?,
            clock: clock?,
            city: Arc::clone(&catalogue.services),
            catalogue: Arc::new(catalogue),
            telemetry: telemetry?,
        })
    }
}

impl Ground {
    /// Where and how to listen: by TLS wherever there is a certificate.
    #[must_use]
    pub fn listen(&self) -> Listen {
        match self.tls.has_certificate() {
            true => Listen::Tls(self.address, self.tls.clone()),
            false => Listen::Tcp(self.address),
        }
    }

    /// Looks again at what lies in files, until the shutdown.
    pub fn watch(&self, shutdown: &CancellationToken) {
        tokio::spawn(self.tls.clone().watch(shutdown.clone()));
    }
}

/// Options of a part that calls others.
#[derive(Debug, Clone, Args)]
pub struct PeerOptions {
    /// Token that this service shows the others, with the role `service`, where an issuer is given.
    #[arg(long, env = "NIVA_SERVICE_TOKEN", value_name = "TOKEN", hide_env_values = true)]
    service_token: Option<String>,
}

impl PeerOptions {
    /// As whom the part of a name calls others.
    pub fn check(
        &self,
        name: &str,
        options: &PartOptions,
        ground: Option<&Ground>,
        wrong: &mut Wrong,
    ) -> Option<Credentials> {
        if let Some(token) = &self.service_token {
            return Some(Credentials::bearer(token));
        }
        if options.issuer.is_given() {
            wrong.add(format_args!(
                "{name} calls other services and an issuer is given: give --service-token, with the role `service`"
            ));
        }
        let ground = ground?;
        let caller = Caller::new(format!("niva-{name}"), [Role::FeedReader]);
        Some(Credentials::minted(ground.trust.local.as_ref()?, caller, &ground.clock))
    }
}
