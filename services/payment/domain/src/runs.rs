//! A monthly payment run: which month may be run, what can happen to a run, and who may make it happen.

mod refused;

use chrono::{DateTime, Utc};
use niva_calendar::{Month, NaiveDate};
use niva_money::Ore;
use niva_names::PaymentRunId;

pub use refused::RunRefused;

/// What has happened to a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RunState {
    /// Being calculated.
    Calculating {
        /// Who wants it to stop: it never becomes calculated.
        cancel: Option<Cancel>,
    },
    /// Calculated; waits for another person's approval.
    Calculated {
        /// What its lines are.
        found: LinesSeen,
    },
    /// Could not be calculated. It can be discarded.
    Failed {
        /// Why.
        error: String,
    },
    /// Approved: its lines stand.
    Approved {
        /// Who approved it; never its maker.
        approver: String,
        /// When.
        time: DateTime<Utc>,
    },
    /// Discarded before approval: its lines pay nothing.
    Discarded {
        /// Who discarded it.
        by: String,
        /// Why.
        reason: String,
        /// When.
        time: DateTime<Utc>,
        /// Why it had failed, if it had.
        error: Option<String>,
    },
    /// Stopped while it was being calculated: it has no lines, and stands in no other run's way.
    Cancelled {
        /// Who wanted it to stop.
        cancel: Cancel,
    },
}

/// Somebody's wish that a calculation stop.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cancel {
    /// Whose.
    pub by: String,
    /// Since when.
    pub time: DateTime<Utc>,
}

impl RunState {
    /// The name in table and message.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Calculating { .. } => "calculating",
            Self::Calculated { .. } => "calculated",
            Self::Failed { .. } => "failed",
            Self::Approved { .. } => "approved",
            Self::Discarded { .. } => "discarded",
            Self::Cancelled { .. } => "cancelled",
        }
    }

    /// Whether it is being calculated, asked to stop or not.
    #[must_use]
    pub const fn is_calculating(&self) -> bool {
        matches!(self, Self::Calculating { .. })
    }

    /// Who wants or wanted the calculation to stop.
    #[must_use]
    pub const fn cancel(&self) -> Option<&Cancel> {
        match self {
            Self::Calculating { cancel } => cancel.as_ref(),
            Self::Cancelled { cancel } => Some(cancel),
            Self::Calculated { .. }
            | Self::Failed { .. }
            | Self::Approved { .. }
            | Self::Discarded { .. } => None,
        }
    }

    /// Whether it waits for calculation, approval or discard. One run at a time does.
    #[must_use]
    pub const fn is_unsettled(&self) -> bool {
        matches!(self, Self::Calculating { .. } | Self::Calculated { .. } | Self::Failed { .. })
    }
}

/// What the lines of a run are, in short: the same for the run and for whoever has looked at it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinesSeen {
    /// What they add up to.
    pub amount: Ore,
    /// Their hash, in lower-case hex.
    pub sha256: String,
    /// What other models or another engine change by themselves; `None`: nothing.
    pub repriced: Option<Ore>,
}

/// A run, as far as rules ask about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// `2024-03.1`: the first run made for March 2024.
    pub id: PaymentRunId,
    /// The month that it pays, beside what changed in earlier ones.
    pub month: Month,
    /// First month of the ledger.
    pub opening: Month,
    /// Who made it.
    pub maker: String,
    /// What has happened to it.
    pub state: RunState,
}

/// What a new run is measured against.
#[derive(Debug, Clone, Copy)]
pub struct Ledger<'a> {
    /// First month as configured; `None`: that of the first run. A ledger that has paid keeps its own.
    pub opening: Option<Month>,
    /// The last run that was approved.
    pub last_approved: Option<&'a Run>,
    /// The run that waits for calculation, approval or discard.
    pub unsettled: Option<&'a Run>,
}

impl Run {
    /// A run of `month`, to be calculated; `before` runs of the month were made already.
    ///
    /// # Errors
    /// In this order: `MONTH_IN_FUTURE`, `MONTH_BEFORE_LEDGER`, `RUN_IN_PROGRESS`, `MONTH_ALREADY_RUN`.
    pub fn make(
        ledger: &Ledger<'_>,
        month: Month,
        today: NaiveDate,
        maker: &str,
        before: i64,
    ) -> Result<Self, RunRefused> {
        let last = Month::of(today).next();
        if month > last {
            return Err(RunRefused::MonthInFuture { month, last });
        }
        let opening = ledger.last_approved.map(|run| run.opening).or(ledger.opening).unwrap_or(month);
        if month < opening {
            return Err(RunRefused::MonthBeforeLedger { month, first: opening });
        }
        if let Some(run) = ledger.unsettled {
            return Err(RunRefused::InProgress { run: run.id.clone(), state: run.state.name() });
        }
        if let Some(last) = ledger.last_approved.filter(|last| month <= last.month) {
            return Err(RunRefused::MonthAlreadyRun { month, run: last.id.clone() });
        }
        let id = format!("{month}.{}", before + 1).into();
        Ok(Self {
            id,
            month,
            opening,
            maker: maker.to_owned(),
            state: RunState::Calculating { cancel: None },
        })
    }

    /// The calculation has come to its end. One that was asked to stop meanwhile is cancelled.
    ///
    /// # Errors
    /// `RUN_STATE`.
    pub fn calculated(self, found: LinesSeen) -> Result<Self, RunRefused> {
        self.ended(RunState::Calculated { found })
    }

    /// The calculation cannot come to its end. One that was asked to stop meanwhile is cancelled.
    ///
    /// # Errors
    /// `RUN_STATE`.
    pub fn failed(self, error: impl Into<String>) -> Result<Self, RunRefused> {
        self.ended(RunState::Failed { error: error.into() })
    }

    fn ended(self, state: RunState) -> Result<Self, RunRefused> {
        match &self.state {
            RunState::Calculating { cancel: None } => Ok(self.with(state)),
            RunState::Calculating { cancel: Some(cancel) } => {
                let cancel = cancel.clone();
                Ok(self.with(RunState::Cancelled { cancel }))
            }
            _ => Err(self.not("its calculation has ended")),
        }
    }

    /// `by` wants the calculation to stop: [`Run::stopped`] when whoever calculates it hears of it. The first wish stays, and
    /// a run that is cancelled already stays as it is.
    ///
    /// # Errors
    /// `RUN_STATE`.
    pub fn ask_to_cancel(self, by: &str, time: DateTime<Utc>) -> Result<Self, RunRefused> {
        match &self.state {
            RunState::Calculating { cancel: None } => {
                let cancel = Some(Cancel { by: by.to_owned(), time });
                Ok(self.with(RunState::Calculating { cancel }))
            }
            RunState::Calculating { cancel: Some(_) } | RunState::Cancelled { .. } => Ok(self),
            _ => Err(self.not("only a run that is being calculated can be cancelled")),
        }
    }

    /// The calculation of a run that was asked to stop stops.
    ///
    /// # Errors
    /// `RUN_STATE`.
    pub fn stopped(self) -> Result<Self, RunRefused> {
        match &self.state {
            RunState::Calculating { cancel: Some(cancel) } => {
                let cancel = cancel.clone();
                Ok(self.with(RunState::Cancelled { cancel }))
            }
            _ => Err(self.not("nobody has asked its calculation to stop")),
        }
    }

    /// `approver` lets its lines stand, having `seen` them. `own_fact`: something that they told and that the run pays for
    /// the first time.
    ///
    /// # Errors
    /// In this order: `RUN_STATE`, `SAME_PERSON`, `OWN_FACT`, `AMOUNT_DIFFERS`, `LINES_DIFFER`, `REPRICED_DIFFERS`.
    pub fn approve(
        self,
        approver: &str,
        own_fact: Option<String>,
        seen: &LinesSeen,
        time: DateTime<Utc>,
    ) -> Result<Self, RunRefused> {
        let RunState::Calculated { found } = &self.state else {
            return Err(self.not("only a calculated run can be approved"));
        };
        if self.maker == approver {
            return Err(RunRefused::SamePerson { run: self.id });
        }
        if let Some(fact) = own_fact {
            return Err(RunRefused::OwnFact { run: self.id, fact });
        }
        if found.amount != seen.amount {
            return Err(RunRefused::AmountDiffers { run: self.id, amount: found.amount, seen: seen.amount });
        }
        if found.sha256 != seen.sha256 {
            return Err(RunRefused::LinesDiffer { sha256: found.sha256.clone(), run: self.id });
        }
        if found.repriced != seen.repriced {
            let (repriced, seen) = (found.repriced, seen.repriced);
            return Err(RunRefused::RepricedDiffers { repriced, seen, run: self.id });
        }
        Ok(self.with(RunState::Approved { approver: approver.to_owned(), time }))
    }

    /// Whether its calculation has come to an end with lines to look at.
    ///
    /// # Errors
    /// `RUN_STATE`.
    pub fn was_calculated(&self) -> Result<(), RunRefused> {
        let error = match &self.state {
            RunState::Calculated { .. } | RunState::Approved { .. } => return Ok(()),
            RunState::Discarded { error, .. } => error,
            RunState::Calculating { .. } | RunState::Failed { .. } | RunState::Cancelled { .. } => {
                &Some(String::new())
            }
        };
        if error.is_none() {
            return Ok(());
        }
        let rule = "only a run that was calculated can be calculated again";
        Err(RunRefused::State { state: self.state.name(), run: self.id.clone(), rule })
    }

    /// `by` lets its lines pay nothing.
    ///
    /// # Errors
    /// `RUN_STATE`.
    pub fn discard(self, by: &str, reason: &str, time: DateTime<Utc>) -> Result<Self, RunRefused> {
        let error = match &self.state {
            RunState::Calculated { .. } => None,
            RunState::Failed { error } => Some(error.clone()),
            _ => return Err(self.not("only a calculated or failed run can be discarded")),
        };
        let (by, reason) = (by.to_owned(), reason.to_owned());
        Ok(self.with(RunState::Discarded { by, reason, time, error }))
    }

    fn not(self, rule: &'static str) -> RunRefused {
        RunRefused::State { state: self.state.name(), run: self.id, rule }
    }

    fn with(self, state: RunState) -> Self {
        Self { state, ..self }
    }
}

#[cfg(test)]
mod tests;
