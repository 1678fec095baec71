//! From an operation's error to a gRPC status, and what a caller reads in one.
//!
//! A status carries `ErrorInfo { reason, domain: "niva" }`; a refused request also every field violation at once
//! (`BadRequest`).

use std::collections::HashMap;

use niva_base::OpError;
use tonic::{Code, Response, Status};
use tonic_types::{ErrorDetails, FieldViolation, StatusExt};

/// `ErrorInfo.domain` of every error of ours.
pub(crate) const DOMAIN: &str = "niva";

/// The status that tells an error.
#[must_use]
pub fn status(error: impl Into<OpError>) -> Status {
    let error = error.into();
    let metadata: HashMap<_, _> = error.metadata().into_iter().collect();
    let mut details = ErrorDetails::with_error_info(error.reason(), DOMAIN, metadata);
    if let OpError::Invalid(_) = error {
        let violations = error.violations().into_iter().map(|v| FieldViolation::new(v.field, v.description));
        details.set_bad_request(violations.collect::<Vec<_>>());
    }
    Status::with_error_details(code(&error), error.told(), details)
}

/// What an operation answered, as an rpc answers it: `answer(self.0.make_offer(caller(&request)?, request.get_ref()).await)`.
///
/// # Errors
/// The operation's, as a [`status`].
pub fn answer<T>(done: Result<T, impl Into<OpError>>) -> Result<Response<T>, Status> {
    done.map(Response::new).map_err(status)
}

/// An rpc in a line: `answer!(self.record(request))` calls the operation with the caller and the message, and answers what
/// it answers.
#[macro_export]
macro_rules! answer {
    ($self:ident.$operation:ident($request:ident)) => {
        $crate::answer($self.$operation($crate::scope(&$request)?, $request.get_ref()).await)
    };
}

fn code(error: &OpError) -> Code {
    match error {
        OpError::Invalid(_) => Code::InvalidArgument,
        OpError::NotFound { .. } => Code::NotFound,
        OpError::AlreadyExists { .. } => Code::AlreadyExists,
        OpError::FailedPrecondition { .. } => Code::FailedPrecondition,
        OpError::PermissionDenied { .. } => Code::PermissionDenied,
        OpError::Unauthenticated { .. } => Code::Unauthenticated,
        OpError::Aborted { .. } | OpError::Conflict(_) => Code::Aborted,
        OpError::Unavailable { .. } => Code::Unavailable,
        OpError::Internal(_) => Code::Internal,
    }
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

/// A caller's side: a status in words for a person, every violation on a line of its own.
#[must_use]
pub fn words(status: &Status) -> String {
    let mut words = status.message().to_owned();
    if words.is_empty() {
        words = format!("{:?}", status.code());
    }
    for (field, description) in violations(status) {
        words.push_str(&format!("\n  {field}: {description}"));
    }
    if let Some(reason) = reason(status) {
        words.push_str(&format!(" ({reason})"));
    }
    words
}

#[cfg(test)]
mod tests;
