//! What facts of placements are checked against.

use std::collections::{BTreeMap, BTreeSet};

use niva_base::OpError;
use niva_calendar::NaiveDate;
use niva_names::{PlacementId, ProviderId, UnitId};
use niva_payment_domain::{Case, UnitFacts};
use niva_store::Tx;

use crate::cases::CaseKey;
use crate::cases::store::{self as cases, Place};
use crate::placement_fact::{PlacementFact, kept};
use crate::units::store::units_as_of;

/// Nobody takes in other facts until the transaction ends; nothing is read yet.
pub(crate) struct Locked {
    newest: i64,
    provider: Option<ProviderId>,
}

/// The placements that facts are about, as they stand.
pub(crate) struct Ground {
    /// The placements that have been heard of.
    places: BTreeMap<PlacementId, Place>,
    /// Empty where nothing is checked against them.
    cases: BTreeMap<CaseKey, Case>,
    /// Empty where the caller is bound to no provider.
    units: BTreeMap<UnitId, UnitFacts>,
    provider: Option<ProviderId>,
}

impl Ground {
    /// Waits for those who take in facts, and keeps others waiting. `provider`: all that the caller sees is its own.
    pub(crate) async fn lock(tx: &Tx<'_>, provider: Option<&ProviderId>) -> Result<Locked, OpError> {
        let provider = provider.cloned();
        Ok(Locked { newest: cases::draw_numbers(tx, 0).await? - 1, provider })
    }

    /// The case of a placement; `None` when the placement has not been heard of.
    pub(super) fn key(&self, placement_id: &PlacementId) -> Option<&CaseKey> {
        self.places.get(placement_id).map(|place| &place.key)
    }

    /// The placements that have been heard of.
    pub(super) fn places(&self) -> impl Iterator<Item = &Place> {
        self.places.values()
    }

    /// What is known of a case.
    pub(super) fn case(&self, key: &CaseKey) -> Option<&Case> {
        self.cases.get(key)
    }

    /// Whether what is told of a placement on a day is the caller's to tell and read.
    pub(super) fn sees(&self, placement_id: &PlacementId, day: NaiveDate) -> bool {
        let Some(own) = &self.provider else { return true };
        let unit_id = || {
            let case = self.cases.get(self.key(placement_id)?)?;
            Some(&case.dates(placement_id)?.unit_id)
        };
        let unit = unit_id().and_then(|id| self.units.get(id));
        unit.and_then(|unit| unit.periods.at(day)).is_some_and(|period| period.provider_id == *own)
    }
}

impl Locked {
    /// Leaves the facts that the caller sees: another provider's is as good as none, whatever else is wrong.
    pub(super) async fn seen<M: PlacementFact>(
        &self,
        tx: &Tx<'_>,
        known: BTreeMap<M::Id, M>,
    ) -> Result<BTreeMap<M::Id, M>, OpError> {
        if self.provider.is_none() {
            return Ok(known);
        }
        let ground = self.load(tx, known.values().map(M::placement).collect(), false).await?;
        let mut seen = BTreeMap::new();
        for (id, fact) in known {
            if ground.sees(&fact.placement(), kept(&fact)?.days.first) {
                seen.insert(id, fact);
            }
        }
        Ok(seen)
    }

    /// Reads what is known of some placements; of their cases where facts are checked against them.
    pub(super) async fn load(
        &self,
        tx: &Tx<'_>,
        placements: BTreeSet<PlacementId>,
        of_case: bool,
    ) -> Result<Ground, OpError> {
        let places = cases::places(tx, &placements).await?;
        let Self { newest, provider } = self;
        let provider = provider.clone();
        let (mut cases, mut units) = (BTreeMap::new(), BTreeMap::new());
        if of_case || provider.is_some() {
            cases = cases::facts::current(tx, places.values().map(|place| &place.key), *newest).await?;
        }
        if provider.is_some() {
            units = units_as_of(tx, *newest).await?;
        }
        Ok(Ground { places, cases, units, provider })
    }
}
