//! The payment run: a job that goes through every case in order of key and pays the difference between what is owed and
//! what was paid.
//!
//! Everything it reads is frozen: cases and units as of the run's fact number, lines of runs approved before it was
//! made. So it can stop at any point and go on there, in this process or another, and write the same bytes. How far it
//! has come ([`super::store::advance`]) moves in the transaction that writes the lines: of two processes at the
//! same run only one can write the next part.

mod blocking;
mod calculate;
mod control;
mod inputs;
mod pipeline;
mod read;
mod worker;

pub(crate) use inputs::Inputs;
pub(crate) use pipeline::{preview, repeat};
pub(crate) use worker::Worker;

use crate::models::NotKept;
use niva_names::PlacementId;
use niva_payment_domain::ledger::Imbalance;
use niva_store::DbError;
use niva_store::Retryable;

/// Why a run cannot be calculated.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RunError {
    /// The database's.
    #[error(transparent)]
    Database(#[from] DbError),
    /// Paid would not be owed.
    #[error(
        "placement {placement_id}, {imbalance}; nothing of this run may be paid: discard it and report the defect"
    )]
    Imbalance {
        /// The placement.
        placement_id: PlacementId,
        /// Where.
        imbalance: Imbalance,
    },
    /// The lines do not add up to the run's control totals.
    #[error(
        "the ledger holds {lines} lines of {amount} SEK, the run counted {counted} of {sum} SEK; discard it and report the \
         defect"
    )]
    Control {
        /// Lines in the ledger.
        lines: i64,
        /// Their sum.
        amount: niva_money::Ore,
        /// Lines counted.
        counted: i64,
        /// Sum counted.
        sum: niva_money::Ore,
    },
    /// Sums too large.
    #[error(transparent)]
    TooMuch(#[from] super::tally::TooMuch),
    /// The models that it was made with cannot be had.
    #[error(transparent)]
    Models(#[from] NotKept),
    /// A row names a case that cannot be.
    #[error(transparent)]
    Case(#[from] crate::cases::NoCase),
    /// A defect of ours.
    #[error("the calculation broke off: {0}")]
    Broken(String),
    /// The run is not being calculated any more.
    #[error(transparent)]
    State(#[from] niva_payment_domain::RunRefused),
    /// Somebody wants it to stop.
    #[error("the calculation was asked to stop")]
    Cancelled,
    /// Another process calculates the same run.
    #[error("another process calculates this run")]
    Elsewhere,
}

impl Retryable for RunError {
    fn is_retryable(&self) -> bool {
        matches!(self, Self::Database(e) if e.is_retryable())
    }
}
