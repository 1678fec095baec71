//! What may be wrong with an import: each record in itself, and records against each other and the database.

use std::collections::{BTreeMap, BTreeSet};

use niva_assessment_domain::{Basis, Person, Visit, check_stated, derive_level};
use niva_calendar::NaiveDate;
use niva_kit::auth::Caller;
use niva_kit::import::Findings;
use niva_kit::{OpError, Tx, Violations};
use niva_names::ServiceKey;
use niva_proto::assessment::v1 as pb;
use pb::import_assessment_request::Record;

use super::wire::{Imported, ImportedFact, ImportedMeasurement, import_record};
use super::{Accepted, Imports, Measured};
use crate::grants::store as grants;
use crate::in_district;
use crate::level_decisions::no_level;
use crate::measurements::store as measurements;
use crate::persons::store as persons;

/// What the database has of what the import names.
struct Known<'a> {
    /// People of the database, with their districts.
    persons: BTreeMap<String, String>,
    /// People of the import, also those with an error of their own, which need no second one.
    coming: BTreeSet<&'a str>,
    /// Last day of a grant by person and service, of the database and the import.
    granted: BTreeMap<(String, ServiceKey), NaiveDate>,
    /// People with a grant in the import that is wrong in itself.
    half_granted: BTreeSet<&'a str>,
    taken_grants: BTreeSet<String>,
    taken_measurements: BTreeSet<String>,
}

impl Imports {
    /// The records that are right. What is wrong goes to `findings`.
    pub(super) async fn check(
        &self,
        tx: &Tx<'_>,
        caller: &Caller,
        records: &[pb::ImportAssessmentRequest],
        findings: &mut Findings,
    ) -> Result<Accepted, OpError> {
        let read: Vec<Option<Imported>> = records
            .iter()
            .enumerate()
            .map(|(i, record)| {
                let mut v = Violations::new();
                let read = import_record(&mut v, record.record.as_ref(), &self.0.city, self.0.clock.today());
                if let Err(OpError::Invalid(found)) = v.finish() {
                    findings.extend(i, found);
                    return None;
                }
                read
            })
            .collect();
        let mut known = known(tx, records, &read).await?;
        let mut accepted = Accepted::default();
        let mut seen = BTreeSet::new();
        for (i, record) in read.into_iter().enumerate() {
            let Some(record) = record else { continue };
            let (kind, id, person) = match &record {
                Imported::Person(id, _) => ("person", id, None),
                Imported::Grant(grant) => ("grant", &grant.grant_id, Some(&grant.person_id)),
                Imported::Measurement(m) => ("measurement", &m.measurement_id, Some(&m.person_id)),
            };
            let field = format!("{kind}.{kind}_id");
            if !seen.insert((kind, id.clone())) {
                findings.add(
                    i,
                    &field,
                    "ID_TAKEN",
                    format!("{kind} {id} stands twice in this import: take one away"),
                );
            } else if known.is_taken(kind, id) {
                findings.add(
                    i,
                    &field,
                    "ID_TAKEN",
                    format!("there is a {kind} {id} already: choose another id"),
                );
            }
            if let Some(person) = person
                && !known.has_person(person)
            {
                let words =
                    format!("there is no person {person}, neither here nor in the import: add the person");
                findings.add(i, &format!("{kind}.person_id"), "PERSON_UNKNOWN", words);
            }
            match record {
                Imported::Person(person_id, district) => {
                    in_district(caller, &district)?;
                    accepted.persons.push(Person { person_id, district, create_time: self.0.clock.now() });
                }
                Imported::Grant(grant) => {
                    in_district(caller, &grant.district)?;
                    accepted.grants.push(grant);
                }
                Imported::Measurement(m) => {
                    if let Some(measured) = self.check_measurement(i, m, &mut known, findings) {
                        accepted.measurements.push(measured);
                    }
                }
            }
        }
        Ok(accepted)
    }

    fn check_measurement(
        &self,
        i: usize,
        m: ImportedMeasurement,
        known: &mut Known<'_>,
        findings: &mut Findings,
    ) -> Option<Measured> {
        let before = findings.len();
        if m.visit_date > self.0.clock.today() {
            let words =
                format!("the visit on {} is in the future: import it when it has been made", m.visit_date);
            findings.add(i, "measurement.visit_date", "VISIT_IN_FUTURE", words);
        }
        if known.has_person(&m.person_id) && !known.is_granted(&m.person_id, m.service, m.visit_date) {
            let words = format!(
                "person {} has no grant of {} on or after the visit on {}: add it",
                m.person_id, m.service, m.visit_date
            );
            findings.add(i, "measurement.service", "NO_GRANT", words);
        }
        let visit = Visit {
            measurement_id: m.measurement_id,
            person_id: m.person_id,
            service: m.service,
            visit_date: m.visit_date,
        };
        let valid_from = m.valid_from;
        let measured = match m.fact {
            ImportedFact::Points(points) => {
                match derive_level(&self.0.catalogue, m.service, points.into(), valid_from) {
                    Ok(derived) => Some(Measured {
                        visit,
                        basis: Basis::Total(derived.points),
                        level: derived.level,
                        derived: Some(derived),
                        valid_from,
                    }),
                    Err(error) => {
                        let reason = no_level(&error);
                        findings.add(i, "measurement.points", reason, error.to_string());
                        None
                    }
                }
            }
            ImportedFact::Level(level) => {
                if let Err(error) = check_stated(&self.0.catalogue, m.service, level, valid_from) {
                    findings.add(i, "measurement.stated_level", "LEVEL_UNKNOWN", error.to_string());
                }
                Some(Measured { visit, basis: Basis::Stated(level), level, derived: None, valid_from })
            }
        };
        measured.filter(|_| findings.len() == before)
    }
}

impl Known<'_> {
    fn has_person(&self, id: &str) -> bool {
        self.coming.contains(id) || self.persons.contains_key(id)
    }

    fn is_taken(&self, kind: &str, id: &str) -> bool {
        match kind {
            "person" => self.persons.contains_key(id),
            "grant" => self.taken_grants.contains(id),
            _ => self.taken_measurements.contains(id),
        }
    }

    /// Also when the import has a grant of the person that is wrong in itself: one error tells of it already.
    fn is_granted(&self, person: &str, service: ServiceKey, visit: NaiveDate) -> bool {
        self.half_granted.contains(person)
            || self.granted.get(&(person.to_owned(), service)).is_some_and(|last| *last >= visit)
    }
}

/// Looks up at once what the records name.
async fn known<'a>(
    tx: &Tx<'_>,
    records: &'a [pb::ImportAssessmentRequest],
    read: &[Option<Imported>],
) -> Result<Known<'a>, OpError> {
    let mut named = BTreeSet::new();
    let (mut coming, mut half_granted) = (BTreeSet::new(), BTreeSet::new());
    let (mut measured, mut grant_ids, mut measurement_ids) = (BTreeSet::new(), Vec::new(), Vec::new());
    for (record, read) in records.iter().zip(read) {
        match &record.record {
            Some(Record::Person(person)) => {
                coming.insert(person.person_id.trim());
                named.insert(person.person_id.trim());
            }
            Some(Record::Grant(grant)) => {
                named.insert(grant.person_id.trim());
                grant_ids.push(grant.grant_id.trim());
                if read.is_none() {
                    half_granted.insert(grant.person_id.trim());
                }
            }
            Some(Record::Measurement(m)) => {
                named.insert(m.person_id.trim());
                measured.insert(m.person_id.trim());
                measurement_ids.push(m.measurement_id.trim());
            }
            None => {}
        }
    }
    let keys = |set: &BTreeSet<&'a str>| set.iter().copied().collect::<Vec<_>>();
    let persons = persons::districts(tx, &keys(&named)).await?;
    measured.retain(|id| persons.contains_key(*id));
    let mut granted = grants::last_days(tx, &keys(&measured)).await?;
    for record in read.iter().flatten() {
        if let Imported::Grant(grant) = record {
            let last = granted.entry((grant.person_id.clone(), grant.service)).or_insert(grant.valid.last);
            *last = grant.valid.last.max(*last);
        }
    }
    Ok(Known {
        persons,
        coming,
        granted,
        half_granted,
        taken_grants: grants::taken(tx, &grant_ids).await?.into_iter().collect(),
        taken_measurements: measurements::taken(tx, &measurement_ids).await?.into_iter().collect(),
    })
}
