//! Why something cannot happen to a run.

use niva_calendar::Month;
use niva_money::Ore;
use niva_names::PaymentRunId;

/// Why something cannot happen to a run.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RunRefused {
    /// A month that is too far ahead.
    #[error("{month} is after next month: the last that can be run is {last}")]
    MonthInFuture {
        /// The month asked for.
        month: Month,
        /// The last that can be run.
        last: Month,
    },
    /// A month that the ledger does not reach back to.
    #[error("{month} is before the ledger's first month {first}")]
    MonthBeforeLedger {
        /// The month asked for.
        month: Month,
        /// The ledger's first month.
        first: Month,
    },
    /// Another run waits.
    #[error("run {run} ({state}) waits for calculation, approval or discard: settle it first")]
    InProgress {
        /// Its id.
        run: PaymentRunId,
        /// What it is.
        state: &'static str,
    },
    /// The month is paid.
    #[error("{month} is paid by run {run}, which stands: what changed since is paid by the next month's run")]
    MonthAlreadyRun {
        /// The month asked for.
        month: Month,
        /// The run that paid it, or a later one.
        run: PaymentRunId,
    },
    /// The run is in another state than the step needs.
    #[error("run {run} is {state}: {rule}")]
    State {
        /// Its id.
        run: PaymentRunId,
        /// What it is.
        state: &'static str,
        /// What the step needs.
        rule: &'static str,
    },
    /// The maker may not approve.
    #[error("run {run} was made by the caller: another person must approve it")]
    SamePerson {
        /// Its id.
        run: PaymentRunId,
    },
    /// The approver has seen another sum.
    #[error("run {run} adds up to {amount} SEK, not {seen} SEK: look at it again")]
    AmountDiffers {
        /// Its id.
        run: PaymentRunId,
        /// What it adds up to.
        amount: Ore,
        /// What the approver has seen.
        seen: Ore,
    },
    /// The approver told something that the run pays for the first time.
    #[error(
        "run {run} pays for the first time by {fact}, which the caller told: another person must approve it"
    )]
    OwnFact {
        /// Its id.
        run: PaymentRunId,
        /// The fact: `agreement A-1`.
        fact: String,
    },
    /// The approver has seen other lines.
    #[error("run {run} has other lines than those seen (lines_sha256 {sha256}): look at it again")]
    LinesDiffer {
        /// Its id.
        run: PaymentRunId,
        /// Their hash.
        sha256: String,
    },
    /// The approver has seen another sum of what other models or another engine change.
    #[error(
        "run {run} was calculated with other models or another engine than the one before, which by themselves change {}, not {}: \
         look at it again",
        changes(*repriced), changes(*seen)
    )]
    RepricedDiffers {
        /// Its id.
        run: PaymentRunId,
        /// What they change.
        repriced: Option<Ore>,
        /// What the approver has seen.
        seen: Option<Ore>,
    },
}

fn changes(repriced: Option<Ore>) -> String {
    repriced.map_or_else(|| "nothing".to_owned(), |sum| format!("{sum} SEK"))
}

impl RunRefused {
    /// The stable name, in the contract and in logs.
    #[must_use]
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::MonthInFuture { .. } => "MONTH_IN_FUTURE",
            Self::MonthBeforeLedger { .. } => "MONTH_BEFORE_LEDGER",
            Self::InProgress { .. } => "RUN_IN_PROGRESS",
            Self::MonthAlreadyRun { .. } => "MONTH_ALREADY_RUN",
            Self::State { .. } => "RUN_STATE",
            Self::SamePerson { .. } => "SAME_PERSON",
            Self::AmountDiffers { .. } => "AMOUNT_DIFFERS",
            Self::OwnFact { .. } => "OWN_FACT",
            Self::LinesDiffer { .. } => "LINES_DIFFER",
            Self::RepricedDiffers { .. } => "REPRICED_DIFFERS",
        }
    }
}
