//! Waiting for what nobody tells of.

use std::time::Duration;

/// A moment, between two looks at what nobody tells of by itself.
pub async fn look_again() {
    tokio::time::sleep(Duration::from_millis(20)).await;
}
