use niva_calendar::{Interval, NaiveDate, Timeline, day_before};
use niva_models::Regime;
use niva_names::ServiceKey;

use crate::{Done, Refusal, capacity};

/// The place where a service is given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unit {
    /// Opaque id.
    pub unit_id: String,
    /// The organisation that runs it.
    pub provider_id: String,
    /// Name shown to people.
    pub name: String,
    /// The service it gives.
    pub service: ServiceKey,
    /// District that it lies in.
    pub district: String,
    /// Who runs it, from its first period on without a gap.
    pub regimes: Timeline<Regime>,
    /// Places; a day before the first period has none.
    pub capacities: Timeline<u32>,
    /// Grows by one with every change.
    pub revision: i64,
}

impl Unit {
    /// Regimes from their first days on.
    ///
    /// # Errors
    /// None given, one not allowed, two from the same day: all that is wrong.
    pub fn regimes(periods: &[(NaiveDate, Regime)]) -> Result<Timeline<Regime>, Vec<Refusal>> {
        let not_allowed = periods.iter().filter_map(|(_, regime)| allowed(*regime).err());
        periods_of(periods, Refusal::NoRegimeGiven, not_allowed.collect())
    }

    /// Capacities from their first days on.
    ///
    /// # Errors
    /// None given, two from the same day: all that is wrong.
    pub fn capacities(periods: &[(NaiveDate, u32)]) -> Result<Timeline<u32>, Vec<Refusal>> {
        periods_of(periods, Refusal::NoCapacityGiven, Vec::new())
    }

    /// Has `places` from a day on, until the next period begins. Lowering evicts nobody: it only bars new offers.
    #[must_use]
    pub fn set_capacity(mut self, from: NaiveDate, places: u32) -> Done<Self> {
        let before = self.capacities.clone();
        set_from(&mut self.capacities, from, places);
        self.changed(|unit| unit.capacities != before)
    }

    /// Is run under `regime` from a day on, until the next period begins.
    ///
    /// # Errors
    /// [`Refusal::RegimeNotAllowed`].
    pub fn change_regime(mut self, from: NaiveDate, regime: Regime) -> Result<Done<Self>, Refusal> {
        allowed(regime)?;
        let before = self.regimes.clone();
        set_from(&mut self.regimes, from, regime);
        Ok(self.changed(|unit| unit.regimes != before))
    }

    fn changed(mut self, by: impl Fn(&Self) -> bool) -> Done<Self> {
        if !by(&self) {
            return Done::Already(self);
        }
        self.revision += 1;
        Done::Now(self)
    }

    /// Whether a place is free on all of `days` beside those `taken`.
    ///
    /// # Errors
    /// [`Refusal::NoFreePlace`] with the first day that has none.
    pub fn has_place(&self, taken: &[Interval], days: Interval) -> Result<(), Refusal> {
        match capacity::first_day_over(&self.capacities, taken, &[days]) {
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

fn periods_of<T: Clone + PartialEq>(
    periods: &[(NaiveDate, T)],
    none: Refusal,
    mut wrong: Vec<Refusal>,
) -> Result<Timeline<T>, Vec<Refusal>> {
    if periods.is_empty() {
        wrong.push(none);
    }
    let mut ordered: Vec<_> = periods.iter().collect();
    ordered.sort_by_key(|(from, _)| *from);
    let twice = ordered.windows(2).filter(|two| two[0].0 == two[1].0);
    wrong.extend(twice.map(|two| Refusal::PeriodTwice(two[0].0)));
    if !wrong.is_empty() {
        return Err(wrong);
    }
    let mut timeline = Timeline::new();
    for (from, value) in ordered {
        timeline.set(Interval::from(*from), value.clone());
    }
    Ok(timeline)
}

/// Later periods keep their first days.
fn set_from<T: Clone + PartialEq>(timeline: &mut Timeline<T>, from: NaiveDate, value: T) {
    let next = timeline.spans().iter().map(|(days, _)| days.first).find(|first| *first > from);
    let days = match next {
        Some(next) => Interval { first: from, last: day_before(next) },
        None => Interval::from(from),
    };
    timeline.set(days, value);
}
