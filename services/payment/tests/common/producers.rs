//! What assessment and choice tell payment, without them.

use std::sync::Arc;
use std::task::{Context, Poll};

use futures_util::future::BoxFuture;
use niva_access::{Policy, Role};
use niva_proto::assessment::v1::{AssessmentFeedEvent, WatchAssessmentRequest, WatchAssessmentResponse};
use niva_proto::choice::v1::{ChoiceFeedEvent, WatchChoiceRequest, WatchChoiceResponse};
use niva_proto::common::v1::EventInfo;
use niva_rpc::client::Endpoint;
use niva_testing::TestPart;
use tokio_stream::StreamExt;
use tonic::body::Body;
use tonic::server::ServerStreamingService;
use tonic::{Request, Response, Status};

/// Producers that tell of some events and then stay open: the two rpcs that payment calls, and nothing else.
#[derive(Clone, Default)]
pub(crate) struct Feeds {
    pub(crate) assessment: Arc<Vec<AssessmentFeedEvent>>,
    pub(crate) choice: Arc<Vec<ChoiceFeedEvent>>,
}

impl Feeds {
    /// Serves them beside the part that hears them.
    pub(crate) async fn serve(self, part: &TestPart) -> Endpoint {
        let routes = tonic::service::Routes::new(Assessment(self.clone())).add_service(Choice(self));
        let policy = Policy::new()
            .allow("/niva.assessment.v1.FeedService/WatchAssessment", &[Role::FeedReader])
            .allow("/niva.choice.v1.FeedService/WatchChoice", &[Role::FeedReader]);
        part.serve_beside("assessment", routes, policy).await
    }
}

/// Positions are 10, 20, …: ascending, not dense.
fn position(i: usize) -> i64 {
    (i64::try_from(i).unwrap() + 1) * 10
}

/// Position of the last of so many.
fn newest(count: usize) -> i64 {
    count.checked_sub(1).map_or(0, position)
}

type Messages<T> = futures_util::stream::BoxStream<'static, Result<T, Status>>;

fn told<T: Send + 'static>(message: T) -> Messages<T> {
    Box::pin(tokio_stream::once(Ok(message)).chain(futures_util::stream::pending()))
}

impl ServerStreamingService<WatchAssessmentRequest> for Feeds {
    type Response = WatchAssessmentResponse;
    type ResponseStream = Messages<WatchAssessmentResponse>;
    type Future = BoxFuture<'static, Result<Response<Self::ResponseStream>, Status>>;

    fn call(&mut self, request: Request<WatchAssessmentRequest>) -> Self::Future {
        let after = request.into_inner().after_position;
        let all = self.assessment.iter().cloned().enumerate().map(|(i, event)| {
            let (position, previous_position) = (position(i), position(i) - 10);
            let info = EventInfo { position, previous_position, ..EventInfo::default() };
            AssessmentFeedEvent { info: Some(info), ..event }
        });
        let after =
            |event: &AssessmentFeedEvent| event.info.as_ref().is_some_and(|info| info.position > after);
        let events = all.filter(after).collect();
        let message = WatchAssessmentResponse { events, newest_position: newest(self.assessment.len()) };
        Box::pin(async move { Ok(Response::new(told(message))) })
    }
}

impl ServerStreamingService<WatchChoiceRequest> for Feeds {
    type Response = WatchChoiceResponse;
    type ResponseStream = Messages<WatchChoiceResponse>;
    type Future = BoxFuture<'static, Result<Response<Self::ResponseStream>, Status>>;

    fn call(&mut self, request: Request<WatchChoiceRequest>) -> Self::Future {
        let after = request.into_inner().after_position;
        let all = self.choice.iter().cloned().enumerate().map(|(i, event)| {
            let (position, previous_position) = (position(i), position(i) - 10);
            let info = EventInfo { position, previous_position, ..EventInfo::default() };
            ChoiceFeedEvent { info: Some(info), ..event }
        });
        let after = |event: &ChoiceFeedEvent| event.info.as_ref().is_some_and(|info| info.position > after);
        let events = all.filter(after).collect();
        let message = WatchChoiceResponse { events, newest_position: newest(self.choice.len()) };
        Box::pin(async move { Ok(Response::new(told(message))) })
    }
}

macro_rules! producer {
    ($name:ident, $service:literal, $request:ty, $response:ty) => {
        #[derive(Clone)]
        struct $name(Feeds);

        impl tonic::server::NamedService for $name {
            const NAME: &'static str = $service;
        }

        impl tower::Service<http::Request<Body>> for $name {
            type Response = http::Response<Body>;
            type Error = std::convert::Infallible;
            type Future = BoxFuture<'static, Result<Self::Response, Self::Error>>;

            fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
                Poll::Ready(Ok(()))
            }

            fn call(&mut self, request: http::Request<Body>) -> Self::Future {
                let feeds = self.0.clone();
                Box::pin(async move {
                    let codec = tonic_prost::ProstCodec::<$response, $request>::default();
                    Ok(tonic::server::Grpc::new(codec).server_streaming(feeds, request).await)
                })
            }
        }
    };
}

producer!(Assessment, "niva.assessment.v1.FeedService", WatchAssessmentRequest, WatchAssessmentResponse);
producer!(Choice, "niva.choice.v1.FeedService", WatchChoiceRequest, WatchChoiceResponse);
