//! Absences: days on which the person did not come.

pub(crate) mod wire;

use std::sync::Arc;

use niva_access::Scope;
use niva_base::OpError;
use niva_proto::payment::v1 as pb;
use niva_rpc::answer;
use niva_rpc::wire::read;
use pb::absence_service_server::AbsenceService;
use tonic::Request;

use crate::facts::{Step, operations};
use crate::{Answer, App};

/// Absences as tonic sees them.
pub(crate) struct Absences(pub(crate) Arc<App>);

#[tonic::async_trait]
impl AbsenceService for Absences {
    async fn record_absence(
        &self,
        request: Request<pb::RecordAbsenceRequest>,
    ) -> Answer<pb::RecordAbsenceResponse> {
        answer!(self.record(request))
    }

    async fn correct_absence(
        &self,
        request: Request<pb::CorrectAbsenceRequest>,
    ) -> Answer<pb::CorrectAbsenceResponse> {
        answer!(self.correct(request))
    }

    async fn withdraw_absence(
        &self,
        request: Request<pb::WithdrawAbsenceRequest>,
    ) -> Answer<pb::WithdrawAbsenceResponse> {
        answer!(self.withdraw(request))
    }

    async fn get_absence(&self, request: Request<pb::GetAbsenceRequest>) -> Answer<pb::GetAbsenceResponse> {
        answer!(self.get(request))
    }

    async fn list_absences(
        &self,
        request: Request<pb::ListAbsencesRequest>,
    ) -> Answer<pb::ListAbsencesResponse> {
        answer!(self.list(request))
    }

    async fn list_absence_revisions(
        &self,
        request: Request<pb::ListAbsenceRevisionsRequest>,
    ) -> Answer<pb::ListAbsenceRevisionsResponse> {
        answer!(self.revisions(request))
    }
}

operations! {
    Absences: absence (absence_id), absences;
    record(pb::RecordAbsenceRequest) -> RecordAbsenceResponse;
    correct(pb::CorrectAbsenceRequest) -> CorrectAbsenceResponse;
    withdraw(pb::WithdrawAbsenceRequest) -> WithdrawAbsenceResponse;
    get(pb::GetAbsenceRequest) -> GetAbsenceResponse;
    list(pb::ListAbsencesRequest) -> ListAbsencesResponse;
    revisions(pb::ListAbsenceRevisionsRequest) -> ListAbsenceRevisionsResponse;
}
