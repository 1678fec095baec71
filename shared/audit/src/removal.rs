//! Removing what is older than the city's rule says: whole seals, each stretch of them by a checkpoint in the chain.
//!
//! A seal stays while a legal hold keeps any of its records, and so does one that is not as it was written: what was
//! altered is evidence. The newest seal stays always, because the next stands on it.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use niva_base::{Clock, chain, every};
use niva_names::LegalHoldId;
use niva_retention::AuditRule;
use niva_store::{Database, DbError, Tx, audit};
use niva_telemetry::METRICS;
use tokio_util::sync::CancellationToken;
use tracing::Level;

use crate::chain::{Checkpoint, HoldStep, Keeps, REMOVAL, Seal, said, standing};
use crate::people::{Ids, People};
use crate::store::{self, holds, removal as stored};

/// How often it is looked for what is too old: rules count in years.
const PERIOD: Duration = Duration::from_secs(60 * 60);
/// The longest wait for the first look: a start has other things to do.
const FIRST: Duration = Duration::from_secs(60);
/// Seals that are looked at in one transaction, and records after which it ends: so long others wait on SQLite.
const SEALS: u64 = 1_000;
const RECORDS: i64 = 10_000;

/// How long a service keeps its records, and by whom it finds them.
#[derive(Debug, Clone)]
pub struct Keeping {
    /// The city's rule.
    pub rule: AuditRule,
    /// Whose records are.
    pub people: Arc<dyn People>,
}

/// What one look did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Removed {
    /// Records that are gone.
    pub(crate) records: i64,
    /// Seals that are too old, and stay for a hold, or because they are not as they were written.
    pub(crate) held: u64,
}

/// Looks again and again, until the shutdown.
pub(crate) async fn run(db: &Database, keeping: &Keeping, shutdown: &CancellationToken) {
    if shutdown.run_until_cancelled(tokio::time::sleep(PERIOD.min(FIRST))).await.is_none() {
        return;
    }
    look(db, keeping).await;
    every(PERIOD, shutdown, || look(db, keeping)).await;
}

/// The last result is a metric, as that of a verification is.
async fn look(db: &Database, keeping: &Keeping) {
    let clock = Clock::system();
    match all(db, keeping, &clock).await {
        Ok(Removed { records, held }) => {
            let (gone, ended) = (u64::try_from(records).unwrap_or_default(), clock.now().timestamp());
            tracing::event!(target: METRICS, Level::INFO, monotonic_counter.retention.removed = gone);
            tracing::event!(target: METRICS, Level::INFO, gauge.retention.held = held);
            tracing::event!(target: METRICS, Level::INFO, gauge.retention.ended = ended);
            if records > 0 {
                tracing::info!(records, held, "audit records that were too old are removed");
            }
        }
        Err(error) => {
            tracing::error!(error = chain(&error), "audit records that are too old cannot be removed");
            tracing::event!(target: METRICS, Level::INFO, monotonic_counter.retention.failed = 1_u64);
        }
    }
}

/// Removes all that is too old.
///
/// # Errors
/// The database's.
pub(crate) async fn all(db: &Database, keeping: &Keeping, clock: &Clock) -> Result<Removed, DbError> {
    let now = clock.now();
    let mut removed = Removed::default();
    let Some(bound) = keeping.rule.bound(now) else { return Ok(removed) };
    let mut after = 0;
    loop {
        let named = &named(db, &*keeping.people).await?;
        let when = (bound, now, keeping.rule.years());
        let part = db.write(|tx| Box::pin(async move { part(tx, when, named, after).await })).await?;
        removed.records += part.removed.records;
        removed.held += part.removed.held;
        let Some(last) = part.last else { return Ok(removed) };
        after = last;
    }
}

/// By what records are found whom holds on persons keep.
async fn named(db: &Database, people: &dyn People) -> Result<Vec<(LegalHoldId, Keeps, Ids)>, DbError> {
    let mut named = Vec::new();
    for HoldStep { id, keeps, .. } in standing(&holds::steps(db.conn()).await?) {
        if let Some(person_id) = &keeps.person_id {
            named.push((id.clone(), keeps.clone(), Ids::of(people, db, person_id).await?));
        }
    }
    Ok(named)
}

/// What a transaction did, and the last seal that it looked at; `None`: there is no more.
struct Part {
    removed: Removed,
    last: Option<i64>,
}

async fn part(
    tx: &Tx<'_>,
    (bound, now, years): (DateTime<Utc>, DateTime<Utc>, u32),
    named: &[(LegalHoldId, Keeps, Ids)],
    after: i64,
) -> Result<Part, DbError> {
    holds::lock(tx).await?;
    let steps = holds::steps(tx).await?;
    let holding = standing(&steps);
    for (id, keeps, ids) in named.iter().filter(|(id, ..)| holding.iter().any(|step| step.id == *id)) {
        holds::keep(tx, id, keeps, ids).await?;
    }
    let seals = store::seals(tx, after, SEALS).await?;
    let newest = store::newest_seal(tx).await?.map_or(0, |newest| newest.seal_no);
    let mut old =
        Old { periods: periods(&holding), kept: kept(tx, &seals, &holding).await?, ..Old::default() };
    let mut last = None;
    for seal in seals {
        if seal.sealed_at >= bound || seal.seal_no >= newest || old.records >= RECORDS {
            last = last.filter(|_| old.records >= RECORDS);
            break;
        }
        last = Some(seal.seal_no);
        old.meet(tx, seal).await?;
    }
    let removed = Removed { records: old.records, held: old.held };
    old.remove(tx, (now, years), steps.last()).await?;
    Ok(Part { removed, last })
}

/// The periods that holds keep, of whomever.
fn periods(holding: &[&HoldStep]) -> Vec<Keeps> {
    holding.iter().map(|step| step.keeps.clone()).filter(|keeps| keeps.person_id.is_none()).collect()
}

/// Which of some seals a standing hold keeps for a person.
async fn kept(tx: &Tx<'_>, seals: &[Seal], holding: &[&HoldStep]) -> Result<BTreeSet<i64>, DbError> {
    let (Some(first), Some(last)) = (seals.first(), seals.last()) else { return Ok(BTreeSet::new()) };
    let kept = holds::kept(tx, (first.seal_no, last.seal_no)).await?;
    let stands = |id: &LegalHoldId| holding.iter().any(|step| step.id == *id);
    Ok(kept.into_iter().filter(|(_, id)| stands(id)).map(|(seal_no, _)| seal_no).collect())
}

/// Seals that are old enough, as they are met.
#[derive(Default)]
struct Old {
    periods: Vec<Keeps>,
    kept: BTreeSet<i64>,
    before: Option<Seal>,
    /// Stretches that may go; a checkpoint that is not numbered yet.
    runs: Vec<Checkpoint>,
    records: i64,
    held: u64,
}

impl Old {
    async fn meet(&mut self, tx: &Tx<'_>, seal: Seal) -> Result<(), DbError> {
        if self.before.as_ref().is_none_or(|before| before.seal_no + 1 != seal.seal_no) {
            let ending = stored::ending_with(tx, seal.seal_no - 1).await?;
            self.before = ending.map(|checkpoint| checkpoint.end());
        }
        let before = self.before.replace(seal.clone());
        let after = before.as_ref().map_or(0, |before| before.last_position);
        let records = store::records(tx, after, seal.last_position, u64::MAX >> 1).await?;
        let times = records.iter().map(|kept| kept.record.time);
        let calls = times.clone().min().zip(times.max());
        let Some(calls) = calls.filter(|_| seal.hash(before.as_ref(), &records) == seal.sha256) else {
            tracing::warn!(seal_no = seal.seal_no, "is not what was sealed, and stays");
            self.held += 1;
            return Ok(());
        };
        if self.kept.contains(&seal.seal_no) || self.periods.iter().any(|keeps| keeps.meets(calls)) {
            self.held += 1;
            return Ok(());
        }
        self.records += seal.records;
        self.extend(before.as_ref(), &seal, calls);
        Ok(())
    }

    /// Adds a seal to the stretch that it follows, unless that would reach over a period that is held.
    fn extend(&mut self, before: Option<&Seal>, seal: &Seal, calls: (DateTime<Utc>, DateTime<Utc>)) {
        let whole = |run: &Checkpoint| (run.calls.0.min(calls.0), run.calls.1.max(calls.1));
        let follows = |run: &&mut Checkpoint| {
            run.last_seal + 1 == seal.seal_no && !self.periods.iter().any(|keeps| keeps.meets(whole(run)))
        };
        if let Some(run) = self.runs.last_mut().filter(follows) {
            run.calls = whole(run);
            run.records += seal.records;
            (run.last_seal, run.last_position) = (seal.seal_no, seal.last_position);
            (run.last_sha256, run.sealed_at) = (seal.sha256.clone(), seal.sealed_at);
            return;
        }
        self.runs.push(Checkpoint {
            checkpoint_no: 0,
            first_seal: seal.seal_no,
            last_seal: seal.seal_no,
            after_position: before.map_or(0, |before| before.last_position),
            last_position: seal.last_position,
            records: seal.records,
            before_sha256: before.map(|before| before.sha256.clone()).unwrap_or_default(),
            last_sha256: seal.sha256.clone(),
            calls,
            sealed_at: seal.sealed_at,
            years: 0,
            hold_step_no: 0,
            hold_sha256: String::new(),
            removed_at: seal.sealed_at,
            sha256: String::new(),
        });
    }

    /// Removes the stretches, and leaves a record of each: so the chain that goes on has the checkpoint's hash.
    async fn remove(
        self,
        tx: &Tx<'_>,
        (now, years): (DateTime<Utc>, u32),
        step: Option<&HoldStep>,
    ) -> Result<(), DbError> {
        let mut before = stored::newest(tx).await?;
        let mut records = Vec::new();
        for run in self.runs {
            let mut checkpoint = Checkpoint {
                checkpoint_no: before.as_ref().map_or(0, |before| before.checkpoint_no) + 1,
                years,
                hold_step_no: step.map_or(0, |step| step.step_no),
                hold_sha256: step.map(|step| step.sha256.clone()).unwrap_or_default(),
                removed_at: now,
                ..run
            };
            checkpoint.sha256 = checkpoint.hash(before.as_ref());
            stored::remove(tx, &checkpoint).await?;
            records.push(said(REMOVAL, checkpoint.name()));
            before = Some(checkpoint);
        }
        if records.is_empty() { Ok(()) } else { audit::append(tx, &records).await }
    }
}
