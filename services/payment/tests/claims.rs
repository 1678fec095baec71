//! What a payee owes back is netted against what it is owed, and is a claim where nothing is.

use niva_access::{Caller, Role};
use niva_names::stockholm;
use niva_proto::common::v1::{FactInfo, Money, Regime, fact_info};
use niva_proto::payment::v1 as pb;
use niva_proto::payment::v1::acknowledge_payment_order_request::Done;
use niva_proto::payment::v1::claim::{Plan, State as ClaimState};
use niva_proto::payment::v1::payment_order::State;
use tonic::Status;

use crate::common::city::{Person, placed, unit};
use crate::common::orders::{ONE, told};
use crate::common::{World, day, ore, reason, text};

/// Level 2 of supported housing at a private provider, a day, in öre.
const RATE: i64 = 40_400;

fn person(n: u32, month: u32) -> Person {
    Person::new(n, stockholm::SUPPORTED_HOUSING, day(2024, month, 1))
}

async fn comes(world: &World, person: &Person) {
    world.assessed(&[person.grant(), person.level(1, 2, person.start)]).await;
    world.chosen(&[person.placed("U-1")]).await;
}

/// March is paid for one person; then it turns out that she never came.
async fn taken_back(world: &World) -> i64 {
    world.payable("PR-1", ONE).await;
    world.chosen(&[unit("U-1", "PR-1", "Bromma", Regime::Private)]).await;
    let one = person(1, 3);
    comes(world, &one).await;
    world.paid(2024, 3).await;
    let info =
        Some(FactInfo { revision: 2, state: fact_info::State::Withdrawn.into(), ..Default::default() });
    world.chosen(&[placed(niva_proto::choice::v1::Placement { info, ..one.placement("U-1") })]).await;
    world.clock.advance_to(day(2024, 5, 2));
    world.paid(2024, 4).await;
    ore(world.order("PO-1").await.amount)
}

async fn claims(world: &World, include_closed: bool) -> Vec<pb::Claim> {
    let request = pb::ListClaimsRequest {
        provider_id: "PR-1".to_owned(),
        district: "Farsta".to_owned(),
        include_closed,
        ..Default::default()
    };
    world.maker().claims.list_claims(request).await.unwrap().into_inner().claims
}

async fn plan(world: &World, plan: Plan) -> Result<pb::Claim, Status> {
    let request = pb::PlanClaimRequest {
        request_id: world.request(),
        payment_order_id: "PO-2".to_owned(),
        plan: plan.into(),
        reason: "it has left the city".to_owned(),
        ..Default::default()
    };
    Ok(world.maker().claims.plan_claim(request).await?.into_inner().claim.unwrap())
}

async fn invoice(world: &World) -> Result<pb::Claim, Status> {
    let request = pb::InvoiceClaimRequest {
        request_id: world.request(),
        payment_order_id: "PO-2".to_owned(),
        invoice_reference: "F-17".to_owned(),
        ..Default::default()
    };
    Ok(world.maker().claims.invoice_claim(request).await?.into_inner().claim.unwrap())
}

async fn repaid(world: &World, ore: i64) -> Result<pb::Claim, Status> {
    let request = pb::RecordClaimRepaymentRequest {
        request_id: world.request(),
        payment_order_id: "PO-2".to_owned(),
        amount: Some(Money { ore }),
        payment_reference: "B-1".to_owned(),
        ..Default::default()
    };
    Ok(world.maker().claims.record_claim_repayment(request).await?.into_inner().claim.unwrap())
}

async fn propose(world: &World, subject: &str) -> Result<pb::Claim, Status> {
    let request = pb::ProposeClaimWriteOffRequest {
        request_id: world.request(),
        payment_order_id: "PO-2".to_owned(),
        reason: "bankrupt".to_owned(),
        ..Default::default()
    };
    let mut client = world.by(Caller::new(subject, [Role::FinanceMaker])).claims;
    Ok(client.propose_claim_write_off(request).await?.into_inner().claim.unwrap())
}

async fn write_off(world: &World, subject: &str, ore: i64) -> Result<pb::Claim, Status> {
    let request = pb::ApproveClaimWriteOffRequest {
        request_id: world.request(),
        payment_order_id: "PO-2".to_owned(),
        amount: Some(Money { ore }),
        ..Default::default()
    };
    let mut client = world.by(Caller::new(subject, [Role::FinanceApprover])).claims;
    Ok(client.approve_claim_write_off(request).await?.into_inner().claim.unwrap())
}

async fn verified(world: &World) {
    let verified = niva_payment::verify(&world.db).await.unwrap();
    assert_eq!(verified.findings, []);
}

niva_testing::on_both_databases! {
    async fn a_credit_is_netted_before_anything_is_paid(db: &TestDb) {
        let world = World::new(db).await;
        let paid = taken_back(&world).await;
        assert_eq!(paid, 31 * RATE);
        assert_eq!(told(&world.order("PO-2").await), ("PO-2".to_owned(), -paid, State::Waiting, 0, paid));
        comes(&world, &person(2, 5)).await;
        world.clock.advance_to(day(2024, 6, 3));
        world.paid(2024, 5).await;
        // As much as the credit was of: nothing is left to pay to any account, and the ERP books it.
        let third = world.order("PO-3").await;
        assert_eq!((told(&third), third.paid_to.is_none()), (("PO-3".to_owned(), paid, State::Issued, 0, 0), true));
        assert_eq!(ore(third.netted), paid);
        assert_eq!(told(&world.order("PO-2").await), ("PO-2".to_owned(), -paid, State::Settled, 0, 0));
        assert_eq!(reason(&world.done(&third, Done::Sent).await.unwrap_err()), "ORDER_STATE");
        assert_eq!(world.done(&third, Done::Booked).await.unwrap().state(), State::Booked);
        world.clock.advance_to(day(2024, 7, 2));
        world.paid(2024, 6).await;
        assert_eq!(told(&world.order("PO-4").await), ("PO-4".to_owned(), 30 * RATE, State::Issued, 30 * RATE, 0));
        assert_eq!((claims(&world, true).await, reason(&plan(&world, Plan::Invoice).await.unwrap_err())), (vec![], "ORDER_STATE".to_owned()));
        verified(&world).await;
        world.stop().await;
    }

    async fn what_waits_too_long_is_a_claim_with_its_age_and_limitation(db: &TestDb) {
        let world = World::new(db).await;
        let paid = taken_back(&world).await;
        assert_eq!(claims(&world, true).await, []);
        let get = |id: &str| pb::GetClaimRequest { payment_order_id: id.to_owned() };
        assert_eq!(reason(&world.maker().claims.get_claim(get("PO-2")).await.unwrap_err()), "NOT_FOUND");
        world.clock.advance_to(day(2024, 7, 1));
        let all = claims(&world, false).await;
        let [claim] = &all[..] else { panic!("{all:?}") };
        assert_eq!((claim.state(), claim.plan(), claim.age_days, ore(claim.left)), (ClaimState::Netting, Plan::Netting, 60, paid));
        assert_eq!((text(claim.claim_date), text(claim.limitation_date)), ("2024-07-01".to_owned(), "2034-05-02".to_owned()));
        assert_eq!(world.maker().claims.get_claim(get("PO-2")).await.unwrap().into_inner().claim.unwrap(), *claim);
        assert_eq!(reason(&world.maker().claims.get_claim(get("PO-1")).await.unwrap_err()), "NOT_FOUND");
        // It is netted all the same, when something comes.
        comes(&world, &person(2, 6)).await;
        world.paid(2024, 6).await;
        assert_eq!(ore(claims(&world, false).await[0].left), RATE);
        verified(&world).await;
        world.stop().await;
    }

    async fn an_invoice_is_paid_back_in_parts_and_the_rest_written_off_by_two(db: &TestDb) {
        let world = World::new(db).await;
        let paid = taken_back(&world).await;
        assert_eq!(reason(&invoice(&world).await.unwrap_err()), "ORDER_STATE");
        assert_eq!(reason(&repaid(&world, 1).await.unwrap_err()), "ORDER_STATE");
        assert_eq!(plan(&world, Plan::Invoice).await.unwrap().state(), ClaimState::ToInvoice);
        // Nothing is netted of what is to be invoiced.
        comes(&world, &person(2, 5)).await;
        world.clock.advance_to(day(2024, 6, 3));
        world.paid(2024, 5).await;
        assert_eq!(told(&world.order("PO-3").await).3, 31 * RATE);
        let invoiced = invoice(&world).await.unwrap();
        assert_eq!((invoiced.state(), invoiced.invoice_reference.as_str()), (ClaimState::Invoiced, "F-17"));
        assert_eq!(reason(&plan(&world, Plan::Netting).await.unwrap_err()), "ORDER_STATE");
        assert_eq!(niva_rpc::reasons(&repaid(&world, -1).await.unwrap_err()), ["AMOUNT_NEGATIVE"]);
        assert_eq!(reason(&repaid(&world, paid + 1).await.unwrap_err()), "MORE_THAN_LEFT");
        assert_eq!(ore(repaid(&world, paid - 500).await.unwrap().left), 500);
        assert_eq!(reason(&write_off(&world, "approver", 500).await.unwrap_err()), "ORDER_STATE");
        assert_eq!(propose(&world, "both").await.unwrap().state(), ClaimState::WriteOffProposed);
        assert_eq!(reason(&propose(&world, "both").await.unwrap_err()), "ORDER_STATE");
        assert_eq!(reason(&write_off(&world, "both", 500).await.unwrap_err()), "SAME_PERSON");
        assert_eq!(reason(&write_off(&world, "approver", 499).await.unwrap_err()), "AMOUNT_DIFFERS");
        let closed = write_off(&world, "approver", 500).await.unwrap();
        assert_eq!((closed.state(), ore(closed.written_off), ore(closed.repaid), ore(closed.left)), (ClaimState::Closed, 500, paid - 500, 0));
        assert_eq!((claims(&world, false).await.len(), claims(&world, true).await.len()), (0, 1));
        assert_eq!(reason(&write_off(&world, "approver", 0).await.unwrap_err()), "ORDER_STATE");
        verified(&world).await;
        world.stop().await;
    }
}
