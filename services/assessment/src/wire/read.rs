//! Messages to commands.

use std::collections::BTreeMap;

use niva_assessment_domain::{Grant, HoursRefused, parse_hours};
use niva_calendar::{Interval, NaiveDate};
use niva_kit::wire::read::{self, date, district, id, interval, level, optional_id, service};
use niva_kit::{OpError, Violations};
use niva_models::{City, Level, Scope, Service};
use niva_proto::assessment::v1 as pb;
use niva_proto::common::v1 as common;

/// A grant as asked for.
pub(crate) struct NewGrant {
    pub(crate) grant_id: Option<String>,
    pub(crate) person_id: String,
    pub(crate) service: Service,
    pub(crate) district: String,
    pub(crate) valid: Interval,
    pub(crate) scope: Option<Scope>,
}

/// A measurement as asked for.
pub(crate) struct NewMeasurement {
    pub(crate) person_id: String,
    pub(crate) service: Service,
    pub(crate) visit_date: NaiveDate,
    pub(crate) follow_up_date: NaiveDate,
}

/// Points or a stated level.
pub(crate) enum ImportedFact {
    Points(i32),
    Level(Level),
}

/// A measurement that is imported.
pub(crate) struct ImportedMeasurement {
    pub(crate) measurement_id: String,
    pub(crate) person_id: String,
    pub(crate) service: Service,
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

fn scope(v: &mut Violations, given: Option<&common::GrantScope>) -> Option<Scope> {
    read::scope(v, "scope", given, |text| {
        parse_hours(text).map_err(|error| {
            let reason = match error {
                HoursRefused::NotWhole(_) => "HOURS_NOT_WHOLE",
                HoursRefused::OutOfRange(_) => "HOURS_OUT_OF_RANGE",
            };
            (reason, error.to_string())
        })
    })
}

/// RecordGrant.
pub(crate) fn new_grant(request: &pb::RecordGrantRequest, city: &City) -> Result<NewGrant, OpError> {
    let mut v = Violations::new();
    let grant_id = optional_id(&mut v, "grant_id", &request.grant_id);
    let person_id = id(&mut v, "person_id", &request.person_id);
    let service = service(&mut v, "service", request.service);
    let district = district(&mut v, "district", &request.district, city);
    let valid = interval(&mut v, "valid", request.valid);
    let scope = match &request.scope {
        None => Some(None),
        given => scope(&mut v, given.as_ref()).map(Some),
    };
    let grant = (|| {
        Some(NewGrant {
            grant_id: grant_id?,
            person_id: person_id?,
            service: service?,
            district: district?,
            valid: valid?,
            scope: scope?,
        })
    })();
    v.finish_with(grant)
}

/// ChangeGrantScope: the grant, the first day, the scope.
pub(crate) fn new_scope(
    request: &pb::ChangeGrantScopeRequest,
) -> Result<(String, NaiveDate, Scope), OpError> {
    let mut v = Violations::new();
    let grant_id = id(&mut v, "grant_id", &request.grant_id);
    let first = date(&mut v, "valid_from", request.valid_from);
    let scope = scope(&mut v, request.scope.as_ref());
    v.finish_with((|| Some((grant_id?, first?, scope?)))())
}

/// EndGrant: the grant and its last day.
pub(crate) fn end_grant(request: &pb::EndGrantRequest) -> Result<(String, NaiveDate), OpError> {
    let mut v = Violations::new();
    let grant_id = id(&mut v, "grant_id", &request.grant_id);
    let last = date(&mut v, "last", request.last);
    v.finish_with(grant_id.zip(last))
}

/// StartMeasurement.
pub(crate) fn new_measurement(request: &pb::StartMeasurementRequest) -> Result<NewMeasurement, OpError> {
    let mut v = Violations::new();
    let person_id = id(&mut v, "person_id", &request.person_id);
    let service = service(&mut v, "service", request.service);
    let visit_date = date(&mut v, "visit_date", request.visit_date);
    let follow_up_date = date(&mut v, "follow_up_date", request.follow_up_date);
    let measurement = (|| {
        Some(NewMeasurement {
            person_id: person_id?,
            service: service?,
            visit_date: visit_date?,
            follow_up_date: follow_up_date?,
        })
    })();
    v.finish_with(measurement)
}

/// A record of ImportAssessment; `None` when it has violations.
pub(crate) fn import_record(
    v: &mut Violations,
    record: Option<&pb::import_assessment_request::Record>,
    city: &City,
) -> Option<Imported> {
    use pb::import_assessment_request::Record;
    match v.required("record", record)? {
        Record::Person(person) => v.nested("person", |v| {
            let (id, district) =
                (id(v, "person_id", &person.person_id), district(v, "district", &person.district, city));
            Some(Imported::Person(id?, district?))
        }),
        Record::Grant(given) => v.nested("grant", |v| grant(v, given, city).map(Imported::Grant)),
        Record::Measurement(given) => {
            v.nested("measurement", |v| imported_measurement(v, given).map(Imported::Measurement))
        }
    }
}

fn grant(v: &mut Violations, given: &pb::Grant, city: &City) -> Option<Grant> {
    let grant_id = id(v, "grant_id", &given.grant_id);
    let person_id = id(v, "person_id", &given.person_id);
    let service = service(v, "service", given.service);
    let district = district(v, "district", &given.district, city);
    let valid = interval(v, "valid", given.valid);
    let mut scopes = Some(BTreeMap::new());
    for (i, period) in given.scopes.iter().enumerate() {
        let read = v.nested(&format!("scopes[{i}]"), |v| scope_period(v, period, valid));
        match (read, &mut scopes) {
            (Some((first, scope)), Some(known)) => {
                let free = known.insert(first, scope).is_none();
                let words = format!("two scopes begin on {first}: keep one of them");
                v.require(free, "scopes", "SCOPE_TWICE", words);
            }
            _ => scopes = None,
        }
    }
    Some(Grant {
        grant_id: grant_id?,
        person_id: person_id?,
        service: service?,
        district: district?,
        valid: valid?,
        scopes: scopes?,
        revision: 1,
    })
}

fn scope_period(
    v: &mut Violations,
    period: &pb::ScopePeriod,
    valid: Option<Interval>,
) -> Option<(NaiveDate, Scope)> {
    let first = date(v, "valid_from", period.valid_from);
    if let (Some(first), Some(valid)) = (first, valid) {
        let words = format!("{first} is outside the grant: a scope begins on one of its days");
        v.require(valid.contains(first), "valid_from", "OUTSIDE_GRANT", words);
    }
    let scope = scope(v, period.scope.as_ref());
    first.zip(scope)
}

fn imported_measurement(v: &mut Violations, given: &pb::ImportedMeasurement) -> Option<ImportedMeasurement> {
    let measurement_id = id(v, "measurement_id", &given.measurement_id);
    let person_id = id(v, "person_id", &given.person_id);
    let service = service(v, "service", given.service);
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
