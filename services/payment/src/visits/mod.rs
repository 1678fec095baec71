//! Visits: days on which the provider visited the person's workplace.

pub(crate) mod wire;

use std::sync::Arc;

use niva_access::Scope;
use niva_base::OpError;
use niva_proto::payment::v1 as pb;
use niva_rpc::answer;
use niva_rpc::wire::read;
use pb::visit_service_server::VisitService;
use tonic::Request;

use crate::facts::{Step, operations};
use crate::{Answer, App};

/// Visits as tonic sees them.
pub(crate) struct Visits(pub(crate) Arc<App>);

#[tonic::async_trait]
impl VisitService for Visits {
    async fn record_visit(
        &self,
        request: Request<pb::RecordVisitRequest>,
    ) -> Answer<pb::RecordVisitResponse> {
        answer!(self.record(request))
    }

    async fn correct_visit(
        &self,
        request: Request<pb::CorrectVisitRequest>,
    ) -> Answer<pb::CorrectVisitResponse> {
        answer!(self.correct(request))
    }

    async fn withdraw_visit(
        &self,
        request: Request<pb::WithdrawVisitRequest>,
    ) -> Answer<pb::WithdrawVisitResponse> {
        answer!(self.withdraw(request))
    }

    async fn get_visit(&self, request: Request<pb::GetVisitRequest>) -> Answer<pb::GetVisitResponse> {
        answer!(self.get(request))
    }

    async fn list_visits(&self, request: Request<pb::ListVisitsRequest>) -> Answer<pb::ListVisitsResponse> {
        answer!(self.list(request))
    }

    async fn list_visit_revisions(
        &self,
        request: Request<pb::ListVisitRevisionsRequest>,
    ) -> Answer<pb::ListVisitRevisionsResponse> {
        answer!(self.revisions(request))
    }
}

operations! {
    Visits: visit (visit_id), visits;
    record(pb::RecordVisitRequest) -> RecordVisitResponse;
    correct(pb::CorrectVisitRequest) -> CorrectVisitResponse;
    withdraw(pb::WithdrawVisitRequest) -> WithdrawVisitResponse;
    get(pb::GetVisitRequest) -> GetVisitResponse;
    list(pb::ListVisitsRequest) -> ListVisitsResponse;
    revisions(pb::ListVisitRevisionsRequest) -> ListVisitRevisionsResponse;
}
