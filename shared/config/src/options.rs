//! Groups of options, each as often as it is needed: a struct a group, flattened into the options of a command.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use niva_base::Clock;
use niva_models::Catalogue;
use niva_names::{ServiceCatalogue, file::LoadError};
use niva_retention::Retention;
use niva_rpc::client::{AddressError, Endpoint};
use niva_store::Database;
use niva_telemetry::{Collector, LogFormat, TelemetryConfig, check_filter};
use niva_tls::{Files, Speaks, Tls};
use tokio_util::sync::CancellationToken;

use crate::tls::endpoint;
use crate::wrong::Wrong;

/// Time for a collector to take what is sent to it.
const EXPORT_TIMEOUT: Duration = Duration::from_secs(10);

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

/// When a part verifies what its database keeps for good.
#[derive(Debug, Clone, Args)]
pub(crate) struct VerifyOptions {
    /// How often the part verifies, while it serves, what its database keeps for good: `24h`, `90m`, `30s`, or `off`.
    #[arg(long, env = "NIVA_VERIFY_EVERY", value_name = "TIME", default_value = "24h")]
    verify_every: String,
}

impl VerifyOptions {
    /// How often; never where `None` is in it.
    pub(crate) fn check(&self, wrong: &mut Wrong) -> Option<Option<Duration>> {
        if self.verify_every == "off" {
            return Some(None);
        }
        let read = || {
            let unit = self.verify_every.chars().next_back()?;
            let number: u32 = self.verify_every.strip_suffix(unit)?.parse().ok()?;
            let seconds = match unit {
                's' => 1,
                'm' => 60,
                'h' => 60 * 60,
                _ => return None,
            };
            Some(Duration::from_secs(u64::from(number) * seconds)).filter(|every| !every.is_zero())
        };
        let words = format!("`{}` is no time: write it like 24h, 90m or 30s, or `off`", self.verify_every);
        wrong.take("--verify-every", read().ok_or(words)).map(Some)
    }
}

/// How long what is kept must be kept.
#[derive(Debug, Clone, Args)]
pub(crate) struct RetentionOptions {
    /// File with the rules that say how long it must be kept who people are, and records of calls; Stockholm's when not given.
    #[arg(long, env = "NIVA_RETENTION", value_name = "FILE")]
    retention: Option<PathBuf>,
}

impl RetentionOptions {
    /// The rules of the city's own file, or Stockholm's; what is wrong, in words.
    pub(crate) fn rules(&self) -> Result<Retention, String> {
        let Some(file) = &self.retention else {
            return Retention::shipped().map_err(|error| error.to_string());
        };
        let name = file.display().to_string();
        let text =
            std::fs::read_to_string(file).map_err(|error| format!("{name}: cannot be read: {error}"))?;
        Retention::parse(&name, &text).map_err(|error| error.to_string())
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
    /// File with the authorities (PEM) that sign the collector's certificate. Read again when it changes.
    #[arg(long, env = "NIVA_OTLP_CA", value_name = "FILE")]
    otlp_ca: Option<PathBuf>,
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
        let collector = self.collector(wrong);
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
            collector,
            log_format,
            log_filter: log_filter.to_owned(),
        })
    }

    /// The way to the collector. What goes to another machine goes by TLS.
    fn collector(&self, wrong: &mut Wrong) -> Option<Collector> {
        let files = Files { certificate: None, ca: self.otlp_ca.clone() };
        let tls = wrong.take("--otlp-ca", Tls::open(files, Speaks::Grpc))?;
        let at = Endpoint::at(self.otlp_endpoint.as_ref()?, &tls).map_err(|error| match error {
            AddressError::NoAuthority(address) => {
                format!("{address} is reached by TLS: give the authority that its certificate is signed by (--otlp-ca)")
            }
            other => other.to_string(),
        });
        let at = wrong.take("--otlp-endpoint", at)?;
        Some(Collector::new(move || {
            tokio::spawn(tls.clone().watch(CancellationToken::new()));
            at.transport(EXPORT_TIMEOUT)
        }))
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
