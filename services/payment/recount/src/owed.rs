//! What a placement is owed, day by day, as the rules are written: whatever it costs, one day is looked at after the other.

use std::collections::BTreeMap;

use niva_calendar::{Datelike, Month, NaiveDate, Weekday, is_working_day};
use niva_models::{
    Catalogue, Component, DayCount, GrantScope, Level, Parameters, PremisesDays, PriceUnit, Rate, Regime,
    ServiceTerms, SoldPremises, Variant,
};
use niva_names::{DistrictId, FactId, ProviderId, ServiceKey, UnitId};

use crate::held::{Granted, Stay, granted, last_begun, level, occasions, schedule, stay};
use crate::told::{Case, Dates, Decision, Placement, Special, Unit, UnitPeriod};

/// Who pays whom for what, and by what: days of two of these are never one line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Between<'a> {
    pub(crate) component: Component,
    pub(crate) payer: &'a DistrictId,
    pub(crate) payee: Payee<'a>,
    /// Id of the model, or of the agreement or special compensation.
    pub(crate) by: &'a str,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Payee<'a> {
    Provider(&'a ProviderId),
    Board(&'a DistrictId),
}

/// Öre owed for each day. A day of none, such as a Sunday of a price per weekday, may be part of a line, and is here.
pub(crate) type Owed<'a> = BTreeMap<Between<'a>, BTreeMap<NaiveDate, i128>>;

/// What does not change from case to case.
#[derive(Debug)]
pub(crate) struct Ground {
    pub(crate) models: Catalogue,
    pub(crate) units: BTreeMap<UnitId, Unit>,
    /// The days that the ledger is about.
    pub(crate) days: (NaiveDate, NaiveDate),
}

/// What a placement is owed for the days of the ledger.
pub(crate) fn owed<'a>(
    ground: &'a Ground,
    service: ServiceKey,
    case: &'a Case,
    placement: &'a Placement,
) -> Owed<'a> {
    let Some(dates) = placement.dates() else { return Owed::new() };
    let unit = ground.units.get(&dates.unit_id);
    let mut walk = Walk { ground, service, case, placement, dates, unit, owed: Owed::new() };
    let ends = walk.ends();
    let (mut day, last) = ground.days;
    while day <= last {
        if day >= dates.ordered && ends.is_none_or(|(full, _)| day <= full) {
            walk.full(day);
        } else if ends.is_some_and(|(full, vacant)| full >= dates.ordered && full < day && day <= vacant) {
            walk.vacant(day);
        }
        let Some(next) = day.succ_opt() else { break };
        day = next;
    }
    walk.owed
}

struct Walk<'a> {
    ground: &'a Ground,
    service: ServiceKey,
    case: &'a Case,
    placement: &'a Placement,
    dates: &'a Dates,
    unit: Option<&'a Unit>,
    owed: Owed<'a>,
}

/// A day whose model, unit and grant are known: without any of them nothing is paid.
#[derive(Clone, Copy)]
struct Day<'a> {
    day: NaiveDate,
    model: &'a str,
    terms: &'a ServiceTerms,
    at: &'a UnitPeriod,
    granted: Granted<'a>,
    level: Option<&'a Decision>,
    stay: Stay,
}

/// A price, per what, and by what.
struct Price<'a> {
    unit: PriceUnit,
    ore: i64,
    by: &'a str,
}

/// The day after so many calendar or working days.
fn after(day: NaiveDate, n: u16, working: bool) -> NaiveDate {
    let (mut day, mut left) = (day, n);
    while left > 0 {
        let Some(next) = day.succ_opt() else { break };
        day = next;
        if !working || is_working_day(day) {
            left -= 1;
        }
    }
    day
}

/// The part of an amount that the first `n` of its days have, half an öre upwards.
fn until(ore: i64, n: i64, of: i64) -> i128 {
    let (ore, n, of) = (i128::from(ore), i128::from(n), i128::from(of));
    (2 * ore * n + of).div_euclid(2 * of)
}

/// The part that the `n`-th day has.
fn part(ore: i64, n: i64, of: i64) -> i128 {
    until(ore, n, of) - until(ore, n - 1, of)
}

impl<'a> Walk<'a> {
    /// The last day of full compensation, and that of vacancy; `None` while it is open.
    fn ends(&self) -> Option<(NaiveDate, NaiveDate)> {
        let Dates { ordered, came, notice, left, .. } = *self.dates;
        let noticed = match came {
            Some(_) => notice.unwrap_or(left?),
            None => notice?,
        };
        let parameters = self.ground.models.on(self.service, noticed).map(|m| &m.terms.parameters);
        let working = parameters.is_some_and(|p| p.day_count == DayCount::Working);
        let count = |of: fn(&Parameters) -> u16| parameters.map_or(0, of);
        let least = match came {
            Some(_) => left?,
            None => after(ordered.pred_opt()?, count(|p| p.no_show_days), working),
        };
        let last = after(noticed, count(|p| p.notice_days), working).max(least);
        Some((last, after(last, count(|p| p.vacancy_days), working)))
    }

    /// `None`: nothing can be paid for the day.
    fn day(&self, day: NaiveDate) -> Option<Day<'a>> {
        let in_force = self.ground.models.on(self.service, day)?;
        let terms = in_force.terms;
        Some(Day {
            day,
            model: in_force.model.id.as_str(),
            terms,
            at: self.unit?.on(day)?,
            granted: granted(self.case, self.dates, day)?,
            level: level(self.case, &terms.parameters, day),
            stay: stay(self.placement, terms, day),
        })
        .filter(|day| day.stay != Stay::Undecided)
    }

    fn full(&mut self, day: NaiveDate) {
        let Some(on) = self.day(day) else { return };
        for (id, special) in self.placement.specials.standing() {
            self.special(on, id, special);
        }
        if on.stay == Stay::Gone {
            return;
        }
        if let Some(price) = self.rate(on) {
            self.pay(Component::Rate, on, &price, Payee::Provider(&on.at.provider_id));
        }
        self.premises(on);
        let here = self.dates.came.is_some_and(|came| day >= came);
        let count = if here { occasions(self.placement, day) } else { 0 };
        if let Some(price) = on.published(Component::EveningNight, on.at.regime) {
            let ore = i128::from(price.ore) * count;
            self.owe(Component::EveningNight, on, price.by, Payee::Provider(&on.at.provider_id), ore);
        }
        let actual = on.terms.sold.as_ref().is_some_and(|sold| sold.premises == SoldPremises::ActualCost);
        let cost = last_begun(&self.placement.costs, |cost| cost.days, day);
        if let Some((_, cost)) = cost.filter(|(_, cost)| cost.approved && actual && on.is_sold()) {
            let price = Price { unit: PriceUnit::Month, ore: cost.per_month, by: on.model };
            self.pay(Component::ActualPremises, on, &price, Payee::Board(&on.at.district));
        }
    }

    /// The agreement of the day, else the transition to work, else what the model publishes.
    fn rate(&self, on: Day<'a>) -> Option<Price<'a>> {
        if on.stay == Stay::Away {
            return None;
        }
        if let Some((id, agreed)) = last_begun(&self.placement.agreements, |agreed| agreed.days, on.day) {
            let counts = agreed.approved && agreed.unit == on.terms.unit;
            return counts.then_some(Price { unit: agreed.unit, ore: agreed.price, by: id.as_str() });
        }
        match (on.stay, &on.terms.transition) {
            (Stay::Unvisited, _) => None,
            (Stay::AtWork, Some(work)) => {
                let scope = GrantScope { hours_per_week: Some(work.hours_per_week), ..on.granted.scope };
                on.at_level(Component::Rate, on.at.regime, Some(work.level), &scope)
            }
            _ => on.published(Component::Rate, on.at.regime),
        }
    }

    fn premises(&mut self, on: Day<'a>) {
        let takes_part = self.dates.came.is_some_and(|came| on.day >= came)
            && self.dates.left.is_none_or(|left| on.day <= left);
        let counted = takes_part || on.terms.parameters.premises_days == PremisesDays::FullCompensation;
        if !counted || on.stay == Stay::Away {
            return;
        }
        let charged =
            on.terms.sold.as_ref().is_some_and(|sold| sold.premises == SoldPremises::PrivateSupplement)
                && on.at.private_premises
                && on.is_sold();
        let (regime, payee) = if charged {
            (Regime::Private, Payee::Board(&on.at.district))
        } else {
            (on.at.regime, Payee::Provider(&on.at.provider_id))
        };
        if let Some(price) = on.published(Component::Premises, regime) {
            self.pay(Component::Premises, on, &price, payee);
        }
    }

    fn special(&mut self, on: Day<'a>, id: &'a FactId, special: &Special) {
        if special.days.has(on.day) {
            let number = |day: NaiveDate| (day - special.days.first).num_days() + 1;
            let ore = part(special.amount, number(on.day), number(special.days.last));
            self.owe(Component::Special, on, id.as_str(), Payee::Provider(&on.at.provider_id), ore);
        }
    }

    /// The rate of the lowest level, on days whose model has vacancy.
    fn vacant(&mut self, day: NaiveDate) {
        let Some(on) = self.day(day) else { return };
        if on.stay == Stay::Gone || on.terms.parameters.vacancy_days == 0 {
            return;
        }
        let lowest = on.at_level(Component::Rate, on.at.regime, Some(Level(1)), &on.granted.scope);
        if let Some(price) = lowest {
            self.pay(Component::Vacancy, on, &price, Payee::Provider(&on.at.provider_id));
        }
    }

    fn pay(&mut self, component: Component, on: Day<'a>, price: &Price<'a>, payee: Payee<'a>) {
        let Price { unit, ore, by } = *price;
        let units = match unit {
            PriceUnit::CalendarDay => 1,
            PriceUnit::Weekday => i128::from(on.is_paid_weekday()),
            PriceUnit::HalfDaySession | PriceUnit::CourseSession => match self.sessions(on) {
                Some(sessions) => sessions,
                None => return,
            },
            PriceUnit::Month => {
                let of_month = part(ore, i64::from(on.day.day()), i64::from(Month::of(on.day).days()));
                return self.owe(component, on, by, payee, of_month);
            }
            PriceUnit::EveningOrNight | PriceUnit::Year | PriceUnit::Period => return,
        };
        self.owe(component, on, by, payee, i128::from(ore) * units);
    }

    /// The sessions of the day, where a week of the schedule has as many as are granted.
    fn sessions(&self, on: Day<'_>) -> Option<i128> {
        let week = schedule(self.placement, on.day);
        let a_week: u32 = week.iter().map(|sessions| u32::from(*sessions)).sum();
        let granted = on.granted.scope.sessions_per_week?;
        let [monday, tuesday, wednesday, thursday, friday] = week;
        let sessions = match on.day.weekday() {
            Weekday::Mon => monday,
            Weekday::Tue => tuesday,
            Weekday::Wed => wednesday,
            Weekday::Thu => thursday,
            Weekday::Fri => friday,
            Weekday::Sat | Weekday::Sun => 0,
        };
        (a_week > 0 && a_week == u32::from(granted)).then_some(i128::from(sessions))
    }

    fn owe(&mut self, component: Component, on: Day<'a>, by: &'a str, payee: Payee<'a>, ore: i128) {
        let between = Between { component, payer: on.granted.district, payee, by };
        *self.owed.entry(between).or_default().entry(on.day).or_default() += ore;
    }
}

impl<'a> Day<'a> {
    fn is_paid_weekday(&self) -> bool {
        let weekend = matches!(self.day.weekday(), Weekday::Sat | Weekday::Sun);
        !weekend && (self.terms.parameters.holidays_paid || is_working_day(self.day))
    }

    /// Whether the place is one of another board's.
    fn is_sold(&self) -> bool {
        matches!(self.at.regime, Regime::Municipal | Regime::Contracted)
            && self.at.district != *self.granted.district
    }

    /// The model's price at the person's level, which must be of the model's scale where that matters.
    fn published(&self, component: Component, regime: Regime) -> Option<Price<'a>> {
        let level = self.level.map(|decision| decision.level);
        let rate = self.find(component, regime, level, &self.granted.scope)?;
        let own_scale = || self.level.is_some_and(|l| self.terms.scale_id.as_ref() == Some(&l.scale));
        let fits = rate.amount.level.is_none() || own_scale();
        fits.then_some(Price { unit: rate.unit, ore: rate.price.0, by: self.model })
    }

    /// The model's price at a level that the model itself names.
    fn at_level(
        &self,
        component: Component,
        regime: Regime,
        level: Option<Level>,
        scope: &GrantScope,
    ) -> Option<Price<'a>> {
        let rate = self.find(component, regime, level, scope)?;
        Some(Price { unit: rate.unit, ore: rate.price.0, by: self.model })
    }

    /// A scope that is none of the model's variants has the prices alone that no variant changes.
    fn find(
        &self,
        component: Component,
        regime: Regime,
        level: Option<Level>,
        scope: &GrantScope,
    ) -> Option<Rate<'a>> {
        match self.terms.variant_of(scope) {
            Some(variant) => self.terms.rate(component, regime, level, variant).ok(),
            None => {
                let rate = self.terms.rate(component, regime, level, Variant(0)).ok();
                rate.filter(|rate| rate.amount.variant.is_none())
            }
        }
    }
}
