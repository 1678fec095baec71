//! Facts: recorded, corrected, withdrawn, and never overwritten.
//!
//! Everything that a service is told is a fact with an id, and each telling of it is a revision: who told it, when, and
//! why. Pure values and the one state machine; the store keeps revisions, the contract carries [`Info`] as `FactInfo`.

use chrono::{DateTime, Utc};
use niva_names::FactId;

mod contract;

pub use contract::{Changing, Entry, Fact, Tells};

/// The longest reason, in characters.
pub const MAX_REASON: usize = 500;

/// Who told something: an opaque subject, and the role that let them.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Author {
    /// Opaque id of the person or system at the issuer of its tokens.
    pub subject: String,
    /// The role that opened the method: `case_officer`.
    pub role: String,
}

/// Whether a fact counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum State {
    /// It counts.
    Stands,
    /// It was taken back: as if it had never been told.
    Withdrawn,
}

impl State {
    /// The name in contract and table.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Stands => "stands",
            Self::Withdrawn => "withdrawn",
        }
    }
}

/// A telling: by whom, when it became known, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Telling {
    /// Who tells.
    pub author: Author,
    /// When it becomes known.
    pub recorded_at: DateTime<Utc>,
    /// Why; may be empty in the first revision.
    pub reason: String,
}

/// What a transition did, which may be asked for again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Happened<T> {
    /// It happened by this call.
    Now(T),
    /// All was so already, exactly: nothing to keep, nothing to tell.
    Already(T),
}

impl<T> Happened<T> {
    /// How it now stands.
    pub fn value(self) -> T {
        match self {
            Self::Now(value) | Self::Already(value) => value,
        }
    }
}

/// Which revision of a fact this is, and where it comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Info {
    /// Id of the fact.
    pub fact_id: FactId,
    /// 1 when recorded, one more with every correction and with the withdrawal.
    pub revision: i64,
    /// Whether it counts.
    pub state: State,
    /// The telling that made this revision.
    pub told: Telling,
}

/// Why a fact cannot be corrected or withdrawn.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// Somebody has told a newer revision since.
    #[error(
        "revision {expected} is not the newest: read the fact again (its revision is {newest}), and decide anew"
    )]
    RevisionNotNewest {
        /// The revision that the caller has seen.
        expected: i64,
        /// The newest.
        newest: i64,
    },
    /// No reason, or one that is too long.
    #[error("a correction or withdrawal needs a reason of 1 to {MAX_REASON} characters: say why")]
    ReasonMissing,
    /// It is withdrawn already.
    #[error("the fact is withdrawn, and can be neither corrected nor withdrawn again: record a new one")]
    Withdrawn,
}

impl Info {
    /// The first revision of a fact.
    #[must_use]
    pub fn first(fact_id: impl Into<FactId>, told: Telling) -> Self {
        Self { fact_id: fact_id.into(), revision: 1, state: State::Stands, told }
    }

    /// Whether the fact counts.
    #[must_use]
    pub fn stands(&self) -> bool {
        self.state == State::Stands
    }

    /// The next revision, which says something else.
    ///
    /// # Errors
    /// In this order: the reason is missing, the fact is withdrawn, `expected` is not the newest revision.
    pub fn corrected(&self, expected: i64, told: Telling) -> Result<Self, Refused> {
        self.next(expected, State::Stands, told)
    }

    /// The next revision, which takes the fact back.
    ///
    /// # Errors
    /// As for [`Info::corrected`].
    pub fn withdrawn(&self, expected: i64, told: Telling) -> Result<Self, Refused> {
        self.next(expected, State::Withdrawn, told)
    }

    /// The next revision after something happened to the fact (an offer was accepted): no revision is expected and no
    /// reason needed, because what happened is the reason.
    ///
    /// # Errors
    /// The fact is withdrawn.
    pub fn happened(&self, told: Telling) -> Result<Self, Refused> {
        if !self.stands() {
            return Err(Refused::Withdrawn);
        }
        Ok(Self { fact_id: self.fact_id.clone(), revision: self.revision + 1, state: State::Stands, told })
    }

    fn next(&self, expected: i64, state: State, told: Telling) -> Result<Self, Refused> {
        let length = told.reason.trim().chars().count();
        if length == 0 || length > MAX_REASON {
            return Err(Refused::ReasonMissing);
        }
        if !self.stands() {
            return Err(Refused::Withdrawn);
        }
        if expected != self.revision {
            return Err(Refused::RevisionNotNewest { expected, newest: self.revision });
        }
        Ok(Self { fact_id: self.fact_id.clone(), revision: self.revision + 1, state, told })
    }
}

#[cfg(test)]
mod tests;
