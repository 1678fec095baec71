//! Records of an import: messages to commands.

use niva_assessment_domain::Grant;
use niva_calendar::NaiveDate;
use niva_kit::Violations;
use niva_kit::wire::read::{date, district, id, level, service};
use niva_kit::wire::write;
use niva_models::Level;
use niva_names::{ServiceCatalogue, ServiceKey};
use niva_proto::assessment::v1 as pb;

use crate::grants::wire::told_grant;

/// Points or a stated level.
pub(crate) enum ImportedFact {
    Points(i32),
    Level(Level),
}

/// A measurement that is imported.
pub(crate) struct ImportedMeasurement {
    pub(crate) measurement_id: String,
    pub(crate) person_id: String,
    pub(crate) service: ServiceKey,
    pub(crate) visit_date: NaiveDate,
    pub(crate) valid_from: NaiveDate,
    pub(crate) fact: ImportedFact,
}

/// A record of an import.
pub(crate) enum Imported {
    /// Id and district.
    Person(String, String),
    Grant(Grant),
    Measurement(ImportedMeasurement),
}

/// A record of ImportAssessment; `None` when it has violations.
pub(crate) fn import_record(
    v: &mut Violations,
    record: Option<&pb::import_assessment_request::Record>,
    city: &ServiceCatalogue,
    today: NaiveDate,
) -> Option<Imported> {
    use pb::import_assessment_request::Record;
    match v.required("record", record)? {
        Record::Person(person) => v.nested("person", |v| {
            let id = id(v, "person_id", &person.person_id);
            let district = district(v, "district", &person.district, city, Some(write::date(today)));
            Some(Imported::Person(id?, district?))
        }),
        Record::Grant(given) => v.nested("grant", |v| told_grant(v, given, city).map(Imported::Grant)),
        Record::Measurement(given) => {
            v.nested("measurement", |v| imported_measurement(v, given, city).map(Imported::Measurement))
        }
    }
}

fn imported_measurement(
    v: &mut Violations,
    given: &pb::ImportedMeasurement,
    city: &ServiceCatalogue,
) -> Option<ImportedMeasurement> {
    let measurement_id = id(v, "measurement_id", &given.measurement_id);
    let person_id = id(v, "person_id", &given.person_id);
    let service = service(v, "service", &given.service, city);
    let visit_date = date(v, "visit_date", given.visit_date);
    let valid_from = date(v, "valid_from", given.valid_from);
    let fact = match (given.points, given.stated_level) {
        (Some(points), None) => Some(ImportedFact::Points(points)),
        (None, Some(stated)) => level(v, "stated_level", stated).map(ImportedFact::Level),
        (points, _) => {
            let words = if points.is_some() { "both are given" } else { "neither is given" };
            v.add("points", "POINTS_OR_LEVEL", format!("{words}: give either points or stated_level"));
            None
        }
    };
    Some(ImportedMeasurement {
        measurement_id: measurement_id?,
        person_id: person_id?,
        service: service?,
        visit_date: visit_date?,
        valid_from: valid_from?,
        fact: fact?,
    })
}
