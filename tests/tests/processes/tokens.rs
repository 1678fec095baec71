//! The three processes with an issuer as a city has one: found by discovery over HTTPS, asked for its keys again and again,
//! and for the services' own tokens.

use std::time::Duration;

use niva_journeys::world::{Part, World, look_again};
use niva_proto::{
    assessment::v1::{ListPersonsRequest, person_service_client::PersonServiceClient},
    choice::v1::{self as choice, GetFeedStatusRequest},
    common::v1::FeedStatus,
    payment::v1 as payment,
};
use niva_rpc::client::{Channel, Credentials};
use niva_testing::TestAuthority;
use serde_json::json;
use tonic::Status;

use crate::issuer::City;

/// Longer than anything here takes on a busy machine; only a hang gets there.
const HANG: Duration = Duration::from_secs(90);
/// How long a key that is gone may be believed.
const GONE: Duration = Duration::from_secs(60);

fn channel(world: &World, service: Part, token: &str) -> Channel {
    world.channel(service, Credentials::bearer(token))
}

async fn list_persons(world: &World, token: &str) -> Result<(), Status> {
    let mut client = PersonServiceClient::new(channel(world, Part::Assessment, token));
    client.list_persons(ListPersonsRequest::default()).await.map(drop)
}

/// What choice and payment say of the feeds that they follow.
async fn feeds(world: &World, tokens: &[String; 3]) -> Vec<FeedStatus> {
    let to = |service: Part| channel(world, service, &tokens[service as usize]);
    let asked = choice::Clients::new(to(Part::Choice)).feed.get_feed_status(GetFeedStatusRequest {}).await;
    let mut all = asked.unwrap().into_inner().feeds;
    let request = payment::GetFeedStatusRequest {};
    let asked = payment::Clients::new(to(Part::Payment)).feed.get_feed_status(request).await;
    all.extend(asked.unwrap().into_inner().feeds);
    all
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_issuer_is_found_asked_for_tokens_and_for_its_keys_again() {
    let authority = TestAuthority::new();
    let reader = || json!({"niva_roles": ["feed_reader"]});
    let city = City::start(
        &authority,
        &[
            ("anna", json!({"niva_roles": ["auditor"], "niva_districts": ["*"]}), 600),
            ("gardener", json!({"niva_roles": ["gardener"]}), 600),
            ("for-ever", json!({"niva_roles": ["auditor"]}), 86_400),
            ("niva-choice", reader(), 4),
            ("niva-payment", reader(), 4),
        ],
    )
    .await;
    let arguments = [None, Some("niva-choice"), Some("niva-payment")].map(|client| city.arguments(client));
    let mut world = World::secured_by(authority, arguments).await;

    // A caller by the client-credentials grant, with roles and an audience.
    let mut tokens = [const { String::new() }; 3];
    for service in Part::ALL {
        tokens[service as usize] = city.token("anna", service).await;
    }
    list_persons(&world, &tokens[0]).await.unwrap();
    for (token, reason) in [
        (&tokens[2], "TOKEN_INVALID"),
        (&city.token("for-ever", Part::Assessment).await, "TOKEN_INVALID"),
        (&city.token("gardener", Part::Assessment).await, "ROLE_MISSING"),
    ] {
        let refused = list_persons(&world, token).await.unwrap_err();
        assert_eq!(niva_rpc::reason(&refused).as_deref(), Some(reason), "{refused:?}");
    }

    // The services' own tokens, one for each service that they call, renewed before they expire.
    for grant in [
        "granted niva-choice urn:niva:assessment",
        "granted niva-payment urn:niva:assessment",
        "granted niva-payment urn:niva:choice",
    ] {
        city.says(grant, 3).await;
    }
    follows_anew(&mut world, &tokens).await;

    // The issuer has another key: what the one before has signed opens nothing any more.
    city.changes_its_key().await;
    let fresh = city.token("anna", Part::Assessment).await;
    let changed = tokio::time::timeout(GONE, async {
        while list_persons(&world, &tokens[0]).await.is_ok() || list_persons(&world, &fresh).await.is_err() {
            look_again().await;
        }
    });
    assert!(changed.await.is_ok(), "the old key is believed for longer than a minute");
    world.close().await;
}

/// Assessment goes away and comes back: who follows it comes in with the token of now.
async fn follows_anew(world: &mut World, tokens: &[String; 3]) {
    world.restart(Part::Assessment).await;
    let connected = tokio::time::timeout(HANG, async {
        while !feeds(world, tokens).await.iter().all(|feed| feed.connected) {
            look_again().await;
        }
    });
    assert!(connected.await.is_ok(), "{:?}", feeds(world, tokens).await);
    assert_eq!(feeds(world, tokens).await.len(), 3);
}
