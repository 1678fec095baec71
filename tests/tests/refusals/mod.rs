//! Bad input gets a typed error that says why, for every violation at once, and changes nothing.

mod assessment;
mod choice;
mod payment;

use niva_journeys::{
    steps,
    values::day,
    world::{Role, Store, World},
};
use niva_names::{ServiceKey, stockholm};
use niva_proto::{
    assessment::v1::{
        ListGrantsRequest, ListLevelDecisionsRequest, ListMeasurementsRequest, ListPersonsRequest,
    },
    choice::v1::{ListOffersRequest, ListPlacementsRequest, ListUnitsRequest},
    common::v1::Regime,
    payment::v1::ListPaymentRunsRequest,
};
use niva_testing::requests::choice::{accept, make_offer, wish};
use prost::Message as _;
use tonic::{Code, Status};

const SERVICE: ServiceKey = stockholm::SUPPORTED_HOUSING;

/// Everything that can be listed, as bytes.
async fn everything(world: &World) -> Vec<Vec<u8>> {
    macro_rules! listed {
        ($client:ident$(.$resource:ident)?, $call:ident, $request:ident) => {{
            let request = $request { page_size: 1000, ..$request::default() };
            $client$(.$resource)?.$call(request).await.unwrap().into_inner().encode_to_vec()
        }};
    }
    let mut assessment = world.assessment(Role::Auditor);
    let mut choice = world.choice(Role::Auditor);
    let mut payment = world.payment(Role::FinanceMaker);
    vec![
        listed!(assessment.persons, list_persons, ListPersonsRequest),
        listed!(assessment.grants, list_grants, ListGrantsRequest),
        listed!(assessment.measurements, list_measurements, ListMeasurementsRequest),
        listed!(assessment.level_decisions, list_level_decisions, ListLevelDecisionsRequest),
        listed!(choice.units, list_units, ListUnitsRequest),
        listed!(choice.offers, list_offers, ListOffersRequest),
        listed!(choice.placements, list_placements, ListPlacementsRequest),
        listed!(payment.runs, list_payment_runs, ListPaymentRunsRequest),
    ]
}

/// That a call was refused with exactly these reasons, in any order, each told in words.
fn assert_refused<T: std::fmt::Debug>(what: &str, answer: Result<T, Status>, code: Code, reasons: &[&str]) {
    let refused = answer.expect_err(what);
    assert_eq!(refused.code(), code, "{what}: {refused:?}");
    let mut told: Vec<String> = niva_rpc::reasons(&refused);
    if told.is_empty() {
        told.extend(niva_rpc::reason(&refused));
    }
    told.sort();
    let mut expected: Vec<&str> = reasons.to_vec();
    expected.sort_unstable();
    assert_eq!(told, expected, "{what}: {refused:?}");
    assert!(refused.message().len() > 15, "{what}: says too little: {refused:?}");
    if code == Code::InvalidArgument {
        assert_eq!(niva_rpc::violations(&refused).len(), reasons.len(), "{what}: {refused:?}");
    }
}

/// A world with one person who has a started placement, and one with an open offer's worth of wishes.
async fn settled(store: Store) -> (World, String) {
    let world = World::memory(store).await;
    world.set_day("2024-03-01");
    let unit = steps::unit(&world, "unit", SERVICE, "Farsta", Regime::Municipal, 1).await;
    let full = steps::unit(&world, "unit-full", SERVICE, "Farsta", Regime::Municipal, 0).await;
    let grant = steps::person_with_grant(&world, "person", SERVICE, "Farsta", "2024-03-01").await;
    let other = steps::person_with_grant(&world, "other", SERVICE, "Farsta", "2024-03-01").await;
    world.feeds_caught_up().await;
    let mut officer = world.choice(Role::CaseOfficer);
    for grant in [&grant, &other] {
        officer.wishes.record_wish(wish(grant, &[&unit, &full])).await.unwrap();
    }
    let request = make_offer(&grant, &unit);
    let offer = officer.offers.make_offer(request).await.unwrap().into_inner().offer.unwrap();
    let ordered_start = day("2024-03-04");
    let request = accept(&offer.offer_id, ordered_start);
    let ordered = officer.offers.accept_offer(request).await.unwrap().into_inner().placement.unwrap();
    world.set_day("2024-03-05");
    (world, ordered.placement_id)
}

async fn nothing_changes(store: Store) {
    let (world, placement) = settled(store).await;
    let before = everything(&world).await;
    let positions = world.newest_positions().await;
    assessment::grants(&world).await;
    assessment::measurements(&world).await;
    assessment::imports(&world).await;
    choice::units(&world).await;
    choice::placements(&world, &placement).await;
    payment::calculations(&world).await;
    payment::runs(&world).await;
    assert_eq!(everything(&world).await, before, "a refused call changed something");
    assert_eq!(world.newest_positions().await, positions, "a refused call told others something");
    world.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bad_input_changes_nothing_on_sqlite() {
    nothing_changes(Store::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bad_input_changes_nothing_on_postgres() {
    nothing_changes(Store::Postgres).await;
}
