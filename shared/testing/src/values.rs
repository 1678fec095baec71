//! Short ways to write the contract's values, and to read a refusal.

use niva_access::{Caller, Role};
use niva_calendar::{Datelike, NaiveDate};
use niva_proto::assessment::v1::{Person, PersonIdentity, ResidencePeriod};
use niva_proto::common::v1::{Date, DateInterval, GrantScope, Level};
use tonic::Status;

/// A day that there is.
///
/// # Panics
/// When there is none.
#[must_use]
pub fn day(year: i32, month: u32, day: u32) -> NaiveDate {
    niva_calendar::date(year, month, day).expect("a day")
}

/// A day for a field.
///
/// # Panics
/// Never: a month and a day fit.
#[must_use]
pub fn on(day: NaiveDate) -> Option<Date> {
    let part = |n: u32| i32::try_from(n).expect("a part of a day");
    date(day.year(), part(day.month()), part(day.day()))
}

/// A day for a field, whether there is such a day or not.
#[must_use]
pub fn date(year: i32, month: i32, day: i32) -> Option<Date> {
    Some(Date { year, month, day })
}

/// Days for a field; without a last they have no end.
#[must_use]
pub fn days(first: NaiveDate, last: Option<NaiveDate>) -> Option<DateInterval> {
    Some(DateInterval { first: on(first), last: last.and_then(on) })
}

/// A scope of whole hours a week.
#[must_use]
pub fn hours(text: &str) -> GrantScope {
    GrantScope { hours_per_week: text.to_owned(), ..GrantScope::default() }
}

/// A level for a field.
#[must_use]
pub fn level(value: i32) -> Option<Level> {
    Some(Level { value })
}

/// Somebody who has always lived in a district.
#[must_use]
pub fn living(id: &str, district: &str) -> Person {
    let residence = ResidencePeriod { valid_from: None, district: district.to_owned() };
    Person { person_id: id.to_owned(), residences: vec![residence], ..Person::default() }
}

/// The number of nobody: born on 3 February 1985, with one of the serials that are never given to anybody (980 to 999).
/// Put together here, so that none stands anywhere.
///
/// # Panics
/// When the serial may be somebody's.
#[must_use]
pub fn invented_number(serial: u32) -> String {
    numbered("850203", serial)
}

/// The coordination number of nobody, as [`invented_number`].
///
/// # Panics
/// When the serial may be somebody's.
#[must_use]
pub fn invented_coordination_number(serial: u32) -> String {
    numbered("850263", serial)
}

fn numbered(day: &str, serial: u32) -> String {
    assert!((980..=999).contains(&serial), "{serial} may be somebody's");
    let nine = format!("{day}{serial}");
    let digits = nine.bytes().map(|digit| u32::from(digit - b'0'));
    let products = digits.zip([2, 1].into_iter().cycle()).map(|(digit, times)| digit * times);
    let sum: u32 = products.map(|product| product / 10 + product % 10).sum();
    format!("19{nine}{}", (10 - sum % 10) % 10)
}

/// Who somebody is who is nobody.
#[must_use]
pub fn identity(person_id: &str, number: &str) -> PersonIdentity {
    PersonIdentity {
        person_id: person_id.to_owned(),
        number: number.to_owned(),
        given_name: "Påhittad".to_owned(),
        family_name: "Figur".to_owned(),
        ..PersonIdentity::default()
    }
}

/// A request with what it is for.
///
/// # Panics
/// When the purpose is no text.
#[must_use]
pub fn with_purpose<T>(request: T, purpose: &str) -> tonic::Request<T> {
    let mut request = tonic::Request::new(request);
    request.metadata_mut().insert("niva-purpose", purpose.parse().expect("a purpose"));
    request
}

/// A new id for a request.
#[must_use]
pub fn new_request() -> String {
    niva_base::new_id()
}

/// An officer of one district board.
#[must_use]
pub fn officer_of(subject: &str, roles: &[Role], district: &str) -> Caller {
    Caller { districts: vec![district.to_owned()], ..Caller::new(subject, roles.iter().copied()) }
}

/// Staff of one provider.
#[must_use]
pub fn staff_of(subject: &str, provider: &str) -> Caller {
    Caller { provider: Some(provider.to_owned()), ..Caller::new(subject, [Role::Provider]) }
}

/// The reason of a refusal.
///
/// # Panics
/// When it has none.
#[must_use]
pub fn reason(status: &Status) -> String {
    niva_rpc::reason(status).unwrap_or_else(|| panic!("no reason: {status:?}"))
}

/// Fields and reasons of a refused request, in order.
#[must_use]
pub fn wrong(status: &Status) -> Vec<(String, String)> {
    let fields = niva_rpc::violations(status).into_iter().map(|(field, _)| field);
    fields.zip(niva_rpc::reasons(status)).collect()
}
