//! Orders to pay: made when a run is approved, told to the ERP, acknowledged by it.

pub(crate) mod log;
mod reads;
pub(crate) mod record;
pub(crate) mod row;
pub(crate) mod store;
mod verify;
pub(crate) mod wire;

use std::sync::Arc;

use futures_util::StreamExt;
use futures_util::stream::BoxStream;
use niva_access::Scope;
use niva_base::{OpError, Violations};
use niva_facts::Telling;
use niva_feed::produce;
use niva_names::OrderNo;
use niva_payment_domain::orders::{Order, OrderRefused, Step};
use niva_proto::payment::v1 as pb;
use niva_rpc::answer;
use niva_store::Tx;
use pb::payment_order_service_server::PaymentOrderService;
use tonic::{Request, Response, Status};

use self::record::{Book, Payees};
use self::row::Said;
pub(crate) use self::verify::verify;
use self::wire::{order_no, order_out, refused};
use crate::{Answer, App, OpResult};

/// Orders as tonic sees them.
pub(crate) struct Orders(pub(crate) Arc<App>);

#[tonic::async_trait]
impl PaymentOrderService for Orders {
    type WatchPaymentOrdersStream = BoxStream<'static, Result<pb::WatchPaymentOrdersResponse, Status>>;

    async fn list_payment_orders(
        &self,
        request: Request<pb::ListPaymentOrdersRequest>,
    ) -> Answer<pb::ListPaymentOrdersResponse> {
        answer!(self.list(request))
    }

    async fn get_payment_order(
        &self,
        request: Request<pb::GetPaymentOrderRequest>,
    ) -> Answer<pb::GetPaymentOrderResponse> {
        answer!(self.get(request))
    }

    async fn list_payment_order_lines(
        &self,
        request: Request<pb::ListPaymentOrderLinesRequest>,
    ) -> Answer<pb::ListPaymentOrderLinesResponse> {
        answer!(self.list_lines(request))
    }

    async fn list_approved_lines(
        &self,
        request: Request<pb::ListApprovedLinesRequest>,
    ) -> Answer<pb::ListApprovedLinesResponse> {
        answer!(self.list_approved(request))
    }

    async fn watch_payment_orders(
        &self,
        request: Request<pb::WatchPaymentOrdersRequest>,
    ) -> Answer<Self::WatchPaymentOrdersStream> {
        let App { orders, shutdown, .. } = &*self.0;
        let messages = produce(orders, request.get_ref().after_position, shutdown.clone());
        Ok(Response::new(messages.map(|message| message.map_err(niva_rpc::status)).boxed()))
    }

    async fn acknowledge_payment_order(
        &self,
        request: Request<pb::AcknowledgePaymentOrderRequest>,
    ) -> Answer<pb::AcknowledgePaymentOrderResponse> {
        answer!(self.acknowledge(request))
    }

    async fn void_payment_order(
        &self,
        request: Request<pb::VoidPaymentOrderRequest>,
    ) -> Answer<pb::VoidPaymentOrderResponse> {
        answer!(self.void(request))
    }

    async fn reissue_payment_order(
        &self,
        request: Request<pb::ReissuePaymentOrderRequest>,
    ) -> Answer<pb::ReissuePaymentOrderResponse> {
        answer!(self.reissue(request))
    }

    async fn release_payment_orders(
        &self,
        request: Request<pb::ReleasePaymentOrdersRequest>,
    ) -> Answer<pb::ReleasePaymentOrdersResponse> {
        answer!(self.release(request))
    }
}

impl Orders {
    /// What the ERP has done with an order. Errors are looked for in this order: NOT_FOUND, ORDER_VOIDED, ISSUE_NOT_NEWEST,
    /// AMOUNT_DIFFERS, ORDER_STATE.
    async fn acknowledge(
        &self,
        scope: &Scope,
        request: &pb::AcknowledgePaymentOrderRequest,
    ) -> OpResult<pb::AcknowledgePaymentOrderResponse> {
        let no = order_no(&request.payment_order_id)?;
        let told = &wire::acknowledged(request)?;
        let work = self.0.change(scope, request, |tx, telling| {
            Box::pin(async move {
                let payment_order = changed(tx, &telling, no, |book, order| {
                    let checked = order.check_acknowledged(told.issue, told.amount);
                    checked.map_err(|error| refused(order, &error))?;
                    if order.is_already(&told.step) {
                        return Ok(());
                    }
                    take(book, order, told.step.clone(), told.said.clone())
                });
                Ok(pb::AcknowledgePaymentOrderResponse { payment_order: Some(payment_order.await?) })
            })
        });
        self.told(work.await)
    }

    /// Takes an order back. Errors are looked for in this order: NOT_FOUND, ORDER_STATE.
    async fn void(
        &self,
        scope: &Scope,
        request: &pb::VoidPaymentOrderRequest,
    ) -> OpResult<pb::VoidPaymentOrderResponse> {
        let no = order_no(&request.payment_order_id)?;
        let said = &why(&request.reason)?;
        let work = self.0.change(scope, request, |tx, telling| {
            Box::pin(async move {
                let payment_order =
                    changed(tx, &telling, no, |book, order| take(book, order, Step::Voided, said.clone()));
                Ok(pb::VoidPaymentOrderResponse { payment_order: Some(payment_order.await?) })
            })
        });
        self.told(work.await)
    }

    /// Issues an order again. Errors are looked for in this order: NOT_FOUND, ORDER_STATE, ORDER_HELD.
    async fn reissue(
        &self,
        scope: &Scope,
        request: &pb::ReissuePaymentOrderRequest,
    ) -> OpResult<pb::ReissuePaymentOrderResponse> {
        let no = order_no(&request.payment_order_id)?;
        let said = &why(&request.reason)?;
        let work = self.0.change(scope, request, |tx, telling| {
            Box::pin(async move {
                let payees = Payees::today(&self.0, tx).await?;
                let payment_order = changed(tx, &telling, no, |book, order| {
                    let again = |to| Step::Issued { issue: order.issue + 1, netted: order.netted, to };
                    // Whether it may be is looked at before its payee is.
                    let mut rehearsed = order.clone();
                    let may =
                        if order.issue > 0 { rehearsed.take(&again(None), "") } else { Err(never(order)) };
                    may.map_err(|error| refused(order, &error))?;
                    let to = order.pays().then(|| payees.of(&order.due.relation.provider_id)).transpose();
                    let to = to.map_err(|held| {
                        let words = format!("the payee cannot be paid today ({held}): put that right first");
                        OpError::precondition("ORDER_HELD", words).with("held_reason", held)
                    });
                    take(book, order, again(to?), said.clone())
                });
                Ok(pb::ReissuePaymentOrderResponse { payment_order: Some(payment_order.await?) })
            })
        });
        self.told(work.await)
    }

    async fn release(
        &self,
        scope: &Scope,
        request: &pb::ReleasePaymentOrdersRequest,
    ) -> OpResult<pb::ReleasePaymentOrdersResponse> {
        let work = self.0.change(scope, request, |tx, telling| {
            Box::pin(async move {
                let (issued, held) = record::release(&self.0, tx, &telling).await?;
                let count = |of: usize| i32::try_from(of).unwrap_or(i32::MAX);
                Ok(pb::ReleasePaymentOrdersResponse { issued: count(issued), held: count(held) })
            })
        });
        self.told(work.await)
    }

    /// Whoever follows orders looks again.
    fn told<R>(&self, done: OpResult<R>) -> OpResult<R> {
        self.0.orders.notify();
        done
    }
}

fn never(order: &Order) -> OrderRefused {
    OrderRefused::State { state: order.state, what: "can be issued again" }
}

/// Something is done about one order, which nobody else adds to meanwhile: the order as it stands then.
async fn changed(
    tx: &Tx<'_>,
    telling: &Telling,
    no: OrderNo,
    work: impl FnOnce(&mut Book<'_, '_>, &Order) -> OpResult<()> + Send,
) -> OpResult<pb::PaymentOrder> {
    let missing = || OpError::not_found("payment order", wire::order_id(no));
    let mut book = Book::open(tx, telling).await?;
    book.read(&[no]).await?;
    let order = book.order(no).cloned().ok_or_else(missing)?;
    work(&mut book, &order)?;
    book.close().await?;
    let kept = store::kept(tx, &[no]).await?.remove(&no);
    Ok(order_out(&kept.ok_or_else(missing)?))
}

/// Something happens to an order, if it can.
fn take(book: &mut Book<'_, '_>, order: &Order, step: Step, said: Said) -> OpResult<()> {
    book.take(order.no, step, said).map_err(|error| refused(order, &error))
}

/// Why something is done, which must be said.
fn why(given: &str) -> OpResult<Said> {
    let mut v = Violations::new();
    let reason = wire::reason(&mut v, given);
    Ok(Said { reason: v.finish_with(reason)?, reference: String::new() })
}
