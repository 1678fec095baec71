//! Which runs a list is of.

use chrono::{DateTime, Utc};
use niva_calendar::Month;

/// Which runs are asked for: all that is given must hold.
#[derive(Debug, Clone, Default)]
pub(crate) struct Filter {
    pub(crate) month: Option<Month>,
    /// In the state of this name.
    pub(crate) state: Option<&'static str>,
    /// Approved then or later.
    pub(crate) approved_since: Option<DateTime<Utc>>,
}
