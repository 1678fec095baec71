//! The three processes as in a city: certificates on every connection, and a PostgreSQL that is reached by TLS alone.

use niva_access::Caller;
use niva_journeys::{
    process,
    world::{Part, Role, World, look_again},
};
use niva_proto::{
    assessment::v1::{
        ListPersonsRequest, WatchAssessmentRequest, feed_service_client::FeedServiceClient,
        person_service_client::PersonServiceClient,
    },
    choice::v1::{WatchChoiceRequest, feed_service_client::FeedServiceClient as ChoiceFeed},
};
use niva_rpc::client::{Channel, Credentials, Endpoint};
use niva_tls::{Files, Speaks, Tls};

use crate::journey;

/// A new connection, as somebody with a good token and a certificate for `names`; none without any.
fn channel(world: &World, service: Part, role: Role, names: &[&str]) -> Channel {
    let certificate = (!names.is_empty()).then(|| world.authority().certify("somebody", names));
    let files = Files { certificate, ca: Some(world.authority().ca()) };
    let address = format!("https://{}", world.address(service).unwrap());
    let endpoint = Endpoint::at(&address, &Tls::open(files, Speaks::Grpc).unwrap()).unwrap();
    endpoint.channel(Credentials::minted(world.issuer(), Caller::new("somebody", [role])))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_whole_way_under_tls_on_every_connection() {
    let world = World::secured().await;
    journey::walk(&world).await;
    feeds_are_for_those_on_the_list(&world).await;
    a_certificate_is_renewed_without_a_restart(&world).await;
    world.close().await;
}

async fn feeds_are_for_those_on_the_list(world: &World) {
    for (names, may) in [(&["payment.test"][..], true), (&["elsewhere.test"], false), (&[], false)] {
        let channel = |service| channel(world, service, Role::FeedReader, names);
        let request = WatchAssessmentRequest { after_position: 0 };
        let assessment = FeedServiceClient::new(channel(Part::Assessment)).watch_assessment(request).await;
        let request = WatchChoiceRequest { after_position: 0 };
        let choice = ChoiceFeed::new(channel(Part::Choice)).watch_choice(request).await;
        for refused in [assessment.map(drop), choice.map(drop)] {
            let reason = refused.err().map(|status| niva_rpc::reason(&status).unwrap_or_default());
            assert_eq!(reason, (!may).then(|| "PEER_UNKNOWN".to_owned()), "{names:?}");
        }
    }
}

/// Whether a new connection to assessment is one to who it should be.
async fn is_believed(world: &World) -> bool {
    let mut client = PersonServiceClient::new(channel(world, Part::Assessment, Role::Auditor, &[]));
    client.list_persons(ListPersonsRequest::default()).await.is_ok()
}

async fn a_certificate_is_renewed_without_a_restart(world: &World) {
    assert!(is_believed(world).await);
    // One for another place: whoever connects anew sees it.
    for (names, believed) in [(&["elsewhere.test"][..], false), (&["assessment.test", "127.0.0.1"], true)] {
        world.authority().certify("assessment", names);
        let seen = tokio::time::timeout(std::time::Duration::from_secs(60), async {
            while is_believed(world).await != believed {
                look_again().await;
            }
        });
        assert!(seen.await.is_ok(), "the certificate for {names:?} is not used");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_not_who_it_should_be_gets_no_word() {
    let world = World::secured().await;
    let url = world.database_url(Part::Assessment);
    let foreign = niva_testing::TestAuthority::new();
    let (address, _) = url.split_once("&sslrootcert=").unwrap();
    let believing = format!("{address}&sslrootcert={}", foreign.ca().display());
    let plain = url.split_once('?').unwrap().0.to_owned() + "?sslmode=disable";
    for (url, why) in [(believing, "certificate"), (plain, "pg_hba.conf")] {
        let refused = process::run(["migrate", "assessment", "--database-url", &url]).await;
        let words = process::words(&refused);
        assert!(refused.status.code() == Some(64) && words.contains(why), "{words}");
    }
    world.close().await;
}
