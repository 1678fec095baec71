//! Names of payment's own, outwards, and scopes by payment's rule of hours.

use niva_kit::Violations;
use niva_kit::wire::read;
use niva_models::{Component, Scope, Unit};
use niva_payment_domain::{HoldReason, Settlement, parse_hours};
use niva_proto::common::v1 as common;
use niva_proto::payment::v1 as pb;

/// A scope that must be given.
pub(crate) fn scope(v: &mut Violations, field: &str, scope: Option<&common::GrantScope>) -> Option<Scope> {
    read::scope(v, field, scope, |text| parse_hours(text).map_err(|e| (e.reason(), e.to_string())))
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
