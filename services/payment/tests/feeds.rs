//! Facts by feed: taken in once, in any order, over the real protocol.

use std::sync::Arc;
use std::task::{Context, Poll};

use futures_util::future::BoxFuture;
use niva_access::{Caller, Policy, Role, Verifier};
use niva_names::stockholm;
use niva_proto::assessment::v1::{AssessmentFeedEvent, WatchAssessmentRequest, WatchAssessmentResponse};
use niva_proto::choice::v1::{ChoiceFeedEvent, WatchChoiceRequest, WatchChoiceResponse};
use niva_proto::common::v1::{EventInfo, Regime};
use niva_proto::payment::v1 as pb;
use niva_rpc::MemoryConnector;
use niva_rpc::client::Endpoint;
use niva_rpc::server::{Listen, RoleServer};
use tokio_stream::StreamExt;
use tokio_util::sync::CancellationToken;
use tonic::body::Body;
use tonic::server::ServerStreamingService;
use tonic::{Request, Response, Status};

use crate::common::city::{Person, date, placed, revision, unit};
use crate::common::{Start, World, amount, day};

niva_testing::on_both_databases! {
    async fn a_feed_that_is_doubled_or_shuffled_leaves_the_same(db: &TestDb) {
        let world = World::new(db).await;
        let person = Person::new(1, stockholm::SUPPORTED_HOUSING, day(2024, 3, 1));
        let mut ended = person.placement("U-1");
        (ended.end_date, ended.info) = (date(day(2024, 3, 12)), revision(2));
        let unit = unit("U-1", "PR-1", "Farsta", Regime::Municipal);
        world.chosen(&[placed(ended.clone()), person.placed("U-1"), unit.clone()]).await;
        world.assessed(&[person.level(2, 2, person.start), person.level(1, 3, person.start), person.grant()]).await;
        let before = world.preview(2024, 3).await.unwrap();
        world.chosen(&[unit, person.placed("U-1"), placed(ended)]).await;
        world.assessed(&[person.grant(), person.level(1, 3, person.start)]).await;
        let after = world.preview(2024, 3).await.unwrap();
        assert_eq!(after.control, before.control);
        assert_eq!(amount(&after), 16 * 39_500 + 7 * 30_000);
        assert_eq!(after.placements_total, 1);
        world.stop().await;
    }

    async fn both_feeds_come_over_the_wire_and_their_state_is_told(db: &TestDb) {
        let (connector, shutdown) = (MemoryConnector::new(), CancellationToken::new());
        let person = Person::new(1, stockholm::SUPPORTED_HOUSING, day(2024, 3, 1));
        let feeds = Feeds {
            assessment: Arc::new(vec![person.grant(), person.level(1, 1, person.start)]),
            choice: Arc::new(vec![unit("U-1", "PR-1", "Farsta", Regime::Municipal), person.placed("U-1")]),
        };
        let start = Start { producers: Endpoint::Memory(connector.clone()), ..Start::default() };
        let world = World::start(db, start).await;
        let served = feeds.serve(&world, connector, shutdown.clone()).await;
        for feed in [niva_payment::feed::ASSESSMENT, niva_payment::feed::CHOICE] {
            world.service.as_ref().unwrap().consumer(feed).unwrap().wait_until(20).await.unwrap();
        }
        assert_eq!(amount(&world.paid(2024, 3).await), 31 * 30_000);
        let mut client = world.by(Caller::new("auditor", [Role::Auditor]));
        let feeds = client.feed.get_feed_status(pb::GetFeedStatusRequest {}).await.unwrap().into_inner().feeds;
        assert_eq!(feeds.iter().map(|f| (f.feed.as_str(), f.applied_position, f.connected)).collect::<Vec<_>>(), [
            ("assessment", 20, true), ("choice", 20, true),
        ]);
        assert!(feeds.iter().all(|f| f.update_time.is_some() && f.last_error.is_empty()));
        world.stop().await;
        shutdown.cancel();
        served.finished().await;
    }
}

/// Producers that tell of some events and then stay open: the two rpcs that payment calls, and nothing else.
#[derive(Clone)]
struct Feeds {
    assessment: Arc<Vec<AssessmentFeedEvent>>,
    choice: Arc<Vec<ChoiceFeedEvent>>,
}

impl Feeds {
    async fn serve(
        self,
        world: &World,
        connector: MemoryConnector,
        shutdown: CancellationToken,
    ) -> niva_rpc::server::Running {
        let routes = tonic::service::Routes::new(Assessment(self.clone())).add_service(Choice(self));
        let policy = Policy::new()
            .allow("/niva.assessment.v1.FeedService/WatchAssessment", &[Role::FeedReader])
            .allow("/niva.choice.v1.FeedService/WatchChoice", &[Role::FeedReader]);
        let verifier = Verifier::local(&world.issuer);
        let server = RoleServer::new("producers", routes, policy, verifier, world.clock.clone());
        server.start(Listen::Memory(connector.listen()), shutdown).await.unwrap()
    }
}

/// Positions are 10, 20, …: ascending, not dense.
fn position(i: usize) -> i64 {
    (i64::try_from(i).unwrap() + 1) * 10
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
        let message = WatchAssessmentResponse { events, newest_position: 20 };
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
        let message = WatchChoiceResponse { events, newest_position: 20 };
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
