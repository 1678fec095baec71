//! A run that is asked for.

use niva_base::OpError;
use niva_names::PaymentRunId;

use super::store;
use super::stored::StoredRun;
use crate::store::Connection;

/// The run with an id. `NOT_FOUND`.
pub(crate) async fn find(db: &impl Connection, id: &PaymentRunId) -> Result<StoredRun, OpError> {
    store::find(db, id).await?.ok_or_else(|| OpError::not_found("payment run", id))
}
