//! Checks of a run by another path than the one that wrote it: from the ledger as it stands in the database.

use futures_util::future::BoxFuture;
use niva_money::Ore;
use niva_payment_domain::Case;
use niva_payment_domain::ledger::{self, Payable};
use niva_store::Tx;

use super::inputs::Inputs;
use super::{RunError, recompute};
use crate::lines::store as lines;
use crate::runs::tally::Tally;

/// Reads everything that was paid to some cases, this run included, and compares it with what is owed from the ledger's
/// first month on: line by line, as if nothing had been calculated before.
pub(crate) fn sample<'t>(
    tx: &'t Tx<'t>,
    inputs: &'t Inputs,
    sample: &'t [(String, Case)],
) -> BoxFuture<'t, Result<(), RunError>> {
    Box::pin(async move {
        let keys: Vec<&str> = sample.iter().map(|(key, _)| key.as_str()).collect();
        let runs: Vec<i32> = inputs.approved.iter().copied().chain([inputs.run_no]).collect();
        let mut paid = lines::paid(tx, &runs, &keys).await?;
        for (key, case) in sample {
            let mut paid = paid.remove(key).unwrap_or_default();
            for (placement_id, mut owed) in recompute(inputs, case) {
                let standing = ledger::effective(paid.remove(&placement_id).unwrap_or_default());
                let mut standing: Vec<Payable<'_>> = standing.into_iter().map(|p| p.line).collect();
                standing.sort();
                owed.sort();
                if standing != owed {
                    return Err(RunError::NotOwed { placement_id });
                }
            }
            if let Some((placement_id, _)) = paid.pop_first() {
                return Err(RunError::NotOwed { placement_id });
            }
        }
        Ok(())
    })
}

/// Compares what the database adds up with what the run counted.
pub(crate) async fn control(tx: &Tx<'_>, run_no: i32, tally: &Tally) -> Result<(), RunError> {
    let (lines, amount) = lines::sum(tx, run_no).await?;
    let (counted, sum) = (tally.all.lines, tally.all.amount);
    if (lines, Ore(amount)) == (counted, sum) && tally.adds_up() {
        return Ok(());
    }
    Err(RunError::Control { lines, amount: Ore(amount), counted, sum })
}
