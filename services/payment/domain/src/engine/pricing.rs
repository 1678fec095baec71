//! What the days of a piece are worth.

use niva_calendar::{Datelike, Interval, is_working_day};
use niva_models::{
    Component, GrantScope, Level, NoRate, Parameters, PriceUnit, Regime, ServiceTerms, Variant,
};
use niva_money::{Ore, prorate};
use niva_names::ScaleId;

use super::{Ruling, stay::Stay};
use crate::{
    Agreement, Basis, Granted, HoldReason, Known, LevelFact, LevelOn, Occasion, PremisesCost, Schedule,
    UnitPeriod,
};

/// Days within a month on which nothing changes that a price or a quantity depends on.
pub(super) struct Piece<'a> {
    pub(super) days: Interval,
    pub(super) month_days: u32,
    pub(super) ruling: Option<&'a Ruling<'a>>,
    pub(super) unit: Option<&'a UnitPeriod>,
    pub(super) level: Option<&'a LevelOn<'a>>,
    pub(super) granted: Option<&'a Granted<'a>>,
    pub(super) schedule: Option<Schedule>,
    pub(super) agreement: Option<&'a Known<'a, Agreement>>,
    pub(super) stay: Stay,
    /// The person takes part, where the model counts such days.
    pub(super) takes_part: bool,
    /// Actual premises cost.
    pub(super) cost: Option<PremisesCost>,
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
fn no_variant(terms: &ServiceTerms) -> Variant {
    Variant(if terms.variants.is_empty() { 0 } else { u8::MAX })
}

/// A price that is set without level and variant.
pub(super) fn set(terms: &ServiceTerms, regime: Regime, unit: PriceUnit, price: Ore, basis: Basis) -> Price {
    Price { regime, unit, price, basis, level: None, points: None, variant: no_variant(terms) }
}

/// The model's price of a component at a level, which must be of the model's scale where the price depends on it.
pub(super) fn published(
    terms: &ServiceTerms,
    component: Component,
    regime: Regime,
    level: Option<LevelFact<'_>>,
    scope: &GrantScope,
) -> Result<Price, HoldReason> {
    let of_other_scale = || level.is_some_and(|l| terms.scale_id.as_ref() != Some(l.scale));
    match rate(terms, component, regime, level, scope) {
        Ok(price) if price.level.is_some() && of_other_scale() => Err(HoldReason::LevelOfOtherScale),
        Err(NoRate::UnknownLevel) if of_other_scale() => Err(HoldReason::LevelOfOtherScale),
        found => found.map_err(held),
    }
}

/// The price of a level that the model itself names.
pub(super) fn at_level(
    terms: &ServiceTerms,
    regime: Regime,
    level: Level,
    scope: &GrantScope,
) -> Result<Price, HoldReason> {
    let level = LevelFact { level, points: None, scale: ScaleId::none() };
    rate(terms, Component::Rate, regime, Some(level), scope).map_err(held)
}

fn rate(
    terms: &ServiceTerms,
    component: Component,
    regime: Regime,
    level: Option<LevelFact<'_>>,
    scope: &GrantScope,
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
const fn held(no_rate: NoRate) -> HoldReason {
    match no_rate {
        NoRate::Unpublished | NoRate::NotPaid => HoldReason::RateUnpublished,
        NoRate::NoVariant => HoldReason::ScopeNotPriced,
        NoRate::NoLevel => HoldReason::LevelMissing,
        NoRate::UnknownLevel => HoldReason::LevelNotPriced,
        NoRate::UnknownRegime => HoldReason::RegimeNotPriced,
    }
}

impl<'a> Piece<'a> {
    /// Whether the unit lies in the district that grants.
    pub(super) fn own(&self) -> bool {
        self.unit.zip(self.granted).is_some_and(|(at, granted)| at.district == *granted.district)
    }

    /// The level that is paid, as the model treats preliminary ones.
    pub(super) fn level(&self, parameters: &Parameters) -> Option<LevelFact<'a>> {
        self.level.map(|on| on.paid(parameters.preliminary_difference).value)
    }

    /// Price of the rate itself: the agreement, else the transition to work, else the published amount.
    pub(super) fn rate(
        &self,
        terms: &ServiceTerms,
        regime: Regime,
        scope: &GrantScope,
    ) -> Result<Price, HoldReason> {
        if let Some(agreement) = self.agreement.map(|known| known.value) {
            return match agreement.approved {
                false => Err(HoldReason::AgreementNotApproved),
                true if agreement.unit != terms.unit => Err(HoldReason::AgreementOfOtherUnit),
                true => Ok(set(terms, regime, terms.unit, agreement.price, Basis::Agreement)),
            };
        }
        match (self.stay, &terms.transition) {
            (Stay::Unvisited, _) => Err(HoldReason::VisitMissing),
            (Stay::AtWork, Some(t)) => {
                let scope = GrantScope { hours_per_week: Some(t.hours_per_week), ..*scope };
                at_level(terms, regime, t.level, &scope)
                    .map(|price| Price { basis: Basis::Transition, ..price })
            }
            _ => published(terms, Component::Rate, regime, self.level(&terms.parameters), scope),
        }
    }

    /// How many units its days are; why not, where the granted sessions and the schedule must tell.
    pub(super) fn quantity(&self, unit: PriceUnit, parameters: &Parameters) -> Result<i64, HoldReason> {
        match unit {
            PriceUnit::CalendarDay | PriceUnit::Month => Ok(self.days.days()),
            PriceUnit::Weekday if parameters.holidays_paid => Ok(self.days.weekdays()),
            PriceUnit::Weekday => Ok(weekdays_less_holidays(self.days)),
            PriceUnit::HalfDaySession | PriceUnit::CourseSession => {
                Ok(sessions(self.granted_schedule()?, self.days))
            }
            PriceUnit::EveningOrNight => Ok(self.occasions.iter().map(|o| i64::from(o.count)).sum()),
            PriceUnit::Year | PriceUnit::Period => Err(HoldReason::RateUnpublished),
        }
    }

    /// The schedule, which has as many sessions as are granted.
    fn granted_schedule(&self) -> Result<Schedule, HoldReason> {
        let granted = self.granted.and_then(|granted| granted.scope.sessions_per_week);
        let granted = granted.ok_or(HoldReason::SessionsNotGranted)?;
        match self.schedule {
            Some(schedule) if schedule.a_week() == u16::from(granted) => Ok(schedule),
            Some(schedule) if schedule.a_week() > 0 => Err(HoldReason::ScheduleNotAsGranted),
            _ => Err(HoldReason::ScheduleMissing),
        }
    }

    /// Quantity × price, or the prorated month; `None` beyond 64 bits.
    pub(super) fn amount(&self, unit: PriceUnit, price: Ore, quantity: i64) -> Option<Ore> {
        let (first, last) = (self.days.first.day(), self.days.last.day());
        match unit {
            PriceUnit::Month if first == 1 && last == self.month_days => Some(price),
            PriceUnit::Month => Some(prorate(price, first, last, self.month_days)),
            _ => price.0.checked_mul(quantity).map(Ore),
        }
    }
}

/// The share that `days` have of an amount for the days `of`, which they lie within.
pub(super) fn share(amount: Ore, days: Interval, of: Interval) -> Ore {
    let number = |day| u32::try_from(Interval { first: of.first, last: day }.days()).unwrap_or(u32::MAX);
    prorate(amount, number(days.first), number(days.last), number(of.last))
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
