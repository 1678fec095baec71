//! Values to messages of the contract and back, as a client sees them.

use niva_calendar::{Month, NaiveDate};
use niva_models::{Component, PriceUnit, Regime};
use niva_money::Ore;
use niva_proto::common::v1 as common;
use niva_proto::payment::v1 as payment;
use niva_rpc::wire::write;
pub(crate) use niva_rpc::wire::write::{date, level, money, month, scope};

pub(crate) fn dates(first: NaiveDate, last: Option<NaiveDate>) -> common::DateInterval {
    common::DateInterval { first: Some(date(first)), last: last.map(date) }
}

/// The day; `None` when the message has none, or none that exists.
pub(crate) fn day(date: Option<common::Date>) -> Option<NaiveDate> {
    let date = date?;
    NaiveDate::from_ymd_opt(date.year, u32::try_from(date.month).ok()?, u32::try_from(date.day).ok()?)
}

pub(crate) fn month_of(month: Option<common::Month>) -> Option<Month> {
    let month = month?;
    Month::new(month.year, u32::try_from(month.month).ok()?).ok()
}

pub(crate) fn ore(money: Option<common::Money>) -> Ore {
    Ore(money.unwrap_or_default().ore)
}

pub(crate) fn regime(regime: Regime) -> i32 {
    write::regime(regime).into()
}

pub(crate) fn component(component: Component) -> i32 {
    let component = match component {
        Component::Rate => payment::Component::Rate,
        Component::Vacancy => payment::Component::Vacancy,
        Component::Premises => payment::Component::Premises,
        Component::EveningNight => payment::Component::EveningNight,
        Component::ActualPremises => payment::Component::ActualPremises,
        Component::Special => payment::Component::Special,
    };
    component.into()
}

/// What an agreement may be per; anything else is for the service to refuse.
pub(crate) fn price_unit(unit: PriceUnit) -> i32 {
    let unit = match unit {
        PriceUnit::CalendarDay => payment::PriceUnit::CalendarDay,
        PriceUnit::Weekday => payment::PriceUnit::Weekday,
        PriceUnit::Month => payment::PriceUnit::Month,
        PriceUnit::HalfDaySession => payment::PriceUnit::HalfDaySession,
        PriceUnit::CourseSession => payment::PriceUnit::CourseSession,
        PriceUnit::EveningOrNight => payment::PriceUnit::EveningOrNight,
        PriceUnit::Period => payment::PriceUnit::Period,
        PriceUnit::Year => payment::PriceUnit::Unspecified,
    };
    unit.into()
}

/// The name that people and tables use for a value of the contract: `REGIME_PRIVATE` is `private`.
pub(crate) fn plain(name: &str, prefix: &str) -> String {
    name.strip_prefix(prefix).unwrap_or(name).to_ascii_lowercase()
}

pub(crate) fn regime_name(value: i32) -> String {
    plain(common::Regime::try_from(value).unwrap_or_default().as_str_name(), "REGIME_")
}

pub(crate) fn component_name(value: i32) -> String {
    plain(payment::Component::try_from(value).unwrap_or_default().as_str_name(), "COMPONENT_")
}

pub(crate) fn unit_name(value: i32) -> String {
    plain(payment::PriceUnit::try_from(value).unwrap_or_default().as_str_name(), "PRICE_UNIT_")
}

pub(crate) fn settlement_name(value: i32) -> String {
    plain(payment::Settlement::try_from(value).unwrap_or_default().as_str_name(), "SETTLEMENT_")
}

pub(crate) fn hold_name(value: i32) -> String {
    plain(payment::HoldReason::try_from(value).unwrap_or_default().as_str_name(), "HOLD_REASON_")
}
