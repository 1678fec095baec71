//! The verifier: reads the whole ledger and finds what was changed, taken away, added or put in another's place since it was
//! written, and what is not paid as the facts say.

use niva_names::RunNo;
use niva_store::{Database, DbError};

use super::check::{NotAsWritten, content, run_sha256};
use super::filter::Filter;
use super::store;
use super::stored::StoredRun;
use niva_payment_domain::RunState;

/// Runs read at a time.
const RUNS: u64 = 100;

/// Something that is not as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding(pub String);

impl std::fmt::Display for Finding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a whole ledger was found to be.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Verified {
    /// Runs whose rows were read.
    pub runs: u64,
    /// What is not as it was written, in the order of runs; then what was not paid as it is owed.
    pub findings: Vec<Finding>,
}

/// Reads every run's lines and holds, the chain of approved runs and those of orders, and counts again what was paid ([`niva_payment_recount`]).
///
/// # Errors
/// The database's.
pub async fn verify(db: &Database) -> Result<Verified, DbError> {
    let mut verified = Verified::default();
    let (mut last, mut before) = (RunNo::NONE, String::new());
    loop {
        let runs = store::list(db.conn(), &Filter::default(), last, RUNS).await;
        let runs = match runs {
            Err(error @ DbError::Row { .. }) => {
                verified.findings.push(Finding(error.to_string()));
                return Ok(verified);
            }
            runs => runs?,
        };
        for run in &runs {
            last = last.next();
            if run.run_no != last {
                verified.findings.push(Finding(format!("run number {last} is missing")));
                last = run.run_no;
            }
            if let Some(finding) = of_run(db, run, &mut before).await? {
                verified.findings.push(finding);
            }
            verified.runs += 1;
        }
        if runs.is_empty() {
            break;
        }
    }
    for what in store::of_no_run(db.conn()).await? {
        verified.findings.push(Finding(what));
    }
    match crate::orders::verify(db).await {
        Err(error @ DbError::Row { .. }) => verified.findings.push(Finding(error.to_string())),
        found => verified.findings.extend(found?.into_iter().map(Finding)),
    }
    verified.findings.extend(crate::postings::store::verify(db).await?.into_iter().map(Finding));
    verified.findings.extend(crate::files::store::verify(db).await?.into_iter().map(Finding));
    verified.findings.extend(niva_payment_recount::recount(db).await?.into_iter().map(Finding));
    Ok(verified)
}

/// What is wrong with a run that was calculated. `before` is the hash of the approved run before it, and of it
/// afterwards.
async fn of_run(db: &Database, run: &StoredRun, before: &mut String) -> Result<Option<Finding>, DbError> {
    if matches!(
        run.run.state,
        RunState::Calculating { .. } | RunState::Failed { .. } | RunState::Cancelled { .. }
    ) {
        return Ok(None);
    }
    let found = match content(db.conn(), run).await {
        Ok(content) => {
            let sha256 = run_sha256(run, &content, before);
            let differs = matches!(run.run.state, RunState::Approved { .. }) && sha256 != run.run_sha256;
            differs.then(|| {
                Finding(format!("run {}: it is not what was approved, or not in its place", run.run.id))
            })
        }
        Err(NotAsWritten::Altered(what)) => Some(Finding(what)),
        Err(NotAsWritten::Database(error)) => return Err(error),
    };
    if matches!(run.run.state, RunState::Approved { .. }) {
        before.clone_from(&run.run_sha256);
    }
    Ok(found)
}
