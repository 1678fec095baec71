//! Lines of runs, and why each pays what it pays.

mod explain;
mod filter;
pub(crate) mod line;
pub(crate) mod store;
pub(crate) mod wire;

use std::sync::Arc;

use niva_access::Scope;
use niva_base::OpError;
use niva_names::{PaymentRunId, PlacementId, RunNo};
use niva_proto::payment::v1 as pb;
use niva_rpc::answer;
use pb::line_service_server::LineService;
use tonic::Request;

pub use self::explain::explain_line;
use self::line::Line;
use self::wire::line_out;
use crate::cases::CaseKey;
use crate::cases::store::{merges, places};
use crate::runs::find::find;
use crate::runs::store::ids;
use crate::store::Connection;
use crate::wire::{MAX_LINES, after, size, whole};
use crate::{Answer, App};

/// Lines as tonic sees them.
pub(crate) struct Lines(pub(crate) Arc<App>);

#[tonic::async_trait]
impl LineService for Lines {
    async fn list_payment_lines(
        &self,
        request: Request<pb::ListPaymentLinesRequest>,
    ) -> Answer<pb::ListPaymentLinesResponse> {
        answer!(self.list(request))
    }

    async fn explain_payment_line(
        &self,
        request: Request<pb::ExplainPaymentLineRequest>,
    ) -> Answer<pb::ExplainPaymentLineResponse> {
        answer!(self.explain(request))
    }
}

impl Lines {
    /// A run's lines that the call reaches.
    async fn list(
        &self,
        scope: &Scope,
        request: &pb::ListPaymentLinesRequest,
    ) -> Result<pb::ListPaymentLinesResponse, OpError> {
        let asked = (size(request.page_size), request.page_token.as_str());
        let mut filter = wire::filter(request, &self.0.city)?;
        let list = [
            "lines",
            &whole(&pb::ListPaymentLinesRequest {
                page_size: 0,
                page_token: String::new(),
                ..request.clone()
            }),
        ];
        let page = self.0.secrets.page(scope.author(), asked, &list, MAX_LINES)?;
        let run = find(self.0.db.conn(), &request.payment_run_id.as_str().into()).await?;
        if run.is_cancelled() {
            return Ok(pb::ListPaymentLinesResponse::default());
        }
        let conn = self.0.db.conn();
        let records = merges::as_of(conn, i64::MAX).await?;
        filter.persons = filter.persons.iter().flat_map(|person| records.same(person)).collect();
        if !request.placement_id.is_empty() {
            let placement_id = PlacementId::from(request.placement_id.as_str());
            let known = places(conn, &[placement_id.clone()].into()).await?;
            // A placement that is not known has no lines.
            let Some(place) = known.get(&placement_id) else {
                return Ok(pb::ListPaymentLinesResponse::default());
            };
            let cases = records.beside(&place.key).into_iter().chain([place.key.clone()]);
            filter.placement = Some((cases.map(|key| (&key).into()).collect(), placement_id));
        }
        let found = store::list(conn, scope, run.run_no, &filter, after(&page)?, page.limit()).await?;
        let (found, next_page_token) = page.cut(found, |line| line.id.line_no.to_string());
        Ok(pb::ListPaymentLinesResponse {
            payment_lines: lines_out(self.0.db.conn(), &found).await?,
            next_page_token,
        })
    }
}

/// Lines in the contract's words.
pub(crate) async fn lines_out(
    conn: &impl Connection,
    found: &[Line],
) -> Result<Vec<pb::PaymentLine>, OpError> {
    let ids = ids(conn).await?;
    let run_id = |run_no: RunNo| ids.get(&run_no).cloned().unwrap_or_else(|| PaymentRunId::none().clone());
    let out = found.iter().map(|line| {
        let key = CaseKey::try_from(&line.case_key).map_err(OpError::internal)?;
        Ok(line_out(line, &key, run_id))
    });
    out.collect()
}
