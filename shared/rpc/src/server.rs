//! One way to serve a part: over TCP or over memory, behind one gate, with every limit set, health, reflection and a
//! bounded drain.

mod gate;
mod limits;
mod listen;

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use niva_access::{Policy, Verifier};
use niva_base::Clock;
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tonic::service::Routes;
use tonic_health::ServingStatus;
use tonic_health::pb::health_server::HealthServer;
use tonic_health::server::{HealthReporter, HealthService};

pub use limits::Limits;
pub use listen::Listen;

/// Why a part cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The local issuer's tokens are good only where nobody else can reach.
    #[error(
        "{0} can be reached from other machines, but callers are checked by the local issuer alone; configure an \
         issuer and the file with its keys (JWKS), or listen on 127.0.0.1"
    )]
    OpenWithLocalIssuer(SocketAddr),
    /// The address cannot be listened on.
    #[error("cannot listen on {address}: {source}; choose another address or stop what listens there")]
    Bind {
        /// The address.
        address: SocketAddr,
        /// Why.
        source: std::io::Error,
    },
    /// The contract's descriptors cannot be served: a defect.
    #[error("reflection: {0}")]
    Reflection(#[from] tonic_reflection::server::Error),
}

/// A part to serve.
#[derive(Debug)]
pub struct PartServer {
    name: &'static str,
    routes: Routes,
    policy: Policy,
    verifier: Verifier,
    clock: Clock,
    limits: Limits,
    slow: BTreeMap<String, Duration>,
}

impl PartServer {
    /// A part with its generated services, who may call what, who says who calls, and the clock by which tokens
    /// expire.
    #[must_use]
    pub fn new(name: &'static str, routes: Routes, policy: Policy, verifier: Verifier, clock: Clock) -> Self {
        Self { name, routes, policy, verifier, clock, limits: Limits::default(), slow: BTreeMap::new() }
    }

    /// Other limits than the default ones.
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Gives one method, `/niva.choice.v1.ImportService/CreateImport`, more (or less) time than
    /// [`Limits::request_timeout`].
    #[must_use]
    pub fn time_for(mut self, path: impl Into<String>, timeout: Duration) -> Self {
        self.slow.insert(path.into(), timeout);
        self
    }

    /// Listens, and serves in the background until `shutdown`; then drains within [`Limits::drain`].
    ///
    /// # Errors
    /// See [`ServeError`].
    pub async fn start(self, listen: Listen, shutdown: CancellationToken) -> Result<Running, ServeError> {
        let cut = CancellationToken::new();
        let (address, incoming) = match listen {
            Listen::Memory(listener) => (None, listen::memory(listener, cut.clone())),
            Listen::Tcp(address) => {
                if self.verifier.is_local() && !address.ip().is_loopback() {
                    return Err(ServeError::OpenWithLocalIssuer(address));
                }
                let bind_error = |source| ServeError::Bind { address, source };
                let listener = tokio::net::TcpListener::bind(address).await.map_err(bind_error)?;
                let bound = listener.local_addr().map_err(bind_error)?;
                (Some(bound), listen::tcp(listener, self.limits.tcp_nodelay, cut.clone()))
            }
        };
        let health = HealthReporter::new();
        let services: BTreeSet<String> =
            self.policy.paths().filter_map(|p| p.split('/').nth(1)).map(str::to_owned).collect();
        for service in &services {
            health.set_service_status(service, ServingStatus::Serving).await;
        }
        let routes = with_reflection(self.routes)?
            .add_service(HealthServer::new(HealthService::from_health_reporter(health.clone())));
        let gate = gate::Gate::new(
            routes.prepare(),
            gate::Rules {
                verifier: self.verifier,
                policy: self.policy,
                clock: self.clock,
                permits: Arc::new(Semaphore::new(self.limits.concurrency)),
                request_timeout: self.limits.request_timeout,
                slow: self.slow,
                stream_age: self.limits.stream_age,
                closing: shutdown.clone(),
            },
        );
        let drain = Drain { name: self.name, shutdown, cut, limit: self.limits.drain, health, services };
        let server = self.limits.builder().serve_with_incoming_shutdown(
            gate,
            incoming,
            drain.shutdown.clone().cancelled_owned(),
        );
        tracing::info!(part = self.name, address = address.map(tracing::field::display), "serving");
        Ok(Running { address, task: tokio::spawn(drain.run(server)) })
    }
}

/// A part that is being served.
#[derive(Debug)]
pub struct Running {
    address: Option<SocketAddr>,
    task: JoinHandle<()>,
}

impl Running {
    /// The address listened on; `None` in memory.
    #[must_use]
    pub fn address(&self) -> Option<SocketAddr> {
        self.address
    }

    /// Waits for the end: after the shutdown, when all calls are over or cut.
    pub async fn finished(self) {
        if let Err(error) = self.task.await {
            tracing::error!(%error, "a server ended badly");
        }
    }
}

struct Drain {
    name: &'static str,
    shutdown: CancellationToken,
    cut: CancellationToken,
    limit: Duration,
    health: HealthReporter,
    services: BTreeSet<String>,
}

impl Drain {
    async fn run(self, server: impl Future<Output = Result<(), tonic::transport::Error>>) {
        let mut server = std::pin::pin!(server);
        tokio::select! {
            ended = &mut server => return self.ended(ended),
            () = self.shutdown.cancelled() => {}
        }
        for service in self.services.iter().map(String::as_str).chain([""]) {
            self.health.set_service_status(service, ServingStatus::NotServing).await;
        }
        match tokio::time::timeout(self.limit, &mut server).await {
            Ok(ended) => self.ended(ended),
            Err(_) => {
                tracing::warn!(part = self.name, limit = ?self.limit, "calls outlived the drain and are cut");
                self.cut.cancel();
                self.ended(server.await);
            }
        }
    }

    fn ended(&self, ended: Result<(), tonic::transport::Error>) {
        match ended {
            Ok(()) => tracing::info!(part = self.name, "no longer serving"),
            Err(error) => tracing::error!(part = self.name, %error, "serving failed"),
        }
    }
}

/// Reflection in both versions: older tools speak v1alpha alone.
fn with_reflection(routes: Routes) -> Result<Routes, tonic_reflection::server::Error> {
    let described = || {
        tonic_reflection::server::Builder::configure()
            .register_encoded_file_descriptor_set(niva_proto::FILE_DESCRIPTOR_SET)
            .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
    };
    Ok(routes.add_service(described().build_v1()?).add_service(described().build_v1alpha()?))
}

#[cfg(test)]
mod tests;
