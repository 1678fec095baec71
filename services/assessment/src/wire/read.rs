//! Messages to commands.

use std::collections::BTreeMap;

use niva_assessment_domain::{Grant, HoursRefused, TIME_INTERVALS, parse_hours};
use niva_calendar::{Interval, NaiveDate};
use niva_kit::{OpError, Violations};
use niva_models::{City, Extent, Level, Scope, Service};
use niva_proto::assessment::v1 as pb;
use niva_proto::common::v1 as common;

/// Longest id, in bytes.
const MAX_ID: usize = 128;
/// Highest level that the contract has.
const MAX_LEVEL: i32 = 20;

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

/// An id that must be given.
pub(crate) fn id(v: &mut Violations, field: &str, value: &str) -> Option<String> {
    let value = v.text(field, value)?;
    let sound = value.len() <= MAX_ID && !value.chars().any(char::is_control);
    v.require(
        sound,
        field,
        "ID_INVALID",
        format!("is no id: give at most {MAX_ID} bytes without control characters"),
    )
    .then_some(value)
}

/// An id that may be left to the service: `Some(None)` when it is.
pub(crate) fn optional_id(v: &mut Violations, field: &str, value: &str) -> Option<Option<String>> {
    if value.is_empty() { Some(None) } else { id(v, field, value).map(Some) }
}

/// A district board of the city.
pub(crate) fn district(v: &mut Violations, field: &str, value: &str, city: &City) -> Option<String> {
    let name = v.text(field, value)?;
    let known =
        || format!("`{name}` is no district board of {}: one of {}", city.name, city.districts.join(", "));
    v.require(city.has_district(&name), field, "DISTRICT_UNKNOWN", known()).then_some(name)
}

fn service(v: &mut Violations, field: &str, value: i32) -> Option<Service> {
    use common::ServiceType as T;
    let service = match T::try_from(value) {
        Ok(T::HousingWithSpecialService) => Some(Service::HousingWithSpecialService),
        Ok(T::SupportedHousing) => Some(Service::SupportedHousing),
        Ok(T::HousingSupport) => Some(Service::HousingSupport),
        Ok(T::Occupation) => Some(Service::Occupation),
        Ok(T::StudyCircle) => Some(Service::StudyCircle),
        Ok(T::DailyActivitiesLss) => Some(Service::DailyActivitiesLss),
        Ok(T::ServiceHousingLss) => Some(Service::ServiceHousingLss),
        Ok(T::GroupHousingLss) => Some(Service::GroupHousingLss),
        Ok(T::Unspecified) => return v.required(field, None),
        Err(_) => None,
    };
    if service.is_none() {
        v.add(field, "SERVICE_UNKNOWN", format!("{value} is no service of this version of the contract"));
    }
    service
}

/// `Some(None)` when it is not given.
pub(crate) fn optional_date(
    v: &mut Violations,
    field: &str,
    value: Option<common::Date>,
) -> Option<Option<NaiveDate>> {
    let Some(common::Date { year, month, day }) = value else { return Some(None) };
    let parts =
        u32::try_from(month).ok().zip(u32::try_from(day).ok()).filter(|_| (1900..=9999).contains(&year));
    let date = parts.and_then(|(month, day)| niva_calendar::date(year, month, day));
    if date.is_none() {
        v.add(
            field,
            "DATE_INVALID",
            format!("{year:04}-{month:02}-{day:02} is no day of the years 1900 to 9999"),
        );
    }
    date.map(Some)
}

fn date(v: &mut Violations, field: &str, value: Option<common::Date>) -> Option<NaiveDate> {
    let date = optional_date(v, field, value)?;
    v.required(field, date)
}

fn interval(v: &mut Violations, field: &str, value: Option<common::DateInterval>) -> Option<Interval> {
    let value = v.required(field, value)?;
    v.nested(field, |v| {
        let (first, last) = (date(v, "first", value.first), optional_date(v, "last", value.last));
        let (first, last) = (first?, last?);
        let interval = Interval::between(first, last);
        if let (None, Some(last)) = (interval, last) {
            let words = format!("the last day {last} is before the first day {first}: correct one of them");
            v.add("last", "END_BEFORE_START", words);
        }
        interval
    })
}

fn scope(v: &mut Violations, field: &str, value: &common::GrantScope) -> Option<Scope> {
    v.nested(field, |v| {
        let extent = match common::Extent::try_from(value.extent) {
            Ok(common::Extent::Unspecified) => Some(None),
            Ok(common::Extent::FullTime) => Some(Some(Extent::FullTime)),
            Ok(common::Extent::PartTime) => Some(Some(Extent::PartTime)),
            Err(_) => {
                v.add("extent", "EXTENT_UNKNOWN", format!("{} is neither full nor part time", value.extent));
                None
            }
        };
        let hours = match value.hours_per_week.trim() {
            "" => Some(None),
            text => match parse_hours(text) {
                Ok(hours) => Some(Some(hours)),
                Err(error) => {
                    let reason = match error {
                        HoursRefused::NotWhole(_) => "HOURS_NOT_WHOLE",
                        HoursRefused::OutOfRange(_) => "HOURS_OUT_OF_RANGE",
                    };
                    v.add("hours_per_week", reason, error.to_string());
                    None
                }
            },
        };
        let known = value.time_interval == 0 || TIME_INTERVALS.contains(&value.time_interval);
        let words = format!("there is no time interval {}: 1, 2 or 3, or 0 for none", value.time_interval);
        v.require(known, "time_interval", "TIME_INTERVAL_OUT_OF_RANGE", words);
        let time_interval = u8::try_from(value.time_interval).ok().filter(|t| *t > 0);
        let personal_assistance = value.personal_assistance;
        let scope = Scope { extent: extent?, hours_per_week: hours?, time_interval, personal_assistance };
        known.then_some(scope)
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
        Some(given) => scope(&mut v, "scope", given).map(Some),
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
    let given = v.required("scope", request.scope.as_ref());
    let scope = given.and_then(|given| scope(&mut v, "scope", given));
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
    let given = v.required("scope", period.scope.as_ref());
    let scope = given.and_then(|given| scope(v, "scope", given));
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
        (None, Some(level)) => self::level(v, level.value).map(ImportedFact::Level),
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

fn level(v: &mut Violations, value: i32) -> Option<Level> {
    let level = u8::try_from(value).ok().filter(|_| value <= MAX_LEVEL).map(Level);
    if level.is_none() {
        v.add("stated_level", "LEVEL_UNKNOWN", format!("{value} is no level: 0 to {MAX_LEVEL}"));
    }
    level
}
