//! What was known before and what is known now, compared by what it says of some days, and not by its revisions.

use niva_calendar::{Interval, Timeline, day_after};
use niva_models::{Catalogue, Component, GrantScope, Level, PriceUnit};
use niva_money::Ore;
use niva_names::{DistrictId, FactId, ScaleId};

use crate::{
    Agreement, FactKind, Granted, Known, KnownPlacement, LevelOn, Phases, PlacementFacts, UnitFacts,
};

/// A placement as it was known when it was last paid.
#[derive(Debug, Clone, Copy)]
pub struct KnownBefore<'a> {
    /// The placement; `None`: it had not been heard of.
    pub placed: Option<&'a KnownPlacement<'a>>,
    /// The unit that it is at now; `None`: it had not been heard of.
    pub unit: Option<&'a UnitFacts>,
}

impl KnownBefore<'_> {
    /// Whether the facts of a kind say of the days of a component what they said before, so that they cannot have moved its
    /// money. Days outside the stay, as it is known now, are decided by the placement alone: nothing else says anything of
    /// them.
    pub(crate) fn says_the_same(
        &self,
        kind: FactKind,
        now: &KnownPlacement<'_>,
        (component, days): (Component, Interval),
        catalogue: &Catalogue,
    ) -> bool {
        if !matches!(
            kind,
            FactKind::Grant
                | FactKind::LevelDecision
                | FactKind::Unit
                | FactKind::WeeklySchedule
                | FactKind::Agreement
                | FactKind::PremisesCost
        ) {
            return false;
        }
        let phases = Phases::of(&now.facts(), catalogue);
        let paid = if component == Component::Vacancy { phases.vacancy } else { phases.full };
        let Some(days) = paid.and_then(|paid| paid.intersect(&days)) else { return true };
        if kind == FactKind::Unit {
            let periods = |unit: &UnitFacts| joined(&unit.periods, days, Clone::clone);
            return self.unit.zip(now.unit).is_some_and(|(before, now)| periods(before) == periods(now));
        }
        let Some(before) = self.placed else { return false };
        let (before, now) = (before.facts(), now.facts());
        match kind {
            FactKind::Grant => {
                let last = |facts: &PlacementFacts<'_>| facts.granted(days.last).map(of_grant);
                let granted = |facts: &PlacementFacts<'_>| joined(facts.grants, days, of_grant);
                granted(&before) == granted(&now) && last(&before) == last(&now)
            }
            FactKind::LevelDecision => {
                joined(before.levels, days, of_level) == joined(now.levels, days, of_level)
            }
            FactKind::WeeklySchedule => {
                let sessions =
                    |facts: &PlacementFacts<'_>| joined(facts.schedules, days, |known| known.value);
                sessions(&before) == sessions(&now)
            }
            FactKind::Agreement => {
                let agreed = |facts: &PlacementFacts<'_>| joined(facts.agreements, days, of_agreement);
                agreed(&before) == agreed(&now)
            }
            _ => {
                let costs = |facts: &PlacementFacts<'_>| {
                    joined(facts.premises_costs, days, |known| (known.value.per_month, known.value.approved))
                };
                costs(&before) == costs(&now)
            }
        }
    }
}

/// Board and scope.
fn of_grant(known: &Known<'_, Granted<'_>>) -> (DistrictId, GrantScope) {
    (known.value.district.to_owned(), known.value.scope)
}

/// Level and scale, as known now and as known then. Points within a level move no money.
fn of_level(on: &LevelOn<'_>) -> Vec<(Level, ScaleId)> {
    let both = std::iter::once(&on.now).chain(on.preliminary.as_deref());
    both.map(|known| (known.value.level, known.value.scale.to_owned())).collect()
}

/// The agreement, its price, and whether it counts.
fn of_agreement(known: &Known<'_, Agreement>) -> (FactId, Ore, PriceUnit, bool) {
    (known.id.to_owned(), known.value.price, known.value.unit, known.value.approved)
}

/// What a timeline says of some days, without the cuts between days of which it says the same.
fn joined<A: Clone + PartialEq, T: PartialEq>(
    timeline: &Timeline<A>,
    days: Interval,
    said: impl Fn(&A) -> T,
) -> Vec<(Interval, T)> {
    let mut joined: Vec<(Interval, T)> = Vec::new();
    for (days, value) in timeline.within(days) {
        let says = said(value);
        match joined.last_mut() {
            Some((before, same)) if *same == says && day_after(before.last) == days.first => {
                before.last = days.last;
            }
            _ => joined.push((days, says)),
        }
    }
    joined
}
