//! Commands that wait for others: a runtime, telemetry.

use std::sync::LazyLock;

use niva_kit::telemetry::{LogFormat, TelemetryConfig, init};

use crate::failure::{Doing, Failure};

/// What a command tells of itself.
pub(crate) struct Telemetry {
    /// Who it is in traces.
    pub(crate) service: String,
    /// Where it sends them.
    pub(crate) otlp_endpoint: Option<String>,
    /// Log lines there are when nothing else is asked for.
    pub(crate) filter: &'static str,
}

/// A command whose own log says little: what it does it prints.
pub(crate) static QUIET: LazyLock<Telemetry> =
    LazyLock::new(|| Telemetry { service: "niva".to_owned(), otlp_endpoint: None, filter: QUIET_FILTER });
/// Log lines of [`QUIET`] commands.
pub(crate) const QUIET_FILTER: &str = "warn";

/// Runs a command on a runtime of its own.
pub(crate) fn block_on(
    telemetry: &Telemetry,
    command: impl Future<Output = Result<(), Failure>>,
) -> Result<(), Failure> {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().enable_all().build().doing("start the runtime")?;
    runtime.block_on(async {
        let telemetry = init(&config(telemetry)?).map_err(Failure::configuration)?;
        let done = command.await;
        telemetry.shutdown().await;
        done
    })
}

fn config(telemetry: &Telemetry) -> Result<TelemetryConfig, Failure> {
    let log_filter = std::env::var("NIVA_LOG").unwrap_or_else(|_| telemetry.filter.to_owned());
    let log_format = match std::env::var("NIVA_LOG_FORMAT").as_deref() {
        Err(_) | Ok("text") => LogFormat::Text,
        Ok("json") => LogFormat::Json,
        Ok(other) => {
            return Err(Failure::configuration(format_args!(
                "NIVA_LOG_FORMAT is `{other}`: one of text, json"
            )));
        }
    };
    Ok(TelemetryConfig {
        service: telemetry.service.clone(),
        otlp_endpoint: telemetry.otlp_endpoint.clone(),
        log_format,
        log_filter,
    })
}
