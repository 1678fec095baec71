//! What may be said of a measurement, and decided from it.

use niva_assessment_domain::{Basis, Measurement, MeasurementRefused, Visit};
use niva_base::{OpError, Violations};
use niva_names::{InstrumentId, PersonId, ServiceKey};
use niva_store::Tx;

use super::wire;
use crate::grants::store as grants;
use crate::{App, fixed};

impl App {
    /// What a caller says of a measurement, if its instrument (the newest, if none is named) allows it and its days fit
    /// together.
    pub(super) fn judged(
        &self,
        given: wire::Given,
        instrument: Option<&InstrumentId>,
    ) -> Result<Measurement, OpError> {
        let service = given.visit.service;
        let newest = || self.instruments.newest(service);
        let instrument = instrument.and_then(|id| self.instruments.get(id)).or_else(newest);
        let basis = match given.points {
            wire::Points::Total(total) => Basis::Total(total),
            wire::Points::Scored { follow_up_date, scores } => {
                let no_instrument = || {
                    let words = format!("there is no instrument for {service}: its levels are not measured");
                    OpError::precondition("NO_INSTRUMENT", words)
                };
                let instrument = instrument.ok_or_else(no_instrument)?;
                Basis::Scored(wire::sheet(instrument, follow_up_date, &scores)?)
            }
        };
        let measurement = Measurement { visit: given.visit, basis, decided_by: None };
        measurement.check(self.clock.today()).map_err(|errors| days_refused(&errors))?;
        Ok(measurement)
    }

    /// The points of a measurement that a level may be decided from: of the person of these records and of this service, with every item
    /// scored, and with no other decision of its own.
    pub(crate) fn points_of(
        &self,
        measurement: &Measurement,
        records: &[PersonId],
        service: ServiceKey,
    ) -> Result<u16, OpError> {
        let visit = &measurement.visit;
        if !records.contains(&visit.person_id) || visit.service != service {
            let words = format!(
                "measurement {} is of person {} for {}: name another",
                visit.measurement_id, visit.person_id, visit.service
            );
            return Err(OpError::precondition("MEASUREMENT_OF_OTHER", words));
        }
        measurement.open().map_err(|e| refused(&e))?;
        let instrument = measurement.sheet().and_then(|s| self.instruments.get(&s.instrument_id));
        let points = measurement.complete(instrument, self.allow_example_instruments);
        points.map_err(|e| refused(&e))
    }
}

/// Refuses to measure for a service that the person has no grant of on the visit or later.
pub(super) async fn granted(tx: &Tx<'_>, visit: &Visit) -> Result<(), OpError> {
    let (person, service) = (&visit.person_id, visit.service);
    let last_days = grants::last_days(tx, &[person]).await?;
    if last_days.get(&(person.clone(), service)).is_some_and(|last| *last >= visit.visit_date) {
        return Ok(());
    }
    Err(no_grant(visit))
}

pub(super) fn no_grant(Visit { person_id, service, visit_date, .. }: &Visit) -> OpError {
    let words = format!(
        "person {person_id} has no grant of {service} on or after the visit on {visit_date}: record it first"
    );
    OpError::precondition("NO_GRANT", words)
}

/// Refuses to correct what a measurement is of.
pub(super) fn subject_fixed(standing: &Visit, given: &Visit) -> Result<(), OpError> {
    fixed("measurement.person_id", &standing.person_id, &given.person_id)?;
    fixed("measurement.service", &standing.service, &given.service)
}

fn days_refused(errors: &[MeasurementRefused]) -> OpError {
    let mut v = Violations::new();
    for error in errors {
        let (field, reason) = match error {
            MeasurementRefused::VisitInFuture { .. } => ("visit_date", "VISIT_IN_FUTURE"),
            _ => ("follow_up_date", "FOLLOW_UP_AFTER_VISIT"),
        };
        v.add(&format!("measurement.{field}"), reason, error.to_string());
    }
    v.finish().err().unwrap_or_else(|| OpError::internal("a measurement was refused without a reason"))
}

/// Why a measurement is not changed, or no level is decided from it.
pub(crate) fn refused(error: &MeasurementRefused) -> OpError {
    let words = error.to_string();
    match error {
        MeasurementRefused::VisitInFuture { .. } | MeasurementRefused::FollowUpAfterVisit { .. } => {
            days_refused(std::slice::from_ref(error))
        }
        MeasurementRefused::Decided(decision) => {
            OpError::precondition("MEASUREMENT_DECIDED", words).with("level_decision_id", decision)
        }
        MeasurementRefused::NotScored => OpError::precondition("NOT_SCORED", words),
        MeasurementRefused::ItemUnknown { .. } | MeasurementRefused::ScoreNotAllowed { .. } => {
            let (field, reason) = wire::score_field(error);
            OpError::invalid(format!("score.{field}"), reason, words)
        }
        MeasurementRefused::ItemsMissing(items) => {
            OpError::precondition("ITEMS_MISSING", words).with("items", items.join(","))
        }
        MeasurementRefused::ExampleInstrument(_) => OpError::precondition("EXAMPLE_INSTRUMENT", words),
    }
}
