//! Orders and their lines, read.

use std::collections::BTreeMap;

use niva_access::Scope;
use niva_base::{OpError, Violations};
use niva_names::{OrderNo, PaymentRunId, RunNo};
use niva_payment_domain::ledger::LineId;
use niva_payment_domain::orders::Relation;
use niva_proto::payment::v1 as pb;
use niva_rpc::wire::read;

use super::row::Kept;
use super::store::Filter;
use super::wire::{order_no, order_out};
use super::{Orders, store, wire};
use crate::cases::CaseKey;
use crate::lines::line::Line;
use crate::lines::wire::{line_id, line_id_out};
use crate::runs::store as runs;
use crate::wire::{MAX_LINES, after, size, whole};
use crate::{App, OpResult, lines};

/// Orders on a page at most.
const MAX_ORDERS: u32 = 1_000;

impl Orders {
    pub(super) async fn list(
        &self,
        scope: &Scope,
        request: &pb::ListPaymentOrdersRequest,
    ) -> OpResult<pb::ListPaymentOrdersResponse> {
        let mut v = Violations::new();
        let words = "is negative; give 0 to read from the start";
        v.require(request.after_position >= 0, "after_position", "CURSOR_NEGATIVE", words);
        let state = wire::state(&mut v, request.state);
        let since = read::timestamp(&mut v, "unchanged_since", request.unchanged_since.as_ref());
        let (state, unchanged_since) = v.finish_with(state.zip(since))?;
        let (run, provider) = (read::given_id(&request.payment_run_id), read::given_id(&request.provider_id));
        let payer = read::given_id(&request.district);
        let filter = Filter { run, provider, payer, state, unchanged_since };
        let list =
            pb::ListPaymentOrdersRequest { page_size: 0, page_token: String::new(), ..request.clone() };
        let asked = (request.page_size, request.page_token.as_str());
        let page = self.0.secrets.page(scope.author(), asked, &["orders", &whole(&list)], MAX_ORDERS)?;
        let begin = request.after_position.max(after(&page)?);
        let conn = self.0.db.conn();
        let numbers = store::changed(conn, &filter, begin, page.limit()).await?;
        let mut found: Vec<Kept> = store::kept(conn, &numbers).await?.into_values().collect();
        found.sort_unstable_by_key(|kept| kept.position);
        let (found, next_page_token) = page.cut(found, |kept| kept.position.to_string());
        Ok(pb::ListPaymentOrdersResponse {
            payment_orders: found.iter().map(order_out).collect(),
            next_page_token,
        })
    }

    pub(super) async fn get(
        &self,
        _: &Scope,
        request: &pb::GetPaymentOrderRequest,
    ) -> OpResult<pb::GetPaymentOrderResponse> {
        let kept = find(&self.0, order_no(&request.payment_order_id)?).await?;
        Ok(pb::GetPaymentOrderResponse { payment_order: Some(order_out(&kept)) })
    }

    pub(super) async fn list_lines(
        &self,
        scope: &Scope,
        request: &pb::ListPaymentOrderLinesRequest,
    ) -> OpResult<pb::ListPaymentOrderLinesResponse> {
        let no = order_no(&request.payment_order_id)?;
        let asked = (size(request.page_size), request.page_token.as_str());
        let list = ["order lines", request.payment_order_id.as_str()];
        let page = self.0.secrets.page(scope.author(), asked, &list, MAX_LINES)?;
        let conn = self.0.db.conn();
        let kept = find(&self.0, no).await?;
        let run = runs::find(conn, &kept.run_id).await?;
        let run_no = run.map_or(RunNo::NONE, |run| run.run_no);
        let relation = &kept.order.due.relation;
        let found = lines::store::of_relation(conn, run_no, relation, after(&page)?, page.limit()).await?;
        let (found, next_page_token) = page.cut(found, |line| line.id.line_no.to_string());
        let payment_order_lines = self.lines_out(&found, |_| Some(no)).await?;
        Ok(pb::ListPaymentOrderLinesResponse { payment_order_lines, next_page_token })
    }

    /// Lines of approved runs, a run at a time, until the page is full.
    pub(super) async fn list_approved(
        &self,
        scope: &Scope,
        request: &pb::ListApprovedLinesRequest,
    ) -> OpResult<pb::ListApprovedLinesResponse> {
        let asked = (size(request.page_size), request.page_token.as_str());
        let list = ["approved lines", request.after_line_id.as_str()];
        let page = self.0.secrets.page(scope.author(), asked, &list, MAX_LINES)?;
        let conn = self.0.db.conn();
        let begin = match page.after.as_deref().unwrap_or(&request.after_line_id) {
            "" => LineId { run_no: RunNo::NONE, line_no: 0 },
            text => self.line(text).await?,
        };
        let mut found: Vec<Line> = Vec::new();
        let mut orders = BTreeMap::new();
        for (run_no, _) in runs::approved_until(conn, RunNo(i32::MAX)).await? {
            let missing = page.limit().saturating_sub(found.len() as u64);
            if run_no < begin.run_no || missing == 0 {
                continue;
            }
            let first = if run_no == begin.run_no { begin.line_no } else { 0 };
            found.extend(lines::store::page(conn, run_no, first, missing).await?);
            orders.insert(run_no, store::of_run(conn, run_no).await?);
        }
        let ids = runs::ids(conn).await?;
        let (found, next_page_token) = page.cut(found, |line| line_name(&ids, line.id));
        let order = |line: &Line| orders.get(&line.id.run_no)?.get(&relation_of(line)).copied();
        let payment_order_lines = self.lines_out(&found, order).await?;
        Ok(pb::ListApprovedLinesResponse { payment_order_lines, next_page_token })
    }

    /// The place of a line in the ledger.
    async fn line(&self, text: &str) -> OpResult<LineId> {
        let missing = || OpError::not_found("payment line", text);
        let (run_id, line_no) = line_id(text).ok_or_else(missing)?;
        let run = runs::find(self.0.db.conn(), &run_id).await?.ok_or_else(missing)?;
        Ok(LineId { run_no: run.run_no, line_no })
    }

    async fn lines_out(
        &self,
        found: &[Line],
        order: impl Fn(&Line) -> Option<OrderNo>,
    ) -> OpResult<Vec<pb::PaymentOrderLine>> {
        let ids = runs::ids(self.0.db.conn()).await?;
        let out = found.iter().map(|line| {
            let key = CaseKey::try_from(&line.case_key).map_err(OpError::internal)?;
            let missing = || OpError::internal(format!("line {} is in no order", line_name(&ids, line.id)));
            let order = order(line).ok_or_else(missing)?;
            Ok(wire::line_out(line, &key, order, |id| line_name(&ids, id)))
        });
        out.collect()
    }
}

/// An order as it stands.
async fn find(app: &App, no: OrderNo) -> OpResult<Kept> {
    let kept = store::kept(app.db.conn(), &[no]).await?.remove(&no);
    kept.ok_or_else(|| OpError::not_found("payment order", wire::order_id(no)))
}

fn line_name(ids: &BTreeMap<RunNo, PaymentRunId>, id: LineId) -> String {
    line_id_out(ids.get(&id.run_no).unwrap_or(PaymentRunId::none()), id.line_no)
}

/// Who pays whom by a line.
fn relation_of(line: &Line) -> Relation {
    let p = &line.payable;
    Relation {
        payer: p.payer.clone().into_owned(),
        provider_id: p.provider_id.clone().into_owned(),
        payee_district: p.payee_district.clone().into_owned(),
        settlement: p.settlement,
    }
}
