//! Actual premises costs of sold places.

pub(crate) mod wire;

use std::sync::Arc;

use niva_access::Scope;
use niva_base::OpError;
use niva_names::PremisesCostId;
use niva_proto::payment::v1 as pb;
use niva_rpc::answer;
use niva_rpc::wire::read;
use pb::premises_cost_service_server::PremisesCostService;
use tonic::Request;

use crate::facts::{Known, Step, operations};
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

    async fn correct_premises_cost(
        &self,
        request: Request<pb::CorrectPremisesCostRequest>,
    ) -> Answer<pb::CorrectPremisesCostResponse> {
        answer!(self.correct(request))
    }

    async fn withdraw_premises_cost(
        &self,
        request: Request<pb::WithdrawPremisesCostRequest>,
    ) -> Answer<pb::WithdrawPremisesCostResponse> {
        answer!(self.withdraw(request))
    }

    async fn approve_premises_cost(
        &self,
        request: Request<pb::ApprovePremisesCostRequest>,
    ) -> Answer<pb::ApprovePremisesCostResponse> {
        answer!(self.approve(request))
    }

    async fn get_premises_cost(
        &self,
        request: Request<pb::GetPremisesCostRequest>,
    ) -> Answer<pb::GetPremisesCostResponse> {
        answer!(self.get(request))
    }

    async fn list_premises_costs(
        &self,
        request: Request<pb::ListPremisesCostsRequest>,
    ) -> Answer<pb::ListPremisesCostsResponse> {
        answer!(self.list(request))
    }

    async fn list_premises_cost_revisions(
        &self,
        request: Request<pb::ListPremisesCostRevisionsRequest>,
    ) -> Answer<pb::ListPremisesCostRevisionsResponse> {
        answer!(self.revisions(request))
    }
}

impl PremisesCosts {
    /// Approves a premises cost. Errors are looked for in this order: NOT_FOUND, FACT_WITHDRAWN, REVISION_NOT_NEWEST,
    /// APPROVAL_NOT_NEEDED, ALREADY_APPROVED, SAME_PERSON.
    async fn approve(
        &self,
        scope: &Scope,
        request: &pb::ApprovePremisesCostRequest,
    ) -> Result<pb::ApprovePremisesCostResponse, OpError> {
        let id = &read::only_id::<PremisesCostId>("premises_cost_id", &request.premises_cost_id)?;
        let work = self.0.change(scope, request, |tx, told| {
            Box::pin(async move {
                let known: Known<pb::PremisesCost> = self.0.known(tx, scope, id).await?;
                let premises_cost = known.approve(tx, scope, request.expected_revision, told).await?;
                Ok(pb::ApprovePremisesCostResponse { premises_cost: Some(premises_cost) })
            })
        });
        work.await
    }
}

operations! {
    PremisesCosts: premises_cost (premises_cost_id), premises_costs;
    record(pb::RecordPremisesCostRequest) -> RecordPremisesCostResponse;
    correct(pb::CorrectPremisesCostRequest) -> CorrectPremisesCostResponse;
    withdraw(pb::WithdrawPremisesCostRequest) -> WithdrawPremisesCostResponse;
    get(pb::GetPremisesCostRequest) -> GetPremisesCostResponse;
    list(pb::ListPremisesCostsRequest) -> ListPremisesCostsResponse;
    revisions(pb::ListPremisesCostRevisionsRequest) -> ListPremisesCostRevisionsResponse;
}
