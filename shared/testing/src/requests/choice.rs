//! What choice is told.

use niva_names::ServiceKey;
use niva_proto::choice::v1::{
    AcceptOfferRequest, ChangeUnitRequest, CorrectPlacementRequest, DeclineOfferRequest, EndPlacementRequest,
    GetPlacementRequest, GetUnitRequest, GiveNoticeRequest, MakeOfferRequest, Placement, Provider,
    RecordPlacementRequest, RecordProviderRequest, RecordUnitRequest, RecordWishRequest,
    SetUnitCapacityRequest, StartPlacementRequest, Unit, UnitChange, UnitPeriod, Wish,
    WithdrawPlacementRequest,
};
use niva_proto::common::v1::Regime;

use super::{Day, recorded};
use crate::values::new_request;

recorded! {
    record_provider: RecordProviderRequest { provider: Provider },
    record_unit: RecordUnitRequest { unit: Unit },
    record_placement: RecordPlacementRequest { placement: Placement },
}

/// A provider.
#[must_use]
pub fn provider(id: &str, name: &str) -> Provider {
    Provider { provider_id: id.to_owned(), name: name.to_owned(), info: None }
}

/// A unit of one period.
#[must_use]
pub fn unit(id: &str, name: &str, service: ServiceKey, period: UnitPeriod) -> Unit {
    let (unit_id, name) = (id.to_owned(), name.to_owned());
    Unit { unit_id, name, service: service.into(), periods: vec![period], info: None }
}

/// What a unit is from a day on.
pub fn period(
    valid_from: impl Day,
    provider: &str,
    district: &str,
    regime: Regime,
    capacity: i32,
) -> UnitPeriod {
    UnitPeriod {
        valid_from: valid_from.field(),
        provider_id: provider.to_owned(),
        district: district.to_owned(),
        regime: regime.into(),
        capacity,
        orientation: String::new(),
    }
}

/// Wishes for units under a grant, the first first.
#[must_use]
pub fn wish(grant: &str, units: &[&str]) -> RecordWishRequest {
    let unit_ids = units.iter().map(|id| (*id).to_owned()).collect();
    let wish = Wish { grant_id: grant.to_owned(), unit_ids, ..Wish::default() };
    RecordWishRequest { request_id: new_request(), wish: Some(wish), ..RecordWishRequest::default() }
}

/// Offers a place.
#[must_use]
pub fn make_offer(grant: &str, unit: &str) -> MakeOfferRequest {
    let (grant_id, unit_id) = (grant.to_owned(), unit.to_owned());
    MakeOfferRequest { request_id: new_request(), grant_id, unit_id, ..MakeOfferRequest::default() }
}

/// Accepts an offer, and orders the placement for a day.
pub fn accept(offer: &str, start: impl Day) -> AcceptOfferRequest {
    let (offer_id, ordered_start) = (offer.to_owned(), start.field());
    AcceptOfferRequest { request_id: new_request(), offer_id, ordered_start, ..AcceptOfferRequest::default() }
}

/// Declines an offer.
#[must_use]
pub fn decline(offer: &str) -> DeclineOfferRequest {
    DeclineOfferRequest { request_id: new_request(), validate_only: false, offer_id: offer.to_owned() }
}

/// The person came.
pub fn start_on(placement: &str, day: impl Day) -> StartPlacementRequest {
    let (placement_id, actual_start) = (placement.to_owned(), day.field());
    StartPlacementRequest { request_id: new_request(), validate_only: false, placement_id, actual_start }
}

/// Notice was given.
pub fn notice_on(placement: &str, day: impl Day) -> GiveNoticeRequest {
    let (placement_id, notice_date) = (placement.to_owned(), day.field());
    GiveNoticeRequest { request_id: new_request(), validate_only: false, placement_id, notice_date }
}

/// The person left.
pub fn end_on(placement: &str, day: impl Day) -> EndPlacementRequest {
    let (placement_id, end_date) = (placement.to_owned(), day.field());
    EndPlacementRequest { request_id: new_request(), validate_only: false, placement_id, end_date }
}

/// Takes back a placement that stands at this revision.
#[must_use]
pub fn withdraw(placement: &str, expected_revision: i64) -> WithdrawPlacementRequest {
    WithdrawPlacementRequest {
        request_id: new_request(),
        validate_only: false,
        expected_revision,
        reason: "a slip".to_owned(),
        placement_id: placement.to_owned(),
        told_by_mistake: false,
    }
}

/// Tells a placement anew, after the revision that it carries.
#[must_use]
pub fn correct(placement: &Placement) -> CorrectPlacementRequest {
    CorrectPlacementRequest {
        request_id: new_request(),
        expected_revision: placement.info.as_ref().map_or(0, |info| info.revision),
        reason: "a slip".to_owned(),
        placement: Some(placement.clone()),
        ..CorrectPlacementRequest::default()
    }
}

/// Reads a placement.
#[must_use]
pub fn get_placement(placement: &str) -> GetPlacementRequest {
    GetPlacementRequest { placement_id: placement.to_owned(), as_of: None }
}

/// The places of a unit from a day on.
pub fn capacity_from(unit: &str, from: impl Day, capacity: i32) -> SetUnitCapacityRequest {
    SetUnitCapacityRequest {
        request_id: new_request(),
        unit_id: unit.to_owned(),
        valid_from: from.field(),
        capacity,
        ..SetUnitCapacityRequest::default()
    }
}

/// Reads a unit.
#[must_use]
pub fn get_unit(unit: &str) -> GetUnitRequest {
    GetUnitRequest { unit_id: unit.to_owned(), as_of: None }
}

/// What a unit is from a day on.
pub fn change_from(unit: &str, from: impl Day, change: UnitChange) -> ChangeUnitRequest {
    let change = Some(UnitChange { valid_from: from.field(), ..change });
    let (request_id, unit_id) = (new_request(), unit.to_owned());
    ChangeUnitRequest { request_id, unit_id, change, ..ChangeUnitRequest::default() }
}
