//! A second computation of what is owed, slow and plain: it walks the days one by one, as the rules are written. It
//! shares nothing with the engine but the models' own answers (which model on a day, which rate).

use std::collections::{BTreeMap, BTreeSet};

use niva_calendar::{Datelike, Month, NaiveDate, Weekday, is_working_day};
use niva_models::{
    Catalogue, Component, DayCount, Level, NoRate, Parameters, Regime, Scope, Service, ServiceTerms, Unit,
    Variant,
};
use niva_payment_domain::{Hold, HoldReason, Line, OccasionKind, Owed, PlacementFacts, owed};

use crate::{
    population::{self, Random},
    support::{OWN, SHIPPED},
};

/// What the rules say of each day.
#[derive(Default)]
struct Days {
    /// Öre paid.
    paid: BTreeMap<(Component, NaiveDate), i128>,
    /// Held, with something to hold.
    held: BTreeSet<(Component, NaiveDate, HoldReason)>,
    /// Would be held, but there is nothing to pay that day.
    blank: BTreeSet<(Component, NaiveDate, HoldReason)>,
}

struct Oracle<'a> {
    facts: &'a PlacementFacts<'a>,
    catalogue: &'a Catalogue,
    out: Days,
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

impl Oracle<'_> {
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

    fn scope(&self, day: NaiveDate) -> Option<Scope> {
        let f = self.facts;
        let person_gone = match f.actual_start {
            Some(_) => f.end.is_some_and(|e| day > e),
            None => f.notice.is_some_and(|n| day > n),
        };
        let earlier = || f.scopes.spans().iter().rev().find(|(days, _)| days.last < day).map(|(_, s)| *s);
        f.scopes.at(day).copied().or_else(|| if person_gone { earlier() } else { None })
    }

    fn run(mut self, first: Month, last: Month) -> Days {
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
            .filter(|o| o.date == day && o.kind == kind)
            .map(|o| i64::from(o.count))
            .sum()
    }

    fn full(&mut self, day: NaiveDate, here: bool) {
        let f = self.facts;
        let cost = f.premises_costs.iter().find(|c| c.days.contains(day));
        let housing = matches!(
            f.service,
            Service::HousingWithSpecialService
                | Service::SupportedHousing
                | Service::ServiceHousingLss
                | Service::GroupHousingLss
        );
        let cost = cost.filter(|_| housing && f.buyer_district != f.unit_district);
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
        let regime = f.regimes.at(day).copied();
        let known = match (regime, self.scope(day)) {
            (None, _) => Err(HoldReason::RegimeMissing),
            (_, None) => Err(HoldReason::GrantMissing),
            (Some(regime), Some(scope)) => Ok((regime, scope)),
        };
        let level = f.levels.at(day).map(|l| l.level);

        let rate = known.and_then(|(regime, scope)| {
            if let Some(agreement) = f.agreements.iter().find(|a| a.days.contains(day)) {
                return Ok((terms.unit, agreement.price.0));
            }
            if let Some(t) = &terms.transition {
                let counts = |x: &niva_payment_domain::Transition| {
                    let months = chrono::Months::new(u32::from(t.max_months));
                    x.job_start <= day
                        && x.support_end.is_none_or(|end| day <= end)
                        && day < x.job_start.checked_add_months(months).unwrap()
                };
                if f.transitions.iter().any(counts) {
                    let scope = Scope { hours_per_week: Some(t.hours_per_week), ..scope };
                    return price(terms, Component::Rate, regime, Some(t.level), scope);
                }
            }
            price(terms, Component::Rate, regime, level, scope)
        });
        self.pay(Component::Rate, day, terms, terms.unit, rate, here);
        if terms.unit != Unit::CourseSession && here && self.count(day, OccasionKind::CourseSession) > 0 {
            self.out.held.insert((Component::Rate, day, HoldReason::RateUnpublished));
        }

        if let Some(amount) = terms.amounts.iter().find(|a| a.component == Component::Premises) {
            let price =
                known.and_then(|(regime, scope)| price(terms, Component::Premises, regime, level, scope));
            self.pay(Component::Premises, day, terms, amount.unit, price, here);
        }
        if here && self.count(day, OccasionKind::EveningNight) > 0 {
            let price =
                known.and_then(|(regime, scope)| price(terms, Component::EveningNight, regime, level, scope));
            self.pay(Component::EveningNight, day, terms, Unit::EveningOrNight, price, here);
        }
        if let Some(cost) = cost
            && matches!(regime, None | Some(Regime::Municipal | Regime::Contracted))
        {
            let price = known.map(|_| (Unit::Month, cost.per_month.0));
            self.pay(Component::ActualPremises, day, terms, Unit::Month, price, here);
        }
    }

    fn vacant(&mut self, day: NaiveDate) {
        let Some(model) = self.catalogue.on(self.facts.service, day) else { return };
        if model.terms.parameters.vacancy_days == 0 {
            return;
        }
        let price = match (self.facts.regimes.at(day), self.scope(day)) {
            (None, _) => Err(HoldReason::RegimeMissing),
            (_, None) => Err(HoldReason::GrantMissing),
            (Some(regime), Some(scope)) => {
                price(model.terms, Component::Rate, *regime, Some(Level(1)), scope)
            }
        };
        self.pay(Component::Vacancy, day, model.terms, model.terms.unit, price, false);
    }

    fn pay(
        &mut self,
        component: Component,
        day: NaiveDate,
        terms: &ServiceTerms,
        held_unit: Unit,
        price: Result<(Unit, i64), HoldReason>,
        here: bool,
    ) {
        let weekday = usize::try_from(day.weekday().num_days_from_monday()).unwrap();
        let quantity = |unit| match unit {
            Unit::CalendarDay | Unit::Month => Some(1),
            Unit::Weekday if matches!(day.weekday(), Weekday::Sat | Weekday::Sun) => Some(0),
            Unit::Weekday => Some(i64::from(terms.parameters.holidays_paid || is_working_day(day))),
            Unit::HalfDaySession => {
                self.facts.schedules.at(day).map(|s| s.sessions.get(weekday).map_or(0, |n| i64::from(*n)))
            }
            Unit::CourseSession if here => Some(self.count(day, OccasionKind::CourseSession)),
            Unit::EveningOrNight if here => Some(self.count(day, OccasionKind::EveningNight)),
            Unit::CourseSession | Unit::EveningOrNight => Some(0),
            Unit::Year => None,
        };
        match price
            .and_then(|(unit, price)| Ok((unit, price, quantity(unit).ok_or(HoldReason::ScheduleMissing)?)))
        {
            Ok((Unit::Month, price, _)) => {
                let of = Month::of(day).days();
                let ore = month_until(price, day.day(), of) - month_until(price, day.day() - 1, of);
                *self.out.paid.entry((component, day)).or_default() += ore;
            }
            Ok((_, _, 0)) => {}
            Ok((_, price, quantity)) => {
                *self.out.paid.entry((component, day)).or_default() +=
                    i128::from(price) * i128::from(quantity);
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

/// The model's price at a level, and why there is none.
fn price(
    terms: &ServiceTerms,
    component: Component,
    regime: Regime,
    level: Option<Level>,
    scope: Scope,
) -> Result<(Unit, i64), HoldReason> {
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
                .map(|r| (r.unit, r.price.0))
                .map_err(reason);
        }
        let why = terms.rate(component, regime, level, Variant(200)).map(|_| NoRate::NoVariant);
        return Err(reason(why.unwrap_or_else(|no| no)));
    };
    terms.rate(component, regime, level, variant).map(|r| (r.unit, r.price.0)).map_err(reason)
}

/// Equal but for days, quantity, amount and points, and side by side within a month.
fn mergeable(a: &Line, b: &Line) -> bool {
    let same = Line { days: a.days, quantity: a.quantity, amount: a.amount, points: a.points, ..*b };
    a.days.meets(&b.days) && a.month() == b.month() && same == *a
}

fn check_runs(owed: &Owed) {
    for pair in owed.lines.windows(2) {
        assert!((pair[0].component, pair[0].days) < (pair[1].component, pair[1].days), "order of lines");
        assert!(pair[0].component != pair[1].component || pair[0].days.last < pair[1].days.first, "overlap");
        assert!(!mergeable(&pair[0], &pair[1]), "one run in two lines: {pair:?}");
    }
    for line in &owed.lines {
        assert_eq!(Month::of(line.days.first), Month::of(line.days.last), "within a month");
        assert!(line.quantity > 0, "{line:?}");
        if line.unit != Unit::Month {
            assert_eq!(line.amount.0, line.unit_price.0 * line.quantity, "{line:?}");
        }
    }
    for (i, a) in owed.holds.iter().enumerate() {
        assert_eq!(Month::of(a.days.first), Month::of(a.days.last), "within a month");
        for b in &owed.holds[i + 1..] {
            assert!((a.component, a.days, a.reason) < (b.component, b.days, b.reason), "order of holds");
            let same = a.component == b.component && a.reason == b.reason;
            assert!(
                !same || Month::of(a.days.first) != Month::of(b.days.first) || apart(a, b),
                "{a:?} {b:?}"
            );
        }
    }
}

fn apart(a: &Hold, b: &Hold) -> bool {
    a.days.last < b.days.first && !a.days.meets(&b.days)
}

fn compare(facts: &PlacementFacts<'_>, catalogue: &Catalogue, months: (Month, Month)) -> Owed {
    let owed = owed(facts, catalogue, months);
    let days = Oracle { facts, catalogue, out: Days::default() }.run(months.0, months.1);
    check_runs(&owed);
    let mut left = days.paid;
    left.retain(|_, ore| *ore != 0);
    for line in &owed.lines {
        let of_line: i128 = line
            .days
            .first
            .iter_days()
            .take_while(|d| *d <= line.days.last)
            .filter_map(|day| left.remove(&(line.component, day)))
            .sum();
        assert_eq!(i128::from(line.amount.0), of_line, "{line:?}");
    }
    assert!(left.is_empty(), "owed and not in a line: {left:?}");
    let mut held = BTreeSet::new();
    for hold in &owed.holds {
        let span = hold.days.first.iter_days().take_while(|d| *d <= hold.days.last);
        held.extend(span.map(|day| (hold.component, day, hold.reason)));
    }
    let missed: Vec<_> = days.held.difference(&held).collect();
    assert!(missed.is_empty(), "not held: {missed:?}");
    let excess: Vec<_> = held.difference(&days.held).filter(|h| !days.blank.contains(h)).collect();
    assert!(excess.is_empty(), "held without cause: {excess:?}");
    owed
}

#[test]
fn the_engine_agrees_with_the_days_counted_one_by_one() {
    let seed = population::seed();
    println!("NIVA_SEED={seed}");
    let mut random = Random::new(seed);
    let mut components = BTreeSet::new();
    let mut reasons = BTreeSet::new();
    for number in 0..10_000_u32 {
        let facts = population::placement(&mut random);
        let months = population::window(&mut random, &facts);
        let catalogue = if number % 3 == 0 { &*SHIPPED } else { &*OWN };
        let checked = std::panic::catch_unwind(|| compare(&facts.view(), catalogue, months));
        let Ok(owed) = checked else {
            panic!("NIVA_SEED={seed}, placement {number}, {months:?}: {facts:#?}");
        };
        components.extend(owed.lines.iter().map(|l| l.component));
        reasons.extend(owed.holds.iter().map(|h| h.reason));
    }
    assert_eq!(components.len(), Component::ALL.len(), "NIVA_SEED={seed} paid only {components:?}");
    assert_eq!(reasons.len(), 10, "NIVA_SEED={seed} held only for {reasons:?}");
}
