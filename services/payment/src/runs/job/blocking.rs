//! Work that would hold others up.

use tokio::task::spawn_blocking;

use super::RunError;

/// Work that takes processor time, on a thread where it holds nobody up. A panic becomes an error.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, RunError> + Send + 'static,
) -> Result<T, RunError> {
    spawn_blocking(work).await.map_err(|e| RunError::Broken(e.to_string()))?
}
