//! One way to serve a part: over TCP, with TLS or on loopback without, or over memory, behind one gate, with every limit set, health, reflection and a
//! bounded drain.

mod body;
mod connection;
mod gate;
mod given;
mod limits;
mod listen;
mod places;
mod quota;
mod recorded;
mod recorder;

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use niva_access::{Policy, Verifier};
use niva_base::Clock;
use niva_tls::Tls;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tonic::service::Routes;
use tonic_health::ServingStatus;
use tonic_health::pb::health_server::HealthServer;
use tonic_health::server::{HealthReporter, HealthService};

pub use limits::Limits;
pub use listen::Listen;
pub use recorder::Recorder;

/// Why a part cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The local issuer's tokens are good only where nobody else can reach.
    #[error(
        "{0} can be reached from other machines, but callers are checked by the local issuer alone; configure an \
         issuer and the file with its keys (JWKS), or listen on 127.0.0.1"
    )]
    OpenWithLocalIssuer(SocketAddr),
    /// What goes to other machines is not readable on the way.
    #[error(
        "{0} can be reached from other machines, and there is no certificate: give one and its key, or listen on \
         127.0.0.1"
    )]
    PlainBeyondLoopback(SocketAddr),
    /// There is no certificate to serve with.
    #[error("there is no certificate to serve {0} with: give one and its key")]
    NoCertificate(SocketAddr),
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
    feed_readers: BTreeSet<String>,
    reflection: bool,
    recorder: Arc<dyn Recorder>,
    watched: Vec<(&'static str, Watched)>,
}

/// Whether something is as it should be; `None`: that is not known yet.
pub type Watched = watch::Receiver<Option<bool>>;

impl PartServer {
    /// A part with its generated services, who may call what, who says who calls, and who keeps records of it. Tokens expire
    /// by the machine's clock, whatever time the part itself believes it is.
    #[must_use]
    pub fn new(
        name: &'static str,
        routes: Routes,
        policy: Policy,
        verifier: Verifier,
        recorder: Arc<dyn Recorder>,
    ) -> Self {
        let clock = Clock::system();
        let (limits, slow, feed_readers) = (Limits::default(), BTreeMap::new(), BTreeSet::new());
        // Whoever tries Niva on one machine may look around; in a city nobody needs to.
        let reflection = verifier.is_local();
        let watched = Vec::new();
        Self {
            name,
            routes,
            policy,
            verifier,
            clock,
            limits,
            slow,
            feed_readers,
            reflection,
            recorder,
            watched,
        }
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

    /// Tells whoever asks what the contract is (gRPC reflection), or nobody. Without this it is told where the local issuer
    /// is trusted, and nowhere else.
    #[must_use]
    pub fn reflection(mut self, told: bool) -> Self {
        self.reflection = told;
        self
    }

    /// Services that may follow the feeds over TLS, each by a DNS name of its certificate. Without any, none may.
    #[must_use]
    pub fn feed_readers(mut self, names: impl IntoIterator<Item = String>) -> Self {
        self.feed_readers = names.into_iter().collect();
        self
    }

    /// Tells by the health protocol, under a name of its own, whether something is as it should be. The part goes on serving
    /// when it is not.
    #[must_use]
    pub fn watched(mut self, name: &'static str, state: Watched) -> Self {
        self.watched.push((name, state));
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
            Listen::Tcp(address) => self.bind(address, None, &cut).await?,
            Listen::Tls(address, tls) => self.bind(address, Some(tls), &cut).await?,
        };
        let health = HealthReporter::new();
        let services: BTreeSet<String> =
            self.policy.paths().filter_map(|p| p.split('/').nth(1)).map(str::to_owned).collect();
        for service in &services {
            health.set_service_status(service, ServingStatus::Serving).await;
        }
        for (name, state) in self.watched {
            tokio::spawn(shutdown.clone().run_until_cancelled_owned(tell(health.clone(), name, state)));
        }
        let routes = match self.reflection {
            true => with_reflection(self.routes)?,
            false => self.routes,
        };
        let routes =
            routes.add_service(HealthServer::new(HealthService::from_health_reporter(health.clone())));
        let given = given::Given::default();
        tokio::spawn(given.clone().watch(self.limits.answer_timeout, cut.clone()));
        let gate = gate::Gate::new(
            routes.prepare(),
            gate::Rules {
                verifier: self.verifier,
                policy: self.policy,
                clock: self.clock,
                permits: Arc::new(Semaphore::new(self.limits.concurrency)),
                quota: quota::Quota::new(self.limits.concurrency_per_subject),
                given,
                body_timeout: self.limits.body_timeout,
                request_timeout: self.limits.request_timeout,
                slow: self.slow,
                stream_age: self.limits.stream_age,
                feed_readers: self.feed_readers,
                closing: shutdown.clone(),
                drain: self.limits.drain,
                recorder: self.recorder,
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

    async fn bind(
        &self,
        address: SocketAddr,
        tls: Option<Tls>,
        cut: &CancellationToken,
    ) -> Result<(Option<SocketAddr>, listen::Incoming), ServeError> {
        match &tls {
            _ if address.ip().is_loopback() => {}
            _ if self.verifier.is_local() => return Err(ServeError::OpenWithLocalIssuer(address)),
            None => return Err(ServeError::PlainBeyondLoopback(address)),
            Some(_) => {}
        }
        if tls.as_ref().is_some_and(|tls| !tls.has_certificate()) {
            return Err(ServeError::NoCertificate(address));
        }
        let bind_error = |source| ServeError::Bind { address, source };
        let listener = tokio::net::TcpListener::bind(address).await.map_err(bind_error)?;
        let bound = listener.local_addr().map_err(bind_error)?;
        Ok((Some(bound), listen::net(listener, tls, &self.limits, cut.clone())))
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

/// Tells the state of what is watched whenever it changes.
async fn tell(health: HealthReporter, name: &'static str, mut state: Watched) {
    loop {
        let status = match *state.borrow_and_update() {
            None => ServingStatus::Unknown,
            Some(true) => ServingStatus::Serving,
            Some(false) => ServingStatus::NotServing,
        };
        health.set_service_status(name, status).await;
        if state.changed().await.is_err() {
            return;
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

/// A caller's deadline (`grpc-timeout`), for fuzzing; in no build of the product.
#[cfg(feature = "fuzz")]
#[must_use]
pub fn grpc_timeout(value: &str) -> Option<Duration> {
    gate::grpc_timeout(value)
}

#[cfg(test)]
mod tests;
