//! Who made a request.

use niva_access::Caller;
use niva_base::OpError;
use tonic::{Request, Status};

use crate::status::status;

/// The caller that the gate found for this request.
///
/// # Errors
/// `UNAUTHENTICATED` with reason `TOKEN_MISSING` when the request did not come through the gate.
pub fn caller<T>(request: &Request<T>) -> Result<&Caller, Status> {
    request.extensions().get::<Caller>().ok_or_else(|| status(nobody()))
}

/// Nobody said who calls.
pub(crate) fn nobody() -> OpError {
    OpError::Unauthenticated {
        reason: "TOKEN_MISSING",
        message: "nobody knows who calls; send a bearer token".to_owned(),
    }
}
