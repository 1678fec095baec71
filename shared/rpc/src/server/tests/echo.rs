//! A small service, written by hand so that no contract is needed: it says what it is told, or does it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use chrono::{DateTime, Utc};
use futures_util::future::BoxFuture;
use futures_util::stream::{self, BoxStream, StreamExt};
use http::{Request, Response};
use niva_access::{Caller, LocalIssuer, Policy, Record, Role, Verifier, audience};
use niva_base::{Clock, ManualClock, OpError, Violations};
use niva_testing::TestIssuer;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tonic::body::Body;
use tonic::server::{Grpc, NamedService, ServerStreamingService, UnaryService};
use tonic::service::Routes;
use tonic::{Status, Streaming};
use tonic_prost::ProstCodec;
use tower::Service;

use crate::caller::scope;
use crate::client::{Channel, Credentials, Endpoint};
use crate::memory::MemoryConnector;
use crate::server::{Listen, PartServer, Recorder, Running};
use crate::status::status;

pub(crate) const SAY: &str = "/test.Echo/Say";
/// As a feed: for services alone.
pub(crate) const FOLLOW: &str = "/test.Echo/Follow";
const WATCH: &str = "/test.Echo/Watch";

#[derive(Clone, Default)]
pub(crate) struct Echo {
    /// Told when a call has begun that never ends.
    pub(crate) begun: Arc<Notify>,
    /// Lets a stream of last words tell them, and end.
    pub(crate) last_words: Arc<Notify>,
    /// What is recorded of its calls.
    pub(crate) notes: Notes,
}

/// Keeps records in memory.
#[derive(Clone, Debug, Default)]
pub(crate) struct Notes {
    kept: Arc<Mutex<Vec<Record>>>,
    away: Arc<AtomicBool>,
}

impl Notes {
    /// From now on none can be kept.
    pub(crate) fn go_away(&self) {
        self.away.store(true, Ordering::Relaxed);
    }

    /// Those that were kept: code, reason, subject, role.
    pub(crate) fn told(&self) -> Vec<[String; 4]> {
        let kept = std::mem::take(&mut *self.kept.lock().unwrap());
        kept.into_iter().map(|kept| [kept.code, kept.reason, kept.subject, kept.role]).collect()
    }
}

impl Recorder for Notes {
    fn record(&self, record: Record) -> BoxFuture<'_, Result<(), OpError>> {
        let away = self.away.load(Ordering::Relaxed);
        let unavailable = || OpError::Unavailable {
            reason: "AUDIT_UNAVAILABLE",
            message: "away".to_owned(),
            cause: "away".into(),
        };
        Box::pin(std::future::ready(if away {
            Err(unavailable())
        } else {
            self.kept.lock().unwrap().push(record);
            Ok(())
        }))
    }

    fn turned_away(&self, record: Record) -> BoxFuture<'_, Result<(), OpError>> {
        self.record(record)
    }
}

impl NamedService for Echo {
    const NAME: &'static str = "test.Echo";
}

impl UnaryService<String> for Echo {
    type Response = String;
    type Future = BoxFuture<'static, Result<tonic::Response<String>, Status>>;

    fn call(&mut self, request: tonic::Request<String>) -> Self::Future {
        let begun = self.begun.clone();
        Box::pin(async move {
            let told = request.get_ref().as_str();
            match told {
                "who" => Ok(tonic::Response::new(scope(&request)?.author().subject.clone())),
                "panic" => panic!("told to"),
                "never" => {
                    begun.notify_one();
                    std::future::pending().await
                }
                "invalid" => {
                    let mut v = Violations::new();
                    v.add("start_date", "START_AFTER_END", "is after end_date; give an earlier day");
                    v.add("unit", "UNIT_UNKNOWN", "is not known; create it first");
                    v.finish().map_err(status)?;
                    Ok(tonic::Response::new(String::new()))
                }
                "full" => Err(status(OpError::precondition("CAPACITY_TAKEN", "full").with("capacity", 6))),
                "defect" => Err(status(OpError::internal("a secret"))),
                "log a line" => {
                    tracing::info!("log a line");
                    Ok(tonic::Response::new(told.to_owned()))
                }
                _ => Ok(tonic::Response::new(told.to_owned())),
            }
        })
    }
}

impl ServerStreamingService<String> for Echo {
    type Response = String;
    type ResponseStream = BoxStream<'static, Result<String, Status>>;
    type Future = BoxFuture<'static, Result<tonic::Response<Self::ResponseStream>, Status>>;

    fn call(&mut self, request: tonic::Request<String>) -> Self::Future {
        let asked = Arc::clone(&self.last_words);
        Box::pin(async move {
            let told = request.into_inner();
            if told == "last words" {
                // What it tells last has to be looked up, and that is for the test to say.
                let last = stream::once(async move {
                    asked.notified().await;
                    Ok("last".to_owned())
                });
                return Ok(tonic::Response::new(stream::iter([Ok("first".to_owned())]).chain(last).boxed()));
            }
            let panics = told == "panic";
            let rest = stream::once(async move {
                // Lets what is ready go out first.
                tokio::task::yield_now().await;
                if panics {
                    panic!("told to");
                }
                std::future::pending().await
            });
            Ok(tonic::Response::new(stream::iter([Ok("first".to_owned())]).chain(rest).boxed()))
        })
    }
}

impl Service<Request<Body>> for Echo {
    type Response = Response<Body>;
    type Error = std::convert::Infallible;
    type Future = BoxFuture<'static, Result<Response<Body>, Self::Error>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let echo = self.clone();
        Box::pin(async move {
            let mut grpc = Grpc::new(ProstCodec::<String, String>::default())
                .max_decoding_message_size(crate::MAX_REQUEST_BYTES)
                .max_encoding_message_size(crate::MAX_ANSWER_BYTES);
            Ok(match request.uri().path() {
                WATCH => grpc.server_streaming(echo, request).await,
                _ => grpc.unary(echo, request).await,
            })
        })
    }
}

/// An echo that is being served in memory, and who may call it.
pub(crate) struct Place {
    pub(crate) shutdown: CancellationToken,
    pub(crate) connector: MemoryConnector,
    pub(crate) endpoint: Endpoint,
    pub(crate) issuer: TestIssuer,
    pub(crate) clock: Clock,
    pub(crate) hand: ManualClock,
    pub(crate) echo: Echo,
    running: Running,
}

pub(crate) fn start_of_time() -> DateTime<Utc> {
    "2024-03-01T08:00:00Z".parse().unwrap()
}

impl Place {
    pub(crate) async fn start() -> Self {
        Self::start_with(|part| part).await
    }

    pub(crate) async fn start_with(change: impl FnOnce(PartServer) -> PartServer) -> Self {
        let issuer = TestIssuer::new();
        let (clock, hand) = Clock::manual(start_of_time());
        let (connector, echo, shutdown) = (MemoryConnector::new(), Echo::default(), CancellationToken::new());
        let part = change(part(&echo, &issuer, &clock));
        let running = part.start(Listen::Memory(connector.listen()), shutdown.clone()).await.unwrap();
        let endpoint = Endpoint::Memory(connector.clone());
        Self { shutdown, connector, endpoint, issuer, clock, hand, echo, running }
    }

    pub(crate) fn channel(&self, subject: &str) -> Channel {
        let caller = Caller::new(subject, [Role::Analyst]);
        self.endpoint.channel(Credentials::minted_by(&self.issuer, caller, self.clock.clone()))
    }

    pub(crate) async fn say(&self, subject: &str, what: &str) -> Result<String, Status> {
        say(self.channel(subject), SAY, what).await
    }

    pub(crate) async fn stop(self) {
        self.shutdown.cancel();
        self.running.finished().await;
    }
}

pub(crate) fn part(echo: &Echo, issuer: &LocalIssuer, clock: &Clock) -> PartServer {
    let policy = Policy::new()
        .allow("/test.Echo/Say", &[Role::Analyst])
        .allow("/test.Echo/Watch", &[Role::Analyst])
        .allow(FOLLOW, &[Role::FeedReader])
        .allow("/test.Echo/ForAuditors", &[Role::Auditor]);
    let verifier = Verifier::local(issuer, &audience("payment"));
    let part =
        PartServer::new("echo", Routes::new(echo.clone()), policy, verifier, Arc::new(echo.notes.clone()));
    // By a clock that a test moves.
    PartServer { clock: clock.clone(), ..part }
}

pub(crate) async fn say(channel: Channel, path: &'static str, what: &str) -> Result<String, Status> {
    let mut grpc = tonic::client::Grpc::new(channel);
    grpc.ready().await.map_err(|e| Status::unknown(e.to_string()))?;
    let request = tonic::Request::new(what.to_owned());
    let path = http::uri::PathAndQuery::from_static(path);
    grpc.unary(request, path, ProstCodec::<String, String>::default()).await.map(tonic::Response::into_inner)
}

/// A call whose headers go out and whose body never does.
pub(crate) async fn never_say(channel: Channel) -> Status {
    let mut grpc = tonic::client::Grpc::new(channel);
    grpc.ready().await.unwrap();
    let request = tonic::Request::new(stream::pending::<String>());
    let path = http::uri::PathAndQuery::from_static(SAY);
    grpc.client_streaming(request, path, ProstCodec::<String, String>::default()).await.unwrap_err()
}

pub(crate) async fn watch(channel: Channel, what: &str) -> Result<Streaming<String>, Status> {
    let mut grpc = tonic::client::Grpc::new(channel);
    grpc.ready().await.map_err(|e| Status::unknown(e.to_string()))?;
    let request = tonic::Request::new(what.to_owned());
    let path = http::uri::PathAndQuery::from_static(WATCH);
    let codec = ProstCodec::<String, String>::default();
    grpc.server_streaming(request, path, codec).await.map(tonic::Response::into_inner)
}
