mod attacked;
mod collector;
mod echo;
mod records;
mod secured;

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use futures_util::StreamExt;
use niva_access::{Caller, Role};
use niva_testing::{TestAuthority, TestIssuer};
use niva_tls::{Files, Speaks};
use tokio_util::sync::CancellationToken;
use tonic::{Code, Status};
use tonic_health::pb::health_client::HealthClient;
use tonic_health::pb::{HealthCheckRequest, health_check_response::ServingStatus as Health};

use super::*;
use crate::client::{Credentials, Endpoint};
use crate::status::{metadata, reason, reasons, violations};
use echo::{Echo, Place, SAY, say, watch};

fn told(status: &Status) -> (Code, String) {
    (status.code(), reason(status).unwrap_or_default())
}

#[tokio::test]
async fn the_same_client_speaks_over_memory_and_tcp_and_is_known() {
    let place = Place::start().await;
    assert_eq!(place.say("anna", "who").await.unwrap(), "anna");
    let local = Listen::Tcp(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)));
    let part = echo::part(&place.echo, &place.issuer, &place.clock);
    let running = part.start(local, place.shutdown.clone()).await.unwrap();
    let endpoint = Endpoint::tcp(&format!("http://{}", running.address().unwrap())).unwrap();
    let bo = Credentials::minted_by(&place.issuer, Caller::new("bo", [Role::Analyst]), place.clock.clone());
    assert_eq!(say(endpoint.channel(bo), SAY, "who").await.unwrap(), "bo");
    place.stop().await;
    running.finished().await;
}

#[tokio::test]
async fn who_is_not_known_or_not_allowed_is_refused() {
    let place = Place::start().await;
    let expired = place.issuer.token(
        &Caller::new("anna", [Role::Analyst]),
        chrono::Duration::minutes(5),
        place.clock.now(),
    );
    let expired = expired.unwrap();
    place.hand.advance(chrono::Duration::hours(1));
    for (credentials, expected) in [
        (Credentials::none(), "TOKEN_MISSING"),
        (Credentials::bearer("x.y.z"), "TOKEN_INVALID"),
        (Credentials::bearer(expired), "TOKEN_EXPIRED"),
    ] {
        let status = say(place.endpoint.channel(credentials), SAY, "who").await.unwrap_err();
        assert_eq!(told(&status), (Code::Unauthenticated, expected.into()));
    }
    for (path, expected) in [("/test.Echo/ForAuditors", "ROLE_MISSING"), ("/test.Echo/Else", "METHOD_CLOSED")]
    {
        let status = say(place.channel("anna"), path, "who").await.unwrap_err();
        assert_eq!(told(&status), (Code::PermissionDenied, expected.into()));
    }
    let malformed = say(place.endpoint.channel(Credentials::bearer("a\nb")), SAY, "who").await.unwrap_err();
    assert_eq!(malformed.code(), Code::Unauthenticated);
    place.stop().await;
}

#[tokio::test]
async fn minted_tokens_are_renewed_as_time_passes() {
    let place = Place::start().await;
    let channel = place.channel("anna");
    for hours in [1, 24, -48] {
        place.hand.advance(chrono::Duration::hours(hours));
        assert_eq!(say(channel.clone(), SAY, "who").await.unwrap(), "anna", "{hours}");
    }
    place.stop().await;
}

#[tokio::test]
async fn errors_arrive_as_they_were_meant() {
    let place = Place::start().await;
    let status = place.say("anna", "invalid").await.unwrap_err();
    assert_eq!(told(&status), (Code::InvalidArgument, "START_AFTER_END".into()));
    assert_eq!(violations(&status)[1], ("unit".into(), "is not known; create it first".into()));
    assert_eq!(reasons(&status), ["START_AFTER_END", "UNIT_UNKNOWN"]);
    let status = place.say("anna", "full").await.unwrap_err();
    assert_eq!(told(&status), (Code::FailedPrecondition, "CAPACITY_TAKEN".into()));
    assert_eq!(metadata(&status, "capacity").as_deref(), Some("6"));
    let status = place.say("anna", "defect").await.unwrap_err();
    assert_eq!(told(&status), (Code::Internal, "INTERNAL".into()));
    assert!(!status.message().contains("secret"));
    place.stop().await;
}

#[tokio::test]
async fn a_panic_is_an_internal_error_and_the_server_lives_on() {
    let place = Place::start().await;
    assert_eq!(place.say("anna", "panic").await.unwrap_err().code(), Code::Internal);
    let mut stream = watch(place.channel("anna"), "panic").await.unwrap();
    assert_eq!(stream.next().await.unwrap().unwrap(), "first");
    assert_eq!(stream.next().await.unwrap().unwrap_err().code(), Code::Internal);
    assert_eq!(place.say("anna", "still there").await.unwrap(), "still there");
    place.stop().await;
}

#[tokio::test]
async fn a_call_that_takes_too_long_ends_and_a_stream_does_not() {
    let limits = Limits { request_timeout: Duration::from_millis(20), ..Limits::default() };
    let place = Place::start_with(|part| part.limits(limits)).await;
    let mut stream = watch(place.channel("anna"), "").await.unwrap();
    assert_eq!(stream.next().await.unwrap().unwrap(), "first");
    assert_eq!(place.say("anna", "never").await.unwrap_err().code(), Code::DeadlineExceeded);
    assert!(futures_util::poll!(stream.next()).is_pending());
    place.stop().await;
    let place = Place::start_with(|part| part.time_for(SAY, Duration::from_millis(20))).await;
    assert_eq!(place.say("anna", "never").await.unwrap_err().code(), Code::DeadlineExceeded);
    place.stop().await;
}

#[tokio::test]
async fn too_many_calls_are_shed_and_health_still_answers() {
    let limits = Limits { concurrency: 1, drain: Duration::from_millis(20), ..Limits::default() };
    let place = Place::start_with(|part| part.limits(limits)).await;
    let busy = tokio::spawn(say(place.channel("anna"), SAY, "never"));
    place.echo.begun.notified().await;
    let status = place.say("bo", "who").await.unwrap_err();
    assert_eq!(told(&status), (Code::ResourceExhausted, "OVERLOADED".into()));
    assert_eq!(health(&place, "test.Echo").await, Health::Serving);
    place.stop().await;
    assert!(busy.await.unwrap().is_err());
}

#[tokio::test]
async fn a_message_that_is_too_large_is_refused() {
    let place = Place::start().await;
    let large = "x".repeat(crate::MAX_REQUEST_BYTES + 1);
    assert_eq!(place.say("anna", &large).await.unwrap_err().code(), Code::OutOfRange);
    let token = Credentials::bearer("x".repeat(64 * 1024));
    assert!(say(place.endpoint.channel(token), SAY, "who").await.is_err(), "headers beyond the limit");
    place.stop().await;
}

#[tokio::test]
async fn streams_and_health_watches_end_at_shutdown() {
    // A drain that would be noticed.
    let limits = Limits { drain: Duration::from_secs(3600), ..Limits::default() };
    let place = Place::start_with(|part| part.limits(limits)).await;
    let mut stream = watch(place.channel("anna"), "").await.unwrap();
    stream.next().await.unwrap().unwrap();
    let mut client = HealthClient::new(place.endpoint.channel(Credentials::none()));
    let mut states =
        client.watch(HealthCheckRequest { service: "test.Echo".into() }).await.unwrap().into_inner();
    assert_eq!(states.next().await.unwrap().unwrap().status(), Health::Serving);
    place.stop().await;
    assert_eq!(stream.next().await.unwrap().unwrap_err().code(), Code::Unavailable);
    let rest: Vec<_> = states.collect().await;
    assert!(
        rest.iter().filter_map(|s| s.as_ref().ok()).all(|s| s.status() == Health::NotServing),
        "{rest:?}"
    );
    assert_eq!(rest.last().unwrap().as_ref().unwrap_err().code(), Code::Unavailable);
}

#[tokio::test]
async fn a_stream_that_looks_up_its_last_words_at_shutdown_tells_them() {
    let place = Place::start().await;
    let mut stream = watch(place.channel("anna"), "last words").await.unwrap();
    assert_eq!(stream.next().await.unwrap().unwrap(), "first");
    place.shutdown.cancel();
    // Everybody hears of it while the stream has nothing to say yet.
    for _ in 0..1_000 {
        tokio::task::yield_now().await;
    }
    place.echo.last_words.notify_one();
    assert_eq!(stream.next().await.unwrap().unwrap(), "last");
    assert!(stream.next().await.is_none());
    place.stop().await;
}

#[tokio::test]
async fn a_call_that_outlives_the_drain_is_cut() {
    let limits = Limits { drain: Duration::from_millis(20), ..Limits::default() };
    let place = Place::start_with(|part| part.limits(limits)).await;
    let stuck = tokio::spawn(say(place.channel("anna"), SAY, "never"));
    place.echo.begun.notified().await;
    place.stop().await;
    assert!(stuck.await.unwrap().is_err());
}

#[tokio::test]
async fn a_stream_ends_at_its_age() {
    let limits = Limits { stream_age: Duration::from_millis(20), ..Limits::default() };
    let place = Place::start_with(|part| part.limits(limits)).await;
    let mut stream = watch(place.channel("anna"), "").await.unwrap();
    assert_eq!(stream.next().await.unwrap().unwrap(), "first");
    assert_eq!(stream.next().await.unwrap().unwrap_err().code(), Code::Unavailable);
    place.stop().await;
}

#[tokio::test]
async fn a_client_finds_a_server_that_was_started_again() {
    let place = Place::start().await;
    let channel = place.channel("anna");
    let (connector, issuer, clock) = (place.connector.clone(), place.issuer.clone(), place.clock.clone());
    assert_eq!(say(channel.clone(), SAY, "one").await.unwrap(), "one");
    place.stop().await;
    assert_eq!(say(channel.clone(), SAY, "two").await.unwrap_err().code(), Code::Unavailable);
    let shutdown = CancellationToken::new();
    let again = echo::part(&Echo::default(), &issuer, &clock);
    let running = again.start(Listen::Memory(connector.listen()), shutdown.clone()).await.unwrap();
    assert_eq!(say(channel, SAY, "three").await.unwrap(), "three");
    shutdown.cancel();
    running.finished().await;
}

#[tokio::test]
async fn health_and_reflection_need_no_token() {
    use tonic_reflection::pb::{v1, v1alpha};
    let place = Place::start().await;
    assert_eq!(health(&place, "").await, Health::Serving);
    assert_eq!(health(&place, "test.Echo").await, Health::Serving);
    let channel = || place.endpoint.channel(Credentials::none());
    let list = v1::server_reflection_request::MessageRequest::ListServices(String::new());
    let request = v1::ServerReflectionRequest { host: String::new(), message_request: Some(list) };
    let mut new = v1::server_reflection_client::ServerReflectionClient::new(channel());
    let answers = new.server_reflection_info(tokio_stream::iter([request])).await.unwrap().into_inner();
    let answers: Vec<_> = answers.collect().await;
    assert!(format!("{answers:?}").contains("niva.payment.v1.RunService"), "{answers:?}");
    let list = v1alpha::server_reflection_request::MessageRequest::ListServices(String::new());
    let request = v1alpha::ServerReflectionRequest { host: String::new(), message_request: Some(list) };
    let mut old = v1alpha::server_reflection_client::ServerReflectionClient::new(channel());
    let answers = old.server_reflection_info(tokio_stream::iter([request])).await.unwrap().into_inner();
    let answers: Vec<_> = answers.collect().await;
    assert!(format!("{answers:?}").contains("grpc.health.v1.Health"), "{answers:?}");
    place.stop().await;
}

#[tokio::test]
async fn the_local_issuer_is_for_loopback_and_a_taken_address_says_so() {
    let issuer = TestIssuer::new();
    let (clock, _) = Clock::manual(echo::start_of_time());
    let part = || echo::part(&Echo::default(), &issuer, &clock);
    let open = Listen::Tcp(SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0)));
    let refused = part().start(open, CancellationToken::new()).await.unwrap_err();
    assert!(matches!(refused, ServeError::OpenWithLocalIssuer(_)));
    assert!(refused.to_string().contains("JWKS"), "{refused}");
    // With an issuer's keys it may, but not in plain text.
    let keys = niva_access::KeySet::read(issuer.jwks().as_bytes()).unwrap();
    let verifier = Verifier::of("niva-local", "urn:niva:payment", keys);
    let configured = || PartServer { verifier: verifier.clone(), ..part() };
    let shutdown = CancellationToken::new();
    let open = SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0));
    let plain = configured().start(Listen::Tcp(open), shutdown.clone()).await.unwrap_err();
    assert!(matches!(plain, ServeError::PlainBeyondLoopback(_)), "{plain}");
    let ca = TestAuthority::new();
    let with = |certificate| Tls::open(Files { certificate, ca: None }, Speaks::Grpc).unwrap();
    let bare = configured().start(Listen::Tls(open, with(None)), shutdown.clone()).await.unwrap_err();
    assert!(matches!(bare, ServeError::NoCertificate(_)), "{bare}");
    let secured = Listen::Tls(open, with(Some(ca.certify("echo", &["localhost"]))));
    let running = configured().start(secured, shutdown.clone()).await.unwrap();
    let taken = SocketAddr::from((Ipv4Addr::LOCALHOST, running.address().unwrap().port()));
    let error = part().start(Listen::Tcp(taken), CancellationToken::new()).await.unwrap_err();
    assert!(error.to_string().contains(&taken.to_string()), "{error}");
    shutdown.cancel();
    running.finished().await;
}

#[test]
fn an_address_is_https_or_on_this_machine() {
    let ca = TestAuthority::new();
    let with = |ca| Tls::open(Files { certificate: None, ca }, Speaks::Grpc).unwrap();
    let (known, unknown) = (with(Some(ca.ca())), with(None));
    for good in ["http://127.0.0.1:50051", "http://localhost:1", "http://[::1]:1", "http://127.1.2.3:1"] {
        assert!(matches!(Endpoint::at(good, &unknown), Ok(Endpoint::Tcp(_))), "{good}");
    }
    assert!(matches!(Endpoint::at("https://choice.test:7402", &known), Ok(Endpoint::Tls(..))));
    let told = |address, tls| Endpoint::at(address, tls).unwrap_err().to_string();
    for wrong in ["127.0.0.1:50051", "https://x", "ftp://x:1", "x y"] {
        assert!(told(wrong, &known).contains("give https://HOST:PORT"), "{wrong}");
    }
    for plain in ["http://choice.test:7402", "http://10.0.0.1:7402", "http://localhost.test:1"] {
        assert!(told(plain, &known).contains("plain text"), "{plain}");
        assert!(Endpoint::tcp(plain).is_err());
    }
    assert!(told("https://choice.test:7402", &unknown).contains("--tls-ca"));
}

async fn health(place: &Place, service: &str) -> Health {
    let mut client = HealthClient::new(place.endpoint.channel(Credentials::none()));
    client.check(HealthCheckRequest { service: service.into() }).await.unwrap().into_inner().status()
}
