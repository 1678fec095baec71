//! What the days of a piece are worth.

use niva_calendar::{Datelike, Interval, is_working_day};
use niva_models::{Component, Level, NoRate, Parameters, PriceUnit, Regime, Scope, ServiceTerms, Variant};
use niva_money::{Ore, prorate};

use super::Ruling;
use crate::{
    Agreement, Basis, Granted, HoldReason, Known, LevelFact, Occasion, OccasionKind, Schedule, UnitPeriod,
};

/// Days within a month on which nothing changes that a price or a quantity depends on.
pub(super) struct Piece<'a> {
    pub(super) days: Interval,
    pub(super) month_days: u32,
    pub(super) ruling: Option<&'a Ruling<'a>>,
    pub(super) unit: Option<&'a UnitPeriod>,
    pub(super) level: Option<LevelFact>,
    pub(super) granted: Option<&'a Granted<'a>>,
    pub(super) schedule: Option<Schedule>,
    pub(super) agreement: Option<&'a Known<'a, Agreement>>,
    pub(super) transition: bool,
    /// Actual premises cost a month.
    pub(super) cost: Option<Ore>,
    /// Occasions on its days, in order.
    pub(super) occasions: &'a [Occasion],
}

/// A price and what it was found by.
#[derive(Clone, Copy)]
pub(super) struct Price {
    pub(super) regime: Regime,
    pub(super) unit: PriceUnit,
    pub(super) price: Ore,
    pub(super) basis: Basis,
    pub(super) level: Option<Level>,
    pub(super) points: Option<u16>,
    pub(super) variant: Variant,
}

/// The variant of a price that depends on none. Terms without variants have the single variant 0; where there are
/// variants, the price for all of them has a number that none has, and no name in tables.
pub(super) fn no_variant(terms: &ServiceTerms) -> Variant {
    Variant(if terms.variants.is_empty() { 0 } else { u8::MAX })
}

/// The model's price of a component at a level.
pub(super) fn published(
    terms: &ServiceTerms,
    component: Component,
    regime: Regime,
    level: Option<LevelFact>,
    scope: &Scope,
) -> Result<Price, NoRate> {
    let level_of_day = level.map(|l| l.level);
    let rate = match terms.variant_of(scope) {
        Some(variant) => terms.rate(component, regime, level_of_day, variant)?,
        // A price for all variants needs none.
        None => match terms.rate(component, regime, level_of_day, Variant(0)) {
            Ok(rate) if rate.amount.variant.is_none() => rate,
            _ => return Err(without_variant(terms, component, regime, level_of_day)),
        },
    };
    Ok(Price {
        regime,
        unit: rate.unit,
        price: rate.price,
        basis: Basis::Published,
        level: rate.amount.level,
        points: rate.amount.level.and(level).and_then(|l| l.points),
        variant: rate.amount.variant.unwrap_or_else(|| no_variant(terms)),
    })
}

/// Why a scope that is none of the variants has no price: that alone, or something before it.
#[cold]
fn without_variant(
    terms: &ServiceTerms,
    component: Component,
    regime: Regime,
    level: Option<Level>,
) -> NoRate {
    terms.rate(component, regime, level, Variant(u8::MAX)).err().unwrap_or(NoRate::NoVariant)
}

/// What a person must hear when there is no price. A component that the model does not pay has no published amount.
pub(super) const fn held(no_rate: NoRate) -> HoldReason {
    match no_rate {
        NoRate::Unpublished | NoRate::NotPaid => HoldReason::RateUnpublished,
        NoRate::NoVariant => HoldReason::ScopeNotPriced,
        NoRate::NoLevel => HoldReason::LevelMissing,
        NoRate::UnknownLevel => HoldReason::LevelNotPriced,
        NoRate::UnknownRegime => HoldReason::RegimeNotPriced,
    }
}

impl Piece<'_> {
    /// Price of the rate itself: the agreement, else the transition to work, else the published amount.
    pub(super) fn rate(
        &self,
        terms: &ServiceTerms,
        regime: Regime,
        scope: &Scope,
    ) -> Result<Price, HoldReason> {
        if let Some(agreement) = self.agreement {
            let (price, basis, variant) = (agreement.value.price, Basis::Agreement, no_variant(terms));
            return Ok(Price { regime, unit: terms.unit, price, basis, level: None, points: None, variant });
        }
        match terms.transition.as_ref().filter(|_| self.transition) {
            Some(t) => {
                let level = LevelFact { level: t.level, points: None };
                let scope = Scope { hours_per_week: Some(t.hours_per_week), ..*scope };
                published(terms, Component::Rate, regime, Some(level), &scope)
                    .map(|price| Price { basis: Basis::Transition, ..price })
            }
            None => published(terms, Component::Rate, regime, self.level, scope),
        }
        .map_err(held)
    }

    /// How many units its days are; [`HoldReason::ScheduleMissing`] where only a schedule could tell.
    pub(super) fn quantity(&self, unit: PriceUnit, parameters: &Parameters) -> Result<i64, HoldReason> {
        match unit {
            PriceUnit::CalendarDay | PriceUnit::Month => Ok(self.days.days()),
            PriceUnit::Weekday if parameters.holidays_paid => Ok(self.days.weekdays()),
            PriceUnit::Weekday => Ok(weekdays_less_holidays(self.days)),
            PriceUnit::HalfDaySession => {
                self.schedule.map(|s| sessions(s, self.days)).ok_or(HoldReason::ScheduleMissing)
            }
            PriceUnit::CourseSession => Ok(self.count(OccasionKind::CourseSession)),
            PriceUnit::EveningOrNight => Ok(self.count(OccasionKind::EveningNight)),
            PriceUnit::Year => Err(HoldReason::RateUnpublished),
        }
    }

    /// Its occasions of a kind.
    pub(super) fn count(&self, kind: OccasionKind) -> i64 {
        self.occasions.iter().filter(|o| o.kind == kind).map(|o| i64::from(o.count)).sum()
    }

    /// Quantity × price, or the prorated month.
    pub(super) fn amount(&self, unit: PriceUnit, price: Ore, quantity: i64) -> Ore {
        let (first, last) = (self.days.first.day(), self.days.last.day());
        match unit {
            PriceUnit::Month if first == 1 && last == self.month_days => price,
            PriceUnit::Month => prorate(price, first, last, self.month_days),
            _ => Ore(price.0.saturating_mul(quantity)),
        }
    }
}

/// Sessions that a weekly schedule gives, in constant time.
fn sessions(schedule: Schedule, days: Interval) -> i64 {
    let on = |weekday: i64| {
        usize::try_from(weekday % 7).ok().and_then(|w| schedule.sessions.get(w)).map_or(0, |s| i64::from(*s))
    };
    let first = i64::from(days.first.weekday().num_days_from_monday());
    let n = days.days();
    let a_week: i64 = (0..5).map(on).sum();
    n / 7 * a_week + (first..first + n % 7).map(on).sum::<i64>()
}

/// Only under a model that does not pay public holidays, which move: here alone the days of a piece, 31 at most, are
/// looked at one by one.
fn weekdays_less_holidays(days: Interval) -> i64 {
    let working =
        days.first.iter_days().take_while(|d| *d <= days.last).filter(|d| is_working_day(*d)).count();
    i64::try_from(working).unwrap_or(0)
}
