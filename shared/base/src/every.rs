//! What is looked at again and again, off every caller's path.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

/// Does `work` after each `period`, until the shutdown. One that takes long is not done twice at once.
pub async fn every<F: Future<Output = ()>>(
    period: Duration,
    shutdown: &CancellationToken,
    mut work: impl FnMut() -> F,
) {
    while shutdown.run_until_cancelled(tokio::time::sleep(period)).await.is_some() {
        if shutdown.run_until_cancelled(work()).await.is_none() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn it_goes_on_until_the_shutdown() {
        let shutdown = CancellationToken::new();
        let mut done = 0;
        let work = || {
            done += 1;
            if done == 3 {
                shutdown.cancel();
            }
            std::future::ready(())
        };
        every(Duration::from_millis(1), &shutdown, work).await;
        assert_eq!(done, 3);
    }
}
