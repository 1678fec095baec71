//! The feed of assessment as choice hears it: the one rpc that choice calls, over a log that tests write.

use std::convert::Infallible;
use std::task::{Context, Poll};

use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;
use futures_util::{FutureExt, StreamExt};
use niva_access::{LocalIssuer, Policy, Role, Verifier, audience};
use niva_feed::{FeedLog, NewEvent};
use niva_proto::assessment::v1 as pb;
use niva_rpc::MemoryConnector;
use niva_rpc::server::{Listen, RoleServer};
use niva_store::DbError;
use niva_testing::TestDb;
use pb::assessment_feed_event::Fact;
use prost::Message;
use sea_orm_migration::{MigrationTrait, MigratorTrait};
use tokio_util::sync::CancellationToken;
use tonic::body::Body;
use tonic::codegen::http;
use tonic::server::{NamedService, ServerStreamingService};
use tonic::service::Routes;
use tonic::{Request, Response, Status};

const NAME: &str = pb::feed_service_server::SERVICE_NAME;

struct Migrator;

impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![niva_feed::migration()]
    }
}

/// What assessment would say.
pub(crate) struct Assessment {
    db: TestDb,
    log: FeedLog,
    shutdown: CancellationToken,
}

#[derive(Clone)]
struct Watch {
    log: FeedLog,
    shutdown: CancellationToken,
}

impl Assessment {
    pub(crate) async fn new(shutdown: CancellationToken) -> Self {
        let db = TestDb::sqlite().await;
        db.migrate::<Migrator>().await.unwrap();
        Self { log: FeedLog::new(db.db().clone()), db, shutdown }
    }

    pub(crate) async fn serve(&self, memory: &MemoryConnector, issuer: &LocalIssuer) {
        let watch = Watch { log: self.log.clone(), shutdown: self.shutdown.clone() };
        let policy = Policy::new().allow(format!("/{NAME}/WatchAssessment"), &[Role::FeedReader]);
        let routes = Routes::new(watch);
        RoleServer::new("assessment", routes, policy, Verifier::local(issuer, &audience("assessment")))
            .start(Listen::Memory(memory.listen()), self.shutdown.clone())
            .await
            .unwrap();
    }

    /// Tells facts; the position of the last.
    pub(crate) async fn tell(&self, facts: Vec<Fact>) -> i64 {
        let events = facts.into_iter().map(|fact| {
            NewEvent::new("fact", "key", &pb::AssessmentFeedEvent { info: None, fact: Some(fact) })
        });
        let author = niva_facts::Author { subject: "anna".into(), role: "case_officer".into() };
        let recorded_at = "2024-01-01T00:00:00Z".parse().unwrap();
        let told = &niva_facts::Telling { author, recorded_at, reason: String::new() };
        let events = &events.collect::<Vec<_>>();
        let append = self.db.write(|tx| {
            Box::pin(async move {
                niva_feed::append(tx, events.clone(), told).await?;
                Ok::<_, DbError>(())
            })
        });
        append.await.unwrap();
        self.log.notify();
        self.log.newest().await.unwrap()
    }
}

impl NamedService for Watch {
    const NAME: &'static str = NAME;
}

impl tower::Service<http::Request<Body>> for Watch {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        let watch = self.clone();
        async move {
            Ok(tonic::server::Grpc::new(tonic_prost::ProstCodec::default())
                .server_streaming(watch, request)
                .await)
        }
        .boxed()
    }
}

impl ServerStreamingService<pb::WatchAssessmentRequest> for Watch {
    type Response = pb::WatchAssessmentResponse;
    type ResponseStream = BoxStream<'static, Result<pb::WatchAssessmentResponse, Status>>;
    type Future = BoxFuture<'static, Result<Response<Self::ResponseStream>, Status>>;

    fn call(&mut self, request: Request<pb::WatchAssessmentRequest>) -> Self::Future {
        let after = request.into_inner().after_position;
        let said = self.log.stream(after, niva_feed::HEARTBEAT, self.shutdown.clone()).map(|item| {
            let item = item.map_err(niva_rpc::status)?;
            let events = item.events.into_iter().map(|logged| pb::AssessmentFeedEvent {
                info: Some(logged.info()),
                ..pb::AssessmentFeedEvent::decode(logged.payload.as_slice()).unwrap()
            });
            Ok(pb::WatchAssessmentResponse { events: events.collect(), newest_position: item.newest })
        });
        async move { Ok(Response::new(said.boxed())) }.boxed()
    }
}
