//! Which holds a list is of.

use niva_names::{DistrictId, PersonId, PlacementId, ServiceKey, UnitId};
use niva_payment_domain::HoldReason;

/// Which of a run's holds are asked for: all that is given must hold.
#[derive(Debug, Clone, Default)]
pub(crate) struct Filter {
    /// Of a person, by whichever of these ids.
    pub(crate) persons: Vec<PersonId>,
    pub(crate) service: Option<ServiceKey>,
    pub(crate) placement: Option<PlacementId>,
    pub(crate) unit: Option<UnitId>,
    /// That this board would pay.
    pub(crate) district: Option<DistrictId>,
    pub(crate) reason: Option<HoldReason>,
}
