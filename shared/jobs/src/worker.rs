//! The worker: one a process and kind of job, for as long as the process lives.

use std::time::Duration;

use async_trait::async_trait;
use niva_base::{OpError, chain};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::Signals;

/// How often a worker looks for a job that another process left, and how long that must have stood still to be taken over.
const LOOK: Duration = Duration::from_secs(5);

/// A job that is to be done.
#[derive(Debug)]
pub struct Found<J, P> {
    /// The job.
    pub job: J,
    /// How far it has come, where another process may be at it: then it is taken over when it stands at the same place a
    /// while later. `None`: it may be tried at once, because a lock of the database lets one process at it.
    pub place: Option<P>,
}

/// How work on a job ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Worked {
    /// There is no more to do for this job: look for the next at once.
    Ended,
    /// Another process is at it, or the database is away: look again later.
    Later,
}

/// What a worker does.
#[async_trait]
pub trait Work: Send + Sync + 'static {
    /// A job.
    type Job: Send;
    /// How far it has come, as every process sees it.
    type Place: PartialEq + Send;

    /// The job that is to be done next.
    ///
    /// # Errors
    /// The database's: it is tried again.
    async fn find(&self) -> Result<Option<Found<Self::Job, Self::Place>>, OpError>;

    /// Works on it to its end. May be dropped at any point, and then goes on in the next process: what it does is kept in
    /// transactions.
    async fn work(&self, job: Self::Job) -> Worked;
}

/// Starts a worker. It ends with `shutdown`, wherever it is.
pub fn spawn<W: Work>(work: W, signals: Signals, shutdown: CancellationToken) -> JoinHandle<()> {
    tokio::spawn(async move {
        tokio::select! {
            () = shutdown.cancelled() => {}
            () = forever(work, signals) => {}
        }
    })
}

async fn forever<W: Work>(work: W, signals: Signals) {
    // What is found at the start was most likely left by this process's predecessor.
    let mut mine = true;
    let mut standing = Standing::default();
    loop {
        let worked = match work.find().await {
            Ok(Some(Found { job, place })) => {
                if standing.may_take(place, mine) {
                    work.work(job).await
                } else {
                    Worked::Later
                }
            }
            Ok(None) => {
                standing = Standing::default();
                Worked::Later
            }
            Err(error) => {
                tracing::warn!(error = chain(&error), "cannot look for jobs, trying again");
                Worked::Later
            }
        };
        mine = worked == Worked::Later
            && tokio::select! {
                () = signals.woken() => true,
                () = tokio::time::sleep(LOOK) => false,
            };
    }
}

/// Where the job that another process may be at was seen last.
struct Standing<P>(Option<P>);

impl<P> Default for Standing<P> {
    fn default() -> Self {
        Self(None)
    }
}

impl<P: PartialEq> Standing<P> {
    /// Whether a job at this place may be taken: it is this process's own, or it has not moved since the last look.
    fn may_take(&mut self, place: Option<P>, mine: bool) -> bool {
        if mine || place.is_none() || self.0 == place {
            return true;
        }
        self.0 = place;
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn anothers_job_is_taken_when_it_has_stood_still() {
        let mut standing = Standing::default();
        assert!(!standing.may_take(Some(("2024-03.1", "P-1")), false));
        assert!(!standing.may_take(Some(("2024-03.1", "P-2")), false), "it moves");
        assert!(standing.may_take(Some(("2024-03.1", "P-2")), false), "it stands");
        assert!(!standing.may_take(Some(("2024-04.1", "P-2")), false), "it is another");
    }

    #[test]
    fn ones_own_job_and_what_a_lock_guards_is_taken_at_once() {
        let mut standing = Standing::default();
        assert!(standing.may_take(Some(1), true));
        assert!(standing.may_take(None, false));
        assert!(!standing.may_take(Some(1), false));
    }
}
