//! Transitions to work.

pub(crate) mod wire;

use std::sync::Arc;

use niva_kit::OpError;
use niva_kit::auth::Caller;
use niva_kit::request::Call;
use niva_payment_domain::Record;
use niva_proto::payment::v1 as pb;
use pb::transition_service_server::TransitionService;
use tonic::Request;

use crate::facts::one;
use crate::{Answer, App};

/// Transitions to work as tonic sees them.
pub(crate) struct Transitions(pub(crate) Arc<App>);

#[tonic::async_trait]
impl TransitionService for Transitions {
    async fn record_transition(
        &self,
        request: Request<pb::RecordTransitionRequest>,
    ) -> Answer<pb::RecordTransitionResponse> {
        answer!(self.record(request))
    }
}

impl Transitions {
    async fn record(
        &self,
        caller: &Caller,
        request: &pb::RecordTransitionRequest,
    ) -> Result<pb::RecordTransitionResponse, OpError> {
        let told = one(&request.placement_id, "transition", |v, field| {
            let read = wire::transition(v, field, request.transition.as_ref());
            read.map(|t| (t.job_start.to_string(), Record::Transition(t)))
        })?;
        let call = Call { method: "RecordTransition", caller, request_id: &request.request_id, request };
        self.0.tell(&call, &told, |fact_number| pb::RecordTransitionResponse { fact_number }).await
    }
}
