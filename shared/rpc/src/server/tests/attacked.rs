//! What somebody with a good token may not do to everybody else, and what nobody needs to be told.

use std::time::Duration;

use bytes::Bytes;
use futures_util::future::join_all;
use h2::client::SendRequest;
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

/// Somebody with a good token who speaks HTTP/2 as it likes: `window` bytes of each answer may come unasked.
async fn raw(place: &Place, window: u32) -> SendRequest<Bytes> {
    let stream = place.connector.connect().unwrap();
    let mut builder = h2::client::Builder::new();
    builder.initial_window_size(window).max_concurrent_reset_streams(10_000);
    let (client, connection) = builder.handshake(stream).await.unwrap();
    // It ends with the server, or when the server has had enough.
    tokio::spawn(async move { drop(connection.await) });
    client
}

fn headers(place: &Place, subject: &str) -> http::Request<()> {
    let caller = Caller::new(subject, [Role::Analyst]);
    let token = place.issuer.token(&caller, chrono::Duration::minutes(5), place.clock.now()).unwrap();
    http::Request::post(format!("http://memory{SAY}"))
        .header("content-type", "application/grpc")
        .header("te", "trailers")
        .header("authorization", format!("Bearer {token}"))
        .body(())
        .unwrap()
}

/// The message that is said back, as it lies in a body.
fn body(text: &str) -> Bytes {
    let message = prost::Message::encode_to_vec(&text.to_owned());
    let mut body = vec![0];
    body.extend_from_slice(&u32::try_from(message.len()).unwrap().to_be_bytes());
    body.extend_from_slice(&message);
    body.into()
}

#[tokio::test]
async fn who_does_not_read_answers_holds_places_of_its_own_alone_and_loses_them() {
    let limits = Limits {
        concurrency: 9,
        concurrency_per_subject: 8,
        answer_timeout: Duration::from_millis(400),
        ..Limits::default()
    };
    let place = Place::start_with(|part| part.limits(limits)).await;
    let mut anna = raw(&place, 1_000).await;
    let long = "x".repeat(crate::MAX_REQUEST_BYTES / 2);
    let mut unread = Vec::new();
    for _ in 0..8 {
        anna = anna.ready().await.unwrap();
        let (answer, mut sending) = anna.send_request(headers(&place, "anna"), false).unwrap();
        sending.send_data(body(&long), true).unwrap();
        unread.push(answer.await.unwrap().into_body());
    }
    // What was answered and not taken counts as under way; others are answered.
    assert_eq!(told(&place.say("anna", "who").await.unwrap_err()).1, "QUOTA_EXCEEDED");
    for _ in 0..20 {
        assert_eq!(place.say("bo", "who").await.unwrap(), "bo");
    }
    // Nine may be under way in all: eight others are at once when all eight answers are dropped, and not before.
    let mut others = Vec::new();
    while others.len() < 8 {
        let subject = format!("other-{}", others.len());
        let mut call = tokio::spawn(say(place.channel(&subject), SAY, "never"));
        tokio::select! {
            () = place.echo.begun.notified() => others.push(call),
            ended = &mut call => assert_eq!(told(&ended.unwrap().unwrap_err()).1, "OVERLOADED"),
        }
    }
    others.iter().for_each(tokio::task::JoinHandle::abort);
    // Read too late, there is little left of it; then it counts no more.
    let mut taken = 0;
    for mut answer in unread {
        let ended = tokio::time::timeout(Duration::from_secs(60), async {
            loop {
                match answer.data().await {
                    Some(Ok(data)) => {
                        taken += data.len();
                        drop(answer.flow_control().release_capacity(data.len()));
                    }
                    Some(Err(error)) => break error,
                    None => panic!("an answer that was dropped ends well"),
                }
            }
        });
        assert!(ended.await.expect("it hangs").is_reset());
    }
    assert!(taken <= 8 * 4 * 16 * 1024, "{taken} bytes were kept");
    assert_eq!(place.say("anna", "who").await.unwrap(), "anna");
    place.stop().await;
}

#[tokio::test]
async fn calls_that_are_reset_at_once_keep_nobody_out() {
    let place = Place::start().await;
    let mut anna = raw(&place, 65_535).await;
    let (call, mut thrown_out) = (headers(&place, "anna"), false);
    for n in 0..20_000_u32 {
        let Ok(ready) = anna.clone().ready().await else {
            thrown_out = true;
            break;
        };
        anna = ready;
        let Ok((_, mut sending)) = anna.send_request(call.clone(), false) else {
            thrown_out = true;
            break;
        };
        sending.send_reset(h2::Reason::CANCEL);
        if n % 500 == 0 {
            assert_eq!(place.say("bo", "who").await.unwrap(), "bo");
        }
    }
    assert_eq!(place.say("bo", "who").await.unwrap(), "bo");
    // Whether it was thrown out or worn out: what it began is over, and a new connection of its is served.
    assert_eq!(place.say("anna", "who").await.unwrap(), "anna", "thrown out: {thrown_out}");
    place.stop().await;
}
