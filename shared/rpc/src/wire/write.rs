//! Values to messages.

use chrono::Datelike;
use niva_calendar::{Interval, Month, NaiveDate};
use niva_models::{Extent, GrantScope, Level, Regime};
use niva_money::Ore;
use niva_names::file::Source;
use niva_proto::common::v1 as common;
pub use niva_proto::facts::timestamp;

/// A day.
#[must_use]
pub fn date(day: NaiveDate) -> common::Date {
    common::Date { year: day.year(), month: small(day.month()), day: small(day.day()) }
}

/// A month.
#[must_use]
pub fn month(month: Month) -> common::Month {
    common::Month { year: month.year(), month: small(month.month()) }
}

/// An interval; an open one has no last day.
#[must_use]
pub fn interval(days: Interval) -> common::DateInterval {
    common::DateInterval { first: Some(date(days.first)), last: days.end().map(date) }
}

/// An amount.
#[must_use]
pub fn money(amount: Ore) -> common::Money {
    common::Money { ore: amount.0 }
}

/// A level.
#[must_use]
pub fn level(level: Level) -> common::Level {
    common::Level { value: level.0.into() }
}

/// A scope.
#[must_use]
pub fn scope(scope: &GrantScope) -> common::GrantScope {
    let extent = match scope.extent {
        None => common::Extent::Unspecified,
        Some(Extent::FullTime) => common::Extent::FullTime,
        Some(Extent::PartTime) => common::Extent::PartTime,
    };
    common::GrantScope {
        extent: extent.into(),
        hours_per_week: scope.hours_per_week.map(|h| h.to_string()).unwrap_or_default(),
        time_interval: scope.time_interval.unwrap_or_default().into(),
        personal_assistance: scope.personal_assistance,
        sessions_per_week: scope.sessions_per_week.unwrap_or_default().into(),
    }
}

/// Where something stands.
#[must_use]
pub fn source(source: &Source) -> common::Source {
    common::Source { document: source.document.clone(), place: source.place.clone() }
}

/// A regime.
#[must_use]
pub fn regime(regime: Regime) -> common::Regime {
    match regime {
        Regime::Municipal => common::Regime::Municipal,
        Regime::Contracted => common::Regime::Contracted,
        Regime::Private => common::Regime::Private,
        Regime::OtherMunicipality => common::Regime::OtherMunicipality,
    }
}

/// Part of a date.
fn small(n: u32) -> i32 {
    i32::try_from(n).unwrap_or_default()
}
