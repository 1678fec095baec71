//! Dates, amounts and names.

use niva_calendar::{Datelike, Interval, Month, NaiveDate};
use niva_kit::Violations;
use niva_models::{Component, Extent, Level, Regime, Scope, Service, Unit};
use niva_money::Ore;
use niva_payment_domain::{HoldReason, Settlement, parse_hours};
use niva_proto::common::v1 as common;
use niva_proto::payment::v1 as pb;

pub(crate) fn date_out(day: NaiveDate) -> common::Date {
    let part = |n: u32| i32::try_from(n).unwrap_or(0);
    common::Date { year: day.year(), month: part(day.month()), day: part(day.day()) }
}

pub(crate) fn interval_out(days: Interval) -> common::DateInterval {
    common::DateInterval { first: Some(date_out(days.first)), last: days.end().map(date_out) }
}

pub(crate) fn month_out(month: Month) -> common::Month {
    common::Month { year: month.year(), month: i32::try_from(month.month()).unwrap_or(0) }
}

pub(crate) fn money_out(amount: Ore) -> common::Money {
    common::Money { ore: amount.0 }
}

pub(crate) fn level_out(level: Level) -> common::Level {
    common::Level { value: level.0.into() }
}

/// A date that may be absent.
pub(crate) fn optional_date(
    v: &mut Violations,
    field: &str,
    date: Option<&common::Date>,
) -> Option<NaiveDate> {
    let date = date?;
    let part = |n: i32| u32::try_from(n).ok();
    let day =
        part(date.month).zip(part(date.day)).and_then(|(m, d)| NaiveDate::from_ymd_opt(date.year, m, d));
    let day = day.filter(|day| (1900..=9999).contains(&day.year()));
    if day.is_none() {
        let text = format!("{}-{}-{} is no day between 1900 and 9999", date.year, date.month, date.day);
        v.add(field, "DATE_INVALID", text);
    }
    day
}

pub(crate) fn required_date(
    v: &mut Violations,
    field: &str,
    date: Option<&common::Date>,
) -> Option<NaiveDate> {
    let date = v.required(field, date)?;
    optional_date(v, field, Some(date))
}

pub(crate) fn month(v: &mut Violations, field: &str, month: Option<&common::Month>) -> Option<Month> {
    let month = v.required(field, month)?;
    v.check(field, "MONTH_INVALID", Month::new(month.year, u32::try_from(month.month).unwrap_or(0)))
}

pub(crate) fn interval(
    v: &mut Violations,
    field: &str,
    interval: Option<&common::DateInterval>,
) -> Option<Interval> {
    let interval = v.required(field, interval)?;
    v.nested(field, |v| {
        let found = v.len();
        let first = required_date(v, "first", interval.first.as_ref());
        let last = optional_date(v, "last", interval.last.as_ref());
        if v.len() > found {
            return None;
        }
        let days = Interval::between(first?, last);
        v.require(
            days.is_some(),
            "last",
            "END_BEFORE_START",
            "is before the first day; give a later last day, or none",
        );
        days
    })
}

/// An amount; its range is the domain's to check.
pub(crate) fn money(v: &mut Violations, field: &str, amount: Option<&common::Money>) -> Option<Ore> {
    v.required(field, amount).map(|amount| Ore(amount.ore))
}

/// Text that cannot be a name in a key of ours.
pub(crate) fn id(v: &mut Violations, field: &str, text: &str) -> Option<String> {
    v.text(field, text)
}

pub(crate) fn service(v: &mut Violations, field: &str, value: i32) -> Option<Service> {
    use common::ServiceType as T;
    let service = match T::try_from(value).unwrap_or(T::Unspecified) {
        T::Unspecified => None,
        T::HousingWithSpecialService => Some(Service::HousingWithSpecialService),
        T::SupportedHousing => Some(Service::SupportedHousing),
        T::HousingSupport => Some(Service::HousingSupport),
        T::Occupation => Some(Service::Occupation),
        T::StudyCircle => Some(Service::StudyCircle),
        T::DailyActivitiesLss => Some(Service::DailyActivitiesLss),
        T::ServiceHousingLss => Some(Service::ServiceHousingLss),
        T::GroupHousingLss => Some(Service::GroupHousingLss),
    };
    v.required(field, service)
}

pub(crate) fn service_out(service: Service) -> common::ServiceType {
    use common::ServiceType as T;
    match service {
        Service::HousingWithSpecialService => T::HousingWithSpecialService,
        Service::SupportedHousing => T::SupportedHousing,
        Service::HousingSupport => T::HousingSupport,
        Service::Occupation => T::Occupation,
        Service::StudyCircle => T::StudyCircle,
        Service::DailyActivitiesLss => T::DailyActivitiesLss,
        Service::ServiceHousingLss => T::ServiceHousingLss,
        Service::GroupHousingLss => T::GroupHousingLss,
    }
}

pub(crate) fn regime(v: &mut Violations, field: &str, value: i32) -> Option<Regime> {
    use common::Regime as R;
    let regime = match R::try_from(value).unwrap_or(R::Unspecified) {
        R::Unspecified => None,
        R::Municipal => Some(Regime::Municipal),
        R::Contracted => Some(Regime::Contracted),
        R::Private => Some(Regime::Private),
        R::OtherMunicipality => Some(Regime::OtherMunicipality),
    };
    v.required(field, regime)
}

pub(crate) fn regime_out(regime: Regime) -> common::Regime {
    match regime {
        Regime::Municipal => common::Regime::Municipal,
        Regime::Contracted => common::Regime::Contracted,
        Regime::Private => common::Regime::Private,
        Regime::OtherMunicipality => common::Regime::OtherMunicipality,
    }
}

pub(crate) fn level(v: &mut Violations, field: &str, level: &common::Level) -> Option<Level> {
    let value = u8::try_from(level.value).ok().filter(|n| *n <= 20);
    v.require(
        value.is_some(),
        field,
        "LEVEL_OUT_OF_RANGE",
        format!("{} is no level: give 0 to 20", level.value),
    );
    value.map(Level)
}

pub(crate) fn scope(v: &mut Violations, field: &str, scope: Option<&common::GrantScope>) -> Option<Scope> {
    let scope = v.required(field, scope)?;
    v.nested(field, |v| {
        let found = v.len();
        let hours = Some(scope.hours_per_week.trim()).filter(|text| !text.is_empty()).and_then(|text| {
            parse_hours(text).map_err(|e| v.add("hours_per_week", e.reason(), e.to_string())).ok()
        });
        let interval = u8::try_from(scope.time_interval).ok().filter(|n| *n <= 3);
        let text = format!("{} is no time interval: give 1 to 3, or 0 for none", scope.time_interval);
        v.require(interval.is_some(), "time_interval", "INTERVAL_OUT_OF_RANGE", text);
        let extent = match scope.extent() {
            common::Extent::Unspecified => None,
            common::Extent::FullTime => Some(Extent::FullTime),
            common::Extent::PartTime => Some(Extent::PartTime),
        };
        (v.len() == found).then_some(Scope {
            extent,
            hours_per_week: hours,
            time_interval: interval.filter(|n| *n > 0),
            personal_assistance: scope.personal_assistance,
        })
    })
}

pub(crate) fn component_out(component: Component) -> pb::Component {
    match component {
        Component::Rate => pb::Component::Rate,
        Component::Vacancy => pb::Component::Vacancy,
        Component::Premises => pb::Component::Premises,
        Component::EveningNight => pb::Component::EveningNight,
        Component::ActualPremises => pb::Component::ActualPremises,
    }
}

/// A year is the unit of allocations, which no line pays.
pub(crate) fn unit_out(unit: Unit) -> pb::PriceUnit {
    match unit {
        Unit::CalendarDay => pb::PriceUnit::CalendarDay,
        Unit::Weekday => pb::PriceUnit::Weekday,
        Unit::Month => pb::PriceUnit::Month,
        Unit::HalfDaySession => pb::PriceUnit::HalfDaySession,
        Unit::CourseSession => pb::PriceUnit::CourseSession,
        Unit::EveningOrNight => pb::PriceUnit::EveningOrNight,
        Unit::Year => pb::PriceUnit::Unspecified,
    }
}

pub(crate) fn settlement_out(settlement: Settlement) -> pb::Settlement {
    match settlement {
        Settlement::Outgoing => pb::Settlement::Outgoing,
        Settlement::InternalVoucher => pb::Settlement::InternalVoucher,
        Settlement::OwnUnit => pb::Settlement::OwnUnit,
    }
}

pub(crate) fn hold_reason_out(reason: HoldReason) -> pb::HoldReason {
    match reason {
        HoldReason::LevelMissing => pb::HoldReason::LevelMissing,
        HoldReason::NoModel => pb::HoldReason::NoModel,
        HoldReason::RateUnpublished => pb::HoldReason::RateUnpublished,
        HoldReason::LevelNotPriced => pb::HoldReason::LevelNotPriced,
        HoldReason::RegimeNotPriced => pb::HoldReason::RegimeNotPriced,
        HoldReason::ScopeNotPriced => pb::HoldReason::ScopeNotPriced,
        HoldReason::ScheduleMissing => pb::HoldReason::ScheduleMissing,
        HoldReason::RegimeMissing => pb::HoldReason::RegimeMissing,
        HoldReason::GrantMissing => pb::HoldReason::GrantMissing,
        HoldReason::OccasionOutsidePlacement => pb::HoldReason::OccasionOutsidePlacement,
    }
}
