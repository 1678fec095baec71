//! Double entry: to which accounts a run's lines are booked, by a file of the city's.
//!
//! A [`Mapping`] says of services, regimes, components and settlements which account bears the cost and which one it is owed on, with
//! activity, counterpart and VAT, and of boards which cost centre they are. Of several entries that fit, the one that names most counts;
//! of two that name as much, the one that begins last. What no entry fits is a [`Hole`], and a run with one is not approved.

mod load;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use niva_calendar::NaiveDate;
use niva_models::{Component, Regime};
use niva_money::Ore;
use niva_names::{DistrictId, ServiceKey};

pub use load::MappingError;

use crate::Settlement;

/// Where lines are booked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mapping {
    entries: Vec<Entry>,
    centres: Vec<Centre>,
}

/// What fits some lines; what it does not name fits any.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Entry {
    from: NaiveDate,
    service: Option<ServiceKey>,
    regime: Option<Regime>,
    component: Option<Component>,
    settlement: Option<Settlement>,
    debit: String,
    credit: String,
    activity: String,
    counterpart: String,
    vat: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Centre {
    from: NaiveDate,
    district: DistrictId,
    cost_centre: String,
}

/// Lines that are booked alike, and their sum.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// The service.
    pub service: ServiceKey,
    /// Regime of the unit.
    pub regime: Regime,
    /// What is paid for.
    pub component: Component,
    /// How it is settled.
    pub settlement: Settlement,
    /// The board that pays.
    pub payer: DistrictId,
    /// The sum.
    pub amount: Ore,
}

/// Where something is booked.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Account {
    /// The account.
    pub account: String,
    /// The board's cost centre.
    pub cost_centre: String,
    /// The activity; may be empty.
    pub activity: String,
    /// The counterpart (motpart); may be empty.
    pub counterpart: String,
    /// How VAT is treated; may be empty.
    pub vat: String,
}

/// An amount that is booked: debit is more than nothing, credit less.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Posting {
    /// Where.
    pub on: Account,
    /// How much.
    pub amount: Ore,
}

/// Lines that the mapping does not say anything of.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Hole {
    /// No entry fits.
    Account(ServiceKey, Regime, Component, Settlement),
    /// The board has no cost centre.
    CostCentre(DistrictId),
}

impl fmt::Display for Hole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Account(service, regime, component, settlement) => write!(
                f,
                "no account for service {service}, regime {regime}, component {component}, settlement {settlement}"
            ),
            Self::CostCentre(district) => write!(f, "no cost centre for district {district}"),
        }
    }
}

impl Mapping {
    /// Books the sums of lines on a day: each twice, on the account that bears it and on the one that it is owed on, so that all of it
    /// together is nothing.
    ///
    /// # Errors
    /// All that the mapping says nothing of.
    pub fn post(&self, groups: &[Group], day: NaiveDate) -> Result<Vec<Posting>, BTreeSet<Hole>> {
        let (mut sums, mut holes) = (BTreeMap::<Account, i64>::new(), BTreeSet::new());
        for group in groups {
            let entry = self.entry(group, day);
            let centre = self.centre(&group.payer, day);
            if entry.is_none() {
                let Group { service, regime, component, settlement, .. } = group;
                holes.insert(Hole::Account(*service, *regime, *component, *settlement));
            }
            if centre.is_none() {
                holes.insert(Hole::CostCentre(group.payer.clone()));
            }
            let Some((entry, centre)) = entry.zip(centre) else { continue };
            *sums.entry(entry.on(&entry.debit, centre)).or_default() += group.amount.0;
            *sums.entry(entry.on(&entry.credit, centre)).or_default() -= group.amount.0;
        }
        if !holes.is_empty() {
            return Err(holes);
        }
        let postings = sums.into_iter().filter(|(_, sum)| *sum != 0);
        Ok(postings.map(|(on, sum)| Posting { on, amount: Ore(sum) }).collect())
    }

    fn entry(&self, group: &Group, day: NaiveDate) -> Option<&Entry> {
        let fitting = self.entries.iter().filter(|entry| entry.from <= day && entry.fits(group));
        fitting.max_by_key(|entry| (entry.names(), entry.from))
    }

    fn centre(&self, district: &DistrictId, day: NaiveDate) -> Option<&str> {
        let of = self.centres.iter().filter(|centre| centre.from <= day && centre.district == *district);
        of.max_by_key(|centre| centre.from).map(|centre| centre.cost_centre.as_str())
    }
}

impl Entry {
    fn fits(&self, group: &Group) -> bool {
        self.service.is_none_or(|service| service == group.service)
            && self.regime.is_none_or(|regime| regime == group.regime)
            && self.component.is_none_or(|component| component == group.component)
            && self.settlement.is_none_or(|settlement| settlement == group.settlement)
    }

    /// How much it names; of two that name as many, service before regime, component and settlement.
    fn names(&self) -> (usize, [bool; 4]) {
        let named = [
            self.service.is_some(),
            self.regime.is_some(),
            self.component.is_some(),
            self.settlement.is_some(),
        ];
        (named.iter().filter(|named| **named).count(), named)
    }

    fn on(&self, account: &str, cost_centre: &str) -> Account {
        Account {
            account: account.to_owned(),
            cost_centre: cost_centre.to_owned(),
            activity: self.activity.clone(),
            counterpart: self.counterpart.clone(),
            vat: self.vat.clone(),
        }
    }
}
