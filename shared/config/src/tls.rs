//! Certificates, and where other services are.

use std::collections::BTreeSet;
use std::path::PathBuf;

use clap::Args;
use niva_rpc::client::{AddressError, Endpoint};
use niva_tls::{Files, Speaks, Tls};

use crate::wrong::Wrong;

/// How a part shows who it is, and how it knows others.
#[derive(Debug, Clone, Args)]
pub struct TlsOptions {
    /// File with the own certificate (PEM), the chain after it. Read again when it changes.
    #[arg(long, env = "NIVA_TLS_CERTIFICATE", value_name = "FILE")]
    tls_certificate: Option<PathBuf>,
    /// File with its key (PEM), of mode 0600. Read again when it changes.
    #[arg(long, env = "NIVA_TLS_KEY", value_name = "FILE")]
    tls_key: Option<PathBuf>,
    /// File with the authorities (PEM) that sign the services' certificates. Read again when it changes.
    #[arg(long, env = "NIVA_TLS_CA", value_name = "FILE")]
    tls_ca: Option<PathBuf>,
}

impl TlsOptions {
    /// What the files hold.
    pub fn check(&self, wrong: &mut Wrong) -> Option<Tls> {
        let certificate = match (&self.tls_certificate, &self.tls_key) {
            (Some(chain), Some(key)) => Some((chain.clone(), key.clone())),
            (None, None) => None,
            _ => {
                wrong.add("--tls-certificate and --tls-key belong together: give both, or neither");
                return None;
            }
        };
        let files = Files { certificate, ca: self.tls_ca.clone() };
        wrong.take("--tls-certificate, --tls-key, --tls-ca", Tls::open(files, Speaks::Grpc))
    }
}

/// Who may follow a feed of the part.
#[derive(Debug, Clone, Args)]
pub struct FeedOptions {
    /// A service that may follow the feed over TLS, by a DNS name of its certificate; may be given several times.
    #[arg(long = "feed-reader", env = "NIVA_FEED_READERS", value_name = "NAME", value_delimiter = ',')]
    feed_readers: Vec<String>,
}

impl FeedOptions {
    /// Their names.
    pub fn check(&self, tls: Option<&Tls>, wrong: &mut Wrong) -> BTreeSet<String> {
        if !self.feed_readers.is_empty() && tls.is_some_and(|tls| !tls.has_ca()) {
            wrong.add("--feed-reader: readers are known by their certificates: give --tls-ca too");
        }
        self.feed_readers.iter().cloned().collect()
    }
}

/// A service at an address; `None` for `tls` where what is wrong with it was told.
pub fn endpoint(option: &str, address: &str, tls: Option<&Tls>, wrong: &mut Wrong) -> Option<Endpoint> {
    match (Endpoint::at(address, tls.unwrap_or(&Tls::none(Speaks::Grpc))), tls) {
        (Err(AddressError::NoAuthority(_)), None) => None,
        (read, _) => wrong.take(option, read),
    }
}
