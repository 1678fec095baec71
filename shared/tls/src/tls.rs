//! Both ends of a connection, by what the files held last.

use std::io;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use niva_base::every;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::ServerName;
use rustls::server::{NoServerSessionStorage, WebPkiClientVerifier};
use rustls::version::{TLS12, TLS13};
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use tokio::net::TcpStream;
use tokio_rustls::{TlsAcceptor, TlsConnector};
use tokio_util::sync::CancellationToken;

use crate::files::{Bytes, Files, Own, TlsError};

/// How often the files are looked at.
const PERIOD: Duration = Duration::from_secs(5);

/// A connection that came in.
pub type Incoming = tokio_rustls::server::TlsStream<TcpStream>;
/// A connection that went out.
pub type Outgoing = tokio_rustls::client::TlsStream<TcpStream>;

/// What is spoken on the connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Speaks {
    /// HTTP/2, between our own: TLS 1.3 alone.
    Grpc,
    /// HTTP/1.1, to others: TLS 1.2 too.
    Http,
}

/// Certificates and keys in use. Cheap to clone; clones use the same.
#[derive(Clone)]
pub struct Tls(Arc<Shared>);

struct Shared {
    files: Files,
    speaks: Speaks,
    held: RwLock<Held>,
    /// What was found last, also where it was of no use: a broken file is told of once.
    seen: Mutex<Bytes>,
}

/// What new connections use; those that are open go on with what they began with.
#[derive(Clone, Default)]
struct Held {
    server: Option<Arc<ServerConfig>>,
    client: Option<Arc<ClientConfig>>,
}

impl Tls {
    /// Reads the files.
    ///
    /// # Errors
    /// One cannot be read or used, or is a key that others can read.
    pub fn open(files: Files, speaks: Speaks) -> Result<Self, TlsError> {
        let bytes = files.read()?;
        let held = RwLock::new(made(&files, &bytes, speaks)?);
        Ok(Self(Arc::new(Shared { files, speaks, held, seen: Mutex::new(bytes) })))
    }

    /// Without any: neither server nor client.
    #[must_use]
    pub fn none(speaks: Speaks) -> Self {
        let (held, seen) = (RwLock::default(), Mutex::default());
        Self(Arc::new(Shared { files: Files::default(), speaks, held, seen }))
    }

    /// Whether there is a certificate to be a server with.
    #[must_use]
    pub fn has_certificate(&self) -> bool {
        self.0.files.certificate.is_some()
    }

    /// Whether there is an authority to know others by.
    #[must_use]
    pub fn has_ca(&self) -> bool {
        self.0.files.ca.is_some()
    }

    /// Looks at the files every few seconds until the shutdown.
    pub async fn watch(self, shutdown: CancellationToken) {
        every(PERIOD, &shutdown, || {
            let tls = self.clone();
            async move {
                // Files may be slow; callers are not to wait for them.
                let looked = tokio::task::spawn_blocking(move || tls.look_again()).await;
                if let Err(error) = looked {
                    tracing::error!(%error, "certificates are not looked at");
                }
            }
        })
        .await;
    }

    /// Uses what is in the files now, for new connections. Where it is of no use what was held stays, with a warning.
    pub fn look_again(&self) {
        let Shared { files, speaks, held, seen } = &*self.0;
        let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
        let bytes = match files.read() {
            Ok(bytes) => bytes,
            Err(error) => {
                tracing::warn!(%error, "certificates cannot be read again, and the old ones stay");
                return;
            }
        };
        if bytes == *seen {
            return;
        }
        match made(files, &bytes, *speaks) {
            Ok(fresh) => {
                *held.write().unwrap_or_else(PoisonError::into_inner) = fresh;
                tracing::info!(?files, "certificates were read again");
            }
            Err(error) => tracing::warn!(%error, "new certificates are of no use, and the old ones stay"),
        }
        *seen = bytes;
    }

    /// Makes a connection that came in a secure one, as a server.
    ///
    /// # Errors
    /// There is no certificate, or the peer does not go along: it speaks another protocol, or shows a certificate that
    /// is not to be believed.
    pub async fn accept(&self, stream: TcpStream) -> io::Result<Incoming> {
        let server = self.held().server.ok_or_else(|| io::Error::other("there is no certificate"))?;
        TlsAcceptor::from(server).accept(stream).await
    }

    /// Makes a connection to a host a secure one, as a client.
    ///
    /// # Errors
    /// There is no authority to know it by, or it is not who it should be.
    pub async fn connect(&self, host: &str, stream: TcpStream) -> io::Result<Outgoing> {
        let client = self.held().client.ok_or_else(|| io::Error::other("no authority is known"))?;
        // An address is in brackets in a URI.
        let bare = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        let name = ServerName::try_from(bare).map_err(io::Error::other)?;
        TlsConnector::from(client).connect(name, stream).await
    }

    fn held(&self) -> Held {
        self.0.held.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl std::fmt::Debug for Tls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Tls({:?})", self.0.files)
    }
}

/// The DNS names that a peer's certificate is good for; none where it has shown none.
#[must_use]
pub fn names(stream: &Incoming) -> Vec<String> {
    let shown = stream.get_ref().1.peer_certificates().and_then(|chain| chain.first());
    // It was verified in the handshake; here it is only read.
    let read = shown.and_then(|certificate| webpki::EndEntityCert::try_from(certificate).ok());
    read.map(|certificate| certificate.valid_dns_names().map(str::to_owned).collect()).unwrap_or_default()
}

fn made(files: &Files, bytes: &Bytes, speaks: Speaks) -> Result<Held, TlsError> {
    let (own, roots) = (files.own(bytes)?, files.roots(bytes)?.map(Arc::new));
    let unusable = |why: rustls::Error| files.unusable(&why);
    let server = own.as_ref().map(|own| server(own, roots.as_ref(), speaks)).transpose();
    let client = roots.map(|roots| client(own.as_ref(), &roots, speaks)).transpose();
    Ok(Held {
        server: server.map_err(unusable)?.map(Arc::new),
        client: client.map_err(unusable)?.map(Arc::new),
    })
}

fn server(
    own: &Own,
    roots: Option<&Arc<RootCertStore>>,
    speaks: Speaks,
) -> Result<ServerConfig, rustls::Error> {
    let versions =
        ServerConfig::builder_with_provider(provider()).with_protocol_versions(speaks.versions())?;
    let builder = match roots {
        None => versions.with_no_client_auth(),
        // Whoever shows no certificate is known by a token alone, and reads no feed.
        Some(roots) => {
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::clone(roots), provider())
                .allow_unauthenticated();
            let verifier = verifier.build().map_err(|error| rustls::Error::General(error.to_string()))?;
            versions.with_client_cert_verifier(verifier)
        }
    };
    let mut config = builder.with_single_cert(own.chain.clone(), own.key.clone_key())?;
    config.alpn_protocols = speaks.alpn();
    // Each connection proves anew who it is: a certificate that has expired meanwhile opens nothing.
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.send_tls13_tickets = 0;
    Ok(config)
}

fn client(
    own: Option<&Own>,
    roots: &Arc<RootCertStore>,
    speaks: Speaks,
) -> Result<ClientConfig, rustls::Error> {
    let builder = ClientConfig::builder_with_provider(provider())
        .with_protocol_versions(speaks.versions())?
        .with_root_certificates(Arc::clone(roots));
    let mut config = match own {
        Some(own) => builder.with_client_auth_cert(own.chain.clone(), own.key.clone_key())?,
        None => builder.with_no_client_auth(),
    };
    config.alpn_protocols = speaks.alpn();
    config.resumption = rustls::client::Resumption::disabled();
    Ok(config)
}

impl Speaks {
    fn alpn(self) -> Vec<Vec<u8>> {
        match self {
            Self::Grpc => vec![b"h2".to_vec()],
            Self::Http => vec![b"http/1.1".to_vec()],
        }
    }

    fn versions(self) -> &'static [&'static rustls::SupportedProtocolVersion] {
        const NEW: &[&rustls::SupportedProtocolVersion] = &[&TLS13];
        const BOTH: &[&rustls::SupportedProtocolVersion] = &[&TLS13, &TLS12];
        match self {
            Self::Grpc => NEW,
            Self::Http => BOTH,
        }
    }
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::aws_lc_rs::default_provider())
}
