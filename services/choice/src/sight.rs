//! Which grants, offers and placements a caller has to do with.

use niva_access::{Caller, Role};
use niva_base::OpError;
use niva_choice_domain::Unit;

/// What a caller may see.
pub(crate) struct Sight<'a> {
    /// Districts; none: all.
    pub(crate) districts: &'a [String],
    /// The only provider whose units they may look into; a provider's staff without one see none.
    pub(crate) provider: Option<&'a str>,
}

impl<'a> Sight<'a> {
    pub(crate) fn of(caller: &'a Caller) -> Self {
        let provider_alone = caller.has(Role::Provider) && caller.roles.len() == 1;
        Self {
            districts: &caller.districts,
            provider: provider_alone.then(|| caller.provider.as_deref().unwrap_or_default()),
        }
    }

    /// Refuses what belongs to a district that the caller has nothing to do with.
    pub(crate) fn district(&self, district: &str) -> Result<(), OpError> {
        if self.districts.is_empty() || self.districts.iter().any(|d| d == district) {
            return Ok(());
        }
        let words = format!("{district} is not one of your districts: ask an officer of that board");
        Err(OpError::denied("DISTRICT_NOT_YOURS", words))
    }

    /// Refuses what happens at another provider's unit; `provider` runs it.
    pub(crate) fn unit(&self, unit_id: &str, provider: Option<&str>) -> Result<(), OpError> {
        if self.provider.is_none_or(|own| Some(own) == provider) {
            return Ok(());
        }
        let words = format!("unit {unit_id} is not one of your provider's: ask its provider");
        Err(OpError::denied("UNIT_NOT_YOURS", words))
    }

    /// Refuses a unit that the caller's provider neither runs nor ran.
    pub(crate) fn ran(&self, unit: &Unit) -> Result<(), OpError> {
        let mut providers = unit.periods.all().iter().map(|(_, terms)| terms.provider_id.as_str());
        let own = providers.find(|provider| self.provider == Some(*provider));
        self.unit(&unit.unit_id, own)
    }
}
