//! Individual agreements: prices agreed for one placement.

pub(crate) mod wire;

use std::sync::Arc;

use niva_access::Scope;
use niva_base::OpError;
use niva_names::AgreementId;
use niva_proto::payment::v1 as pb;
use niva_rpc::answer;
use niva_rpc::wire::read;
use pb::agreement_service_server::AgreementService;
use tonic::Request;

use crate::facts::{Known, Step, operations};
use crate::{Answer, App};

/// Individual agreements as tonic sees them.
pub(crate) struct Agreements(pub(crate) Arc<App>);

#[tonic::async_trait]
impl AgreementService for Agreements {
    async fn record_agreement(
        &self,
        request: Request<pb::RecordAgreementRequest>,
    ) -> Answer<pb::RecordAgreementResponse> {
        answer!(self.record(request))
    }

    async fn correct_agreement(
        &self,
        request: Request<pb::CorrectAgreementRequest>,
    ) -> Answer<pb::CorrectAgreementResponse> {
        answer!(self.correct(request))
    }

    async fn withdraw_agreement(
        &self,
        request: Request<pb::WithdrawAgreementRequest>,
    ) -> Answer<pb::WithdrawAgreementResponse> {
        answer!(self.withdraw(request))
    }

    async fn approve_agreement(
        &self,
        request: Request<pb::ApproveAgreementRequest>,
    ) -> Answer<pb::ApproveAgreementResponse> {
        answer!(self.approve(request))
    }

    async fn get_agreement(
        &self,
        request: Request<pb::GetAgreementRequest>,
    ) -> Answer<pb::GetAgreementResponse> {
        answer!(self.get(request))
    }

    async fn list_agreements(
        &self,
        request: Request<pb::ListAgreementsRequest>,
    ) -> Answer<pb::ListAgreementsResponse> {
        answer!(self.list(request))
    }

    async fn list_agreement_revisions(
        &self,
        request: Request<pb::ListAgreementRevisionsRequest>,
    ) -> Answer<pb::ListAgreementRevisionsResponse> {
        answer!(self.revisions(request))
    }
}

impl Agreements {
    /// Approves an agreement. Errors are looked for in this order: NOT_FOUND, FACT_WITHDRAWN, REVISION_NOT_NEWEST,
    /// ALREADY_APPROVED, SAME_PERSON.
    async fn approve(
        &self,
        scope: &Scope,
        request: &pb::ApproveAgreementRequest,
    ) -> Result<pb::ApproveAgreementResponse, OpError> {
        let id = &read::only_id::<AgreementId>("agreement_id", &request.agreement_id)?;
        let work = self.0.change(scope, request, |tx, told| {
            Box::pin(async move {
                let known: Known<pb::Agreement> = self.0.known(tx, scope, id).await?;
                let agreement = known.approve(tx, scope, request.expected_revision, told).await?;
                Ok(pb::ApproveAgreementResponse { agreement: Some(agreement) })
            })
        });
        work.await
    }
}

operations! {
    Agreements: agreement (agreement_id), agreements;
    record(pb::RecordAgreementRequest) -> RecordAgreementResponse;
    correct(pb::CorrectAgreementRequest) -> CorrectAgreementResponse;
    withdraw(pb::WithdrawAgreementRequest) -> WithdrawAgreementResponse;
    get(pb::GetAgreementRequest) -> GetAgreementResponse;
    list(pb::ListAgreementsRequest) -> ListAgreementsResponse;
    revisions(pb::ListAgreementRevisionsRequest) -> ListAgreementRevisionsResponse;
}
