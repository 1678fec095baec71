//! A line of the ledger.

use niva_names::{CaseId, PlacementId};
use niva_payment_domain::ledger::{LineId, Payable};

/// A line with its place in the ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Line {
    pub(crate) id: LineId,
    pub(crate) case_key: CaseId,
    pub(crate) placement_id: PlacementId,
    pub(crate) payable: Payable<'static>,
    pub(crate) reversal: bool,
    pub(crate) corrects: Option<LineId>,
    /// The facts behind a correction; empty for a month's first payment.
    pub(crate) cause: String,
    /// What it stands on ([`niva_payment_domain::stands`]).
    pub(crate) stands_on: String,
}
