//! One way to make a client: over TCP or over memory, with credentials and the trace passed on.
//!
//! `Endpoint::channel` gives what generated clients stand on: `PaymentServiceClient::new(endpoint.channel(credentials))`.

mod credentials;

use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::future::BoxFuture;
use http::{Request, Response, Uri};
use niva_telemetry::pass_on;
use tonic::body::Body;
use tower::Service;
use tracing::Instrument;

use crate::memory::MemoryConnector;
use crate::observe::ObservedRpc;
use crate::status::status;

pub use credentials::Credentials;

/// Time to make a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// Silence after which a connection is asked whether it lives, also without calls: without it a connection that was cut
/// in the network never recovers.
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(20);
/// Time for the answer.
const KEEPALIVE_TIMEOUT: Duration = Duration::from_secs(10);
/// Longest wait for a call's first answer: beyond what any server allows, so that servers give the reason.
const CALL_TIMEOUT: Duration = Duration::from_secs(60 * 60);
/// Bytes of headers that are read: room for all the violations that a status tells, several times over.
const HEADER_BYTES: u32 = 256 * 1024;

/// Where a service is.
#[derive(Clone, Debug)]
pub enum Endpoint {
    /// In this process.
    Memory(MemoryConnector),
    /// At `http://HOST:PORT`.
    Tcp(Uri),
}

/// An address that no service can have.
#[derive(Debug, thiserror::Error)]
#[error("{0} is no address of a service; give http://HOST:PORT")]
pub struct AddressError(String);

impl Endpoint {
    /// A service at `http://HOST:PORT`.
    ///
    /// # Errors
    /// Anything else.
    pub fn tcp(address: &str) -> Result<Self, AddressError> {
        let uri: Uri = address.parse().map_err(|_| AddressError(address.to_owned()))?;
        if uri.scheme_str() != Some("http") || uri.port().is_none() {
            return Err(AddressError(address.to_owned()));
        }
        Ok(Self::Tcp(uri))
    }

    /// A channel to the service. It connects at the first call, and again when the connection is lost.
    #[must_use]
    pub fn channel(&self, credentials: Credentials) -> Channel {
        let uri = match self {
            Self::Tcp(uri) => uri.clone(),
            Self::Memory(_) => Uri::from_static("http://memory"),
        };
        let endpoint = tonic::transport::Endpoint::from(uri)
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(CALL_TIMEOUT)
            .http2_keep_alive_interval(KEEPALIVE_INTERVAL)
            .keep_alive_timeout(KEEPALIVE_TIMEOUT)
            .keep_alive_while_idle(true)
            .http2_max_header_list_size(HEADER_BYTES)
            .initial_stream_window_size(1024 * 1024)
            .initial_connection_window_size(4 * 1024 * 1024)
            .tcp_nodelay(true);
        let inner = match self {
            Self::Tcp(_) => endpoint.connect_lazy(),
            Self::Memory(server) => {
                let server = server.clone();
                endpoint.connect_with_connector_lazy(tower::service_fn(move |_: Uri| {
                    let connection = server.connect();
                    async move { connection.map(hyper_util::rt::TokioIo::new) }
                }))
            }
        };
        Channel { inner, credentials }
    }
}

/// What generated clients stand on. Cheap to clone; clones share a connection.
#[derive(Clone, Debug)]
pub struct Channel {
    inner: tonic::transport::Channel,
    credentials: Credentials,
}

impl Service<Request<Body>> for Channel {
    type Response = Response<Body>;
    type Error = Box<dyn std::error::Error + Send + Sync>;
    type Future = BoxFuture<'static, Result<Response<Body>, Self::Error>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx).map_err(Into::into)
    }

    fn call(&mut self, mut request: Request<Body>) -> Self::Future {
        let mut call = ObservedRpc::client(request.uri().path());
        pass_on(&call.span, request.headers_mut());
        let credentials = self.credentials.header();
        let fresh = self.inner.clone();
        // The one that was polled ready is the one to call.
        let mut inner = std::mem::replace(&mut self.inner, fresh);
        let span = call.span.clone();
        Box::pin(
            async move {
                if let Some(header) = credentials.map_err(status)? {
                    request.headers_mut().insert(http::header::AUTHORIZATION, header);
                }
                match inner.call(request).await {
                    Ok(response) => Ok(call.observe(response, None)),
                    Err(error) => {
                        let status = tonic::Status::from_error(error.into());
                        call.end(status.code());
                        Err(status.into())
                    }
                }
            }
            .instrument(span),
        )
    }
}
