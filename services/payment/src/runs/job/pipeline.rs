//! Reading, calculating and writing parts of a run, each while the next is on its way. At most one finished part waits
//! between two stages, so memory is bounded by the size of a part.

use std::sync::Arc;

use async_trait::async_trait;
use niva_names::CaseId;
use niva_store::Database;
use tokio::sync::mpsc;
use tokio_util::task::AbortOnDropHandle;

use super::RunError;
use super::blocking::blocking;
use super::calculate::{Calculated, Part, part};
use super::inputs::Inputs;
use super::read::read;
use crate::models::Archive;
use crate::runs::stored::StoredRun;
use crate::runs::tally::Tally;

/// Where calculated parts go.
#[async_trait]
pub(crate) trait Sink: Send {
    async fn write(&mut self, part: Calculated) -> Result<(), RunError>;
}

/// Where a calculation begins: after a case, with what the run adds up to there.
#[derive(Debug, Clone)]
pub(crate) struct Position {
    /// Empty before the first case.
    pub(crate) cursor: CaseId,
    pub(crate) tally: Tally,
}

/// Calculates a run from a position to its end, and answers the position of the end.
pub(crate) async fn calculate(
    db: &Database,
    inputs: &Arc<Inputs>,
    from: Position,
    cases_per_part: u32,
    sink: &mut impl Sink,
) -> Result<Position, RunError> {
    let (parts, mut received) = mpsc::channel::<Result<Part, RunError>>(1);
    let (done, mut calculated) = mpsc::channel::<Result<Calculated, RunError>>(1);
    let reader = {
        let (db, inputs, mut after) = (db.clone(), Arc::clone(inputs), from.cursor.clone());
        tokio::spawn(async move {
            loop {
                match read(&db, &inputs, &after, cases_per_part).await {
                    Ok(Some(part)) => {
                        after.clone_from(&part.through);
                        if parts.send(Ok(part)).await.is_err() {
                            break;
                        }
                    }
                    Ok(None) => break,
                    Err(error) => {
                        // Nobody listens when the calculation was stopped.
                        let _ = parts.send(Err(error)).await;
                        break;
                    }
                }
            }
        })
    };
    let calculator = {
        let (inputs, mut tally) = (Arc::clone(inputs), from.tally.clone());
        tokio::spawn(async move {
            while let Some(read) = received.recv().await {
                let (inputs, before) = (Arc::clone(&inputs), tally.clone());
                let result = match read {
                    Ok(read) => blocking(move || part(&inputs, read, before)).await,
                    Err(error) => Err(error),
                };
                if let Ok(part) = &result {
                    tally.clone_from(&part.tally);
                }
                let failed = result.is_err();
                if done.send(result).await.is_err() || failed {
                    break;
                }
            }
        })
    };
    // Dropped with this future: whoever stops the calculation stops its stages.
    let stages = [AbortOnDropHandle::new(reader), AbortOnDropHandle::new(calculator)];
    let mut position = from;
    while let Some(part) = calculated.recv().await {
        let part = part?;
        position = Position { cursor: part.through.clone(), tally: part.tally.clone() };
        sink.write(part).await?;
    }
    for stage in stages {
        stage.await.map_err(|e| RunError::Broken(e.to_string()))?;
    }
    Ok(position)
}

/// Keeps nothing.
struct Forget;

#[async_trait]
impl Sink for Forget {
    async fn write(&mut self, _: Calculated) -> Result<(), RunError> {
        Ok(())
    }
}

/// Calculates a run from its first case and keeps its sums alone.
pub(crate) async fn preview(
    db: &Database,
    inputs: &Arc<Inputs>,
    cases_per_part: u32,
) -> Result<Tally, RunError> {
    Ok(calculate(
        db,
        inputs,
        Position { cursor: CaseId::none().clone(), tally: Tally::default() },
        cases_per_part,
        &mut Forget,
    )
    .await?
    .tally)
}

/// Calculates a run again from what it knew, as if nothing had been kept but facts, lines and models, and keeps its sums alone.
pub(crate) async fn repeat(
    db: &Database,
    archive: &Archive,
    run: &StoredRun,
    cases_per_part: u32,
) -> Result<Tally, RunError> {
    let inputs = Inputs::of(db, run, archive).await?;
    preview(db, &Arc::new(Inputs { from_facts: true, ..inputs }), cases_per_part).await
}
