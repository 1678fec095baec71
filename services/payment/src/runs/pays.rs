//! What an approval makes of a run's lines beside letting them stand.

use niva_facts::Telling;
use niva_store::Tx;

use super::stored::StoredRun;
use crate::{App, OpResult, orders, postings};

/// Books the run, and makes its orders, in the transaction of its approval. `POSTINGS_MISSING`.
pub(super) async fn pays(app: &App, tx: &Tx<'_>, run: &StoredRun, told: &Telling) -> OpResult<()> {
    postings::book::of_run(app, tx, run).await?;
    orders::record::of_run(app, tx, run.run_no, told).await
}
