//! Units and placements.

use niva_journeys::{
    values::day,
    world::{Role, World},
};
use niva_proto::{
    choice::v1::{Unit, UnitPeriod},
    common::v1::Regime,
};
use niva_testing::requests;
use niva_testing::requests::choice::{end_on, make_offer, notice_on, record_unit, start_on};
use tonic::Code;

use super::{SERVICE, assert_refused};

pub(super) async fn units(world: &World) {
    let mut client = world.choice(Role::Administrator);
    let terms = requests::choice::period(day("2024-01-01"), "provider-of-unit", "Farsta", Regime::Private, 1);
    let unit =
        |periods| Unit { name: "Verksamhet".to_owned(), service: SERVICE.into(), periods, ..Unit::default() };
    let elsewhere = UnitPeriod { district: "Atlantis".to_owned(), ..terms.clone() };
    let three = UnitPeriod { capacity: -1, regime: 0, ..elsewhere.clone() };
    let refused: [(&str, Unit, &[&str]); 4] = [
        ("no period", unit(Vec::new()), &["NO_PERIOD_GIVEN"]),
        ("two from one day", unit(vec![terms.clone(), terms]), &["PERIOD_TWICE"]),
        ("unknown district", unit(vec![elsewhere]), &["DISTRICT_UNKNOWN"]),
        ("three at once", unit(vec![three]), &["DISTRICT_UNKNOWN", "CAPACITY_NEGATIVE", "FIELD_REQUIRED"]),
    ];
    for (what, unit, reasons) in refused {
        let request = record_unit(unit);
        assert_refused(what, client.units.record_unit(request).await, Code::InvalidArgument, reasons);
    }
}

pub(super) async fn placements(world: &World, placement: &str) {
    let mut client = world.choice(Role::CaseOfficer);
    let placement_id = placement.to_owned();
    let notice = notice_on(&placement_id, day("2024-03-03"));
    let answer = client.placements.give_notice(notice).await.unwrap_err();
    assert_eq!(niva_rpc::reason(&answer).as_deref(), Some("NOTICE_BEFORE_ORDER"));
    let start = start_on(&placement_id, day("2024-03-03"));
    let answer = client.placements.start_placement(start).await.unwrap_err();
    assert_eq!(niva_rpc::reason(&answer).as_deref(), Some("START_BEFORE_ORDER"));
    let end = end_on(&placement_id, day("2024-03-03"));
    let answer = client.placements.end_placement(end).await.unwrap_err();
    assert_eq!(niva_rpc::reason(&answer).as_deref(), Some("PLACEMENT_STATE"));
    for unit in ["unit", "unit-full"] {
        let grant_id = "grant-of-other".to_owned();
        let request = make_offer(&grant_id, unit);
        let answer = client.offers.make_offer(request).await.unwrap_err();
        assert_eq!(niva_rpc::reason(&answer).as_deref(), Some("NO_FREE_PLACE"), "{unit}");
    }
}
