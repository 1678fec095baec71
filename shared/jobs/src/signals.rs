//! What a process tells itself of its jobs.

use std::sync::Arc;

use tokio::sync::{Notify, watch};

/// Wakes the worker of this process and tells of progress. Only ever a hint: whoever hears nothing looks now and then.
/// Cheap to clone.
#[derive(Debug, Clone)]
pub struct Signals {
    wake: Arc<Notify>,
    progress: Arc<watch::Sender<()>>,
}

impl Default for Signals {
    fn default() -> Self {
        Self { wake: Arc::default(), progress: Arc::new(watch::channel(()).0) }
    }
}

impl Signals {
    /// There is something to do: look at once.
    pub fn wake(&self) {
        self.wake.notify_one();
    }

    /// A job has come further.
    pub fn progressed(&self) {
        self.progress.send_replace(());
    }

    /// Changes whenever a job has come further in this process. Take it before the first look at a job.
    #[must_use]
    pub fn progress(&self) -> watch::Receiver<()> {
        self.progress.subscribe()
    }

    pub(crate) async fn woken(&self) {
        self.wake.notified().await;
    }
}
