//! One person the whole way, and two who do not go it: over the real wire, as a city's systems would call.

use niva_journeys::{
    steps::{self, Measured},
    values::{day, kronor, month, new_request},
    world::{Role, Store, World},
};
use niva_names::{ServiceKey, stockholm};
use niva_proto::{
    choice::v1::{LapseOffersRequest, ListOffersRequest, Placement, offer, placement},
    common::v1::Regime,
    payment::v1::{ApprovePaymentRunRequest, Component, PaymentLine, Settlement, payment_run},
};
use niva_testing::requests::choice::{accept, decline, end_on, make_offer, notice_on, start_on, wish};
use niva_testing::requests::payment::explain;
use tonic::Code;

const SERVICE: ServiceKey = stockholm::SUPPORTED_HOUSING;
const DISTRICT: &str = "Farsta";

/// The whole way, on whatever world it is given.
pub(crate) async fn walk(world: &World) {
    let placement = choose(world).await;
    pay_march(world, &placement).await;
    correct_in_april(world, &placement).await;
}

/// Grant, measurement, level, wish, offer, yes, start: Monday 4 March 2024 to open end.
async fn choose(world: &World) -> Placement {
    world.set_day("2024-03-01");
    let unit = steps::unit(world, "unit-own", SERVICE, DISTRICT, Regime::Municipal, 1).await;
    let other = steps::unit(world, "unit-private", SERVICE, "Bromma", Regime::Private, 3).await;
    let yes = steps::person_with_grant(world, "person-yes", SERVICE, DISTRICT, "2024-03-01").await;
    let no = steps::person_with_grant(world, "person-no", SERVICE, DISTRICT, "2024-03-01").await;
    let silent = steps::person_with_grant(world, "person-silent", SERVICE, DISTRICT, "2024-03-01").await;
    for person in ["person-yes", "person-no", "person-silent"] {
        let Measured { level, points } = steps::measure(world, person, SERVICE, "2024-03-01").await;
        assert_eq!((level, points), (3, 72), "every item scored with its most");
    }
    world.feeds_caught_up().await;

    // Friday and three working days: Wednesday.
    let offered = offer(world, &yes, &[&unit, &other], &unit).await;
    assert_eq!(offered.answer_by, day("2024-03-06"));
    let declined = offer(world, &no, &[&other], &other).await;
    let lapsing = offer(world, &silent, &[&other], &other).await;
    let full = try_offer(world, &no, &unit).await.unwrap_err();
    assert_eq!(niva_rpc::reason(&full).as_deref(), Some("NOT_WISHED"));

    world.set_day("2024-03-04");
    let mut officer = world.choice(Role::CaseOfficer);
    let request = decline(&declined.offer_id);
    let answer = officer.offers.decline_offer(request).await.unwrap().into_inner().offer.unwrap();
    assert_eq!(answer.state(), offer::State::Declined);
    let request = accept(&offered.offer_id, day("2024-03-04"));
    let accepted = officer.offers.accept_offer(request.clone()).await.unwrap().into_inner();
    let ordered = accepted.placement.clone().unwrap();
    assert_eq!(ordered.state(), placement::State::Ordered);
    assert_eq!(
        officer.offers.accept_offer(request).await.unwrap().into_inner(),
        accepted,
        "asked twice, done once"
    );

    let request = start_on(&ordered.placement_id, day("2024-03-04"));
    let started = officer.placements.start_placement(request).await.unwrap().into_inner().placement.unwrap();
    assert_eq!(started.state(), placement::State::Started);
    lapse(world, &lapsing.offer_id).await;
    started
}

async fn try_offer(
    world: &World,
    grant: &str,
    unit: &str,
) -> Result<niva_proto::choice::v1::Offer, tonic::Status> {
    let request = make_offer(grant, unit);
    Ok(world.choice(Role::CaseOfficer).offers.make_offer(request).await?.into_inner().offer.unwrap())
}

/// Wishes for some units and an offer of one of them.
async fn offer(world: &World, grant: &str, wishes: &[&str], unit: &str) -> niva_proto::choice::v1::Offer {
    let request = wish(grant, wishes);
    world.choice(Role::CaseOfficer).wishes.record_wish(request).await.unwrap();
    try_offer(world, grant, unit).await.unwrap()
}

/// An offer that nobody answers lapses after Wednesday, and can then be answered no more.
async fn lapse(world: &World, offer_id: &str) {
    world.set_day("2024-03-07");
    let mut officer = world.choice(Role::CaseOfficer);
    let late = accept(offer_id, day("2024-03-08"));
    let refused = officer.offers.accept_offer(late).await.unwrap_err();
    assert_eq!(refused.code(), Code::FailedPrecondition);
    assert_eq!(niva_rpc::reason(&refused).as_deref(), Some("OFFER_LAPSED"));
    let request = LapseOffersRequest { request_id: new_request(), ..LapseOffersRequest::default() };
    officer.offers.lapse_offers(request).await.unwrap();
    let request = ListOffersRequest { state: offer::State::Lapsed.into(), ..ListOffersRequest::default() };
    let lapsed = officer.offers.list_offers(request).await.unwrap().into_inner().offers;
    assert_eq!(lapsed.iter().map(|o| o.offer_id.as_str()).collect::<Vec<_>>(), [offer_id]);
}

/// March: 28 days at level 3, by a run that one makes and another approves.
async fn pay_march(world: &World, placement: &Placement) {
    world.set_day("2024-04-02");
    world.feeds_caught_up().await;
    let run = steps::run(world, "2024-03").await;
    assert_eq!(run.state(), payment_run::State::Calculated);
    let control = run.control.clone().unwrap();
    assert_eq!((control.lines, control.amount, control.holds), (1, Some(kronor(28 * 495)), 0));

    let approve = ApprovePaymentRunRequest {
        request_id: new_request(),
        payment_run_id: run.payment_run_id.clone(),
        amount: control.amount,
        repriced: control.repriced,
        lines_sha256: control.lines_sha256,
    };
    let own = world.payment_as(&run.maker, &[Role::FinanceApprover]);
    let refused = own.clone().runs.approve_payment_run(approve.clone()).await.unwrap_err();
    assert_eq!(niva_rpc::reason(&refused).as_deref(), Some("SAME_PERSON"));
    let mut approver = world.payment(Role::FinanceApprover);
    let other_sum =
        ApprovePaymentRunRequest { request_id: new_request(), amount: Some(kronor(1)), ..approve.clone() };
    let refused = approver.runs.approve_payment_run(other_sum).await.unwrap_err();
    assert_eq!(niva_rpc::reason(&refused).as_deref(), Some("AMOUNT_DIFFERS"));
    let approved =
        approver.runs.approve_payment_run(approve).await.unwrap().into_inner().payment_run.unwrap();
    assert_eq!(approved.state(), payment_run::State::Approved);

    let lines = steps::lines(world, &run.payment_run_id).await;
    let [line] = &lines[..] else { panic!("one line expected: {lines:?}") };
    assert_eq!(line.placement_id, placement.placement_id);
    assert_eq!(line.component(), Component::Rate);
    assert_eq!((line.quantity, line.unit_price, line.amount), (28, Some(kronor(495)), Some(kronor(13_860))));
    assert_eq!(line.settlement(), Settlement::OwnUnit);
    let request = explain(&line.payment_line_id);
    let explained =
        approver.lines.explain_payment_line(request).await.unwrap().into_inner().explanation.unwrap();
    assert_eq!(explained.model_id, "socialpsychiatry-2010");
    assert_eq!(explained.points, Some(72));
    assert!(!explained.source_document.is_empty() && !explained.source_place.is_empty(), "{explained:?}");
}

/// In April it comes out that the person left on 20 March, with notice on the 15th. Full through the 20th, then seven
/// days of vacancy at level 1: March is corrected, and April itself pays nothing.
async fn correct_in_april(world: &World, placement: &Placement) {
    world.set_day("2024-04-15");
    let mut officer = world.choice(Role::CaseOfficer);
    let request = notice_on(&placement.placement_id, day("2024-03-15"));
    officer.placements.give_notice(request).await.unwrap();
    let request = end_on(&placement.placement_id, day("2024-03-20"));
    let ended = officer.placements.end_placement(request).await.unwrap().into_inner().placement.unwrap();
    assert_eq!(ended.state(), placement::State::Ended);

    world.set_day("2024-05-02");
    world.feeds_caught_up().await;
    let preview = steps::preview(world, "2024-04").await;
    let run = steps::run(world, "2024-04").await;
    let run = steps::approve(world, &run).await;
    assert_eq!(run.month, Some(month("2024-04")));
    let control = run.control.unwrap();
    assert_eq!(preview.control.unwrap(), control, "the preview is the same calculation");
    assert_eq!(control.amount, Some(kronor(-28 * 495 + 17 * 495 + 7 * 300)));
    assert_eq!(control.earlier_months, control.amount);
    assert_eq!((control.reversals, control.reversed), (1, Some(kronor(-28 * 495))));

    let lines = steps::lines(world, &run.payment_run_id).await;
    let amounts = |component: Component, reversal: bool| -> Vec<i64> {
        let of = |l: &&PaymentLine| l.component() == component && l.reversal == reversal;
        lines.iter().filter(of).map(|l| l.amount.unwrap().ore).collect()
    };
    assert_eq!(amounts(Component::Rate, true), [-28 * 49_500]);
    assert_eq!(amounts(Component::Rate, false), [17 * 49_500]);
    assert_eq!(amounts(Component::Vacancy, false), [7 * 30_000]);
    let corrections = lines.iter().filter(|l| l.component() == Component::Rate);
    assert!(corrections.clone().all(|l| l.corrects_line_id.starts_with("2024-03.")), "{lines:?}");
    assert!(corrections.clone().all(|l| !l.cause.is_empty()), "{lines:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_whole_way_in_one_process_on_sqlite() {
    let world = World::memory(Store::Sqlite).await;
    walk(&world).await;
    world.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_whole_way_in_one_process_on_postgres() {
    let world = World::memory(Store::Postgres).await;
    walk(&world).await;
    world.close().await;
}
