//! Traces, metrics and structured logs: to stderr always, to an OpenTelemetry collector (OTLP over gRPC) when one is
//! named.
//!
//! Everything goes through `tracing`: spans become traces, events become log records, and events of the target
//! [`METRICS`] become metrics (`rpc.server.calls`, `rpc.server.duration` and the client's, by service, method and code;
//! `feed.behind`, `feed.heard`, `feed.gaps`; `verify.findings`, `verify.ended`, `verify.failed`; `retention.removed`,
//! `retention.held`, `retention.ended`, `retention.failed`). So nobody who has something to tell needs to know of
//! OpenTelemetry.
//!
//! ```ignore
//! let telemetry = niva_telemetry::init(&TelemetryConfig { service: "niva-payment".into(), ..Default::default() })?;
//! tracing::event!(target: METRICS, tracing::Level::INFO, monotonic_counter.feed.heard = 3_u64, feed = "choice");
//! telemetry.shutdown().await;                                    // what is left is sent
//! ```
//!
//! A trace goes on from one service to the next: [`pass_on`] writes a client's span into the headers of its call,
//! [`adopt_parent`] makes it the parent of the server's.

mod export;
mod propagation;

use std::io::IsTerminal;
use std::sync::Arc;

use tonic::transport::Channel;
use tracing_subscriber::filter::{EnvFilter, ParseError, filter_fn};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::{SubscriberInitExt, TryInitError};
use tracing_subscriber::{Layer, Registry};

pub use propagation::{adopt_parent, pass_on, trace_id};

/// Target of the events that become metrics; the log does not show them.
pub const METRICS: &str = "niva::metrics";

/// The log's filter when none is given.
pub const DEFAULT_FILTER: &str =
    "info,h2=warn,hyper=warn,tonic=warn,tower=warn,sqlx=warn,sea_orm=warn,sea_orm_migration=warn";

/// How log lines look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// An object a line, for programs.
    Json,
}

/// How a collector is reached: makes the channel, inside the runtime.
#[derive(Clone)]
pub struct Collector(Arc<dyn Fn() -> Channel + Send + Sync>);

impl Collector {
    /// What goes there is not for everybody: a channel to another machine is a secure one.
    #[must_use]
    pub fn new(channel: impl Fn() -> Channel + Send + Sync + 'static) -> Self {
        Self(Arc::new(channel))
    }
}

impl std::fmt::Debug for Collector {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Collector")
    }
}

/// What to tell, and whom.
#[derive(Clone, Debug)]
pub struct TelemetryConfig {
    /// Name of this process in traces: `niva-payment`.
    pub service: String,
    /// The OpenTelemetry collector; without one nothing leaves the process.
    pub collector: Option<Collector>,
    /// How log lines look.
    pub log_format: LogFormat,
    /// Which log lines there are, as in `RUST_LOG`: `info,niva_payment=debug`. See [`DEFAULT_FILTER`].
    pub log_filter: String,
}

impl Default for TelemetryConfig {
    fn default() -> Self {
        Self {
            service: "niva".to_owned(),
            collector: None,
            log_format: LogFormat::Text,
            log_filter: DEFAULT_FILTER.to_owned(),
        }
    }
}

/// Why telemetry cannot start.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    /// The filter cannot be read.
    #[error("the log filter cannot be read: {0}; write it like info,niva_payment=debug")]
    Filter(#[from] ParseError),
    /// What is sent to the collector cannot be made.
    #[error("nothing can be sent to the collector: {0}")]
    Exporter(#[from] opentelemetry_otlp::ExporterBuildError),
    /// Another part of the process logs already.
    #[error("logging was started twice: {0}")]
    Twice(#[from] TryInitError),
}

/// Telemetry that runs; end it with [`Telemetry::shutdown`] so that the last of it leaves.
#[derive(Debug)]
#[must_use]
pub struct Telemetry(Option<export::Providers>);

/// Whether a filter of log lines can be read.
///
/// # Errors
/// [`TelemetryError::Filter`].
pub fn check_filter(filter: &str) -> Result<(), TelemetryError> {
    EnvFilter::builder().parse(filter)?;
    Ok(())
}

/// Starts telemetry for the whole process. With a collector it must be called inside a multi-threaded runtime.
///
/// # Errors
/// See [`TelemetryError`].
pub fn init(config: &TelemetryConfig) -> Result<Telemetry, TelemetryError> {
    let filter = EnvFilter::builder().parse(&config.log_filter)?;
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    let lines: Box<dyn Layer<Registry> + Send + Sync> = match config.log_format {
        LogFormat::Json => lines.json().boxed(),
        LogFormat::Text => lines.with_ansi(std::io::stderr().is_terminal()).with_target(false).boxed(),
    };
    let lines = lines.with_filter(filter).with_filter(filter_fn(|meta| meta.target() != METRICS));
    let providers = match &config.collector {
        Some(collector) => Some(export::Providers::new(&config.service, &(collector.0)())?),
        None => None,
    };
    tracing_subscriber::registry()
        .with(lines)
        .with(providers.as_ref().map(export::Providers::layers))
        .try_init()?;
    Ok(Telemetry(providers))
}

impl Telemetry {
    /// Sends what is left. On a thread of its own: called from async code it would wait for itself.
    pub async fn shutdown(self) {
        if let Some(providers) = self.0 {
            let done = tokio::task::spawn_blocking(move || providers.shutdown()).await;
            if let Err(error) = done {
                tracing::warn!(%error, "telemetry was not sent to the end");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bad_filter_or_endpoint_says_so() {
        let config = TelemetryConfig { log_filter: "info,=x=".into(), ..TelemetryConfig::default() };
        assert!(init(&config).unwrap_err().to_string().contains("info,niva_payment=debug"));
    }
}
