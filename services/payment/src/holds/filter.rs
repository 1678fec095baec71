//! Which holds a list is of.

use niva_names::ServiceKey;
use niva_payment_domain::HoldReason;

/// Which of a run's holds are asked for: all that is given must hold.
#[derive(Debug, Clone, Default)]
pub(crate) struct Filter {
    pub(crate) person: Option<String>,
    pub(crate) service: Option<ServiceKey>,
    pub(crate) placement: Option<String>,
    pub(crate) unit: Option<String>,
    /// That this board would pay.
    pub(crate) district: Option<String>,
    pub(crate) reason: Option<HoldReason>,
}
