//! Orders as the ERP and finance ask for them.

use niva_access::{Caller, Role};
use niva_proto::payment::v1 as pb;
use niva_proto::payment::v1::acknowledge_payment_order_request::Done;
use niva_testing::requests::payment::{approve_payee, payee, record_payee};
use tonic::Status;

use super::{Client, World, day, ore};

/// Numbers of a bankgiro whose check digits fit.
pub(crate) const ONE: &str = "50501055";
pub(crate) const OTHER: &str = "9912346";

impl World {
    pub(crate) fn erp(&self) -> Client {
        self.by(Caller::new("erp", [Role::Erp]))
    }

    /// Tells and approves how a provider is paid.
    pub(crate) async fn payable(&self, provider: &str, bankgiro: &str) {
        let told = payee(&format!("payee of {provider}"), provider, day(2024, 1, 1), bankgiro);
        let id = told.payee_id.clone();
        self.maker().payees.record_payee(record_payee(told)).await.unwrap();
        self.approver().payees.approve_payee(approve_payee(&id, 1)).await.unwrap();
    }

    /// All orders after a position, page by page.
    pub(crate) async fn orders(&self, request: pb::ListPaymentOrdersRequest) -> Vec<pb::PaymentOrder> {
        let (mut request, mut found) = (pb::ListPaymentOrdersRequest { page_size: 2, ..request }, Vec::new());
        loop {
            let page = self.erp().orders.list_payment_orders(request.clone()).await.unwrap().into_inner();
            found.extend(page.payment_orders);
            request.page_token = page.next_page_token;
            if request.page_token.is_empty() {
                return found;
            }
        }
    }

    pub(crate) async fn order(&self, id: &str) -> pb::PaymentOrder {
        let request = pb::GetPaymentOrderRequest { payment_order_id: id.to_owned() };
        self.erp().orders.get_payment_order(request).await.unwrap().into_inner().payment_order.unwrap()
    }

    /// The ERP says what it has done with an order.
    pub(crate) async fn done(
        &self,
        order: &pb::PaymentOrder,
        done: Done,
    ) -> Result<pb::PaymentOrder, Status> {
        let answer = self.erp().orders.acknowledge_payment_order(self.acknowledge(order, done)).await?;
        Ok(answer.into_inner().payment_order.unwrap())
    }

    pub(crate) fn acknowledge(
        &self,
        order: &pb::PaymentOrder,
        done: Done,
    ) -> pb::AcknowledgePaymentOrderRequest {
        pb::AcknowledgePaymentOrderRequest {
            request_id: self.request(),
            payment_order_id: order.payment_order_id.clone(),
            issue: order.issue,
            done: done.into(),
            amount: order.to_pay,
            reason: if done == Done::Rejected { "the account is closed".to_owned() } else { String::new() },
            reference: "V-1".to_owned(),
            ..Default::default()
        }
    }

    pub(crate) async fn void(&self, id: &str) -> Result<pb::PaymentOrder, Status> {
        let request = pb::VoidPaymentOrderRequest {
            request_id: self.request(),
            payment_order_id: id.to_owned(),
            reason: "the wrong account".to_owned(),
            ..Default::default()
        };
        Ok(self.maker().orders.void_payment_order(request).await?.into_inner().payment_order.unwrap())
    }

    pub(crate) async fn reissue(&self, id: &str) -> Result<pb::PaymentOrder, Status> {
        let request = pb::ReissuePaymentOrderRequest {
            request_id: self.request(),
            payment_order_id: id.to_owned(),
            reason: "put right".to_owned(),
            ..Default::default()
        };
        Ok(self.maker().orders.reissue_payment_order(request).await?.into_inner().payment_order.unwrap())
    }

    /// How many held orders are issued by now, and how many are not.
    pub(crate) async fn release(&self) -> (i32, i32) {
        let request = pb::ReleasePaymentOrdersRequest { request_id: self.request(), validate_only: false };
        let done = self.maker().orders.release_payment_orders(request).await.unwrap().into_inner();
        (done.issued, done.held)
    }
}

/// An order in few words: its id, what it is of, its state, what is to be paid and what is left of it.
pub(crate) fn told(order: &pb::PaymentOrder) -> (String, i64, pb::payment_order::State, i64, i64) {
    let sums = (ore(order.amount), ore(order.to_pay), ore(order.left));
    (order.payment_order_id.clone(), sums.0, order.state(), sums.1, sums.2)
}
