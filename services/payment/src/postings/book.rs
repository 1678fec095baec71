//! How a run is booked.

use std::collections::BTreeSet;

use niva_base::OpError;
use niva_payment_domain::postings::{Hole, Mapping, Posting};
use niva_store::Tx;

use super::store;
use crate::runs::stored::StoredRun;
use crate::store::Connection;
use crate::{App, OpResult};

/// Holes that a refusal names.
const NAMED: usize = 10;

/// Books a run that is approved, in the transaction of its approval. `POSTINGS_MISSING`.
pub(crate) async fn of_run(app: &App, tx: &Tx<'_>, run: &StoredRun) -> OpResult<()> {
    let postings = app.posted(tx, run).await?;
    Ok(store::add(tx, run.run_no, &postings).await?)
}

impl App {
    /// How a run is booked; not at all where the city has no file of accounts.
    pub(super) async fn posted(&self, db: &impl Connection, run: &StoredRun) -> OpResult<Vec<Posting>> {
        let Some(mapping) = &self.postings else { return Ok(Vec::new()) };
        let mapping: &Mapping = mapping;
        let groups = store::groups(db, run.run_no).await?;
        mapping.post(&groups, run.run.month.last_day()).map_err(|holes| missing(&holes))
    }
}

fn missing(holes: &BTreeSet<Hole>) -> OpError {
    let named: Vec<String> = holes.iter().take(NAMED).map(ToString::to_string).collect();
    let more = holes.len().saturating_sub(NAMED);
    let more = if more > 0 { format!("; and {more} more") } else { String::new() };
    let words = format!(
        "the file of accounts has holes: {}{more}; fill them, and start payment with it",
        named.join("; ")
    );
    OpError::precondition("POSTINGS_MISSING", words).with("holes", holes.len())
}
