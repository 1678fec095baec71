//! Special compensation: amounts beside the rate, for one placement.

mod decision;
pub(crate) mod wire;

use std::sync::Arc;

use niva_access::Scope;
use niva_base::OpError;
use niva_proto::payment::v1 as pb;
use niva_rpc::answer;
use niva_rpc::wire::read;
use pb::special_compensation_service_server::SpecialCompensationService;
use tonic::Request;

use crate::facts::{Step, operations};
use crate::{Answer, App};

/// Special compensation as tonic sees them.
pub(crate) struct SpecialCompensations(pub(crate) Arc<App>);

#[tonic::async_trait]
impl SpecialCompensationService for SpecialCompensations {
    async fn record_special_compensation(
        &self,
        request: Request<pb::RecordSpecialCompensationRequest>,
    ) -> Answer<pb::RecordSpecialCompensationResponse> {
        answer!(self.record(request))
    }

    async fn correct_special_compensation(
        &self,
        request: Request<pb::CorrectSpecialCompensationRequest>,
    ) -> Answer<pb::CorrectSpecialCompensationResponse> {
        answer!(self.correct(request))
    }

    async fn withdraw_special_compensation(
        &self,
        request: Request<pb::WithdrawSpecialCompensationRequest>,
    ) -> Answer<pb::WithdrawSpecialCompensationResponse> {
        answer!(self.withdraw(request))
    }

    async fn decide_special_compensation(
        &self,
        request: Request<pb::DecideSpecialCompensationRequest>,
    ) -> Answer<pb::DecideSpecialCompensationResponse> {
        answer!(self.decide(request))
    }

    async fn get_special_compensation(
        &self,
        request: Request<pb::GetSpecialCompensationRequest>,
    ) -> Answer<pb::GetSpecialCompensationResponse> {
        answer!(self.get(request))
    }

    async fn list_special_compensations(
        &self,
        request: Request<pb::ListSpecialCompensationsRequest>,
    ) -> Answer<pb::ListSpecialCompensationsResponse> {
        answer!(self.list(request))
    }

    async fn list_special_compensation_revisions(
        &self,
        request: Request<pb::ListSpecialCompensationRevisionsRequest>,
    ) -> Answer<pb::ListSpecialCompensationRevisionsResponse> {
        answer!(self.revisions(request))
    }
}

operations! {
    SpecialCompensations: special_compensation (special_compensation_id), special_compensations;
    record(pb::RecordSpecialCompensationRequest) -> RecordSpecialCompensationResponse;
    correct(pb::CorrectSpecialCompensationRequest) -> CorrectSpecialCompensationResponse;
    withdraw(pb::WithdrawSpecialCompensationRequest) -> WithdrawSpecialCompensationResponse;
    get(pb::GetSpecialCompensationRequest) -> GetSpecialCompensationResponse;
    list(pb::ListSpecialCompensationsRequest) -> ListSpecialCompensationsResponse;
    revisions(pb::ListSpecialCompensationRevisionsRequest) -> ListSpecialCompensationRevisionsResponse;
}
