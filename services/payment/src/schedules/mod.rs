//! Weekly schedules: the sessions that are decided.

pub(crate) mod wire;

use std::sync::Arc;

use niva_kit::OpError;
use niva_kit::auth::Caller;
use niva_kit::request::Call;
use niva_payment_domain::Record;
use niva_proto::payment::v1 as pb;
use pb::schedule_service_server::ScheduleService;
use tonic::Request;

use crate::facts::one;
use crate::{Answer, App};

/// Weekly schedules as tonic sees them.
pub(crate) struct Schedules(pub(crate) Arc<App>);

#[tonic::async_trait]
impl ScheduleService for Schedules {
    async fn set_weekly_schedule(
        &self,
        request: Request<pb::SetWeeklyScheduleRequest>,
    ) -> Answer<pb::SetWeeklyScheduleResponse> {
        answer!(self.set(request))
    }
}

impl Schedules {
    async fn set(
        &self,
        caller: &Caller,
        request: &pb::SetWeeklyScheduleRequest,
    ) -> Result<pb::SetWeeklyScheduleResponse, OpError> {
        let told = one(&request.placement_id, "schedule", |v, field| {
            let read = wire::schedule(v, field, request.schedule.as_ref());
            read.map(|schedule| (schedule.from.to_string(), Record::Schedule(schedule)))
        })?;
        let call = Call { method: "SetWeeklySchedule", caller, request_id: &request.request_id, request };
        self.0.tell(&call, &told, |fact_number| pb::SetWeeklyScheduleResponse { fact_number }).await
    }
}
