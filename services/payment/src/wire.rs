//! Words of payment's own that several resources share, outwards, and scopes by payment's rule of hours.

use niva_base::{OpError, Violations};
use niva_calendar::NaiveDate;
use niva_models::{Component, GrantScope, PriceUnit};
use niva_money::Ore;
use niva_payment_domain::{FactError, Settlement, check_price};
use niva_proto::common::v1 as common;
use niva_proto::payment::v1 as pb;
use niva_rpc::wire::read;
use niva_store::page::PageRequest;
use prost::Message;

/// Lines or holds on a page at most, and when no size is asked for.
pub(crate) const MAX_LINES: u32 = 5_000;
const DEFAULT_LINES: i32 = 1_000;

/// How many lines or holds are asked for.
pub(crate) const fn size(asked: i32) -> i32 {
    if asked == 0 { DEFAULT_LINES } else { asked }
}

/// The number that a page begins after.
pub(crate) fn after<N: std::str::FromStr + Default>(page: &PageRequest) -> Result<N, OpError> {
    let Some(after) = &page.after else { return Ok(N::default()) };
    let text = "is not from the page before of the same list; start again without a token";
    after.parse().map_err(|_| OpError::invalid("page_token", "PAGE_TOKEN_INVALID", text))
}

/// A request in one word: a page's token is good for its list alone, with all of its filters. Give it without page.
pub(crate) fn whole(request: &impl Message) -> String {
    niva_base::hex(&request.encode_to_vec())
}

/// A component, where one is given.
pub(crate) fn optional_component(v: &mut Violations, field: &str, given: i32) -> Option<Option<Component>> {
    let known = pb::Component::try_from(given);
    match known {
        Ok(pb::Component::Unspecified) => Some(None),
        Ok(known) => Component::ALL.iter().copied().find(|own| component_out(*own) == known).map(Some),
        Err(_) => {
            v.add(field, "FIELD_INVALID", "is none of the components");
            None
        }
    }
}

/// A scope that must be given.
pub(crate) fn scope(
    v: &mut Violations,
    field: &str,
    scope: Option<&common::GrantScope>,
) -> Option<GrantScope> {
    read::scope(v, field, scope)
}

/// A price or a cost that must be given.
pub(crate) fn price(v: &mut Violations, field: &str, given: Option<common::Money>) -> Option<Ore> {
    let price = read::money(v, field, given)?;
    if let Err(error) = check_price(price, String::new) {
        refuse(v, field, &error);
    }
    Some(price)
}

/// Whether a day is not after today's, where that is looked at: what has happened is reported.
pub(crate) fn happened(v: &mut Violations, field: &str, day: NaiveDate, today: Option<NaiveDate>) -> bool {
    let happened = today.is_none_or(|today| day <= today);
    v.require(happened, field, "DATE_IN_FUTURE", "lies in the future: report what has happened")
}

/// Notes what the domain found.
pub(crate) fn refuse(v: &mut Violations, field: &str, error: &FactError) {
    v.add(field, error.reason(), error.to_string());
}

pub(crate) fn component_out(component: Component) -> pb::Component {
    match component {
        Component::Rate => pb::Component::Rate,
        Component::Vacancy => pb::Component::Vacancy,
        Component::Premises => pb::Component::Premises,
        Component::EveningNight => pb::Component::EveningNight,
        Component::ActualPremises => pb::Component::ActualPremises,
        Component::Special => pb::Component::Special,
    }
}

/// A year is the unit of allocations, which no line pays.
pub(crate) fn unit_out(unit: PriceUnit) -> pb::PriceUnit {
    match unit {
        PriceUnit::CalendarDay => pb::PriceUnit::CalendarDay,
        PriceUnit::Weekday => pb::PriceUnit::Weekday,
        PriceUnit::Month => pb::PriceUnit::Month,
        PriceUnit::HalfDaySession => pb::PriceUnit::HalfDaySession,
        PriceUnit::CourseSession => pb::PriceUnit::CourseSession,
        PriceUnit::EveningOrNight => pb::PriceUnit::EveningOrNight,
        PriceUnit::Period => pb::PriceUnit::Period,
        PriceUnit::Year => pb::PriceUnit::Unspecified,
    }
}

pub(crate) fn settlement_out(settlement: Settlement) -> pb::Settlement {
    match settlement {
        Settlement::Outgoing => pb::Settlement::Outgoing,
        Settlement::InternalVoucher => pb::Settlement::InternalVoucher,
        Settlement::OwnUnit => pb::Settlement::OwnUnit,
    }
}
