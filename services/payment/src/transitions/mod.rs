//! Transitions to work.

pub(crate) mod wire;

use std::sync::Arc;

use niva_access::Scope;
use niva_base::OpError;
use niva_proto::payment::v1 as pb;
use niva_rpc::answer;
use niva_rpc::wire::read;
use pb::transition_service_server::TransitionService;
use tonic::Request;

use crate::facts::{Step, operations};
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

    async fn correct_transition(
        &self,
        request: Request<pb::CorrectTransitionRequest>,
    ) -> Answer<pb::CorrectTransitionResponse> {
        answer!(self.correct(request))
    }

    async fn withdraw_transition(
        &self,
        request: Request<pb::WithdrawTransitionRequest>,
    ) -> Answer<pb::WithdrawTransitionResponse> {
        answer!(self.withdraw(request))
    }

    async fn get_transition(
        &self,
        request: Request<pb::GetTransitionRequest>,
    ) -> Answer<pb::GetTransitionResponse> {
        answer!(self.get(request))
    }

    async fn list_transitions(
        &self,
        request: Request<pb::ListTransitionsRequest>,
    ) -> Answer<pb::ListTransitionsResponse> {
        answer!(self.list(request))
    }

    async fn list_transition_revisions(
        &self,
        request: Request<pb::ListTransitionRevisionsRequest>,
    ) -> Answer<pb::ListTransitionRevisionsResponse> {
        answer!(self.revisions(request))
    }
}

operations! {
    Transitions: transition (transition_id), transitions;
    record(pb::RecordTransitionRequest) -> RecordTransitionResponse;
    correct(pb::CorrectTransitionRequest) -> CorrectTransitionResponse;
    withdraw(pb::WithdrawTransitionRequest) -> WithdrawTransitionResponse;
    get(pb::GetTransitionRequest) -> GetTransitionResponse;
    list(pb::ListTransitionsRequest) -> ListTransitionsResponse;
    revisions(pb::ListTransitionRevisionsRequest) -> ListTransitionRevisionsResponse;
}
