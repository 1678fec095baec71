//! Postings: how a run's lines are booked, by the city's file of accounts, kept when the run is approved.

pub(crate) mod book;
pub(crate) mod store;
mod wire;

use std::sync::Arc;

use niva_access::Scope;
use niva_base::OpError;
use niva_payment_domain::RunState;
use niva_proto::payment::v1 as pb;
use niva_rpc::answer;
use pb::posting_service_server::PostingService;
use tonic::Request;

use self::wire::posting_out;
use crate::runs::find::find;
use crate::{Answer, App, OpResult};

/// Postings on a page at most.
const MAX_PAGE: u32 = 1_000;

/// Postings as tonic sees them.
pub(crate) struct Postings(pub(crate) Arc<App>);

#[tonic::async_trait]
impl PostingService for Postings {
    async fn list_postings(
        &self,
        request: Request<pb::ListPostingsRequest>,
    ) -> Answer<pb::ListPostingsResponse> {
        answer!(self.list(request))
    }
}

impl Postings {
    /// Those of an approved run, or those that a calculated one would have. Errors are looked for in this order: NOT_FOUND, RUN_STATE,
    /// POSTINGS_MISSING.
    async fn list(
        &self,
        scope: &Scope,
        request: &pb::ListPostingsRequest,
    ) -> OpResult<pb::ListPostingsResponse> {
        let asked = (request.page_size, request.page_token.as_str());
        let list = ["postings", request.payment_run_id.as_str()];
        let page = self.0.secrets.page(scope.author(), asked, &list, MAX_PAGE)?;
        let run = find(self.0.db.conn(), &request.payment_run_id.as_str().into()).await?;
        let conn = self.0.db.conn();
        let postings = match &run.run.state {
            RunState::Approved { .. } => store::of_run(conn, run.run_no).await?,
            RunState::Calculated { .. } => self.0.posted(conn, &run).await?,
            state => {
                let words = format!("the run is {}: nothing of it is booked", state.name());
                return Err(OpError::precondition("RUN_STATE", words).with("state", state.name()));
            }
        };
        let (postings, next_page_token) = page.of(postings.iter().map(posting_out))?;
        Ok(pb::ListPostingsResponse { postings, next_page_token })
    }
}
