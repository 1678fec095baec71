use std::collections::BTreeMap;

use niva_calendar::{Interval, NaiveDate};
use niva_models::GrantScope;
use niva_names::{DistrictId, FactId, PersonId, PlacementId, ServiceKey, UnitId};
use serde::{Deserialize, Serialize};

use crate::granted::grants;
use crate::revisions::Revisions;
use crate::{
    Agreement, Content, Fact, Grant, LevelDecision, Occasion, PlacementDates, PremisesCost, Record,
    ScheduleFrom, Special, Transition,
};

/// The dates of a placement in their newest revision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Dated {
    pub(crate) revision: i64,
    pub(crate) withdrawn: bool,
    /// Its id is known as another case's.
    pub(crate) of_another: bool,
    pub(crate) dates: PlacementDates,
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct Placement {
    /// It is paid in the case of another record of the person, if at all.
    pub(crate) elsewhere: bool,
    pub(crate) dated: Option<Dated>,
    pub(crate) schedules: Revisions<ScheduleFrom>,
    pub(crate) occasions: Revisions<Occasion>,
    pub(crate) agreements: Revisions<Agreement>,
    pub(crate) transitions: Revisions<Transition>,
    pub(crate) premises_costs: Revisions<PremisesCost>,
    pub(crate) visits: Revisions<NaiveDate>,
    pub(crate) absences: Revisions<Interval>,
    pub(crate) special: Revisions<Special>,
}

/// Everything payment knows of one person in one service.
///
/// [`Case::apply`] is commutative: facts may come in any order and any number of times, and the case is the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Case {
    /// Opaque id of the person.
    pub person_id: PersonId,
    /// The service.
    pub service: ServiceKey,
    pub(crate) grants: Revisions<Grant>,
    pub(crate) levels: Revisions<LevelDecision>,
    /// The first day that a level decision was told on, where it is not that of the revision that stands: to correct a
    /// decision is not to make it again.
    pub(crate) decided_before: BTreeMap<FactId, NaiveDate>,
    pub(crate) placements: BTreeMap<PlacementId, Placement>,
    /// The merges of the person's records, withdrawn ones too, with their revisions.
    pub(crate) merges: Vec<(FactId, i64)>,
}

impl Case {
    /// A case of which nothing is known yet.
    #[must_use]
    pub fn new(person_id: impl Into<PersonId>, service: ServiceKey) -> Self {
        Self {
            person_id: person_id.into(),
            service,
            grants: Revisions::default(),
            levels: Revisions::default(),
            decided_before: BTreeMap::new(),
            placements: BTreeMap::new(),
            merges: Vec::new(),
        }
    }

    /// The boards of the grants that stand.
    pub fn granted_by(&self) -> impl Iterator<Item = &DistrictId> {
        self.grants.standing().map(|grant| &grant.value.district)
    }

    /// Takes a fact in. `false` when it says nothing new: known already, or older than what is known.
    pub fn apply(&mut self, fact: &Fact) -> bool {
        fn put<T: Clone>(into: &mut Revisions<T>, fact: &Fact, content: &T) -> bool {
            into.put(&fact.id, fact.revision, (!fact.withdrawn).then_some(content))
        }
        match &fact.content {
            Content::Grant(grant) => put(&mut self.grants, fact, grant),
            Content::Level(decision) => {
                let known = self.decided_on(&fact.id);
                let first = known.map_or(decision.decided_on, |known| known.min(decision.decided_on));
                let newer = put(&mut self.levels, fact, decision);
                if self.levels.get(&fact.id).is_some_and(|standing| standing.decided_on == first) {
                    self.decided_before.remove(&fact.id);
                } else {
                    self.decided_before.insert(fact.id.clone(), first);
                }
                newer || known != Some(first)
            }
            Content::Placement(dates) | Content::PlacementOfAnother(dates) => {
                let of_another = matches!(fact.content, Content::PlacementOfAnother(_));
                let placement = self.placements.entry(fact.id.as_str().into()).or_default();
                let newer = placement.dated.as_ref().is_none_or(|known| known.revision < fact.revision);
                if newer {
                    let (revision, withdrawn, dates) = (fact.revision, fact.withdrawn, dates.clone());
                    placement.dated = Some(Dated { revision, withdrawn, of_another, dates });
                }
                newer
            }
            Content::Record { placement_id, record } => {
                let at = self.placements.entry(placement_id.clone()).or_default();
                match record {
                    Record::Schedule(schedule) => put(&mut at.schedules, fact, schedule),
                    Record::Occasion(occasion) => put(&mut at.occasions, fact, occasion),
                    Record::Agreement(agreement) => put(&mut at.agreements, fact, agreement),
                    Record::Transition(transition) => put(&mut at.transitions, fact, transition),
                    Record::PremisesCost(cost) => put(&mut at.premises_costs, fact, cost),
                    Record::Visit(day) => put(&mut at.visits, fact, day),
                    Record::Absence(days) => put(&mut at.absences, fact, days),
                    Record::Special(special) => put(&mut at.special, fact, special),
                }
            }
        }
    }

    /// The day that a level decision was made; `None` when it has not been heard of.
    pub(crate) fn decided_on(&self, id: &FactId) -> Option<NaiveDate> {
        let before = self.decided_before.get(id).copied();
        before.or_else(|| self.levels.get(id).map(|standing| standing.decided_on))
    }

    /// The dates of a placement; `None` when it has not been heard of.
    #[must_use]
    pub fn dates(&self, placement_id: &PlacementId) -> Option<&PlacementDates> {
        self.placements.get(placement_id)?.dated.as_ref().map(|known| &known.dates)
    }

    /// The newest revision of a placement that was told of it; `None` when it has not been heard of.
    #[must_use]
    pub fn placement_revision(&self, placement_id: &PlacementId) -> Option<i64> {
        self.placements.get(placement_id)?.dated.as_ref().map(|known| known.revision)
    }

    /// The dates of a placement whose id is known as another case's, where it stands.
    #[must_use]
    pub fn placement_of_another(&self, placement_id: &PlacementId) -> Option<&PlacementDates> {
        let dated = self.placements.get(placement_id)?.dated.as_ref()?;
        (dated.of_another && !dated.withdrawn).then_some(&dated.dates)
    }

    /// The individual agreements of a placement, with their ids.
    pub fn agreements(&self, placement_id: &PlacementId) -> impl Iterator<Item = (&FactId, &Agreement)> {
        let of = self.placements.get(placement_id).into_iter();
        of.flat_map(|p| p.agreements.standing()).map(|known| (known.id, known.value))
    }

    /// What is granted on a day.
    #[must_use]
    pub fn scope(&self, day: NaiveDate) -> Option<GrantScope> {
        grants(&self.grants).at(day).map(|granted| granted.value.scope)
    }

    /// The first day of its placements; `None` where it has none that stands.
    #[must_use]
    pub fn first_day(&self) -> Option<NaiveDate> {
        let own = self.placements.values().filter(|placement| !placement.elsewhere);
        let dated = own.filter_map(|p| p.dated.as_ref()).filter(|known| !known.withdrawn);
        let first =
            |dates: &PlacementDates| dates.ordered_start.min(dates.actual_start.unwrap_or(NaiveDate::MAX));
        dated.map(|known| first(&known.dates)).min()
    }

    /// The units that its placements are at, in order of placement.
    pub fn unit_ids(&self) -> impl Iterator<Item = &UnitId> {
        self.placements.values().filter_map(|p| p.dated.as_ref()).map(|known| &known.dates.unit_id)
    }
}

#[cfg(test)]
mod tests;
