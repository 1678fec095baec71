//! A second computation of what is owed, slow and plain: it walks the days one by one, as the rules are written. It
//! shares nothing with the engine but the models' own answers (which model on a day, which rate).

use std::collections::{BTreeMap, BTreeSet};

use niva_calendar::{Datelike, Month, NaiveDate, Weekday, is_working_day};
use niva_models::{
    Catalogue, Component, DayCount, GrantScope, Level, Parameters, PreliminaryDifference, PremisesDays,
    PriceUnit, Regime, ServiceTerms, SoldPremises,
};
use niva_names::FactId;
use niva_payment_domain::{Basis, Granted, HoldReason, LevelFact, PlacementFacts};

use crate::prices::{By, price, price_at};
use crate::stays::{Stay, stay};

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
    pub(crate) payee: &'a str,
    pub(crate) unit_district: &'a str,
    /// Whose price it is, where it is not the model's.
    pub(crate) word: Option<&'a str>,
}

/// What the rules say of each day.
#[derive(Default)]
pub(crate) struct Days<'a> {
    pub(crate) paid: BTreeMap<(Component, u16, NaiveDate), Paid<'a>>,
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
            if !here && self.count(day) > 0 {
                let outside = HoldReason::OccasionOutsidePlacement;
                self.out.held.insert((Component::EveningNight, day, outside));
            }
            day = day.succ_opt().unwrap();
        }
        self.out
    }

    fn count(&self, day: NaiveDate) -> i64 {
        self.facts
            .occasions
            .iter()
            .map(|known| known.value)
            .filter(|o| o.date == day)
            .map(|o| i64::from(o.count))
            .sum()
    }

    fn full(&mut self, day: NaiveDate, here: bool) {
        let f = self.facts;
        self.special(day);
        let Some(model) = self.catalogue.on(f.service, day) else {
            self.out.held.insert((Component::Rate, day, HoldReason::NoModel));
            if here && self.count(day) > 0 {
                self.out.held.insert((Component::EveningNight, day, HoldReason::NoModel));
            }
            return;
        };
        let terms = model.terms;
        let stay = stay(f, terms, day);
        if stay == Stay::Gone {
            return;
        }
        let known = self.known(day);
        let present =
            known.and_then(|k| if stay == Stay::Away { Err(HoldReason::AbsenceTooLong) } else { Ok(k) });
        let level = self.level(day, terms);
        let rate = present.and_then(|(regime, scope)| self.rate(day, terms, stay, regime, scope));
        self.pay(Component::Rate, day, terms, terms.unit, rate, here);
        self.premises(day, terms, present, here);
        if here && self.count(day) > 0 {
            let price =
                known.and_then(|(regime, scope)| price(terms, Component::EveningNight, regime, level, scope));
            self.pay(Component::EveningNight, day, terms, PriceUnit::EveningOrNight, price, here);
        }
        let actual = terms.sold.as_ref().is_some_and(|sold| sold.premises == SoldPremises::ActualCost);
        if let Some(cost) = f.premises_costs.at(day).filter(|_| actual && self.sold(day)) {
            let (price, basis) = (cost.value.per_month.0, Basis::ActualCost);
            let price = known.and_then(|(regime, _)| match cost.value.approved {
                true => Ok(By::set(terms, PriceUnit::Month, price, regime, basis)),
                false => Err(HoldReason::PremisesCostNotApproved),
            });
            self.pay(Component::ActualPremises, day, terms, PriceUnit::Month, price, here);
        }
    }

    /// Regime and scope, or what stands in the way of any payment.
    fn known(&self, day: NaiveDate) -> Result<(Regime, GrantScope), HoldReason> {
        let unit = self.facts.unit.at(day).ok_or(HoldReason::RegimeMissing)?;
        let granted = self.granted(day).ok_or(HoldReason::GrantMissing)?;
        let terms = self.catalogue.on(self.facts.service, day).map(|m| m.terms);
        match terms.map(|terms| stay(self.facts, terms, day)) {
            Some(Stay::Undecided) => Err(HoldReason::OutcomeMissing),
            _ => Ok((unit.regime, granted.scope)),
        }
    }

    fn level(&self, day: NaiveDate, terms: &ServiceTerms) -> Option<LevelFact<'a>> {
        self.facts.levels.at(day).map(|on| match (terms.parameters.preliminary_difference, &on.preliminary) {
            (PreliminaryDifference::None, Some(preliminary)) => preliminary.value,
            _ => on.now.value,
        })
    }

    fn rate(
        &self,
        day: NaiveDate,
        terms: &ServiceTerms,
        stay: Stay,
        regime: Regime,
        scope: GrantScope,
    ) -> Result<By, HoldReason> {
        if let Some(agreed) = self.facts.agreements.at(day).map(|known| known.value) {
            return match (agreed.approved, agreed.unit == terms.unit) {
                (true, true) => Ok(By::set(terms, terms.unit, agreed.price.0, regime, Basis::Agreement)),
                (true, false) => Err(HoldReason::AgreementOfOtherUnit),
                (false, _) => Err(HoldReason::AgreementNotApproved),
            };
        }
        match (stay, &terms.transition) {
            (Stay::Unvisited, _) => Err(HoldReason::VisitMissing),
            (Stay::AtWork, Some(t)) => {
                let scope = GrantScope { hours_per_week: Some(t.hours_per_week), ..scope };
                price_at(terms, Component::Rate, regime, Some(t.level), scope)
                    .map(|by| By { basis: Basis::Transition, ..by })
            }
            _ => price(terms, Component::Rate, regime, self.level(day, terms), scope),
        }
    }

    fn premises(
        &mut self,
        day: NaiveDate,
        terms: &ServiceTerms,
        present: Result<(Regime, GrantScope), HoldReason>,
        here: bool,
    ) {
        let f = self.facts;
        let takes_part =
            f.actual_start.is_some_and(|first| day >= first) && f.end.is_none_or(|last| day <= last);
        if terms.parameters.premises_days == PremisesDays::Participation && !takes_part {
            return;
        }
        let of_model = terms.amounts.iter().find(|a| a.component == Component::Premises).map(|a| a.unit);
        let private =
            terms.sold.as_ref().is_some_and(|sold| sold.premises == SoldPremises::PrivateSupplement)
                && f.unit.at(day).is_some_and(|unit| unit.private_premises)
                && self.sold(day);
        if !private && of_model.is_none() {
            return;
        }
        let level = self.level(day, terms);
        let by = present.and_then(|(regime, scope)| {
            let priced_as = if private { Regime::Private } else { regime };
            let by = price(terms, Component::Premises, priced_as, level, scope)?;
            let basis = if private { Basis::PrivatePremises } else { Basis::Published };
            Ok(By { regime, basis, ..by })
        });
        self.pay(Component::Premises, day, terms, of_model.unwrap_or(PriceUnit::Month), by, here);
    }

    /// A place of another board's, as far as is known.
    fn sold(&self, day: NaiveDate) -> bool {
        let Some(unit) = self.facts.unit.at(day) else { return true };
        matches!(unit.regime, Regime::Municipal | Regime::Contracted)
            && self.granted(day).is_none_or(|granted| *granted.district != unit.district)
    }

    fn special(&mut self, day: NaiveDate) {
        for (index, special) in self.facts.special.iter().map(|known| known.value).enumerate() {
            if !special.days.contains(day) {
                continue;
            }
            let Some(model) = self.catalogue.on(self.facts.service, day) else {
                self.out.held.insert((Component::Special, day, HoldReason::NoModel));
                continue;
            };
            let index = u16::try_from(index).unwrap();
            match self.known(day) {
                Err(reason) => {
                    self.out.held.insert((Component::Special, day, reason));
                }
                Ok((regime, _)) => {
                    let basis = Basis::Special(index);
                    let by = By::set(model.terms, PriceUnit::Period, special.amount.0, regime, basis);
                    let until = |day: NaiveDate| {
                        let n = (day - special.days.first).num_days() + 1;
                        month_until(
                            by.price,
                            u32::try_from(n).unwrap(),
                            u32::try_from(special.days.days()).unwrap(),
                        )
                    };
                    self.write(Component::Special, day, by, until(day) - until(day.pred_opt().unwrap()));
                }
            }
        }
    }

    /// The sessions of a day: those that the schedule has, if a week of it has as many as are granted.
    fn sessions(&self, day: NaiveDate) -> Result<i64, HoldReason> {
        let granted = self.granted(day).and_then(|g| g.scope.sessions_per_week);
        let granted = granted.ok_or(HoldReason::SessionsNotGranted)?;
        let schedule = self.facts.schedules.at(day).map(|s| s.value.sessions).unwrap_or_default();
        let week: i64 = schedule.iter().map(|n| i64::from(*n)).sum();
        match week {
            0 => Err(HoldReason::ScheduleMissing),
            _ if week != i64::from(granted) => Err(HoldReason::ScheduleNotAsGranted),
            _ => Ok(match day.weekday() {
                Weekday::Mon => schedule[0],
                Weekday::Tue => schedule[1],
                Weekday::Wed => schedule[2],
                Weekday::Thu => schedule[3],
                Weekday::Fri => schedule[4],
                Weekday::Sat | Weekday::Sun => 0,
            }
            .into()),
        }
    }

    fn vacant(&mut self, day: NaiveDate) {
        let Some(model) = self.catalogue.on(self.facts.service, day) else { return };
        if model.terms.parameters.vacancy_days == 0 || stay(self.facts, model.terms, day) == Stay::Gone {
            return;
        }
        let price = self.known(day).and_then(|(regime, scope)| {
            price_at(model.terms, Component::Rate, regime, Some(Level(1)), scope)
        });
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
        let quantity = |unit| match unit {
            PriceUnit::CalendarDay | PriceUnit::Month => Ok(1),
            PriceUnit::Weekday if matches!(day.weekday(), Weekday::Sat | Weekday::Sun) => Ok(0),
            PriceUnit::Weekday => Ok(i64::from(terms.parameters.holidays_paid || is_working_day(day))),
            PriceUnit::HalfDaySession | PriceUnit::CourseSession => self.sessions(day),
            PriceUnit::EveningOrNight if here => Ok(self.count(day)),
            PriceUnit::EveningOrNight => Ok(0),
            PriceUnit::Year | PriceUnit::Period => Err(HoldReason::RateUnpublished),
        };
        match by.and_then(|by| Ok((by, quantity(by.unit)?))) {
            Ok((by, quantity)) => {
                let of = Month::of(day).days();
                let ore = match by.unit {
                    PriceUnit::Month => {
                        month_until(by.price, day.day(), of) - month_until(by.price, day.day() - 1, of)
                    }
                    _ => i128::from(by.price) * i128::from(quantity),
                };
                self.write(component, day, by, ore);
            }
            Err(reason) if quantity(held_unit) == Ok(0) => {
                self.out.blank.insert((component, day, reason));
            }
            Err(reason) => {
                self.out.held.insert((component, day, reason));
            }
        }
    }
}

impl<'a> Oracle<'a> {
    fn write(&mut self, component: Component, day: NaiveDate, by: By, ore: i128) {
        let model = self.catalogue.on(self.facts.service, day).map(|m| m.model.id.as_str());
        let model = self.catalogue.models.iter().position(|m| Some(m.id.as_str()) == model).unwrap();
        let unit = self.facts.unit.at(day).unwrap();
        let between = Between {
            payer: self.granted(day).unwrap().district.as_str(),
            unit_district: unit.district.as_str(),
            payee: match by.basis {
                Basis::ActualCost | Basis::PrivatePremises => unit.district.as_str(),
                _ => unit.provider_id.as_str(),
            },
            word: match by.basis {
                Basis::Agreement => self.facts.agreements.at(day).map(|a| a.id).map(FactId::as_str),
                Basis::Special(index) => Some(self.facts.special[usize::from(index)].id.as_str()),
                _ => None,
            },
        };
        if ore != 0 {
            let paid = Paid { ore, model, by, between };
            assert!(self.out.paid.insert((component, by.index(), day), paid).is_none());
        }
    }
}
