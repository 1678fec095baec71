//! The job that calculates runs: one a process, for as long as the process lives.

use std::sync::Arc;

use async_trait::async_trait;
use niva_base::{Clock, OpError};
use niva_jobs::{Found, Signals, Work, Worked};
use niva_names::{CaseId, RunNo};
use niva_payment_domain::RunState;
use niva_store::{Database, Tx};

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

/// Calculates runs.
pub(crate) struct Worker {
    db: Database,
    clock: Clock,
    archive: Archive,
    cases_per_part: u32,
    jobs: Signals,
}

#[async_trait]
impl Work for Worker {
    type Job = StoredRun;
    /// The run, and the last case that is calculated.
    type Place = (RunNo, CaseId);

    async fn find(&self) -> Result<Option<Found<StoredRun, Self::Place>>, OpError> {
        let run = runs::unsettled(self.db.conn()).await?.filter(|run| run.run.state.is_calculating());
        Ok(run.map(|run| {
            // What is to stop needs nobody who goes on with it.
            let goes_on = run.run.state.cancel().is_none();
            Found { place: goes_on.then(|| (run.run_no, run.cursor.clone())), job: run }
        }))
    }

    /// Calculates a run to its end, or notes why it failed or that it was stopped.
    async fn work(&self, run: StoredRun) -> Worked {
        let (run_no, id) = (run.run_no, run.run.id.clone());
        let after = run.cursor.as_str().is_empty().then_some("the first case");
        tracing::info!(run = %id, after, "calculating a payment run");
        let ended = match self.calculate(run).await {
            Ok(()) => Ok(()),
            Err(RunError::Elsewhere) => {
                tracing::info!(run = %id, "another process calculates this payment run");
                return Worked::Later;
            }
            Err(RunError::Database(e)) if e.is_unavailable() => {
                tracing::warn!(run = %id, error = %niva_base::chain(&e), "database unavailable, going on with the run later");
                return Worked::Later;
            }
            Err(RunError::Cancelled) => self.stop(run_no).await,
            Err(error) => {
                let words = niva_base::chain(&error);
                tracing::error!(run = %id, error = words, "payment run failed");
                self.fail(run_no, &words).await
            }
        };
        self.jobs.progressed();
        match ended {
            Ok(()) => {
                tracing::info!(run = %id, "the calculation of a payment run has ended");
                Worked::Ended
            }
            Err(e) => {
                tracing::error!(run = %id, error = %niva_base::chain(&e), "cannot note how a payment run ended, trying it again");
                Worked::Later
            }
        }
    }
}

impl Worker {
    pub(crate) fn new(
        db: &Database,
        clock: &Clock,
        archive: &Archive,
        cases_per_part: u32,
        jobs: &Signals,
    ) -> Self {
        let (db, clock, archive) = (db.clone(), clock.clone(), archive.clone());
        Self { db, clock, archive, cases_per_part, jobs: jobs.clone() }
    }

    async fn calculate(&self, run: StoredRun) -> Result<(), RunError> {
        if run.run.state.cancel().is_some() {
            return Err(RunError::Cancelled);
        }
        let (run_no, now) = (run.run_no, self.clock.now());
        self.db
            .write(|tx| Box::pin(async move { Ok::<_, RunError>(runs::start(tx, run_no, now).await?) }))
            .await?;
        let inputs = Arc::new(Inputs::of(&self.db, &run, &self.archive).await?);
        let mut sink = Ledger { db: &self.db, inputs: &inputs, jobs: &self.jobs };
        let from = Position { cursor: run.cursor, tally: run.tally };
        let end = &calculate(&self.db, &inputs, from, self.cases_per_part, &mut sink).await?;
        let now = self.clock.now();
        self.db
            .write(|tx| {
                Box::pin(async move {
                    let stored = calculating(tx, run_no).await?;
                    let stored = stored.filter(|run| run.cursor == end.cursor).ok_or(RunError::Elsewhere)?;
                    let ended = stored.run.calculated(end.tally.seen())?.state;
                    if matches!(ended, RunState::Calculated { .. }) {
                        control(tx, run_no, &end.tally).await?;
                    }
                    Ok(runs::end(tx, run_no, &ended, now).await?)
                })
            })
            .await
    }

    async fn fail(&self, run_no: RunNo, words: &str) -> Result<(), RunError> {
        let now = self.clock.now();
        self.db
            .write(|tx| {
                Box::pin(async move {
                    let Some(stored) = calculating(tx, run_no).await? else { return Ok(()) };
                    let failed = stored.run.failed(words)?;
                    Ok(runs::end(tx, run_no, &failed.state, now).await?)
                })
            })
            .await
    }

    async fn stop(&self, run_no: RunNo) -> Result<(), RunError> {
        let now = self.clock.now();
        self.db
            .write(|tx| {
                Box::pin(async move {
                    let Some(stored) = calculating(tx, run_no).await? else { return Ok(()) };
                    let stopped = stored.run.stopped()?;
                    Ok(runs::end(tx, run_no, &stopped.state, now).await?)
                })
            })
            .await
    }
}

/// A run that nobody else changes until the transaction ends; `None` when another process has ended its calculation.
async fn calculating(tx: &Tx<'_>, run_no: RunNo) -> Result<Option<StoredRun>, RunError> {
    Ok(runs::by_number_for_update(tx, run_no).await?.filter(|run| run.run.state.is_calculating()))
}

/// Writes parts to the ledger, each in one transaction with how far the run has come.
struct Ledger<'a> {
    db: &'a Database,
    inputs: &'a Arc<Inputs>,
    jobs: &'a Signals,
}

#[async_trait]
impl Sink for Ledger<'_> {
    async fn write(&mut self, part: Calculated) -> Result<(), RunError> {
        let (part, inputs) = (&part, self.inputs);
        self.db
            .write(|tx| {
                Box::pin(async move {
                    if !runs::advance(tx, inputs.run_no, &part.after, &part.through, &part.tally).await? {
                        let run = runs::by_number(tx, inputs.run_no).await?;
                        let stopped = run.is_some_and(|run| run.run.state.cancel().is_some());
                        return Err(if stopped { RunError::Cancelled } else { RunError::Elsewhere });
                    }
                    lines::insert(tx, &part.lines).await?;
                    holds::insert(tx, &part.holds).await?;
                    Ok(())
                })
            })
            .await?;
        self.jobs.progressed();
        Ok(())
    }
}
