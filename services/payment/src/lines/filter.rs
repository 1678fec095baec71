//! Which lines a list is of.

use niva_calendar::Month;
use niva_models::Component;
use niva_names::{CaseId, DistrictId, PersonId, PlacementId, ProviderId, ServiceKey, UnitId};

/// Which of a run's lines are asked for: all that is given must hold.
#[derive(Debug, Clone, Default)]
pub(crate) struct Filter {
    /// Of this placement, in whichever of these cases it was paid.
    pub(crate) placement: Option<(Vec<CaseId>, PlacementId)>,
    /// Of a person, by whichever of these ids.
    pub(crate) persons: Vec<PersonId>,
    pub(crate) service: Option<ServiceKey>,
    pub(crate) provider: Option<ProviderId>,
    pub(crate) unit: Option<UnitId>,
    /// That this board pays.
    pub(crate) district: Option<DistrictId>,
    pub(crate) component: Option<Component>,
    pub(crate) month: Option<Month>,
    pub(crate) reversal: Option<bool>,
    /// Those that correct another line, or those that do not.
    pub(crate) correction: Option<bool>,
}
