//! A second computation of what is owed, slow and plain: it walks the days one by one, as the rules are written. It
//! shares nothing with the engine but the models' own answers (which model on a day, which rate).

use std::collections::{BTreeMap, BTreeSet};

use niva_calendar::{Datelike, Month, NaiveDate, Weekday, is_working_day};
use niva_models::{
    Catalogue, Component, DayCount, Level, NoRate, Parameters, PriceUnit, Rate, Regime, Scope, ServiceTerms,
    Variant,
};
use niva_names::stockholm;
use niva_payment_domain::{Basis, Granted, HoldReason, OccasionKind, PlacementFacts, Transition, UnitPeriod};

/// What a day is paid, and by what.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Paid<'a> {
    pub(crate) ore: i128,
    pub(crate) model: usize,
    pub(crate) by: By,
    pub(crate) between: Between<'a>,
}

/// Who pays whom.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Between<'a> {
    pub(crate) payer: &'a str,
    pub(crate) unit: &'a UnitPeriod,
    /// Whose price it is, where it is an agreement's.
    pub(crate) agreement: Option<&'a str>,
}

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

/// What the rules say of each day.
#[derive(Default)]
pub(crate) struct Days<'a> {
    pub(crate) paid: BTreeMap<(Component, NaiveDate), Paid<'a>>,
    /// Held, with something to hold.
    pub(crate) held: BTreeSet<(Component, NaiveDate, HoldReason)>,
    /// Would be held, but there is nothing to pay that day.
    pub(crate) blank: BTreeSet<(Component, NaiveDate, HoldReason)>,
}

/// What is owed for each day of some months.
pub(crate) fn days<'a>(
    facts: &'a PlacementFacts<'a>,
    catalogue: &'a Catalogue,
    months: (Month, Month),
) -> Days<'a> {
    Oracle { facts, catalogue, out: Days::default() }.run(months.0, months.1)
}

struct Oracle<'a> {
    facts: &'a PlacementFacts<'a>,
    catalogue: &'a Catalogue,
    out: Days<'a>,
}

fn step(day: NaiveDate, n: u16, working: bool) -> NaiveDate {
    let (mut day, mut left) = (day, n);
    while left > 0 {
        day = day.succ_opt().unwrap();
        if !working || is_working_day(day) {
            left -= 1;
        }
    }
    day
}

fn month_until(price: i64, day: u32, of: u32) -> i128 {
    // Half up: the price is never negative.
    (2 * i128::from(price) * i128::from(day) + i128::from(of)) / (2 * i128::from(of))
}

impl<'a> Oracle<'a> {
    /// `F`, and the last day of vacancy; `None` while it is open.
    fn ends(&self) -> Option<(NaiveDate, NaiveDate)> {
        let f = self.facts;
        let noticed = match (f.actual_start, f.end) {
            (Some(_), None) => return None,
            (Some(_), Some(end)) => f.notice.unwrap_or(end),
            (None, _) => f.notice?,
        };
        let p = self.catalogue.on(f.service, noticed).map(|m| m.terms.parameters.clone());
        let working = p.as_ref().is_some_and(|p| p.day_count == DayCount::Working);
        let n = |get: fn(&Parameters) -> u16| p.as_ref().map_or(0, get);
        let by_notice = step(noticed, n(|p| p.notice_days), working);
        let least = match f.actual_start {
            Some(_) => f.end.unwrap(),
            None => step(f.ordered_start.pred_opt().unwrap(), n(|p| p.no_show_days), working),
        };
        let last = by_notice.max(least);
        Some((last, step(last, n(|p| p.vacancy_days), working)))
    }

    fn granted(&self, day: NaiveDate) -> Option<Granted<'a>> {
        let f = self.facts;
        let person_gone = match f.actual_start {
            Some(_) => f.end.is_some_and(|e| day > e),
            None => f.notice.is_some_and(|n| day > n),
        };
        let earlier = || f.grants.spans().iter().rev().find(|(days, _)| days.last < day).map(|(_, g)| g);
        let granted = f.grants.at(day).or_else(|| if person_gone { earlier() } else { None });
        granted.map(|known| known.value)
    }

    fn run(mut self, first: Month, last: Month) -> Days<'a> {
        let f = self.facts;
        let ends = if f.withdrawn { None } else { self.ends() };
        let mut day = first.first_day();
        while day <= last.last_day() {
            let full = !f.withdrawn && day >= f.ordered_start && ends.is_none_or(|(end, _)| day <= end);
            let vacant =
                ends.is_some_and(|(end, vacancy)| end >= f.ordered_start && day > end && day <= vacancy);
            let here = full && f.actual_start.is_some_and(|a| day >= a);
            if full {
                self.full(day, here);
            }
            if vacant {
                self.vacant(day);
            }
            if !here {
                for (kind, component) in [
                    (OccasionKind::CourseSession, Component::Rate),
                    (OccasionKind::EveningNight, Component::EveningNight),
                ] {
                    if self.count(day, kind) > 0 {
                        self.out.held.insert((component, day, HoldReason::OccasionOutsidePlacement));
                    }
                }
            }
            day = day.succ_opt().unwrap();
        }
        self.out
    }

    fn count(&self, day: NaiveDate, kind: OccasionKind) -> i64 {
        self.facts
            .occasions
            .iter()
            .map(|known| known.value)
            .filter(|o| o.date == day && o.kind == kind)
            .map(|o| i64::from(o.count))
            .sum()
    }

    fn full(&mut self, day: NaiveDate, here: bool) {
        let f = self.facts;
        let cost = f.premises_costs.at(day).map(|cost| cost.value.per_month.0);
        let housing = matches!(
            f.service,
            stockholm::HOUSING_WITH_SPECIAL_SERVICE
                | stockholm::SUPPORTED_HOUSING
                | stockholm::SERVICE_HOUSING_LSS
                | stockholm::GROUP_HOUSING_LSS
        );
        let unit = f.unit.at(day);
        let elsewhere = |unit: &UnitPeriod| self.granted(day).is_none_or(|g| g.district != unit.district);
        let of_board = |unit: &UnitPeriod| matches!(unit.regime, Regime::Municipal | Regime::Contracted);
        let cost = cost.filter(|_| housing && unit.is_none_or(|unit| of_board(unit) && elsewhere(unit)));
        let Some(model) = self.catalogue.on(f.service, day) else {
            self.out.held.insert((Component::Rate, day, HoldReason::NoModel));
            if cost.is_some() {
                self.out.held.insert((Component::ActualPremises, day, HoldReason::NoModel));
            }
            if here && self.count(day, OccasionKind::EveningNight) > 0 {
                self.out.held.insert((Component::EveningNight, day, HoldReason::NoModel));
            }
            return;
        };
        let terms = model.terms;
        let known = match (unit, self.granted(day)) {
            (None, _) => Err(HoldReason::RegimeMissing),
            (_, None) => Err(HoldReason::GrantMissing),
            (Some(unit), Some(granted)) => Ok((unit.regime, granted.scope)),
        };
        let level = f.levels.at(day).map(|l| l.value.level);

        let rate = known.and_then(|(regime, scope)| {
            if let Some(agreed) = f.agreements.at(day) {
                return Ok(By::set(terms, terms.unit, agreed.value.price.0, regime, Basis::Agreement));
            }
            if let Some(t) = &terms.transition {
                let counts = |x: Transition| {
                    let months = chrono::Months::new(u32::from(t.max_months));
                    x.job_start <= day
                        && x.support_end.is_none_or(|end| day <= end)
                        && day < x.job_start.checked_add_months(months).unwrap()
                };
                if f.transitions.iter().any(|known| counts(known.value)) {
                    let scope = Scope { hours_per_week: Some(t.hours_per_week), ..scope };
                    return price(terms, Component::Rate, regime, Some(t.level), scope)
                        .map(|by| By { basis: Basis::Transition, ..by });
                }
            }
            price(terms, Component::Rate, regime, level, scope)
        });
        self.pay(Component::Rate, day, terms, terms.unit, rate, here);
        if terms.unit != PriceUnit::CourseSession && here && self.count(day, OccasionKind::CourseSession) > 0
        {
            self.out.held.insert((Component::Rate, day, HoldReason::RateUnpublished));
        }

        let priced =
            |component| known.and_then(|(regime, scope)| price(terms, component, regime, level, scope));
        if let Some(amount) = terms.amounts.iter().find(|a| a.component == Component::Premises) {
            let price = priced(Component::Premises);
            self.pay(Component::Premises, day, terms, amount.unit, price, here);
        }
        if here && self.count(day, OccasionKind::EveningNight) > 0 {
            let price = priced(Component::EveningNight);
            self.pay(Component::EveningNight, day, terms, PriceUnit::EveningOrNight, price, here);
        }
        if let Some(per_month) = cost {
            let price = known
                .map(|(regime, _)| By::set(terms, PriceUnit::Month, per_month, regime, Basis::ActualCost));
            self.pay(Component::ActualPremises, day, terms, PriceUnit::Month, price, here);
        }
    }

    fn vacant(&mut self, day: NaiveDate) {
        let Some(model) = self.catalogue.on(self.facts.service, day) else { return };
        if model.terms.parameters.vacancy_days == 0 {
            return;
        }
        let price = match (self.facts.unit.at(day), self.granted(day)) {
            (None, _) => Err(HoldReason::RegimeMissing),
            (_, None) => Err(HoldReason::GrantMissing),
            (Some(unit), Some(granted)) => {
                price(model.terms, Component::Rate, unit.regime, Some(Level(1)), granted.scope)
            }
        };
        self.pay(Component::Vacancy, day, model.terms, model.terms.unit, price, false);
    }

    fn pay(
        &mut self,
        component: Component,
        day: NaiveDate,
        terms: &ServiceTerms,
        held_unit: PriceUnit,
        by: Result<By, HoldReason>,
        here: bool,
    ) {
        let weekday = usize::try_from(day.weekday().num_days_from_monday()).unwrap();
        let quantity = |unit| match unit {
            PriceUnit::CalendarDay | PriceUnit::Month => Some(1),
            PriceUnit::Weekday if matches!(day.weekday(), Weekday::Sat | Weekday::Sun) => Some(0),
            PriceUnit::Weekday => Some(i64::from(terms.parameters.holidays_paid || is_working_day(day))),
            PriceUnit::HalfDaySession => self
                .facts
                .schedules
                .at(day)
                .map(|s| s.value.sessions.get(weekday).map_or(0, |n| i64::from(*n))),
            PriceUnit::CourseSession if here => Some(self.count(day, OccasionKind::CourseSession)),
            PriceUnit::EveningOrNight if here => Some(self.count(day, OccasionKind::EveningNight)),
            PriceUnit::CourseSession | PriceUnit::EveningOrNight => Some(0),
            PriceUnit::Year => None,
        };
        let model = self.catalogue.on(self.facts.service, day).map(|m| m.model.id.as_str());
        let model = self.catalogue.models.iter().position(|m| Some(m.id.as_str()) == model).unwrap();
        match by.and_then(|by| Ok((by, quantity(by.unit).ok_or(HoldReason::ScheduleMissing)?))) {
            Ok((by, quantity)) => {
                let of = Month::of(day).days();
                let ore = match by.unit {
                    PriceUnit::Month => {
                        month_until(by.price, day.day(), of) - month_until(by.price, day.day() - 1, of)
                    }
                    _ => i128::from(by.price) * i128::from(quantity),
                };
                let agreement = self.facts.agreements.at(day).filter(|_| by.basis == Basis::Agreement);
                let between = Between {
                    payer: self.granted(day).unwrap().district,
                    unit: self.facts.unit.at(day).unwrap(),
                    agreement: agreement.map(|a| a.id),
                };
                if ore != 0 {
                    let paid = Paid { ore, model, by, between };
                    assert!(self.out.paid.insert((component, day), paid).is_none());
                }
            }
            Err(reason) if quantity(held_unit) == Some(0) => {
                self.out.blank.insert((component, day, reason));
            }
            Err(reason) => {
                self.out.held.insert((component, day, reason));
            }
        }
    }
}

impl By {
    /// A price that is set without level and variant.
    fn set(terms: &ServiceTerms, unit: PriceUnit, price: i64, regime: Regime, basis: Basis) -> Self {
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

/// The model's price at a level, and why there is none.
fn price(
    terms: &ServiceTerms,
    component: Component,
    regime: Regime,
    level: Option<Level>,
    scope: Scope,
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
