//! Reading, calculating and writing parts of a run, each while the next is on its way. At most one finished part waits
//! between two stages, so memory is bounded by the size of a part.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use niva_payment_domain::{Case, Recorded};
use niva_store::Database;
use tokio::sync::mpsc;
use tokio::task::spawn_blocking;
use tokio_util::task::AbortOnDropHandle;

use super::RunError;
use super::calculate::{Calculated, Loaded, Part, part};
use super::inputs::Inputs;
use crate::cases::store as cases;
use crate::holds::store as holds;
use crate::lines::store as lines;
use crate::runs::tally::Tally;

/// Where calculated parts go.
#[async_trait]
pub(crate) trait Sink: Send {
    async fn write(&mut self, part: Calculated) -> Result<(), RunError>;
}

/// Where a calculation begins: after a case, with what the run adds up to there.
#[derive(Debug, Clone, Default)]
pub(crate) struct Position {
    pub(crate) cursor: String,
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
                    Ok(Some((part, last))) => {
                        after = last;
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

/// Reads the next part and the key of its last case; `None` after the last.
async fn read(
    db: &Database,
    inputs: &Arc<Inputs>,
    after: &str,
    limit: u32,
) -> Result<Option<(Part, String)>, RunError> {
    let conn = db.conn();
    let rows = cases::cases_as_of(conn, inputs.frozen, after, limit).await?;
    let Some(last) = rows.last().map(|row| row.key.clone()) else { return Ok(None) };
    let held = match &inputs.baseline {
        Some(baseline) => holds::cases(conn, baseline.run_no, (after, &last)).await?,
        None => super::inputs::Held::new(),
    };
    let of = Arc::clone(inputs);
    let cases = blocking(move || {
        let loaded = rows.iter().map(|row| {
            let case = row.case()?;
            let all_months = of.needs_all_months(row.fact_number, case.unit_ids(), held.contains(&row.key));
            Ok(Loaded { key: row.key.clone(), all_months, case })
        });
        loaded.collect::<Result<Vec<_>, RunError>>()
    })
    .await?;
    let (mut paid, mut recorded) = (BTreeMap::new(), BTreeMap::new());
    if let Some(baseline) = &inputs.baseline {
        let keys: Vec<&str> = cases.iter().filter(|c| c.all_months).map(|c| c.key.as_str()).collect();
        paid = lines::paid(conn, &inputs.approved, &keys).await?;
        recorded = cases::recorded_of_cases(conn, &keys, (baseline.frozen, inputs.frozen)).await?;
    }
    let before = as_before(db, inputs, &cases, &recorded).await?;
    Ok(Some((Part { after: after.to_owned(), cases, paid, recorded, before }, last)))
}

/// The cases that something was told of since the baseline, as it knew them: what it would have paid before the ledger's
/// first month is compared with what would be paid now.
async fn as_before(
    db: &Database,
    inputs: &Inputs,
    cases: &[Loaded],
    recorded: &BTreeMap<String, Vec<Recorded>>,
) -> Result<BTreeMap<String, Case>, RunError> {
    let Some(baseline) = &inputs.baseline else { return Ok(BTreeMap::new()) };
    let told = |of: &&Loaded| {
        recorded.contains_key(&of.key) || of.case.unit_ids().any(|id| inputs.unit_facts.contains_key(id))
    };
    let told: Vec<&Loaded> = cases.iter().filter(told).collect();
    let keys: Vec<&str> = told.iter().map(|of| of.key.as_str()).collect();
    let mut before = cases::cases_of_keys_as_of(db.conn(), baseline.frozen, &keys).await?;
    for Loaded { key, case, .. } in told {
        // One that had not been heard of.
        before.entry(key.clone()).or_insert_with(|| Case::new(&case.person_id, case.service));
    }
    Ok(before)
}

/// Work that takes processor time, on a thread where it holds nobody up. A panic becomes an error.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, RunError> + Send + 'static,
) -> Result<T, RunError> {
    spawn_blocking(work).await.map_err(|e| RunError::Broken(e.to_string()))?
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
    Ok(calculate(db, inputs, Position::default(), cases_per_part, &mut Forget).await?.tally)
}
