//! Weekly schedules: the sessions that are decided.

pub(crate) mod wire;

use std::sync::Arc;

use niva_access::Scope;
use niva_base::OpError;
use niva_proto::payment::v1 as pb;
use niva_rpc::answer;
use niva_rpc::wire::read;
use pb::schedule_service_server::ScheduleService;
use tonic::Request;

use crate::facts::{Step, operations};
use crate::{Answer, App};

/// Weekly schedules as tonic sees them.
pub(crate) struct Schedules(pub(crate) Arc<App>);

#[tonic::async_trait]
impl ScheduleService for Schedules {
    async fn record_schedule(
        &self,
        request: Request<pb::RecordScheduleRequest>,
    ) -> Answer<pb::RecordScheduleResponse> {
        answer!(self.record(request))
    }

    async fn correct_schedule(
        &self,
        request: Request<pb::CorrectScheduleRequest>,
    ) -> Answer<pb::CorrectScheduleResponse> {
        answer!(self.correct(request))
    }

    async fn withdraw_schedule(
        &self,
        request: Request<pb::WithdrawScheduleRequest>,
    ) -> Answer<pb::WithdrawScheduleResponse> {
        answer!(self.withdraw(request))
    }

    async fn get_schedule(
        &self,
        request: Request<pb::GetScheduleRequest>,
    ) -> Answer<pb::GetScheduleResponse> {
        answer!(self.get(request))
    }

    async fn list_schedules(
        &self,
        request: Request<pb::ListSchedulesRequest>,
    ) -> Answer<pb::ListSchedulesResponse> {
        answer!(self.list(request))
    }

    async fn list_schedule_revisions(
        &self,
        request: Request<pb::ListScheduleRevisionsRequest>,
    ) -> Answer<pb::ListScheduleRevisionsResponse> {
        answer!(self.revisions(request))
    }
}

operations! {
    Schedules: schedule (schedule_id), schedules;
    record(pb::RecordScheduleRequest) -> RecordScheduleResponse;
    correct(pb::CorrectScheduleRequest) -> CorrectScheduleResponse;
    withdraw(pb::WithdrawScheduleRequest) -> WithdrawScheduleResponse;
    get(pb::GetScheduleRequest) -> GetScheduleResponse;
    list(pb::ListSchedulesRequest) -> ListSchedulesResponse;
    revisions(pb::ListScheduleRevisionsRequest) -> ListScheduleRevisionsResponse;
}
