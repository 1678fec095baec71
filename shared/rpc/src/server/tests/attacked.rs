//! What somebody with a good token may not do to everybody else, and what nobody needs to be told.

use std::time::Duration;

use futures_util::future::join_all;
use niva_access::{Caller, Role};
use tonic::{Code, Status};
use tonic_prost::ProstCodec;

use super::echo::{Place, SAY, never_say, say};
use super::told;
use crate::client::Credentials;
use crate::server::Limits;

#[tokio::test]
async fn calls_without_a_body_from_one_caller_keep_nobody_out() {
    let limits = Limits {
        concurrency: 8,
        concurrency_per_subject: 4,
        body_timeout: Duration::from_millis(300),
        ..Limits::default()
    };
    let place = Place::start_with(|role| role.limits(limits)).await;
    // Over several connections: what counts is whose token it is.
    let greedy: Vec<_> = (0..40).map(|_| tokio::spawn(never_say(place.channel("anna")))).collect();
    for _ in 0..20 {
        assert_eq!(place.say("bo", "who").await.unwrap(), "bo");
    }
    let ended: Vec<Status> = join_all(greedy).await.into_iter().map(Result::unwrap).collect();
    let count = |code: Code, reason: &str| {
        ended.iter().filter(|status| told(status) == (code, reason.to_owned())).count()
    };
    assert_eq!(count(Code::ResourceExhausted, "QUOTA_EXCEEDED"), 36, "{ended:?}");
    assert_eq!(count(Code::DeadlineExceeded, ""), 4, "{ended:?}");
    assert_eq!(place.say("anna", "who").await.unwrap(), "anna", "what is over counts no more");
    place.stop().await;
}

#[tokio::test]
async fn who_is_not_known_takes_nobodys_place() {
    let limits = Limits { concurrency: 1, ..Limits::default() };
    let place = Place::start_with(|role| role.limits(limits)).await;
    let strangers: Vec<_> = (0..20)
        .map(|_| tokio::spawn(never_say(place.endpoint.channel(Credentials::bearer("x.y.z")))))
        .collect();
    assert_eq!(place.say("bo", "who").await.unwrap(), "bo");
    for status in join_all(strangers).await {
        assert_eq!(told(&status.unwrap()), (Code::Unauthenticated, "TOKEN_INVALID".to_owned()));
    }
    place.stop().await;
}

#[tokio::test]
async fn a_deadline_that_cannot_be_read_is_refused() {
    let place = Place::start().await;
    for (deadline, good) in
        [("5S", true), ("99999999H", true), ("123456789S", false), ("soon", false), ("-1S", false)]
    {
        let mut grpc = tonic::client::Grpc::new(place.channel("anna"));
        grpc.ready().await.unwrap();
        let mut request = tonic::Request::new("who".to_owned());
        request.metadata_mut().insert("grpc-timeout", deadline.parse().unwrap());
        let path = http::uri::PathAndQuery::from_static(SAY);
        let answer = grpc.unary(request, path, ProstCodec::<String, String>::default()).await;
        let refused = answer.map(|_| ()).map_err(|status| told(&status));
        let expected = (Code::InvalidArgument, "FIELD_INVALID".to_owned());
        assert_eq!(refused, if good { Ok(()) } else { Err(expected) }, "{deadline}");
    }
    place.stop().await;
}

#[tokio::test]
async fn what_the_contract_is_may_be_kept() {
    use tonic_reflection::pb::v1;
    let place = Place::start_with(|role| role.reflection(false)).await;
    let channel = place.endpoint.channel(Credentials::none());
    let list = v1::server_reflection_request::MessageRequest::ListServices(String::new());
    let request = v1::ServerReflectionRequest { host: String::new(), message_request: Some(list) };
    let mut client = v1::server_reflection_client::ServerReflectionClient::new(channel);
    let refused = client.server_reflection_info(tokio_stream::iter([request])).await.unwrap_err();
    assert_eq!(refused.code(), Code::Unimplemented);
    let caller =
        Credentials::minted_by(&place.issuer, Caller::new("bo", [Role::Analyst]), place.clock.clone());
    assert_eq!(say(place.endpoint.channel(caller), SAY, "who").await.unwrap(), "bo");
    place.stop().await;
}
