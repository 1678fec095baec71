//! The job that calculates runs: one a process, for as long as the process lives.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use niva_payment_domain::RunState;
use niva_store::Database;
use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::RunError;
use super::calculate::Calculated;
use super::control::control;
use super::inputs::Inputs;
use super::pipeline::{Position, Sink, calculate};
use crate::holds::store as holds;
use crate::lines::store as lines;
use crate::models::Archive;
use crate::runs::store as runs;
use crate::runs::stored::StoredRun;

/// How often the job looks for a run that another process left, and how long that must have stood still to be taken over.
const LOOK: Duration = Duration::from_secs(5);

/// Wakes the job of this process and tells of its progress. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Jobs {
    wake: Arc<Notify>,
    progress: Arc<watch::Sender<()>>,
}

impl Jobs {
    /// A run was made in this process: calculate it.
    pub(crate) fn wake(&self) {
        self.wake.notify_one();
    }

    /// Changes whenever a run has come further in this process.
    pub(crate) fn progress(&self) -> watch::Receiver<()> {
        self.progress.subscribe()
    }
}

/// Starts the job. It ends with `shutdown`, wherever it is: the next process goes on there.
pub(crate) fn spawn(
    db: Database,
    archive: Archive,
    cases_per_part: u32,
    shutdown: CancellationToken,
) -> (Jobs, JoinHandle<()>) {
    let jobs = Jobs { wake: Arc::default(), progress: Arc::new(watch::channel(()).0) };
    let worker = Worker { db, archive, cases_per_part, jobs: jobs.clone() };
    let handle = tokio::spawn(async move {
        tokio::select! {
            () = shutdown.cancelled() => {}
            () = worker.work() => {}
        }
    });
    (jobs, handle)
}

struct Worker {
    db: Database,
    archive: Archive,
    cases_per_part: u32,
    jobs: Jobs,
}

impl Worker {
    async fn work(&self) {
        // A run that is found at the start was most likely left by this process's predecessor.
        let mut mine = true;
        let mut stood = None;
        loop {
            match runs::unsettled(self.db.conn()).await {
                Ok(Some(run)) if run.run.state == RunState::Calculating => {
                    let at = Some((run.run_no, run.cursor.clone()));
                    if mine || stood == at {
                        self.finish(run).await;
                    } else {
                        stood = at;
                    }
                }
                Ok(_) => stood = None,
                Err(e) => {
                    let error = niva_base::chain(&e);
                    tracing::warn!(error, "cannot look for payment runs, trying again");
                }
            }
            mine = tokio::select! {
                () = self.jobs.wake.notified() => true,
                () = tokio::time::sleep(LOOK) => false,
            };
        }
    }

    /// Calculates a run to its end, or notes why it failed.
    async fn finish(&self, run: StoredRun) {
        let (run_no, id) = (run.run_no, run.run.id.clone());
        tracing::info!(
            run = id,
            after = run.cursor.is_empty().then_some("the first case"),
            "calculating a payment run"
        );
        let error = match self.calculate(run).await {
            Ok(()) => {
                tracing::info!(run = id, "payment run calculated");
                self.jobs.progress.send_replace(());
                return;
            }
            Err(RunError::Elsewhere) => {
                tracing::info!(run = id, "another process calculates this payment run");
                return;
            }
            Err(RunError::Database(e)) if e.is_unavailable() => {
                tracing::warn!(run = id, error = %niva_base::chain(&e), "database unavailable, going on with the run later");
                return;
            }
            Err(error) => error,
        };
        let words = niva_base::chain(&error);
        tracing::error!(run = id, error = words, "payment run failed");
        if let Err(e) = self.fail(run_no, &words).await {
            tracing::error!(run = id, error = %niva_base::chain(&e), "cannot note that the payment run failed, trying it again");
        }
        self.jobs.progress.send_replace(());
    }

    async fn calculate(&self, run: StoredRun) -> Result<(), RunError> {
        let inputs = Arc::new(Inputs::of(&self.db, &run, &self.archive).await?);
        let mut sink = Ledger { db: &self.db, inputs: &inputs, jobs: &self.jobs };
        let from = Position { cursor: run.cursor, tally: run.tally };
        let end = &calculate(&self.db, &inputs, from, self.cases_per_part, &mut sink).await?;
        let (run_no, ended) = (run.run_no, &run.run.calculated(end.tally.seen())?.state);
        self.db
            .write(|tx| {
                Box::pin(async move {
                    control(tx, run_no, &end.tally).await?;
                    if runs::end(tx, run_no, &end.cursor, ended).await? {
                        Ok(())
                    } else {
                        Err(RunError::Elsewhere)
                    }
                })
            })
            .await
    }

    async fn fail(&self, run_no: i32, words: &str) -> Result<(), RunError> {
        self.db
            .write(|tx| {
                Box::pin(async move {
                    if let Some(run) = runs::by_number(tx, run_no).await? {
                        let failed = run.run.failed(words)?;
                        runs::end(tx, run_no, &run.cursor, &failed.state).await?;
                    }
                    Ok(())
                })
            })
            .await
    }
}

/// Writes parts to the ledger, each in one transaction with how far the run has come.
struct Ledger<'a> {
    db: &'a Database,
    inputs: &'a Arc<Inputs>,
    jobs: &'a Jobs,
}

#[async_trait]
impl Sink for Ledger<'_> {
    async fn write(&mut self, part: Calculated) -> Result<(), RunError> {
        let (part, inputs) = (&part, self.inputs);
        self.db
            .write(|tx| {
                Box::pin(async move {
                    if !runs::advance(tx, inputs.run_no, &part.after, &part.through, &part.tally).await? {
                        return Err(RunError::Elsewhere);
                    }
                    lines::insert(tx, &part.lines).await?;
                    holds::insert(tx, &part.holds).await?;
                    Ok(())
                })
            })
            .await?;
        self.jobs.progress.send_replace(());
        Ok(())
    }
}
