use niva_calendar::{Interval, NaiveDate, Timeline};
use niva_facts::Happened;
use niva_models::Regime;
use niva_names::{DistrictId, ProviderId, ServiceKey, UnitId};

use crate::{Refusal, capacity};

/// The place where a service is given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unit {
    /// Opaque id.
    pub unit_id: UnitId,
    /// Name shown to people.
    pub name: String,
    /// The service it gives.
    pub service: ServiceKey,
    /// What it is like, by day: from its first period on without a gap.
    pub periods: Periods,
}

/// What a unit is like on a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnitTerms {
    /// The organisation that runs it.
    pub provider_id: ProviderId,
    /// District that it works in.
    pub district: DistrictId,
    /// Who runs it.
    pub regime: Regime,
    /// Places.
    pub capacity: u32,
    /// Whom it is meant for, in words; may be empty.
    pub orientation: String,
}

/// What changes at a unit; what is not given stays as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UnitChange {
    /// The organisation that runs it.
    pub provider_id: Option<ProviderId>,
    /// District that it works in.
    pub district: Option<DistrictId>,
    /// Who runs it.
    pub regime: Option<Regime>,
    /// Places.
    pub capacity: Option<u32>,
    /// Whom it is meant for.
    pub orientation: Option<String>,
}

/// What a unit is like from each of some days on: at least one, in order, each other than the one before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Periods(Vec<(NaiveDate, UnitTerms)>);

impl Periods {
    /// Periods from their first days on, in any order; one that only repeats the one before is left out.
    ///
    /// # Errors
    /// None given, a regime that is not allowed, two from the same day: all that is wrong.
    pub fn new(mut given: Vec<(NaiveDate, UnitTerms)>) -> Result<Self, Vec<Refusal>> {
        let mut wrong: Vec<_> = given.iter().filter_map(|(_, terms)| allowed(terms.regime).err()).collect();
        if given.is_empty() {
            wrong.push(Refusal::NoPeriodGiven);
        }
        given.sort_by_key(|(from, _)| *from);
        let twice = given.windows(2).filter(|two| two[0].0 == two[1].0);
        wrong.extend(twice.map(|two| Refusal::PeriodTwice(two[0].0)));
        if !wrong.is_empty() {
            return Err(wrong);
        }
        given.dedup_by(|later, earlier| later.1 == earlier.1);
        Ok(Self(given))
    }

    /// First days and what holds from them on, in order.
    #[must_use]
    pub fn all(&self) -> &[(NaiveDate, UnitTerms)] {
        &self.0
    }

    /// What the unit is like on a day; before its first period it is not.
    #[must_use]
    pub fn at(&self, day: NaiveDate) -> Option<&UnitTerms> {
        let begun = self.0.partition_point(|(from, _)| *from <= day);
        self.0[..begun].last().map(|(_, terms)| terms)
    }

    /// Places by day.
    #[must_use]
    pub fn capacities(&self) -> Timeline<u32> {
        let mut capacities = Timeline::new();
        for (from, terms) in &self.0 {
            capacities.set(Interval::from(*from), terms.capacity);
        }
        capacities
    }

    /// Sets one property from a period on, until the next recorded change of the same property.
    fn set<T: PartialEq + Clone>(&mut self, at: usize, value: &T, of: impl Fn(&mut UnitTerms) -> &mut T) {
        let before = self.0.get_mut(at).map(|(_, terms)| of(terms).clone());
        for (_, terms) in self.0.iter_mut().skip(at) {
            let property = of(terms);
            if Some(&*property) != before.as_ref() {
                break;
            }
            property.clone_from(value);
        }
    }
}

impl Unit {
    /// The terms on a day, or its first ones where the day is before them: what somebody who chooses for later looks at.
    #[must_use]
    pub fn terms_near(&self, day: NaiveDate) -> Option<&UnitTerms> {
        self.periods.at(day).or_else(|| self.periods.0.first().map(|(_, terms)| terms))
    }

    /// Is otherwise from a day on, each property until the next change of it that is recorded already. Fewer places
    /// evict nobody: they only bar new commitments.
    ///
    /// # Errors
    /// Nothing is to change, a regime that is not allowed, or a day before the first period.
    pub fn change(mut self, from: NaiveDate, change: &UnitChange) -> Result<Happened<Self>, Refusal> {
        if *change == UnitChange::default() {
            return Err(Refusal::NoChangeGiven);
        }
        change.regime.map_or(Ok(()), allowed)?;
        let before = self.periods.clone();
        let periods = &mut self.periods.0;
        let begun = periods.partition_point(|(first, _)| *first <= from);
        let Some((first, terms)) = begun.checked_sub(1).and_then(|at| periods.get(at)).cloned() else {
            let first = periods.first().map_or(from, |(first, _)| *first);
            return Err(Refusal::BeforeFirstPeriod { unit_id: self.unit_id, first });
        };
        let at = if first == from {
            begun - 1
        } else {
            periods.insert(begun, (from, terms));
            begun
        };
        let UnitChange { provider_id, district, regime, capacity, orientation } = change;
        let periods = &mut self.periods;
        provider_id.iter().for_each(|v| periods.set(at, v, |terms| &mut terms.provider_id));
        district.iter().for_each(|v| periods.set(at, v, |terms| &mut terms.district));
        regime.iter().for_each(|v| periods.set(at, v, |terms| &mut terms.regime));
        capacity.iter().for_each(|v| periods.set(at, v, |terms| &mut terms.capacity));
        orientation.iter().for_each(|v| periods.set(at, v, |terms| &mut terms.orientation));
        periods.0.dedup_by(|later, earlier| later.1 == earlier.1);
        Ok(if self.periods == before { Happened::Already(self) } else { Happened::Now(self) })
    }

    /// Whether it gives a service.
    ///
    /// # Errors
    /// [`Refusal::WrongService`].
    pub fn gives(&self, service: ServiceKey) -> Result<(), Refusal> {
        if self.service == service {
            return Ok(());
        }
        Err(Refusal::WrongService { unit_id: self.unit_id.clone(), gives: self.service, wanted: service })
    }

    /// Whether a place is free on all of `days` beside those `occupied`.
    ///
    /// # Errors
    /// [`Refusal::NoFreePlace`] with the first day that has none.
    pub fn has_place(&self, occupied: &[Interval], days: &[Interval]) -> Result<(), Refusal> {
        match capacity::first_day_over(&self.periods.capacities(), occupied, days) {
            Some(day) => Err(Refusal::NoFreePlace { unit_id: self.unit_id.clone(), day }),
            None => Ok(()),
        }
    }
}

const fn allowed(regime: Regime) -> Result<(), Refusal> {
    match regime {
        Regime::OtherMunicipality => Err(Refusal::RegimeNotAllowed(regime)),
        Regime::Municipal | Regime::Contracted | Regime::Private => Ok(()),
    }
}
