//! Every refusal leaves a record, and nothing is answered without one.

use tonic::Code;

use super::echo::{Place, SAY, say};
use super::told;
use crate::client::Credentials;

#[tokio::test]
async fn whatever_is_refused_is_recorded_with_who_asked() {
    let place = Place::start().await;
    let anna = || place.channel("anna");
    say(place.endpoint.channel(Credentials::none()), SAY, "who").await.unwrap_err();
    say(place.endpoint.channel(Credentials::bearer("x.y.z")), SAY, "who").await.unwrap_err();
    say(anna(), "/test.Echo/ForAuditors", "who").await.unwrap_err();
    say(anna(), SAY, "full").await.unwrap_err();
    say(anna(), SAY, "panic").await.unwrap_err();
    say(anna(), SAY, "who").await.unwrap();
    let expected = [
        ["UNAUTHENTICATED", "TOKEN_MISSING", "", ""],
        ["UNAUTHENTICATED", "TOKEN_INVALID", "", ""],
        ["PERMISSION_DENIED", "ROLE_MISSING", "anna", ""],
        ["FAILED_PRECONDITION", "CAPACITY_TAKEN", "anna", "analyst"],
        ["INTERNAL", "INTERNAL", "anna", "analyst"],
    ];
    assert_eq!(place.echo.notes.told(), expected.map(|words| words.map(str::to_owned)));
    place.stop().await;
}

#[tokio::test]
async fn a_refusal_that_cannot_be_recorded_tells_nothing_else() {
    let place = Place::start().await;
    place.echo.notes.go_away();
    for (channel, what) in
        [(place.endpoint.channel(Credentials::none()), "who"), (place.channel("anna"), "full")]
    {
        let status = say(channel, SAY, what).await.unwrap_err();
        assert_eq!(told(&status), (Code::Unavailable, "AUDIT_UNAVAILABLE".into()));
    }
    place.stop().await;
}
