//! From a signal to the end of the process, told to everybody at once. Each server drains within its own limit.

use std::io;

use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// A token that is cancelled by Ctrl-C (SIGINT) or SIGTERM. A second signal ends the process at once: whoever asks
/// twice will not wait.
///
/// # Errors
/// Signals cannot be listened to.
pub fn on_signals() -> io::Result<CancellationToken> {
    let shutdown = CancellationToken::new();
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    let told = shutdown.clone();
    tokio::spawn(async move {
        let mut next = async || {
            tokio::select! {
                _ = interrupt.recv() => 130,
                _ = terminate.recv() => 143,
            }
        };
        next().await;
        tracing::info!("shutting down; a second signal ends at once");
        told.cancel();
        std::process::exit(next().await);
    });
    Ok(shutdown)
}
