//! The one error that every operation returns, and the one place where it becomes a gRPC status.
//!
//! A status carries `ErrorInfo { reason, domain: "niva" }`; a refused request also every field violation at once
//! (`BadRequest`). What went wrong inside is logged under an incident number and not told to the caller.

use std::collections::{BTreeMap, HashMap};
use std::fmt;

use tonic::{Code, Status};
use tonic_types::{ErrorDetails, FieldViolation, StatusExt};

use crate::db::{DbError, Retryable};

mod violations;
pub(crate) use violations::HEADER_BYTES;
pub use violations::{Violation, Violations};

/// `ErrorInfo.domain` of every error of ours.
pub const DOMAIN: &str = "niva";

/// What an operation may fail with.
#[derive(Debug, thiserror::Error)]
pub enum OpError {
    /// The request is wrong in itself: all violations at once. `INVALID_ARGUMENT`; the reason is the first
    /// violation's.
    #[error("{}", violations::in_words(.0))]
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
    /// Something that is needed is away; trying again later may help. `UNAVAILABLE`.
    #[error("{message}")]
    Unavailable {
        /// For programs, such as `DATABASE_UNAVAILABLE`.
        reason: &'static str,
        /// For a person: what is wrong and what to do.
        message: String,
    },
    /// The database refused. `ABORTED` for a conflict, `UNAVAILABLE` without a connection, else `INTERNAL`.
    #[error(transparent)]
    Database(#[from] DbError),
    /// A defect of ours. Logged, not told. `INTERNAL`.
    #[error("{0}")]
    Internal(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl OpError {
    /// One violation of one field.
    pub fn invalid(field: impl Into<String>, reason: &'static str, description: impl Into<String>) -> Self {
        Self::Invalid(vec![Violation { field: field.into(), description: description.into(), reason }])
    }

    /// There is no such thing.
    pub fn not_found(kind: &'static str, id: impl Into<String>) -> Self {
        Self::NotFound { kind, id: id.into() }
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
    pub fn internal(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
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

    /// `ErrorInfo.reason` of this error.
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
            Self::Database(e) if e.is_retryable() => "CONFLICT",
            Self::Database(e) if e.is_unavailable() => "DATABASE_UNAVAILABLE",
            Self::Database(_) | Self::Internal(_) => "INTERNAL",
        }
    }

    fn code(&self) -> Code {
        match self {
            Self::Invalid(_) => Code::InvalidArgument,
            Self::NotFound { .. } => Code::NotFound,
            Self::AlreadyExists { .. } => Code::AlreadyExists,
            Self::FailedPrecondition { .. } => Code::FailedPrecondition,
            Self::PermissionDenied { .. } => Code::PermissionDenied,
            Self::Unauthenticated { .. } => Code::Unauthenticated,
            Self::Aborted { .. } => Code::Aborted,
            Self::Unavailable { .. } => Code::Unavailable,
            Self::Database(e) if e.is_retryable() => Code::Aborted,
            Self::Database(e) if e.is_unavailable() => Code::Unavailable,
            Self::Database(_) | Self::Internal(_) => Code::Internal,
        }
    }

    /// The words for the caller; the inside of a defect goes to the log instead.
    fn told(&self) -> String {
        match (self, self.code()) {
            (Self::Database(e), Code::Aborted) => {
                log_cause("transaction conflict", e);
                "others changed the same data at the same time; try again".to_owned()
            }
            (Self::Database(e), Code::Unavailable) => {
                log_cause("database unavailable", e);
                "the database cannot be reached; try again later".to_owned()
            }
            (Self::Database(_) | Self::Internal(_), _) => {
                let incident = uuid::Uuid::new_v4().simple().to_string();
                tracing::error!(incident, error = %chain(self), "internal error");
                format!("internal error; the log has it under incident {incident}")
            }
            _ => self.to_string(),
        }
    }

    fn metadata(&self) -> HashMap<String, String> {
        match self {
            Self::NotFound { kind, id } => {
                HashMap::from([("kind".to_owned(), (*kind).to_owned()), ("id".to_owned(), id.clone())])
            }
            Self::FailedPrecondition { metadata, .. } => metadata.clone().into_iter().collect(),
            Self::Invalid(violations) => {
                let reasons: Vec<_> = violations::told(violations).iter().map(|v| v.reason).collect();
                HashMap::from([("reasons".to_owned(), reasons.join(","))])
            }
            _ => HashMap::new(),
        }
    }
}

impl From<sea_orm::DbErr> for OpError {
    fn from(error: sea_orm::DbErr) -> Self {
        Self::Database(error.into())
    }
}

impl Retryable for OpError {
    fn is_retryable(&self) -> bool {
        matches!(self, Self::Database(e) if e.is_retryable())
    }
}

impl From<OpError> for Status {
    fn from(error: OpError) -> Self {
        let mut details = ErrorDetails::with_error_info(error.reason(), DOMAIN, error.metadata());
        if let OpError::Invalid(violations) = &error {
            details.set_bad_request(
                violations::told(violations)
                    .into_iter()
                    .map(|v| FieldViolation::new(v.field, v.description))
                    .collect::<Vec<_>>(),
            );
        }
        Status::with_error_details(error.code(), error.told(), details)
    }
}

/// An error and its causes, on one line.
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

fn log_cause(what: &'static str, error: &DbError) {
    tracing::warn!(error = %chain(error), "{what}");
}

/// A caller's side: the reason of a status, if it is one of ours.
#[must_use]
pub fn reason(status: &Status) -> Option<String> {
    status.get_details_error_info().map(|info| info.reason)
}

/// A caller's side: a named value of a status.
#[must_use]
pub fn metadata(status: &Status, name: &str) -> Option<String> {
    status.get_details_error_info().and_then(|info| info.metadata.get(name).cloned())
}

/// A caller's side: field and description of each violation, in the order found.
#[must_use]
pub fn violations(status: &Status) -> Vec<(String, String)> {
    let found = status.get_details_bad_request().map(|request| request.field_violations).unwrap_or_default();
    found.into_iter().map(|v| (v.field, v.description)).collect()
}

/// A caller's side: the reason of each violation, in the order of [`violations`].
#[must_use]
pub fn reasons(status: &Status) -> Vec<String> {
    metadata(status, "reasons").map(|r| r.split(',').map(str::to_owned).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests;
