//! The price that a service's terms have, or why they have none.

use crate::rates::{NoRate, Rate};
use crate::{Component, Level, Regime, ServiceTerms, Variant};

impl ServiceTerms {
    /// The price of a component. Constant time: an index into a table made at load.
    ///
    /// A level or a variant that the amount does not depend on is not needed, and not looked at. Vacancy is paid as
    /// [`Component::Rate`] at [`Level::LOWEST`]: ask for that.
    ///
    /// # Errors
    /// Why there is no price ([`NoRate`]).
    #[inline]
    pub fn rate(
        &self,
        component: Component,
        regime: Regime,
        level: Option<Level>,
        variant: Variant,
    ) -> Result<Rate<'_>, NoRate> {
        if let Some(found) = self.index.find(component, regime, level, variant)
            && let Some(amount) = self.amounts.get(found.amount)
        {
            let alias = self.aliases.get(found.alias);
            return Ok(Rate { unit: found.unit, price: found.price, amount, alias });
        }
        Err(self.no_rate(component, regime, level, variant))
    }

    #[cold]
    fn no_rate(
        &self,
        component: Component,
        regime: Regime,
        level: Option<Level>,
        variant: Variant,
    ) -> NoRate {
        if component == Component::Rate && self.rates_unpublished.is_some() {
            return NoRate::Unpublished;
        }
        let paid = |regime: Regime| self.index.pays(component, regime);
        if !Regime::ALL.iter().any(|r| paid(*r)) {
            NoRate::NotPaid
        } else if !paid(regime) {
            NoRate::UnknownRegime
        } else if !self.index.has_variant(variant) {
            NoRate::NoVariant
        } else if level.is_none() {
            NoRate::NoLevel
        } else {
            NoRate::UnknownLevel
        }
    }
}
