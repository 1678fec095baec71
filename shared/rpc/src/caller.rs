//! Who made a request.

use niva_access::Scope;
use niva_base::OpError;
use tonic::{Request, Status};

use crate::status::status;

/// What this request may see and change, as the gate found.
///
/// # Errors
/// `UNAUTHENTICATED` with reason `TOKEN_MISSING` when the request did not come through the gate.
pub fn scope<T>(request: &Request<T>) -> Result<&Scope, Status> {
    request.extensions().get::<Scope>().ok_or_else(|| status(nobody()))
}

/// Nobody said who calls.
pub(crate) fn nobody() -> OpError {
    OpError::Unauthenticated {
        reason: "TOKEN_MISSING",
        message: "nobody knows who calls; send a bearer token".to_owned(),
    }
}
