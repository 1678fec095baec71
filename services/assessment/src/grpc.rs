//! The generated trait; a line per rpc.

use std::pin::Pin;
use std::sync::Arc;

use futures_util::{Stream, StreamExt};
use niva_kit::auth::caller;
use niva_kit::import::Import;
use niva_kit::rpc::{answer, status};
use niva_proto::assessment::v1 as pb;
use pb::assessment_service_server::AssessmentService;
use tonic::{Request, Response, Status, Streaming};

use crate::App;

/// The service as tonic sees it.
#[derive(Clone)]
pub(crate) struct Grpc(pub(crate) Arc<App>);

type Answer<T> = Result<Response<T>, Status>;

macro_rules! op {
    ($self:ident.$name:ident($request:ident)) => {
        answer($self.0.$name(caller(&$request)?, $request.get_ref()).await)
    };
}

#[tonic::async_trait]
impl AssessmentService for Grpc {
    async fn register_person(
        &self,
        request: Request<pb::RegisterPersonRequest>,
    ) -> Answer<pb::RegisterPersonResponse> {
        op!(self.register_person(request))
    }

    async fn get_person(&self, request: Request<pb::GetPersonRequest>) -> Answer<pb::GetPersonResponse> {
        op!(self.get_person(request))
    }

    async fn list_persons(
        &self,
        request: Request<pb::ListPersonsRequest>,
    ) -> Answer<pb::ListPersonsResponse> {
        op!(self.list_persons(request))
    }

    async fn record_grant(
        &self,
        request: Request<pb::RecordGrantRequest>,
    ) -> Answer<pb::RecordGrantResponse> {
        op!(self.record_grant(request))
    }

    async fn change_grant_scope(
        &self,
        request: Request<pb::ChangeGrantScopeRequest>,
    ) -> Answer<pb::ChangeGrantScopeResponse> {
        op!(self.change_grant_scope(request))
    }

    async fn end_grant(&self, request: Request<pb::EndGrantRequest>) -> Answer<pb::EndGrantResponse> {
        op!(self.end_grant(request))
    }

    async fn get_grant(&self, request: Request<pb::GetGrantRequest>) -> Answer<pb::GetGrantResponse> {
        op!(self.get_grant(request))
    }

    async fn list_grants(&self, request: Request<pb::ListGrantsRequest>) -> Answer<pb::ListGrantsResponse> {
        op!(self.list_grants(request))
    }

    async fn list_instruments(
        &self,
        request: Request<pb::ListInstrumentsRequest>,
    ) -> Answer<pb::ListInstrumentsResponse> {
        op!(self.list_instruments(request))
    }

    async fn start_measurement(
        &self,
        request: Request<pb::StartMeasurementRequest>,
    ) -> Answer<pb::StartMeasurementResponse> {
        op!(self.start_measurement(request))
    }

    async fn record_score(
        &self,
        request: Request<pb::RecordScoreRequest>,
    ) -> Answer<pb::RecordScoreResponse> {
        op!(self.record_score(request))
    }

    async fn decide_level(
        &self,
        request: Request<pb::DecideLevelRequest>,
    ) -> Answer<pb::DecideLevelResponse> {
        op!(self.decide_level(request))
    }

    async fn get_measurement(
        &self,
        request: Request<pb::GetMeasurementRequest>,
    ) -> Answer<pb::GetMeasurementResponse> {
        op!(self.get_measurement(request))
    }

    async fn list_measurements(
        &self,
        request: Request<pb::ListMeasurementsRequest>,
    ) -> Answer<pb::ListMeasurementsResponse> {
        op!(self.list_measurements(request))
    }

    async fn list_level_decisions(
        &self,
        request: Request<pb::ListLevelDecisionsRequest>,
    ) -> Answer<pb::ListLevelDecisionsResponse> {
        op!(self.list_level_decisions(request))
    }

    async fn import_assessment(
        &self,
        request: Request<Streaming<pb::ImportAssessmentRequest>>,
    ) -> Result<Response<pb::ImportAssessmentResponse>, Status> {
        let caller = caller(&request)?.clone();
        let import = Import::gather(request.into_inner()).await?;
        answer(self.0.import_assessment(&caller, import).await)
    }

    type WatchAssessmentStream =
        Pin<Box<dyn Stream<Item = Result<pb::WatchAssessmentResponse, Status>> + Send>>;

    async fn watch_assessment(
        &self,
        request: Request<pb::WatchAssessmentRequest>,
    ) -> Result<Response<Self::WatchAssessmentStream>, Status> {
        Ok(Response::new(self.0.watch_assessment(request.get_ref()).map(|item| item.map_err(status)).boxed()))
    }
}
