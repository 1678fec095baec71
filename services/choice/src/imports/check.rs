//! Each record in itself, and records against each other and the database.

use std::collections::{BTreeMap, BTreeSet};

use niva_access::Scope;
use niva_base::{OpError, Violations};
use niva_calendar::Interval;
use niva_choice_domain::{Placement, Unit, capacity};
use niva_proto::choice::v1 as pb;
use niva_rpc::import::Findings;
use niva_store::Tx;
use pb::import_choice_request::Record;

use super::Accepted;
use super::wire::{Imported, key};
use crate::wire::Reader;
use crate::{grants, offers, placements, providers, units};

/// What the import itself brings and what the database has of what it names.
struct Known<'a> {
    /// Providers and units of the import, also those with an error of their own, which need no second one.
    coming_providers: BTreeSet<&'a str>,
    coming_units: BTreeSet<&'a str>,
    providers: BTreeSet<String>,
    units: BTreeMap<String, Unit>,
    grants: BTreeMap<String, grants::store::Known>,
    taken_placements: BTreeSet<String>,
}

/// The records that are right. What is wrong goes to `findings`.
pub(super) async fn check(
    tx: &Tx<'_>,
    reader: Reader<'_>,
    scope: &Scope,
    records: &[pb::ImportChoiceRequest],
    findings: &mut Findings,
) -> Result<Accepted, OpError> {
    let known = known(tx, records).await?;
    let (mut accepted, mut placed_by, mut seen) = (Accepted::default(), Vec::new(), BTreeSet::new());
    for (i, record) in records.iter().enumerate() {
        let mut v = Violations::new();
        let read = reader.import_record(&mut v, record.record.as_ref());
        if let Err(OpError::Invalid(found)) = v.finish() {
            findings.extend(i, found);
        }
        if let Some((kind, id)) = record.record.as_ref().map(key)
            && !id.is_empty()
        {
            let words = if !seen.insert((kind, id)) {
                Some(format!("{kind} {id} stands twice in this import: take one away"))
            } else if known.is_taken(kind, id) {
                Some(format!("there is a {kind} {id} already: choose another id"))
            } else {
                None
            };
            if let Some(words) = words {
                findings.add(i, &format!("{kind}.{kind}_id"), "ID_TAKEN", words);
            }
        }
        match read {
            None => {}
            Some(Imported::Provider(provider)) => accepted.providers.push(provider),
            Some(Imported::Unit(unit)) => {
                for (_, terms) in unit.periods.all() {
                    Sight::of(caller).district(&terms.district)?;
                }
                known.check_unit(i, &unit, findings);
                accepted.units.push(unit);
            }
            Some(Imported::Placement(placement)) => {
                placed_by.push(i);
                accepted.placements.push(placement);
            }
        }
    }
    check_placements(tx, caller, reader, &known, &accepted, &placed_by, findings).await?;
    Ok(accepted)
}

/// Placements against units and grants, and then all of them against the places that there are.
async fn check_placements(
    tx: &Tx<'_>,
    scope: &Scope,
    reader: Reader<'_>,
    known: &Known<'_>,
    accepted: &Accepted,
    placed_by: &[usize],
    findings: &mut Findings,
) -> Result<(), OpError> {
    let mut units: BTreeMap<&str, &Unit> = known.units.iter().map(|(id, unit)| (id.as_str(), unit)).collect();
    units.extend(accepted.units.iter().map(|unit| (unit.unit_id.as_str(), unit)));
    let mut at: BTreeMap<&str, Vec<(usize, Interval)>> = BTreeMap::new();
    for (&i, placement) in placed_by.iter().zip(&accepted.placements) {
        if let Some(grant) = known.grants.get(&placement.grant_id).map(|known| &known.grant) {
            Sight::of(caller).district(&grant.district)?;
        }
        known.check_placement(i, placement, units.get(placement.unit_id.as_str()).copied(), findings);
        if !findings.has(i) {
            at.entry(placement.unit_id.as_str()).or_default().push((i, placement.occupies()));
        }
    }
    let ids: Vec<_> = known.units.keys().map(String::as_str).filter(|id| at.contains_key(id)).collect();
    let first = at.values().flatten().map(|(_, days)| days.first).min();
    let mut taken: BTreeMap<String, Vec<Interval>> = BTreeMap::new();
    for placement in placements::store::holding(tx, &ids, first.unwrap_or(reader.today)).await? {
        taken.entry(placement.unit_id.clone()).or_default().push(placement.occupies());
    }
    for offer in offers::store::open_at(tx, &ids).await? {
        taken.entry(offer.unit_id.clone()).or_default().extend(offer.occupies(reader.today));
    }
    for (unit_id, new) in at {
        let Some(unit) = units.get(unit_id) else { continue };
        let wanted: Vec<_> = new.iter().map(|(_, days)| *days).collect();
        let taken = taken.get(unit_id).map_or(&[][..], Vec::as_slice);
        if let Some(day) = capacity::first_day_over(&unit.periods.capacities(), taken, &wanted) {
            let there = taken.iter().chain(&wanted).filter(|days| days.contains(day)).count();
            let places = unit.periods.at(day).map_or(0, |terms| terms.capacity);
            let words = format!(
                "unit {unit_id} would have {there} people on {day}, but has {places} places; raise its capacity from that \
                 day or correct the dates"
            );
            // The last that would come in is the one too many.
            let one =
                new.iter().filter(|(_, days)| days.contains(day)).max_by_key(|(i, days)| (days.first, *i));
            findings.add(one.map_or(0, |(i, _)| *i), "placement.unit_id", "OVER_CAPACITY", words);
        }
    }
    Ok(())
}

impl Known<'_> {
    fn is_taken(&self, kind: &str, id: &str) -> bool {
        match kind {
            "provider" => self.providers.contains(id),
            "unit" => self.units.contains_key(id),
            _ => self.taken_placements.contains(id),
        }
    }

    fn check_unit(&self, i: usize, unit: &Unit, findings: &mut Findings) {
        for (n, (_, terms)) in unit.periods.all().iter().enumerate() {
            let provider = terms.provider_id.as_str();
            if !self.coming_providers.contains(provider) && !self.providers.contains(provider) {
                let words =
                    format!("there is no provider {provider}, neither here nor in the import: add it");
                findings.add(i, &format!("unit.periods[{n}].provider_id"), "PROVIDER_UNKNOWN", words);
            }
        }
    }

    fn check_placement(&self, i: usize, placement: &Placement, unit: Option<&Unit>, findings: &mut Findings) {
        let Placement { unit_id, grant_id, service, .. } = placement;
        match unit {
            None if self.coming_units.contains(unit_id.as_str()) => {}
            None => {
                let words = format!("there is no unit {unit_id}, neither here nor in the import: add it");
                findings.add(i, "placement.unit_id", "UNIT_UNKNOWN", words);
            }
            Some(unit) if unit.service != *service => {
                let words =
                    format!("unit {unit_id} gives {}, not {service}: correct one of them", unit.service);
                findings.add(i, "placement.service", "WRONG_SERVICE", words);
            }
            Some(_) => {}
        }
        let Some(grant) = self.grants.get(grant_id).map(|known| &known.grant) else {
            let words = format!(
                "there is no grant {grant_id} here: check the id, or wait until the feed of assessment tells of it"
            );
            findings.add(i, "placement.grant_id", "GRANT_UNKNOWN", words);
            return;
        };
        if grant.person_id != placement.person_id || grant.service != *service {
            let words = format!(
                "grant {grant_id} is for {} to person {}: correct the person, the service or the grant",
                grant.service, grant.person_id
            );
            findings.add(i, "placement.grant_id", "GRANT_MISMATCH", words);
        }
        if !grant.valid.contains(placement.ordered_start) {
            let day = placement.ordered_start;
            let words = format!("{day} is outside grant {grant_id}: order a day on which it is valid");
            findings.add(i, "placement.ordered_start", "OUTSIDE_GRANT", words);
        }
    }
}

/// Looks up at once what the records name. Units of the database that get placements are held.
async fn known<'a>(tx: &Tx<'_>, records: &'a [pb::ImportChoiceRequest]) -> Result<Known<'a>, OpError> {
    let (mut providers, mut units, mut placements, mut grants) =
        (BTreeSet::new(), BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    let (mut coming_providers, mut coming_units) = (BTreeSet::new(), BTreeSet::new());
    for record in records.iter().filter_map(|message| message.record.as_ref()) {
        let (_, id) = key(record);
        match record {
            Record::Provider(_) => {
                coming_providers.insert(id);
                providers.insert(id);
            }
            Record::Unit(unit) => {
                coming_units.insert(id);
                units.insert(id);
                providers.extend(unit.periods.iter().map(|period| period.provider_id.trim()));
            }
            Record::Placement(placement) => {
                placements.insert(id);
                units.insert(placement.unit_id.trim());
                grants.insert(placement.grant_id.trim());
            }
        }
    }
    let list = |set: BTreeSet<&'a str>| set.into_iter().collect::<Vec<_>>();
    Ok(Known {
        coming_providers,
        coming_units,
        providers: providers::store::hold(tx, &list(providers)).await?.into_iter().collect(),
        units: units::store::hold_all(tx, &list(units)).await?,
        grants: grants::store::find_all(tx, &list(grants)).await?,
        taken_placements: placements::store::taken(tx, &list(placements)).await?.into_iter().collect(),
    })
}
