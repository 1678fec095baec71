//! One way to make a client: over TLS, over TCP on this machine, or over memory, with credentials and the trace passed on.
//!
//! `Endpoint::channel` gives what generated clients stand on: `PaymentServiceClient::new(endpoint.channel(credentials))`.

mod credentials;

use std::io;
use std::net::IpAddr;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::future::BoxFuture;
use http::{Request, Response, Uri};
use hyper_util::rt::TokioIo;
use niva_telemetry::pass_on;
use niva_tls::Tls;
use tokio::net::TcpStream;
use tonic::body::Body;
use tower::Service;
use tracing::Instrument;

use crate::memory::MemoryConnector;
use crate::observe::ObservedRpc;
use crate::status::status;

pub use credentials::{Credentials, Renewed};

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
    /// At `http://HOST:PORT`, on this machine.
    Tcp(Uri),
    /// At `https://HOST:PORT`.
    Tls(Uri, Tls),
}

/// An address that no service can have.
#[derive(Debug, thiserror::Error)]
pub enum AddressError {
    /// It reads as nothing that can be connected to.
    #[error(
        "{0} is no address of a service; give https://HOST:PORT, or http://127.0.0.1:PORT on this machine"
    )]
    Unreadable(String),
    /// What goes to other machines is not readable on the way.
    #[error("{0} is on another machine: give https://HOST:PORT, nothing goes there in plain text")]
    PlainBeyondLoopback(String),
    /// Nobody says who is believed to be there.
    #[error("{0} is reached by TLS: give the authority that its certificate is signed by (--tls-ca)")]
    NoAuthority(String),
}

impl Endpoint {
    /// A service at `https://HOST:PORT`, believed by the authority of `tls`, or at `http://HOST:PORT` on this machine.
    ///
    /// # Errors
    /// Anything else.
    pub fn at(address: &str, tls: &Tls) -> Result<Self, AddressError> {
        let uri = read(address)?;
        match uri.scheme_str() {
            Some("http") if is_loopback(&uri) => Ok(Self::Tcp(uri)),
            Some("http") => Err(AddressError::PlainBeyondLoopback(address.to_owned())),
            _ if !tls.has_ca() => Err(AddressError::NoAuthority(address.to_owned())),
            _ => Ok(Self::Tls(uri, tls.clone())),
        }
    }

    /// A service at `http://HOST:PORT` on this machine.
    ///
    /// # Errors
    /// Anything else.
    pub fn tcp(address: &str) -> Result<Self, AddressError> {
        match read(address)? {
            uri if uri.scheme_str() == Some("http") && is_loopback(&uri) => Ok(Self::Tcp(uri)),
            _ => Err(AddressError::PlainBeyondLoopback(address.to_owned())),
        }
    }

    /// A channel to the service. It connects at the first call, and again when the connection is lost.
    #[must_use]
    pub fn channel(&self, credentials: Credentials) -> Channel {
        Channel { inner: self.transport(CALL_TIMEOUT), credentials }
    }

    /// [`Endpoint::channel`] as others know it: without credentials, and without telling of its calls.
    #[must_use]
    pub fn transport(&self, call_timeout: Duration) -> tonic::transport::Channel {
        let uri = match self {
            Self::Tcp(uri) | Self::Tls(uri, _) => uri.clone(),
            Self::Memory(_) => Uri::from_static("http://memory"),
        };
        let endpoint = tonic::transport::Endpoint::from(uri)
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(call_timeout)
            .http2_keep_alive_interval(KEEPALIVE_INTERVAL)
            .keep_alive_timeout(KEEPALIVE_TIMEOUT)
            .keep_alive_while_idle(true)
            .http2_max_header_list_size(HEADER_BYTES)
            .initial_stream_window_size(1024 * 1024)
            .initial_connection_window_size(4 * 1024 * 1024)
            .tcp_nodelay(true);
        match self {
            Self::Tcp(_) => endpoint.connect_lazy(),
            Self::Tls(_, tls) => {
                let tls = tls.clone();
                endpoint
                    .connect_with_connector_lazy(tower::service_fn(move |uri: Uri| secured(tls.clone(), uri)))
            }
            Self::Memory(server) => {
                let server = server.clone();
                endpoint.connect_with_connector_lazy(tower::service_fn(move |_: Uri| {
                    let connection = server.connect();
                    async move { connection.map(TokioIo::new) }
                }))
            }
        }
    }
}

fn read(address: &str) -> Result<Uri, AddressError> {
    let unreadable = || AddressError::Unreadable(address.to_owned());
    let uri: Uri = address.parse().map_err(|_| unreadable())?;
    let known = matches!(uri.scheme_str(), Some("http" | "https")) && uri.port().is_some();
    if known { Ok(uri) } else { Err(unreadable()) }
}

/// Whether only this machine is at the other end.
fn is_loopback(uri: &Uri) -> bool {
    let host = uri.host().unwrap_or_default();
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || bare.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// A connection by TLS, by the certificates that are in use now.
async fn secured(tls: Tls, uri: Uri) -> io::Result<TokioIo<niva_tls::Outgoing>> {
    let host = uri.host().unwrap_or_default();
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let connect = async {
        let stream = TcpStream::connect((bare, uri.port_u16().unwrap_or(443))).await?;
        stream.set_nodelay(true)?;
        tls.connect(host, stream).await
    };
    let late = |_| io::Error::new(io::ErrorKind::TimedOut, "no connection in time");
    Ok(TokioIo::new(tokio::time::timeout(CONNECT_TIMEOUT, connect).await.map_err(late)??))
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
