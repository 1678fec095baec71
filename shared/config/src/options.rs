//! Groups of options, each as often as it is needed: a struct a group, flattened into the options of a command.

use std::collections::BTreeSet;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;
use niva_access::{KeyError, LocalIssuer, Verifier};
use niva_base::Clock;
use niva_models::Catalogue;
use niva_names::{ServiceCatalogue, file::LoadError};
use niva_rpc::client::{AddressError, Endpoint};
use niva_store::Database;
use niva_telemetry::{LogFormat, TelemetryConfig, check_collector, check_filter};
use niva_tls::{Files, Speaks, Tls};

use crate::wrong::Wrong;

/// Where to listen.
#[derive(Debug, Clone, Args)]
pub struct ListenOptions {
    /// Address to listen on: 127.0.0.1 and the part's own port when not given. Port 0 takes a free one.
    #[arg(long, env = "NIVA_LISTEN", value_name = "ADDRESS")]
    listen: Option<String>,
}

impl ListenOptions {
    /// The address. One that other machines reach needs a certificate; without `tls` what is wrong with it was told.
    pub fn check(&self, port: u16, tls: Option<&Tls>, wrong: &mut Wrong) -> Option<SocketAddr> {
        let Some(text) = &self.listen else { return Some((Ipv4Addr::LOCALHOST, port).into()) };
        let address =
            text.parse().map_err(|_| format!("`{text}` is no address: write it as 127.0.0.1:{port}"));
        let address: SocketAddr = wrong.take("--listen", address)?;
        if !address.ip().is_loopback() && tls.is_some_and(|tls| !tls.has_certificate()) {
            wrong.add(format_args!(
                "--listen: {address} can be reached from other machines, and nothing goes there in plain text: give \
                 --tls-certificate and --tls-key, or listen on 127.0.0.1"
            ));
        }
        Some(address)
    }
}

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

/// Where the data is.
#[derive(Debug, Clone, Args)]
pub struct DatabaseOptions {
    /// Required. `sqlite://PATH?mode=rwc` or `postgres://USER@HOST:PORT/NAME`, brought up to date by `niva migrate`. A
    /// server on another machine must show who it is: `?sslmode=verify-full`.
    #[arg(long, env = "NIVA_DATABASE_URL", value_name = "URL", hide_env_values = true)]
    database_url: Option<String>,
}

impl DatabaseOptions {
    /// The URL.
    pub fn check(&self, wrong: &mut Wrong) -> Option<String> {
        let Some(url) = &self.database_url else {
            wrong.add("--database-url is missing: give the URL of the part's own database");
            return None;
        };
        wrong.take("--database-url", Database::check_url(url)).map(|()| url.clone())
    }
}

/// The issuer of a machine's own.
#[derive(Debug, Clone, Args)]
pub struct LocalIssuerOptions {
    /// Folder of the local issuer's key.
    #[arg(long, env = "NIVA_ISSUER_DIR", value_name = "FOLDER", default_value = ".niva")]
    issuer_dir: PathBuf,
}

impl LocalIssuerOptions {
    /// The issuer; its key is made where there is none.
    ///
    /// # Errors
    /// The key cannot be read or written.
    pub fn open(&self) -> Result<LocalIssuer, KeyError> {
        LocalIssuer::open_or_create(&self.issuer_dir)
    }
}

/// Whom to believe.
#[derive(Debug, Clone, Args)]
pub struct IssuerOptions {
    /// Issuer of callers' tokens (`iss`). Without it the local issuer is trusted, and only loopback is listened on.
    #[arg(long, env = "NIVA_ISSUER", value_name = "URL")]
    issuer: Option<String>,
    /// File with the issuer's public keys (JWK set).
    #[arg(long, env = "NIVA_JWKS", value_name = "FILE")]
    jwks: Option<PathBuf>,
    #[command(flatten)]
    local: LocalIssuerOptions,
}

/// Who is believed.
#[derive(Debug, Clone)]
pub struct Trust {
    /// Checks callers' tokens.
    pub verifier: Verifier,
    /// The local issuer, where it is the one.
    pub local: Option<LocalIssuer>,
}

impl IssuerOptions {
    /// Whether callers have an issuer of their own.
    #[must_use]
    pub const fn is_given(&self) -> bool {
        self.issuer.is_some()
    }

    /// Who is believed.
    pub fn check(&self, wrong: &mut Wrong) -> Option<Trust> {
        match (&self.issuer, &self.jwks) {
            (Some(issuer), Some(jwks)) => {
                let verifier = wrong.take("--jwks", Verifier::jwks_file(issuer, jwks))?;
                Some(Trust { verifier, local: None })
            }
            (None, None) => {
                let local = wrong.take("--issuer-dir", self.local.open())?;
                Some(Trust { verifier: Verifier::local(&local), local: Some(local) })
            }
            _ => {
                wrong.add("--issuer and --jwks belong together: give both, or neither for the local issuer");
                None
            }
        }
    }
}

/// What time it is.
#[derive(Debug, Clone, Args)]
pub struct ClockOptions {
    /// File with the instant that counts as the present (RFC 3339), for tests across processes.
    #[arg(long, env = "NIVA_CLOCK_FILE", value_name = "FILE")]
    clock_file: Option<PathBuf>,
}

impl ClockOptions {
    /// The clock.
    pub fn check(&self, wrong: &mut Wrong) -> Option<Clock> {
        match &self.clock_file {
            Some(file) => wrong.take("--clock-file", Clock::file(file)),
            None => Some(Clock::system()),
        }
    }
}

/// Which services and districts the city has.
#[derive(Debug, Clone, Args)]
pub struct CatalogueOptions {
    /// File with the city's services and districts; Stockholm's when not given.
    #[arg(long, env = "NIVA_CATALOGUE", value_name = "FILE")]
    catalogue: Option<PathBuf>,
}

impl CatalogueOptions {
    /// The city's own catalogue where a file is given, the shipped one otherwise.
    ///
    /// # Errors
    /// All that is wrong with the file.
    pub fn services(&self) -> Result<ServiceCatalogue, LoadError> {
        self.catalogue.as_deref().map_or_else(ServiceCatalogue::shipped, ServiceCatalogue::read)
    }
}

/// Which compensation models there are.
#[derive(Debug, Clone, Args)]
pub struct ModelOptions {
    /// Services that they price.
    #[command(flatten)]
    pub services: CatalogueOptions,
    /// Folder with the city's own model files.
    #[arg(long, env = "NIVA_MODELS", value_name = "FOLDER")]
    models: Option<PathBuf>,
}

impl ModelOptions {
    /// The shipped models, and the city's own where a folder is given.
    ///
    /// # Errors
    /// All that is wrong with the files.
    pub fn catalogue(&self) -> Result<Catalogue, LoadError> {
        Catalogue::of_city(&Arc::new(self.services.services()?), self.models.as_deref())
    }
}

/// What is told of the process, and whom.
#[derive(Debug, Clone, Args)]
pub struct TelemetryOptions {
    /// Where to send traces, metrics and logs (OTLP over gRPC). Off when not given.
    #[arg(long, env = "NIVA_OTLP_ENDPOINT", value_name = "URI")]
    otlp_endpoint: Option<String>,
    /// Which log lines there are on stderr, such as `info,niva_payment=debug`.
    #[arg(long, env = "NIVA_LOG", value_name = "FILTER")]
    log: Option<String>,
    /// How log lines look: `text`, or `json` for programs.
    #[arg(long, env = "NIVA_LOG_FORMAT", value_name = "FORMAT", default_value = "text")]
    log_format: String,
}

impl TelemetryOptions {
    /// Telemetry of `service`, whose log lines are `filter`'s when nothing else is asked for.
    pub fn check(&self, service: &str, filter: &str, wrong: &mut Wrong) -> Option<TelemetryConfig> {
        let log_filter = self.log.as_deref().unwrap_or(filter);
        wrong.take("--log", check_filter(log_filter));
        if let Some(collector) = &self.otlp_endpoint {
            wrong.take("--otlp-endpoint", check_collector(collector));
        }
        let log_format = match self.log_format.as_str() {
            "text" => LogFormat::Text,
            "json" => LogFormat::Json,
            other => {
                wrong.add(format_args!("--log-format is `{other}`: one of text, json"));
                return None;
            }
        };
        Some(TelemetryConfig {
            service: service.to_owned(),
            otlp_endpoint: self.otlp_endpoint.clone(),
            log_format,
            log_filter: log_filter.to_owned(),
        })
    }
}

/// Where assessment is.
#[derive(Debug, Clone, Args)]
pub struct ToAssessment {
    /// Where assessment is.
    #[arg(long, env = "NIVA_ASSESSMENT", value_name = "URI", default_value = "http://127.0.0.1:7401")]
    assessment: String,
}

impl ToAssessment {
    /// Its address.
    pub fn check(&self, tls: Option<&Tls>, wrong: &mut Wrong) -> Option<Endpoint> {
        endpoint("--assessment", &self.assessment, tls, wrong)
    }
}

/// Where choice is.
#[derive(Debug, Clone, Args)]
pub struct ToChoice {
    /// Where choice is.
    #[arg(long, env = "NIVA_CHOICE", value_name = "URI", default_value = "http://127.0.0.1:7402")]
    choice: String,
}

impl ToChoice {
    /// Its address.
    pub fn check(&self, tls: Option<&Tls>, wrong: &mut Wrong) -> Option<Endpoint> {
        endpoint("--choice", &self.choice, tls, wrong)
    }
}
