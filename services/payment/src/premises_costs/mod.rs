//! Actual premises costs of sold places.

pub(crate) mod wire;

use std::sync::Arc;

use niva_kit::OpError;
use niva_kit::auth::Caller;
use niva_kit::request::Call;
use niva_payment_domain::Record;
use niva_proto::payment::v1 as pb;
use pb::premises_cost_service_server::PremisesCostService;
use tonic::Request;

use crate::facts::one;
use crate::{Answer, App};

/// Premises costs as tonic sees them.
pub(crate) struct PremisesCosts(pub(crate) Arc<App>);

#[tonic::async_trait]
impl PremisesCostService for PremisesCosts {
    async fn record_premises_cost(
        &self,
        request: Request<pb::RecordPremisesCostRequest>,
    ) -> Answer<pb::RecordPremisesCostResponse> {
        answer!(self.record(request))
    }
}

impl PremisesCosts {
    async fn record(
        &self,
        caller: &Caller,
        request: &pb::RecordPremisesCostRequest,
    ) -> Result<pb::RecordPremisesCostResponse, OpError> {
        let told = one(&request.placement_id, "premises_cost", |v, field| {
            let read = wire::premises_cost(v, field, request.premises_cost.as_ref());
            read.map(|c| (c.days.first.to_string(), Record::PremisesCost(c)))
        })?;
        let call = Call { method: "RecordPremisesCost", caller, request_id: &request.request_id, request };
        self.0.tell(&call, &told, |fact_number| pb::RecordPremisesCostResponse { fact_number }).await
    }
}
