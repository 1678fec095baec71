//! From an approved run to orders that the ERP takes and acknowledges.

use std::collections::BTreeMap;

use niva_names::stockholm;
use niva_proto::common::v1::{Money, Regime};
use niva_proto::payment::v1 as pb;
use niva_proto::payment::v1::acknowledge_payment_order_request::Done;
use niva_proto::payment::v1::payment_order::{HeldReason, State};
use niva_testing::requests::payment::{approve_payee, payee, record_payee};
use niva_testing::values::days;
use prost_types::Timestamp;
use tonic::{Code, Status};

use crate::common::city::{Person, unit};
use crate::common::orders::{ONE, OTHER};
use crate::common::{World, amount, day, ore, reason};
use crate::ledger::tamper;

/// Six people in Farsta's care, two and two at a private provider, at one that another board runs, and at Farsta's own.
async fn settle(world: &World) {
    let units = [
        unit("U-1", "PR-1", "Farsta", Regime::Private),
        unit("U-2", "PR-2", "Bromma", Regime::Municipal),
        unit("U-3", "PR-3", "Farsta", Regime::Municipal),
    ];
    world.chosen(&units).await;
    for n in 1..=6 {
        let person = Person::new(n, stockholm::SUPPORTED_HOUSING, day(2024, 3, 1));
        world.assessed(&[person.grant(), person.level(1, 2, person.start)]).await;
        world.chosen(&[person.placed(&format!("U-{}", 1 + n % 3))]).await;
    }
}

/// March, approved.
async fn march(world: &World) -> (pb::PaymentRun, BTreeMap<String, pb::PaymentOrder>) {
    settle(world).await;
    let run = world.paid(2024, 3).await;
    let orders = world.orders(pb::ListPaymentOrdersRequest::default()).await;
    (run, orders.into_iter().map(|order| (order.provider_id.clone(), order)).collect())
}

async fn lines_of(world: &World, order: &pb::PaymentOrder) -> Vec<pb::PaymentOrderLine> {
    let (mut found, mut page_token) = (Vec::new(), String::new());
    loop {
        let payment_order_id = order.payment_order_id.clone();
        let request = pb::ListPaymentOrderLinesRequest { payment_order_id, page_size: 1, page_token };
        let page = world.erp().orders.list_payment_order_lines(request).await.unwrap().into_inner();
        found.extend(page.payment_order_lines);
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return found;
        }
    }
}

async fn approved_lines(world: &World, after_line_id: &str) -> Result<Vec<pb::PaymentOrderLine>, Status> {
    let (mut found, mut page_token) = (Vec::new(), String::new());
    loop {
        let after_line_id = after_line_id.to_owned();
        let request = pb::ListApprovedLinesRequest { after_line_id, page_size: 4, page_token };
        let page = world.erp().orders.list_approved_lines(request).await?.into_inner();
        found.extend(page.payment_order_lines);
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return Ok(found);
        }
    }
}

fn payee_of(bankgiro: &str) -> pb::Payee {
    payee("payee of PR-1", "PR-1", day(2024, 1, 1), bankgiro)
}

fn total(lines: &[pb::PaymentOrderLine]) -> i64 {
    lines.iter().map(|line| ore(line.amount)).sum()
}

fn refused(error: &Status) -> (Code, String) {
    (error.code(), reason(error))
}

async fn findings(world: &World) -> Vec<String> {
    let verified = niva_payment::verify(&world.db).await.unwrap();
    verified.findings.iter().map(ToString::to_string).collect()
}

niva_testing::on_both_databases! {
    async fn lines_gather_into_orders_and_are_all_in_one(db: &TestDb) {
        let world = World::new(db).await;
        world.payable("PR-1", ONE).await;
        let (run, orders) = march(&world).await;
        assert_eq!(orders.len(), 3);
        assert_eq!(orders.values().map(|order| ore(order.amount)).sum::<i64>(), amount(&run));
        for (provider, settlement) in [("PR-1", pb::Settlement::Outgoing), ("PR-2", pb::Settlement::InternalVoucher), ("PR-3", pb::Settlement::OwnUnit)] {
            let order = &orders[provider];
            assert_eq!((order.settlement(), order.state(), order.issue, order.lines), (settlement, State::Issued, 1, 2));
            assert_eq!((order.payer_district.as_str(), order.payment_run_id.as_str()), ("Farsta", "2024-03.1"));
            let lines = lines_of(&world, order).await;
            assert_eq!((lines.len(), total(&lines)), (2, ore(order.amount)));
            assert!(lines.iter().all(|line| line.payment_order_id == order.payment_order_id && line.provider_id == provider));
            assert_eq!(world.order(&order.payment_order_id).await, *order);
        }
        let paid_to = orders["PR-1"].paid_to.clone().unwrap();
        assert_eq!((paid_to.account.unwrap().number.as_str(), paid_to.revision, paid_to.account_changed), (ONE, 2, false));
        assert!(orders["PR-2"].paid_to.is_none() && orders["PR-3"].paid_to.is_none());

        // After a position there is what is new.
        let newest = orders.values().map(|order| order.position).max().unwrap();
        let after = pb::ListPaymentOrdersRequest { after_position: newest, ..Default::default() };
        assert_eq!(world.orders(after.clone()).await, []);
        let booked = world.done(&orders["PR-3"], Done::Booked).await.unwrap();
        assert_eq!(world.orders(after).await, std::slice::from_ref(&booked));
        let waits = pb::ListPaymentOrdersRequest { state: State::Issued.into(), ..Default::default() };
        assert_eq!(world.orders(waits.clone()).await.len(), 2);
        let now = world.now.now().timestamp();
        let since = |seconds| pb::ListPaymentOrdersRequest { unchanged_since: Some(Timestamp { seconds, nanos: 0 }), ..waits.clone() };
        assert_eq!((world.orders(since(now)).await.len(), world.orders(since(now + 86_400)).await.len()), (0, 2));
        let of = pb::ListPaymentOrdersRequest { provider_id: "PR-3".to_owned(), district: "Farsta".to_owned(), payment_run_id: "2024-03.1".to_owned(), ..Default::default() };
        assert_eq!(world.orders(of.clone()).await, [booked]);
        assert_eq!(world.orders(pb::ListPaymentOrdersRequest { district: "Bromma".to_owned(), ..of }).await, []);

        // Lines of all runs after the last that was taken.
        world.paid(2024, 4).await;
        let all = approved_lines(&world, "").await.unwrap();
        assert_eq!(all.iter().map(|line| line.payment_line_id.as_str()).collect::<Vec<_>>(), (3..=4).flat_map(|month| (1..=6).map(move |n| format!("2024-0{month}.1/{n}"))).collect::<Vec<_>>());
        assert_eq!(approved_lines(&world, "2024-03.1/5").await.unwrap(), all[5..]);
        for order in world.orders(pb::ListPaymentOrdersRequest::default()).await {
            let own: Vec<_> = all.iter().filter(|line| line.payment_order_id == order.payment_order_id).cloned().collect();
            assert_eq!(lines_of(&world, &order).await, own);
        }
        assert_eq!(refused(&approved_lines(&world, "2024-05.1/1").await.unwrap_err()), (Code::NotFound, "NOT_FOUND".to_owned()));
        assert_eq!(findings(&world).await, [""; 0]);
        world.stop().await;
    }

    async fn who_cannot_be_paid_is_held_and_stops_nobody_else(db: &TestDb) {
        let world = World::new(db).await;
        let (_, orders) = march(&world).await;
        let held = |order: &pb::PaymentOrder| (order.state(), order.held_reason(), order.issue);
        assert_eq!(held(&orders["PR-1"]), (State::Held, HeldReason::PayeeMissing, 0));
        assert_eq!(held(&orders["PR-2"]), (State::Issued, HeldReason::Unspecified, 1));
        let id = &orders["PR-1"].payment_order_id;
        assert_eq!(refused(&world.done(&orders["PR-1"], Done::Booked).await.unwrap_err()).1, "ORDER_STATE");
        assert_eq!(refused(&world.void(id).await.unwrap_err()).1, "ORDER_STATE");
        assert_eq!(refused(&world.reissue(id).await.unwrap_err()).1, "ORDER_STATE");
        assert_eq!(world.release().await, (0, 1));
        // Of the second month too, for another reason.
        world.maker().payees.record_payee(record_payee(payee("PY", "PR-1", day(2024, 1, 1), ONE))).await.unwrap();
        world.paid(2024, 4).await;
        let waits = pb::ListPaymentOrdersRequest { state: State::Held.into(), ..Default::default() };
        let reasons: Vec<_> = world.orders(waits.clone()).await.iter().map(|order| order.held_reason()).collect();
        assert_eq!(reasons, [HeldReason::PayeeMissing, HeldReason::PayeeNotApproved]);
        world.approver().payees.approve_payee(approve_payee("PY", 1)).await.unwrap();
        let rehearsed = pb::ReleasePaymentOrdersRequest { request_id: world.request(), validate_only: true };
        let rehearsed = world.maker().orders.release_payment_orders(rehearsed).await.unwrap().into_inner();
        assert_eq!((rehearsed.issued, rehearsed.held, world.orders(waits.clone()).await.len()), (2, 0, 2));
        assert_eq!(world.release().await, (2, 0));
        assert_eq!(world.orders(waits).await, []);
        assert_eq!(held(&world.order(id).await), (State::Issued, HeldReason::Unspecified, 1));
        assert_eq!(findings(&world).await, [""; 0]);
        world.stop().await;
    }

    async fn an_order_is_acknowledged_once_and_as_it_is(db: &TestDb) {
        let world = World::new(db).await;
        world.payable("PR-1", ONE).await;
        let (_, orders) = march(&world).await;
        let order = &orders["PR-1"];
        let other = |change: fn(&mut pb::AcknowledgePaymentOrderRequest)| {
            let mut request = world.acknowledge(order, Done::Booked);
            change(&mut request);
            let mut client = world.erp();
            async move { refused(&client.orders.acknowledge_payment_order(request).await.unwrap_err()) }
        };
        assert_eq!(other(|r| r.amount = Some(Money { ore: r.amount.unwrap().ore - 1 })).await.1, "AMOUNT_DIFFERS");
        assert_eq!(other(|r| r.issue = 2).await.1, "ISSUE_NOT_NEWEST");
        assert_eq!(other(|r| r.payment_order_id = "PO-99".to_owned()).await.1, "NOT_FOUND");
        assert_eq!(other(|r| r.payment_order_id = "PO-01".to_owned()).await.1, "NOT_FOUND");
        assert_eq!(other(|r| r.done = 0).await.0, Code::InvalidArgument);
        assert_eq!(other(|r| r.reference = "x".repeat(101)).await.0, Code::InvalidArgument);
        let mut silent = world.acknowledge(order, Done::Rejected);
        silent.reason.clear();
        let silent = world.erp().orders.acknowledge_payment_order(silent).await.unwrap_err();
        assert_eq!(niva_rpc::reasons(&silent), ["REASON_MISSING"]);
        assert_eq!(world.maker().orders.acknowledge_payment_order(world.acknowledge(order, Done::Paid)).await.unwrap_err().code(), Code::PermissionDenied);

        // Said twice, by the same request or another, it is said once; what comes late is refused.
        let request = world.acknowledge(order, Done::Sent);
        let sent = world.erp().orders.acknowledge_payment_order(request.clone()).await.unwrap().into_inner();
        assert_eq!(world.erp().orders.acknowledge_payment_order(request).await.unwrap().into_inner(), sent);
        assert_eq!(world.done(order, Done::Sent).await.unwrap(), sent.payment_order.unwrap());
        assert_eq!(refused(&world.done(order, Done::Booked).await.unwrap_err()), (Code::FailedPrecondition, "ORDER_STATE".to_owned()));
        assert_eq!(refused(&world.void(&order.payment_order_id).await.unwrap_err()).1, "ORDER_STATE");
        let paid = world.done(order, Done::Paid).await.unwrap();
        assert_eq!((paid.state(), paid.reference.as_str()), (State::Paid, "V-1"));
        // A voucher is booked, and that is all.
        assert_eq!(refused(&world.done(&orders["PR-2"], Done::Paid).await.unwrap_err()).1, "ORDER_STATE");
        assert_eq!(world.done(&orders["PR-2"], Done::Booked).await.unwrap().state(), State::Booked);
        assert_eq!(findings(&world).await, [""; 0]);
        world.stop().await;
    }

    async fn what_was_rejected_or_voided_is_issued_again_to_the_account_of_the_day(db: &TestDb) {
        let world = World::new(db).await;
        world.payable("PR-1", ONE).await;
        let (_, orders) = march(&world).await;
        let (order, id) = (&orders["PR-1"], &orders["PR-1"].payment_order_id);
        assert_eq!(refused(&world.reissue(id).await.unwrap_err()).1, "ORDER_STATE");
        let voided = world.void(id).await.unwrap();
        assert_eq!((voided.state(), voided.reason.as_str()), (State::Voided, "the wrong account"));
        assert_eq!(refused(&world.done(order, Done::Booked).await.unwrap_err()), (Code::FailedPrecondition, "ORDER_VOIDED".to_owned()));
        // The account is corrected, and nobody has approved that.
        let request = pb::CorrectPayeeRequest { request_id: world.request(), expected_revision: 2, reason: "closed".to_owned(), payee: Some(payee_of(OTHER)), ..Default::default() };
        world.maker().payees.correct_payee(request).await.unwrap();
        let held = world.reissue(id).await.unwrap_err();
        assert_eq!((refused(&held).1.as_str(), held.code()), ("ORDER_HELD", Code::FailedPrecondition));
        world.approver().payees.approve_payee(approve_payee("payee of PR-1", 3)).await.unwrap();
        let again = world.reissue(id).await.unwrap();
        let paid_to = again.paid_to.clone().unwrap();
        assert_eq!((again.state(), again.issue, paid_to.account.unwrap().number.as_str(), paid_to.account_changed), (State::Issued, 2, OTHER, true));
        assert_eq!(refused(&world.done(order, Done::Booked).await.unwrap_err()).1, "ISSUE_NOT_NEWEST");
        world.done(&again, Done::Booked).await.unwrap();
        world.done(&again, Done::Paid).await.unwrap();
        // Sent back by the bank.
        let back = world.done(&again, Done::Rejected).await.unwrap();
        assert_eq!((back.state(), back.reason.as_str(), back.to_pay), (State::Rejected, "the account is closed", order.to_pay));
        let third = world.reissue(id).await.unwrap();
        assert_eq!((third.issue, third.paid_to.unwrap().account_changed), (3, false));
        // A payee that ends leaves nothing to issue to.
        let ended = pb::Payee { valid: days(day(2024, 1, 1), Some(day(2024, 3, 31))), ..payee_of(OTHER) };
        let request = pb::CorrectPayeeRequest { request_id: world.request(), expected_revision: 4, reason: "ended".to_owned(), payee: Some(ended), ..Default::default() };
        world.maker().payees.correct_payee(request).await.unwrap();
        world.void(id).await.unwrap();
        assert_eq!(reason(&world.reissue(id).await.unwrap_err()), "ORDER_HELD");
        assert_eq!(findings(&world).await, [""; 0]);
        world.stop().await;
    }

    async fn steps_are_streamed_each_once_and_in_order(db: &TestDb) {
        let world = World::new(db).await;
        let watch = |after_position| pb::WatchPaymentOrdersRequest { after_position };
        let mut stream = world.erp().orders.watch_payment_orders(watch(0)).await.unwrap().into_inner();
        assert_eq!(stream.message().await.unwrap().unwrap(), pb::WatchPaymentOrdersResponse::default());
        let (_, orders) = march(&world).await;
        world.payable("PR-1", ONE).await;
        world.release().await;
        world.done(&orders["PR-2"], Done::Booked).await.unwrap();
        let mut seen = Vec::new();
        while seen.len() < 5 {
            for event in stream.message().await.unwrap().unwrap().events {
                let info = event.info.unwrap();
                assert_eq!(info.previous_position, info.position - 1);
                let Some(pb::payment_order_event::Fact::PaymentOrder(order)) = event.fact else { panic!("no order") };
                assert_eq!(order.position, info.position);
                seen.push((info.position, order.provider_id.clone(), order.state(), info.author.unwrap().subject));
            }
        }
        let step = |position, provider: &str, state, by: &str| (position, provider.to_owned(), state, by.to_owned());
        assert_eq!(seen, [
            step(1, "PR-1", State::Held, "run-approver"),
            step(2, "PR-2", State::Issued, "run-approver"),
            step(3, "PR-3", State::Issued, "run-approver"),
            step(4, "PR-1", State::Issued, "maker"),
            step(5, "PR-2", State::Booked, "erp"),
        ]);
        let mut rest = world.erp().orders.watch_payment_orders(watch(4)).await.unwrap().into_inner();
        assert_eq!(rest.message().await.unwrap().unwrap().events.len(), 1);
        for (position, why) in [(-1, "CURSOR_NEGATIVE"), (6, "CURSOR_AHEAD")] {
            let mut refused = world.erp().orders.watch_payment_orders(watch(position)).await.unwrap().into_inner();
            let error = refused.message().await.unwrap_err();
            assert!(niva_rpc::reasons(&error).contains(&why.to_owned()) || reason(&error) == why, "{error:?}");
        }
        world.stop().await;
    }

    async fn orders_and_steps_are_not_changed_unseen(db: &TestDb) {
        let world = World::new(db).await;
        world.payable("PR-1", ONE).await;
        let (_, orders) = march(&world).await;
        world.done(&orders["PR-1"], Done::Paid).await.unwrap();
        assert_eq!(findings(&world).await, [""; 0]);
        for sql in ["UPDATE payment_order SET amount = amount + 1", "DELETE FROM payment_order_step", "UPDATE payment_order_step SET account = '1'"] {
            let refused = sea_orm::ConnectionTrait::execute_unprepared(world.db.conn(), sql).await.unwrap_err();
            assert!(refused.to_string().contains("are never changed"), "{refused}");
        }
        tamper(&world, &format!("UPDATE payment_order_step SET account = '{OTHER}' WHERE account <> ''")).await;
        assert!(findings(&world).await.iter().any(|found| found.contains("step 1 of orders is not what was written")));
        world.stop().await;
    }

    async fn an_order_that_is_missing_or_of_another_sum_is_found(db: &TestDb) {
        let world = World::new(db).await;
        march(&world).await;
        let last = "DELETE FROM payment_order_step WHERE order_no = 3; DELETE FROM payment_order WHERE order_no = 3";
        tamper(&world, last).await;
        let found = findings(&world).await;
        assert!(found.iter().any(|found| found.contains("the last orders are not those")), "{found:?}");
        let head = "UPDATE payment_order_head SET order_no = 2, order_sha256 = (SELECT sha256 FROM payment_order WHERE order_no = 2), \
                    step_no = 2, step_sha256 = (SELECT sha256 FROM payment_order_step WHERE step_no = 2)";
        sea_orm::ConnectionTrait::execute_unprepared(world.db.conn(), head).await.unwrap();
        let found = findings(&world).await;
        assert!(found.iter().any(|found| found.contains("and no order says so")), "{found:?}");
        world.stop().await;
    }
}
