//! Commands that wait for others: a runtime, telemetry.

use niva_telemetry::{TelemetryConfig, init};

use crate::failure::{Doing, Failure};

/// Log lines of a command that prints what it does.
pub(crate) const QUIET: &str = "warn";

/// Runs a command on a runtime of its own.
pub(crate) fn block_on<T>(
    telemetry: &TelemetryConfig,
    command: impl Future<Output = Result<T, Failure>>,
) -> Result<T, Failure> {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().enable_all().build().doing("start the runtime")?;
    runtime.block_on(async {
        let telemetry = init(telemetry).map_err(Failure::configuration)?;
        let done = command.await;
        telemetry.shutdown().await;
        done
    })
}
