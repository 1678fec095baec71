//! Units and placements.

use niva_journeys::{
    values::{day, new_request},
    world::{Role, World},
};
use niva_proto::{
    choice::v1::{
        CapacityPeriod, CreateUnitRequest, EndPlacementRequest, GiveNoticeRequest, MakeOfferRequest,
        RegimePeriod, StartPlacementRequest, Unit,
    },
    common::v1::Regime,
};
use tonic::Code;

use super::{SERVICE, assert_refused};

pub(super) async fn units(world: &World) {
    let mut client = world.choice(Role::Administrator);
    let fine = Unit {
        provider_id: "provider-of-unit".to_owned(),
        name: "Verksamhet".to_owned(),
        service: SERVICE.into(),
        district: "Farsta".to_owned(),
        regimes: vec![RegimePeriod { valid_from: day("2024-01-01"), regime: Regime::Private.into() }],
        capacities: vec![CapacityPeriod { valid_from: day("2024-01-01"), places: 1 }],
        ..Unit::default()
    };
    let refused: [(&str, Unit, &[&str]); 3] = [
        ("no capacity", Unit { capacities: Vec::new(), ..fine.clone() }, &["NO_CAPACITY_GIVEN"]),
        ("unknown district", Unit { district: "Norrmalm".to_owned(), ..fine.clone() }, &["DISTRICT_UNKNOWN"]),
        (
            "three at once",
            Unit { capacities: Vec::new(), regimes: Vec::new(), district: "Norrmalm".to_owned(), ..fine },
            &["DISTRICT_UNKNOWN", "NO_CAPACITY_GIVEN", "NO_REGIME_GIVEN"],
        ),
    ];
    for (what, unit, reasons) in refused {
        let request = CreateUnitRequest { request_id: new_request(), unit: Some(unit) };
        assert_refused(what, client.units.create_unit(request).await, Code::InvalidArgument, reasons);
    }
}

pub(super) async fn placements(world: &World, placement: &str) {
    let mut client = world.choice(Role::CaseOfficer);
    let placement_id = placement.to_owned();
    let notice = GiveNoticeRequest {
        request_id: new_request(),
        placement_id: placement_id.clone(),
        notice_date: day("2024-03-03"),
    };
    let answer = client.placements.give_notice(notice).await.unwrap_err();
    assert_eq!(niva_kit::error::reason(&answer).as_deref(), Some("NOTICE_BEFORE_ORDER"));
    let start = StartPlacementRequest {
        request_id: new_request(),
        placement_id: placement_id.clone(),
        actual_start: day("2024-03-03"),
    };
    let answer = client.placements.start_placement(start).await.unwrap_err();
    assert_eq!(niva_kit::error::reason(&answer).as_deref(), Some("START_BEFORE_ORDER"));
    let end = EndPlacementRequest { request_id: new_request(), placement_id, end_date: day("2024-03-03") };
    let answer = client.placements.end_placement(end).await.unwrap_err();
    assert_eq!(niva_kit::error::reason(&answer).as_deref(), Some("PLACEMENT_STATE"));
    for unit in ["unit", "unit-full"] {
        let grant_id = "grant-of-other".to_owned();
        let request = MakeOfferRequest { request_id: new_request(), grant_id, unit_id: unit.to_owned() };
        let answer = client.offers.make_offer(request).await.unwrap_err();
        assert_eq!(niva_kit::error::reason(&answer).as_deref(), Some("NO_FREE_PLACE"), "{unit}");
    }
}
