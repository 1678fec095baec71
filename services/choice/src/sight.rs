//! Which grants, offers and placements a caller has to do with.

use niva_choice_domain::Unit;
use niva_kit::OpError;
use niva_kit::auth::{Caller, Role};

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

    /// Refuses what happens at another provider's unit.
    pub(crate) fn unit(&self, unit: &Unit) -> Result<(), OpError> {
        if self.provider.is_none_or(|provider| provider == unit.provider_id) {
            return Ok(());
        }
        let words = format!("unit {} is not one of your provider's: ask its provider", unit.unit_id);
        Err(OpError::denied("UNIT_NOT_YOURS", words))
    }
}
