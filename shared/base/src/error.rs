//! The one error that every operation returns, and what its caller is told of it.
//!
//! What went wrong inside is logged under an incident number and not told.

use std::collections::BTreeMap;
use std::fmt;

use crate::violation::{self, Violation};

/// What went wrong inside: for the log.
pub type Cause = Box<dyn std::error::Error + Send + Sync>;

/// What an operation may fail with.
#[derive(Debug, thiserror::Error)]
pub enum OpError {
    /// The request is wrong in itself: all violations at once. `INVALID_ARGUMENT`; the reason is the first
    /// violation's.
    #[error("{}", violation::in_words(.0))]
    Invalid(Vec<Violation>),
    /// No such thing. `NOT_FOUND`, reason `NOT_FOUND`.
    #[error("there is no {kind} {id}; check the id")]
    NotFound {
        /// What was looked for, in a word: `placement`.
        kind: &'static str,
        /// The id that was looked for.
        id: String,
    },
    /// It is there already. `ALREADY_EXISTS`.
    #[error("{message}")]
    AlreadyExists {
        /// For programs, such as `REQUEST_ID_REUSED`.
        reason: &'static str,
        /// For a person: what is wrong and what to do.
        message: String,
    },
    /// The request is well formed but not possible as things stand. `FAILED_PRECONDITION`.
    #[error("{message}")]
    FailedPrecondition {
        /// For programs, such as `CAPACITY_TAKEN`.
        reason: &'static str,
        /// For a person: what is wrong and what to do.
        message: String,
        /// Values that a program may want, by name.
        metadata: BTreeMap<String, String>,
    },
    /// The caller may not do this. `PERMISSION_DENIED`.
    #[error("{message}")]
    PermissionDenied {
        /// For programs, such as `ROLE_MISSING`.
        reason: &'static str,
        /// For a person: what is wrong and what to do.
        message: String,
    },
    /// Nobody knows who calls. `UNAUTHENTICATED`.
    #[error("{message}")]
    Unauthenticated {
        /// For programs, such as `TOKEN_EXPIRED`.
        reason: &'static str,
        /// For a person: what is wrong and what to do.
        message: String,
    },
    /// Somebody else changed the same thing at the same time; trying again may help. `ABORTED`.
    #[error("{message}")]
    Aborted {
        /// For programs, such as `CONFLICT`.
        reason: &'static str,
        /// For a person: what is wrong and what to do.
        message: String,
    },
    /// Others changed the same data at the same time; the same call may succeed when it is made again. The cause is
    /// logged, not told. `ABORTED`, reason `CONFLICT`.
    #[error("others changed the same data at the same time; try again")]
    Conflict(#[source] Cause),
    /// Something that is needed is away; trying again later may help. The cause is logged, not told. `UNAVAILABLE`.
    #[error("{message}")]
    Unavailable {
        /// For programs, such as `DATABASE_UNAVAILABLE`.
        reason: &'static str,
        /// For a person: what is wrong and what to do.
        message: String,
        /// What it said.
        #[source]
        cause: Cause,
    },
    /// A defect of ours. Logged, not told. `INTERNAL`, reason `INTERNAL`.
    #[error("{0}")]
    Internal(#[source] Cause),
}

impl From<niva_facts::Refused> for OpError {
    fn from(refused: niva_facts::Refused) -> Self {
        use niva_facts::Refused;
        let words = refused.to_string();
        match refused {
            Refused::RevisionNotNewest { newest, .. } => {
                Self::precondition("REVISION_NOT_NEWEST", words).with("newest_revision", newest)
            }
            Refused::ReasonMissing => Self::invalid("reason", "REASON_MISSING", words),
            Refused::Withdrawn => Self::precondition("FACT_WITHDRAWN", words),
        }
    }
}

/// As many characters as an id may have.
const ID_SHOWN: usize = 128;

impl OpError {
    /// One violation of one field.
    pub fn invalid(field: impl Into<String>, reason: &'static str, description: impl Into<String>) -> Self {
        Self::Invalid(vec![Violation { field: field.into(), description: description.into(), reason }])
    }

    /// There is no such thing. What is longer than any id is not said again in full.
    pub fn not_found(kind: &'static str, id: impl Into<String>) -> Self {
        let mut id: String = id.into();
        if let Some((end, _)) = id.char_indices().nth(ID_SHOWN) {
            id.truncate(end);
        }
        Self::NotFound { kind, id }
    }

    /// It is there already.
    pub fn already_exists(reason: &'static str, message: impl Into<String>) -> Self {
        Self::AlreadyExists { reason, message: message.into() }
    }

    /// Not possible as things stand. Add values with [`OpError::with`].
    pub fn precondition(reason: &'static str, message: impl Into<String>) -> Self {
        Self::FailedPrecondition { reason, message: message.into(), metadata: BTreeMap::new() }
    }

    /// The caller may not.
    pub fn denied(reason: &'static str, message: impl Into<String>) -> Self {
        Self::PermissionDenied { reason, message: message.into() }
    }

    /// A defect: an error, or a text.
    pub fn internal(error: impl Into<Cause>) -> Self {
        Self::Internal(error.into())
    }

    /// Adds a named value to a failed precondition; others stay as they are.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl fmt::Display) -> Self {
        if let Self::FailedPrecondition { metadata, .. } = &mut self {
            metadata.insert(name.to_owned(), value.to_string());
        }
        self
    }

    /// What is wrong, for programs.
    #[must_use]
    pub fn reason(&self) -> &'static str {
        match self {
            Self::Invalid(violations) => violations.first().map_or("INVALID_ARGUMENT", |v| v.reason),
            Self::NotFound { .. } => "NOT_FOUND",
            Self::AlreadyExists { reason, .. }
            | Self::FailedPrecondition { reason, .. }
            | Self::PermissionDenied { reason, .. }
            | Self::Unauthenticated { reason, .. }
            | Self::Aborted { reason, .. }
            | Self::Unavailable { reason, .. } => reason,
            Self::Conflict(_) => "CONFLICT",
            Self::Internal(_) => "INTERNAL",
        }
    }

    /// The words for the caller. What stays inside goes to the log, here and now: call it once, when it is told.
    #[must_use]
    pub fn told(&self) -> String {
        match self {
            Self::Conflict(_) | Self::Unavailable { .. } => {
                tracing::warn!(reason = self.reason(), error = %chain(self), "a call could not be answered now");
                self.to_string()
            }
            Self::Internal(_) => {
                let incident = uuid::Uuid::new_v4().simple().to_string();
                tracing::error!(incident, error = %chain(self), "internal error");
                format!("internal error; the log has it under incident {incident}")
            }
            _ => self.to_string(),
        }
    }

    /// The violations that the caller is told: all of them, or as many as can travel and the number of the others.
    #[must_use]
    pub fn violations(&self) -> Vec<Violation> {
        match self {
            Self::Invalid(violations) => violation::told(violations),
            _ => Vec::new(),
        }
    }

    /// Named values for programs.
    #[must_use]
    pub fn metadata(&self) -> BTreeMap<String, String> {
        let named = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        match self {
            Self::NotFound { kind, id } => BTreeMap::from([named("kind", kind), named("id", id)]),
            Self::FailedPrecondition { metadata, .. } => metadata.clone(),
            Self::Invalid(_) => {
                let reasons: Vec<_> = self.violations().iter().map(|v| v.reason).collect();
                BTreeMap::from([named("reasons", &reasons.join(","))])
            }
            _ => BTreeMap::new(),
        }
    }
}

/// An error and its causes, on one line.
#[must_use]
pub fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let next = error.to_string();
        if !text.ends_with(&next) {
            text.push_str(": ");
            text.push_str(&next);
        }
        cause = error.source();
    }
    text
}
