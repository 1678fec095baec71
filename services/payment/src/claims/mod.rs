//! Claims: credits that nothing is left to net against. A claim is an order ([`crate::orders`]) that waits; what is done about it are
//! steps of that order.

mod wire;

use std::sync::Arc;

use niva_access::Scope;
use niva_base::{OpError, Violations};
use niva_facts::Telling;
use niva_names::OrderNo;
use niva_payment_domain::orders::{Order, OrderRefused, Step};
use niva_proto::payment::v1 as pb;
use niva_rpc::answer;
use niva_rpc::wire::read;
use niva_store::Tx;
use pb::claim_service_server::ClaimService;
use tonic::Request;

use self::wire::claim_out;
use crate::orders::record::Book;
use crate::orders::row::{Kept, Said};
use crate::orders::store::{self, Filter};
use crate::orders::wire::{order_id, order_no, reason, reference, refused};
use crate::wire::{after, price, whole};
use crate::{Answer, App, OpResult};

/// Claims on a page at most.
const MAX_PAGE: u32 = 1_000;

/// Claims as tonic sees them.
pub(crate) struct Claims(pub(crate) Arc<App>);

/// `writes!` makes the rpcs that do something about a claim: what is read of the request is a step and what is said of it.
macro_rules! writes {
    ($($rpc:ident($request:ty) -> $response:ident = $read:expr;)+) => {
        #[tonic::async_trait]
        impl ClaimService for Claims {
            async fn list_claims(
                &self,
                request: Request<pb::ListClaimsRequest>,
            ) -> Answer<pb::ListClaimsResponse> {
                answer!(self.list(request))
            }

            async fn get_claim(&self, request: Request<pb::GetClaimRequest>) -> Answer<pb::GetClaimResponse> {
                answer!(self.get(request))
            }

            $(async fn $rpc(&self, request: Request<$request>) -> Answer<pb::$response> {
                answer!(self.$rpc(request))
            })+
        }

        impl Claims {
            $(async fn $rpc(&self, scope: &Scope, request: &$request) -> OpResult<pb::$response> {
                let read: fn(&$request) -> OpResult<(Step, Said)> = $read;
                let (no, (step, said)) = (order_no(&request.payment_order_id)?, read(request)?);
                let (step, said) = (&step, &said);
                let work = self.0.change(scope, request, |tx, told| {
                    Box::pin(async move {
                        let claim = self.step(tx, &told, no, step.clone(), said.clone()).await?;
                        Ok(pb::$response { claim: Some(claim) })
                    })
                });
                self.told(work.await)
            })+
        }
    };
}

writes! {
    plan_claim(pb::PlanClaimRequest) -> PlanClaimResponse = |request| {
        let mut v = Violations::new();
        let plan = wire::plan(&mut v, request.plan());
        let reason = reason(&mut v, &request.reason);
        let (plan, reason) = v.finish_with(plan.zip(reason))?;
        Ok((Step::Planned(plan), Said { reason, ..Said::default() }))
    };
    invoice_claim(pb::InvoiceClaimRequest) -> InvoiceClaimResponse = |request| {
        Ok((Step::Invoiced, named("invoice_reference", &request.invoice_reference)?))
    };
    record_claim_repayment(pb::RecordClaimRepaymentRequest) -> RecordClaimRepaymentResponse = |request| {
        let mut v = Violations::new();
        let amount = price(&mut v, "amount", request.amount);
        let amount = v.finish_with(amount)?;
        Ok((Step::Repaid(amount), named("payment_reference", &request.payment_reference)?))
    };
    propose_claim_write_off(pb::ProposeClaimWriteOffRequest) -> ProposeClaimWriteOffResponse = |request| {
        let mut v = Violations::new();
        let reason = reason(&mut v, &request.reason);
        Ok((Step::WriteOffProposed, Said { reason: v.finish_with(reason)?, ..Said::default() }))
    };
    approve_claim_write_off(pb::ApproveClaimWriteOffRequest) -> ApproveClaimWriteOffResponse = |request| {
        let mut v = Violations::new();
        let amount = read::money(&mut v, "amount", request.amount);
        Ok((Step::WrittenOff(v.finish_with(amount)?), Said::default()))
    };
}

/// What another system calls something.
fn named(field: &str, given: &str) -> OpResult<Said> {
    let mut v = Violations::new();
    let reference = reference(&mut v, field, given);
    Ok(Said { reference: v.finish_with(reference)?, ..Said::default() })
}

impl Claims {
    async fn list(&self, scope: &Scope, request: &pb::ListClaimsRequest) -> OpResult<pb::ListClaimsResponse> {
        let list = pb::ListClaimsRequest { page_size: 0, page_token: String::new(), ..request.clone() };
        let asked = (request.page_size, request.page_token.as_str());
        let page = self.0.secrets.page(scope.author(), asked, &["claims", &whole(&list)], MAX_PAGE)?;
        let (provider, payer) = (read::given_id(&request.provider_id), read::given_id(&request.district));
        let filter = Filter { provider, payer, ..Filter::default() };
        let conn = self.0.db.conn();
        let numbers = store::credits(conn, &filter, after(&page)?, page.limit()).await?;
        let (numbers, next_page_token) = page.cut(numbers, ToString::to_string);
        let kept = store::kept(conn, &numbers).await?;
        let open = |claim: &pb::Claim| request.include_closed || claim.state() != pb::claim::State::Closed;
        let claims = kept.values().filter_map(|kept| self.claim(kept)).filter(open).collect();
        Ok(pb::ListClaimsResponse { claims, next_page_token })
    }

    async fn get(&self, _: &Scope, request: &pb::GetClaimRequest) -> OpResult<pb::GetClaimResponse> {
        let no = order_no(&request.payment_order_id)?;
        let kept = store::kept(self.0.db.conn(), &[no]).await?.remove(&no);
        let claim = kept.and_then(|kept| self.claim(&kept)).ok_or_else(|| missing(no))?;
        Ok(pb::GetClaimResponse { claim: Some(claim) })
    }

    fn claim(&self, kept: &Kept) -> Option<pb::Claim> {
        claim_out(&self.0.claims, kept, self.0.clock.today())
    }

    /// Something is done about a credit. Errors are looked for in this order: NOT_FOUND, ORDER_STATE, SAME_PERSON, MORE_THAN_LEFT,
    /// AMOUNT_DIFFERS.
    async fn step(
        &self,
        tx: &Tx<'_>,
        told: &Telling,
        no: OrderNo,
        step: Step,
        said: Said,
    ) -> OpResult<pb::Claim> {
        let mut book = Book::open(tx, told).await?;
        book.read(&[no]).await?;
        let order: Order =
            book.order(no).filter(|order| order.is_credit()).cloned().ok_or_else(|| missing(no))?;
        let all = matches!(step, Step::WrittenOff(_));
        let other = matches!(step, Step::WrittenOff(amount) if amount != order.left());
        // Whether it may be written off at all is said first.
        let step = if all { Step::WrittenOff(order.left()) } else { step };
        book.take(no, step, said).map_err(|error| refused(&order, &error))?;
        if other {
            return Err(refused(&order, &OrderRefused::Amount { amount: order.left() }));
        }
        book.close().await?;
        let kept = store::kept(tx, &[no]).await?.remove(&no).ok_or_else(|| missing(no))?;
        self.claim(&kept).ok_or_else(|| missing(no))
    }

    fn told<R>(&self, done: OpResult<R>) -> OpResult<R> {
        self.0.orders.notify();
        done
    }
}

fn missing(no: OrderNo) -> OpError {
    OpError::not_found("claim", order_id(no))
}
