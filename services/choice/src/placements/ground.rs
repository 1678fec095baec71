//! What the placements of a part of an import are told among: read at once, and kept up as one after the other is told.

use std::collections::{BTreeMap, BTreeSet};

use niva_base::OpError;
use niva_calendar::Interval;
use niva_choice_domain::{Around, Grant, Placement, Refusal, Unit};
use niva_names::{GrantId, PersonId, PlacementId, ServiceKey, UnitId};
use niva_store::{Tx, persons};

use super::{store, wire};
use crate::{App, grants, offers, units};

/// A person in a service.
type Who = (PersonId, ServiceKey);

/// Who holds places at a unit.
#[derive(Default)]
struct Places {
    placed: BTreeMap<PlacementId, Interval>,
    offered: Vec<Interval>,
}

pub(super) struct Ground<'a> {
    app: &'a App,
    units: BTreeMap<UnitId, Unit>,
    places: BTreeMap<UnitId, Places>,
    /// Grants that placements name, whosever they are.
    named: BTreeMap<GrantId, Grant>,
    /// Grants that stand.
    grants: BTreeMap<Who, Vec<Grant>>,
    /// Placements that stand.
    placements: BTreeMap<Who, BTreeMap<PlacementId, Placement>>,
    /// The record that stays of people whose record was merged into another.
    merged: BTreeMap<PersonId, PersonId>,
    /// What the import tells anew, as it was known, withdrawn ones too.
    pub(super) before: BTreeMap<PlacementId, Placement>,
}

impl<'a> Ground<'a> {
    /// Reads what some placements need. Grants, units and placements are held from here on: in this order, as everywhere.
    pub(super) async fn read(app: &'a App, tx: &Tx<'_>, given: &[(i64, Placement)]) -> Result<Self, OpError> {
        fn ids<'p, I: Ord>(given: &'p [(i64, Placement)], of: fn(&'p Placement) -> &'p I) -> Vec<&'p I> {
            let ids: BTreeSet<_> = given.iter().map(|(_, placement)| of(placement)).collect();
            ids.into_iter().collect()
        }
        let named = ids(given, |p| &p.person_id);
        let others: Vec<PersonId> =
            persons::others_of(tx, named.iter().copied()).await?.into_values().flatten().collect();
        let people: BTreeSet<&PersonId> = named.into_iter().chain(&others).collect();
        let people: Vec<&PersonId> = people.into_iter().collect();
        let merged = persons::merged(tx, people.iter().copied()).await?;
        let known = grants::store::hold_all(tx, &people).await?;
        let named = grants::store::find_all(tx, &ids(given, |p| &p.grant_id)).await?;
        let unit_ids = ids(given, |p| &p.unit_id);
        let units = units::store::hold_all(tx, &unit_ids).await?;
        let before = store::lock_all(tx, &ids(given, |p| &p.placement_id)).await?;
        let mut ground = Self {
            app,
            units,
            places: BTreeMap::new(),
            named: named.into_iter().map(|(id, known)| (id, known.grant)).collect(),
            grants: BTreeMap::new(),
            placements: BTreeMap::new(),
            merged,
            before,
        };
        for grant in known.into_iter().filter(|known| known.stands).map(|known| known.grant) {
            let who = (ground.survivor(&grant.person_id), grant.service);
            ground.grants.entry(who).or_default().push(grant);
        }
        for placement in store::of_people(tx, &people).await? {
            ground.stands(placement);
        }
        ground.read_places(tx, given, &unit_ids).await?;
        Ok(ground)
    }

    async fn read_places(
        &mut self,
        tx: &Tx<'_>,
        given: &[(i64, Placement)],
        unit_ids: &[&UnitId],
    ) -> Result<(), OpError> {
        let today = self.app.clock.today();
        let told = given.iter().map(|(_, placement)| placement).chain(self.before.values());
        let first = told.map(|placement| placement.ordered_start).min().unwrap_or(today);
        for placement in store::holding(tx, unit_ids, first).await? {
            let places = self.places.entry(placement.unit_id.clone()).or_default();
            places.placed.insert(placement.placement_id.clone(), placement.occupies());
        }
        for offer in offers::store::open_at(tx, unit_ids).await? {
            self.places.entry(offer.unit_id.clone()).or_default().offered.extend(offer.occupies(today));
        }
        Ok(())
    }

    /// The record that stays of a person.
    fn survivor(&self, person_id: &PersonId) -> PersonId {
        self.merged.get(person_id).unwrap_or(person_id).clone()
    }

    fn stands(&mut self, placement: Placement) {
        let who = (self.survivor(&placement.person_id), placement.service);
        self.placements.entry(who).or_default().insert(placement.placement_id.clone(), placement);
    }

    /// The grant that a placement is ordered under: the one that it names, the one that it was told with before, or one
    /// that is valid on its ordered day.
    pub(super) fn grant(&self, placement: &Placement) -> Result<GrantId, OpError> {
        let Placement { grant_id, person_id, service, ordered_start, .. } = placement;
        if !grant_id.as_str().is_empty() {
            let named = self.named.get(grant_id).ok_or_else(|| grants::unknown(grant_id))?;
            let same = self.survivor(&named.person_id) == self.survivor(person_id);
            let mine = same && named.service == *service;
            return if mine { Ok(grant_id.clone()) } else { Err(wire::mismatch(named)) };
        }
        let before = self.before.get(&placement.placement_id);
        if let Some(before) = before.filter(|before| before.ordered_start == *ordered_start) {
            return Ok(before.grant_id.clone());
        }
        let grants = self.grants.get(&(self.survivor(person_id), *service)).map_or(&[][..], Vec::as_slice);
        let valid = grants.iter().find(|grant| grant.valid.contains(*ordered_start)).or(grants.first());
        let known = valid.map(|grant| &grant.grant_id).or(before.map(|before| &before.grant_id));
        known.cloned().ok_or_else(|| grants::none(person_id, *service))
    }

    /// A placement is about to be told anew: what it gives up is free for others, whatever their order. What it keeps it
    /// holds.
    pub(super) fn give_up(&mut self, after: &Placement) {
        let Some(before) = self.before.get(&after.placement_id) else { return };
        if let Some(places) = self.places.get_mut(&before.unit_id) {
            let kept = before.occupies().intersect(&after.occupies());
            match kept.filter(|_| before.unit_id == after.unit_id) {
                Some(days) => places.placed.insert(after.placement_id.clone(), days),
                None => places.placed.remove(&after.placement_id),
            };
        }
        self.stands(after.clone());
    }

    /// Lets a placement stand, if it may: by the rules, among what is there and what was told before it.
    pub(super) fn tell(&mut self, placement: &Placement, told_anew: bool) -> Result<(), OpError> {
        let Placement { placement_id, unit_id, person_id, service, .. } = placement;
        let before = self.before.get(placement_id).filter(|_| told_anew);
        if let Some(into) = self.merged.get(person_id).filter(|_| !told_anew) {
            return Err(grants::merged(person_id, into));
        }
        let unknown = || wire::refused(&Refusal::UnitUnknown(unit_id.clone()));
        let unit = self.units.get(unit_id).ok_or_else(unknown)?;
        let mut occupied = Vec::new();
        if let Some(places) = self.places.get(unit_id) {
            let placed = places.placed.iter().filter(|(id, _)| *id != placement_id);
            occupied.extend(placed.map(|(_, days)| *days).chain(places.offered.iter().copied()));
        }
        let who = (self.survivor(person_id), *service);
        let others = self.placements.get(&who).into_iter().flat_map(BTreeMap::values);
        let others: Vec<_> = others.filter(|other| other.placement_id != *placement_id).cloned().collect();
        let around = Around {
            service: self.app.service(*service)?,
            unit,
            occupied: &occupied,
            grants: self.grants.get(&who).map_or(&[][..], Vec::as_slice),
            others: &others,
        };
        placement.check(before, &around).map_err(|wrong| refused(&wrong, unit, &occupied))?;
        let places = self.places.entry(unit_id.clone()).or_default();
        places.placed.insert(placement_id.clone(), placement.occupies());
        self.stands(placement.clone());
        Ok(())
    }
}

/// A refusal of a record; one for want of a place says how many there are.
fn refused(wrong: &Refusal, unit: &Unit, occupied: &[Interval]) -> OpError {
    let (Refusal::NoFreePlace { unit_id, day } | Refusal::PlaceTaken { unit_id, day }) = wrong else {
        return wire::refused(wrong);
    };
    let there = 1 + occupied.iter().filter(|days| days.contains(*day)).count();
    let places = unit.periods.at(*day).map_or(0, |terms| terms.capacity);
    let words = format!(
        "unit {unit_id} would have {there} people on {day}, but has {places} places; raise its capacity from that day or \
         correct the dates"
    );
    OpError::invalid("placement.unit_id", wrong.reason(), words)
}
