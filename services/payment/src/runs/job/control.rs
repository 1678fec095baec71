//! The sums of a run, added up by the database.

use niva_money::Ore;
use niva_names::RunNo;
use niva_store::Tx;

use super::RunError;
use crate::lines::store as lines;
use crate::runs::tally::Tally;

/// Compares what the database adds up with what the run counted.
pub(crate) async fn control(tx: &Tx<'_>, run_no: RunNo, tally: &Tally) -> Result<(), RunError> {
    let (lines, amount) = lines::sum(tx, run_no).await?;
    let (counted, sum) = (tally.all.lines, tally.all.amount);
    if (lines, Ore(amount)) == (counted, sum) && tally.adds_up() {
        return Ok(());
    }
    Err(RunError::Control { lines, amount: Ore(amount), counted, sum })
}
