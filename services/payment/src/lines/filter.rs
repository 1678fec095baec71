//! Which lines a list is of.

use niva_calendar::Month;
use niva_models::Component;
use niva_names::ServiceKey;

/// Which of a run's lines are asked for: all that is given must hold.
#[derive(Debug, Clone, Default)]
pub(crate) struct Filter {
    /// Of this case and placement.
    pub(crate) placement: Option<(String, String)>,
    pub(crate) person: Option<String>,
    pub(crate) service: Option<ServiceKey>,
    pub(crate) provider: Option<String>,
    pub(crate) unit: Option<String>,
    /// That this board pays.
    pub(crate) district: Option<String>,
    pub(crate) component: Option<Component>,
    pub(crate) month: Option<Month>,
    pub(crate) reversal: Option<bool>,
    /// Those that correct another line, or those that do not.
    pub(crate) correction: Option<bool>,
}
