//! What the service does: a file an operation, or a few of a kind.

pub(crate) mod explain;
pub(crate) mod facts;
pub(crate) mod import;
pub(crate) mod lists;
pub(crate) mod quote;
pub(crate) mod runs;
pub(crate) mod status;

use std::sync::Arc;

use niva_calendar::Month;
use niva_kit::auth::{Caller, Role};
use niva_kit::feed::ConsumerHandle;
use niva_kit::{Clock, Database, OpError};
use niva_models::{Catalogue, City};

use crate::run::Jobs;

/// What every operation stands on.
#[derive(Debug)]
pub(crate) struct Context {
    pub(crate) db: Database,
    pub(crate) clock: Clock,
    pub(crate) city: Arc<City>,
    pub(crate) catalogue: Arc<Catalogue>,
    /// First month of the ledger, where it is not the first run's.
    pub(crate) opening_month: Option<Month>,
    pub(crate) cases_per_part: u32,
    pub(crate) jobs: Jobs,
    pub(crate) consumers: Vec<(&'static str, ConsumerHandle)>,
}

/// The provider that a caller is bound to: whoever is there for a provider and nothing else sees and tells of its units
/// alone.
///
/// # Errors
/// `PROVIDER_MISSING`: the caller is there for a provider, and the token does not say which.
pub(crate) fn bound_to(caller: &Caller) -> Result<Option<&str>, OpError> {
    if caller.roles.iter().any(|role| *role != Role::Provider) {
        return Ok(None);
    }
    let missing =
        || OpError::denied("PROVIDER_MISSING", "the token names no provider; ask for one that does");
    caller.provider.as_deref().ok_or_else(missing).map(Some)
}
