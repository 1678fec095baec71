//! Messages to values.

use chrono::{DateTime, Utc};
use niva_base::{OpError, Violations};
use niva_calendar::{Interval, Month, NaiveDate};
use niva_models::{Extent, GrantScope, Level, Regime, parse_hours};
use niva_money::Ore;
use niva_names::{DistrictId, DistrictRefused, Id, ServiceCatalogue, ServiceKey};
use niva_proto::common::v1 as common;

/// Longest id, in bytes.
pub const MAX_ID: usize = 128;
/// Highest level that the contract has.
const MAX_LEVEL: i32 = 20;
/// Highest time interval of occupation, which has had three since 2019.
const MAX_TIME_INTERVAL: u8 = 3;
/// Far beyond what any model allows.
const MAX_SESSIONS: u8 = 20;

/// An id that must be given. `ID_INVALID`.
pub fn id<I: From<String>>(v: &mut Violations, field: &str, value: &str) -> Option<I> {
    let value = v.text(field, value)?;
    let sound = value.len() <= MAX_ID && !value.chars().any(char::is_control);
    let words = || format!("is no id: give at most {MAX_ID} bytes without control characters");
    v.require(sound, field, "ID_INVALID", words()).then(|| value.into())
}

/// An id that may be left to the service: `Some(None)` when it is.
pub fn optional_id<I: From<String>>(v: &mut Violations, field: &str, value: &str) -> Option<Option<I>> {
    if value.is_empty() { Some(None) } else { id(v, field, value).map(Some) }
}

/// The id of a request that has nothing else to read.
///
/// # Errors
/// `FIELD_REQUIRED`, `ID_INVALID`.
pub fn only_id<I: From<String>>(field: &str, value: &str) -> Result<I, OpError> {
    let mut v = Violations::new();
    let id = id(&mut v, field, value);
    v.finish_with(id)
}

/// The id of a request that reads one fact, and the recorded time that it is read at, if one is given.
///
/// # Errors
/// `FIELD_REQUIRED`, `ID_INVALID`, `FIELD_INVALID`.
pub fn id_as_of<I: From<String>>(
    field: &str,
    value: &str,
    as_of: Option<&prost_types::Timestamp>,
) -> Result<(I, Option<DateTime<Utc>>), OpError> {
    let mut v = Violations::new();
    let id = id(&mut v, field, value);
    let at = timestamp(&mut v, "as_of", as_of);
    v.finish_with(id.zip(at))
}

/// An id that a list is filtered by, if one is given. What there is not is in no list.
#[must_use]
pub fn filter_id<I: From<String>>(value: &str) -> Option<I> {
    Some(value.trim()).filter(|id| !id.is_empty()).map(|id| id.to_owned().into())
}

/// An id that a list is filtered by as it is written, if one is given.
#[must_use]
pub fn given_id<I: Id>(value: &str) -> Option<I> {
    Some(value).filter(|id| !id.is_empty()).map(I::from)
}

/// An instant, if one is given. `FIELD_INVALID`.
pub fn timestamp(
    v: &mut Violations,
    field: &str,
    value: Option<&prost_types::Timestamp>,
) -> Option<Option<DateTime<Utc>>> {
    let Some(given) = value else { return Some(None) };
    let nanos = u32::try_from(given.nanos).ok();
    let at = nanos.and_then(|nanos| DateTime::from_timestamp(given.seconds, nanos));
    v.require(at.is_some(), field, "FIELD_INVALID", "is no instant: give seconds and nanoseconds of UTC");
    at.map(Some)
}

/// A district board of the city, which was there on a day. A day that is none is told where it is read; then any board
/// will do. `DISTRICT_UNKNOWN`, `DISTRICT_NOT_VALID`.
pub fn district(
    v: &mut Violations,
    field: &str,
    value: &str,
    city: &ServiceCatalogue,
    on: Option<common::Date>,
) -> Option<DistrictId> {
    let id = v.text(field, value)?.into();
    let refused = match on.and_then(day) {
        Some(day) => city.district_on(&id, day).err(),
        None => city.district(&id).err().map(DistrictRefused::Unknown),
    };
    if let Some(refused) = refused {
        v.add(field, refused.reason(), refused.to_string());
        return None;
    }
    Some(id)
}

/// A service of the city that must be given. `SERVICE_UNKNOWN`.
pub fn service(v: &mut Violations, field: &str, value: &str, city: &ServiceCatalogue) -> Option<ServiceKey> {
    let key = v.text(field, value)?;
    v.check(field, "SERVICE_UNKNOWN", city.service(&key)).map(|service| service.key)
}

/// A service of the city; `Some(None)` when it is not given. `SERVICE_UNKNOWN`.
pub fn optional_service(
    v: &mut Violations,
    field: &str,
    value: &str,
    city: &ServiceCatalogue,
) -> Option<Option<ServiceKey>> {
    if value.trim().is_empty() { Some(None) } else { service(v, field, value, city).map(Some) }
}

/// The key of a service in what another service tells: a fact stands, whether the city here has the service or not.
/// `SERVICE_UNKNOWN`.
pub fn service_key(v: &mut Violations, field: &str, value: &str) -> Option<ServiceKey> {
    let key = v.text(field, value)?;
    v.check(field, "SERVICE_UNKNOWN", key.parse::<ServiceKey>())
}

/// A regime that must be given. `REGIME_UNKNOWN`.
pub fn regime(v: &mut Violations, field: &str, value: i32) -> Option<Regime> {
    let regime = match common::Regime::try_from(value) {
        Ok(common::Regime::Unspecified) => None,
        Ok(common::Regime::Municipal) => Some(Regime::Municipal),
        Ok(common::Regime::Contracted) => Some(Regime::Contracted),
        Ok(common::Regime::Private) => Some(Regime::Private),
        Ok(common::Regime::OtherMunicipality) => Some(Regime::OtherMunicipality),
        Err(_) => {
            v.add(field, "REGIME_UNKNOWN", format!("{value} is no regime of this version of the contract"));
            return None;
        }
    };
    v.required(field, regime)
}

/// The day, if it is one.
fn day(given: common::Date) -> Option<NaiveDate> {
    let parts = u32::try_from(given.month).ok().zip(u32::try_from(given.day).ok());
    let parts = parts.filter(|_| (1900..=9999).contains(&given.year));
    parts.and_then(|(month, day)| niva_calendar::date(given.year, month, day))
}

/// A day; `Some(None)` when it is not given. `DATE_INVALID`.
pub fn optional_date(
    v: &mut Violations,
    field: &str,
    value: Option<common::Date>,
) -> Option<Option<NaiveDate>> {
    let Some(given) = value else { return Some(None) };
    let date = day(given);
    if date.is_none() {
        let common::Date { year, month, day } = given;
        let words = format!("{year:04}-{month:02}-{day:02} is no day of the years 1900 to 9999");
        v.add(field, "DATE_INVALID", words);
    }
    date.map(Some)
}

/// A day that must be given. `DATE_INVALID`.
pub fn date(v: &mut Violations, field: &str, value: Option<common::Date>) -> Option<NaiveDate> {
    let date = optional_date(v, field, value)?;
    v.required(field, date)
}

/// A month that must be given. `MONTH_INVALID`.
pub fn month(v: &mut Violations, field: &str, value: Option<common::Month>) -> Option<Month> {
    let value = v.required(field, value)?;
    v.check(field, "MONTH_INVALID", Month::new(value.year, u32::try_from(value.month).unwrap_or_default()))
}

/// An interval that must be given; without a last day it is open. `END_BEFORE_START`.
pub fn interval(v: &mut Violations, field: &str, value: Option<common::DateInterval>) -> Option<Interval> {
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

/// An amount that must be given. What it may be is the domain's to say.
pub fn money(v: &mut Violations, field: &str, value: Option<common::Money>) -> Option<Ore> {
    v.required(field, value).map(|amount| Ore(amount.ore))
}

/// A level of any model. `LEVEL_UNKNOWN`.
pub fn level(v: &mut Violations, field: &str, value: common::Level) -> Option<Level> {
    let level = u8::try_from(value.value).ok().filter(|_| value.value <= MAX_LEVEL).map(Level);
    let words = || format!("{} is no level: give 0 to {MAX_LEVEL}", value.value);
    v.check(field, "LEVEL_UNKNOWN", level.ok_or_else(words))
}

/// A scope that must be given. `EXTENT_UNKNOWN`, `HOURS_NOT_WHOLE`, `HOURS_OUT_OF_RANGE`, `TIME_INTERVAL_OUT_OF_RANGE`,
/// `SESSIONS_OUT_OF_RANGE`.
pub fn scope(v: &mut Violations, field: &str, value: Option<&common::GrantScope>) -> Option<GrantScope> {
    let value = v.required(field, value)?;
    v.nested(field, |v| {
        let extent = extent(v, value.extent);
        let hours_per_week = match value.hours_per_week.trim() {
            "" => Some(None),
            text => match parse_hours(text) {
                Ok(hours) => Some(Some(hours)),
                Err(refused) => {
                    v.add("hours_per_week", refused.reason(), refused.to_string());
                    None
                }
            },
        };
        let given = u8::try_from(value.time_interval).ok().filter(|n| *n <= MAX_TIME_INTERVAL);
        let words = || format!("there is no time interval {}: 1, 2 or 3, or 0 for none", value.time_interval);
        let given = v.check("time_interval", "TIME_INTERVAL_OUT_OF_RANGE", given.ok_or_else(words));
        let sessions = u8::try_from(value.sessions_per_week).ok().filter(|n| *n <= MAX_SESSIONS);
        let words = || {
            format!(
                "{} sessions a week are none that can be: 1 to {MAX_SESSIONS}, or 0 for none",
                value.sessions_per_week
            )
        };
        let sessions = v.check("sessions_per_week", "SESSIONS_OUT_OF_RANGE", sessions.ok_or_else(words));
        Some(GrantScope {
            extent: extent?,
            hours_per_week: hours_per_week?,
            time_interval: Some(given?).filter(|n| *n > 0),
            personal_assistance: value.personal_assistance,
            sessions_per_week: Some(sessions?).filter(|n| *n > 0),
        })
    })
}

fn extent(v: &mut Violations, value: i32) -> Option<Option<Extent>> {
    match common::Extent::try_from(value) {
        Ok(common::Extent::Unspecified) => Some(None),
        Ok(common::Extent::FullTime) => Some(Some(Extent::FullTime)),
        Ok(common::Extent::PartTime) => Some(Some(Extent::PartTime)),
        Err(_) => {
            v.add("extent", "EXTENT_UNKNOWN", format!("{value} is neither full nor part time"));
            None
        }
    }
}
