//! What every part stands on beside what is its own.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use niva_base::Clock;
use niva_models::Catalogue;
use niva_names::ServiceCatalogue;
use niva_oidc::OidcError;
use niva_retention::Retention;
use niva_rpc::server::{Listen, ServeError, Watched};
use niva_telemetry::{DEFAULT_FILTER, TelemetryConfig};
use niva_tls::Tls;
use tokio_util::sync::CancellationToken;

use crate::issuer::{IssuerOptions, Trust};
use crate::options::{
    ClockOptions, DatabaseOptions, ListenOptions, ModelOptions, RetentionOptions, TelemetryOptions,
    VerifyOptions,
};
use crate::tls::TlsOptions;
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
    pub(crate) issuer: IssuerOptions,
    #[command(flatten)]
    models: ModelOptions,
    #[command(flatten)]
    clock: ClockOptions,
    #[command(flatten)]
    telemetry: TelemetryOptions,
    #[command(flatten)]
    verify: VerifyOptions,
    #[command(flatten)]
    retention: RetentionOptions,
    /// Tell whoever asks what the contract is (gRPC reflection). It is told anyway where no issuer is given.
    #[arg(long, env = "NIVA_REFLECTION")]
    reflection: bool,
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
    /// Whether the contract is told to whoever asks.
    pub reflection: bool,
    /// What is told of the process.
    pub telemetry: TelemetryConfig,
    /// How long what is kept must be kept.
    pub retention: Arc<Retention>,
    /// How often it verifies what its database keeps for good; `None`: never.
    pub verify_every: Option<Duration>,
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
        let trust = self.issuer.check(name, wrong);
        let clock = self.clock.check(wrong);
        let verify_every = self.verify.check(wrong);
        let retention = wrong.take("--retention", self.retention.rules());
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
            reflection: self.reflection || !self.issuer.is_given(),
            telemetry: telemetry?,
            retention: Arc::new(retention?),
            verify_every: verify_every?,
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

    /// Looks again and again at certificates and at the issuer's keys, until the shutdown. Tells whether the keys could be had
    /// last, where they come from elsewhere.
    ///
    /// # Errors
    /// The issuer cannot be asked for its keys: nobody would be believed.
    pub async fn begin(&self, shutdown: &CancellationToken) -> Result<Option<Watched>, OidcError> {
        tokio::spawn(self.tls.clone().watch(shutdown.clone()));
        self.trust.begin(shutdown).await
    }
}
