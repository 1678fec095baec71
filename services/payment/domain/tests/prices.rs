//! The models' own answers, as the oracle asks for them.

use niva_models::{Component, GrantScope, Level, NoRate, PriceUnit, Rate, Regime, ServiceTerms, Variant};
use niva_payment_domain::{Basis, HoldReason, LevelFact};

/// What a price was found by: a line has one for all its days.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct By {
    pub(crate) unit: PriceUnit,
    pub(crate) price: i64,
    pub(crate) regime: Regime,
    pub(crate) level: Option<Level>,
    pub(crate) variant: Variant,
    pub(crate) basis: Basis,
}

impl By {
    /// Of several things that a component pays at once: which.
    pub(crate) fn index(&self) -> u16 {
        if let Basis::Special(index) = self.basis { index } else { 0 }
    }

    /// A price that is set without level and variant.
    pub(crate) fn set(
        terms: &ServiceTerms,
        unit: PriceUnit,
        price: i64,
        regime: Regime,
        basis: Basis,
    ) -> Self {
        Self { unit, price, regime, level: None, variant: every(terms), basis }
    }

    fn of(terms: &ServiceTerms, regime: Regime, rate: &Rate<'_>) -> Self {
        Self {
            unit: rate.unit,
            price: rate.price.0,
            regime,
            level: rate.amount.level,
            variant: rate.amount.variant.unwrap_or(every(terms)),
            basis: Basis::Published,
        }
    }
}

/// The number of no variant.
fn every(terms: &ServiceTerms) -> Variant {
    if terms.variants.is_empty() { Variant(0) } else { Variant(255) }
}

/// The model's price of a person's level, which must be of the model's scale where that matters.
pub(crate) fn price(
    terms: &ServiceTerms,
    component: Component,
    regime: Regime,
    level: Option<LevelFact<'_>>,
    scope: GrantScope,
) -> Result<By, HoldReason> {
    let by = price_at(terms, component, regime, level.map(|l| l.level), scope);
    let foreign = level.is_some_and(|l| terms.scale_id.as_ref() != Some(l.scale));
    match by {
        Ok(by) if by.level.is_some() && foreign => Err(HoldReason::LevelOfOtherScale),
        Err(HoldReason::LevelNotPriced) if foreign => Err(HoldReason::LevelOfOtherScale),
        other => other,
    }
}

/// The model's price at a level, and why there is none.
pub(crate) fn price_at(
    terms: &ServiceTerms,
    component: Component,
    regime: Regime,
    level: Option<Level>,
    scope: GrantScope,
) -> Result<By, HoldReason> {
    let reason = |no| match no {
        NoRate::NoLevel => HoldReason::LevelMissing,
        NoRate::UnknownLevel => HoldReason::LevelNotPriced,
        NoRate::UnknownRegime => HoldReason::RegimeNotPriced,
        NoRate::NoVariant => HoldReason::ScopeNotPriced,
        NoRate::Unpublished | NoRate::NotPaid => HoldReason::RateUnpublished,
    };
    let Some(variant) = terms.variant_of(&scope) else {
        // Only a price that no variant changes can be had.
        let prices = terms.amounts.iter().filter(|a| a.component == component);
        if prices.clone().count() > 0 && prices.clone().all(|a| a.variant.is_none()) {
            return terms
                .rate(component, regime, level, Variant(0))
                .map(|r| By::of(terms, regime, &r))
                .map_err(reason);
        }
        let why = terms.rate(component, regime, level, Variant(200)).map(|_| NoRate::NoVariant);
        return Err(reason(why.unwrap_or_else(|no| no)));
    };
    terms.rate(component, regime, level, variant).map(|r| By::of(terms, regime, &r)).map_err(reason)
}
