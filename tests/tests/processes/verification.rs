//! A part that serves finds what was changed behind its back, and says so where an operator looks.

use niva_access::Role;
use niva_journeys::collector::Collector;
use niva_journeys::patience::look_again;
use niva_journeys::steps;
use niva_journeys::world::{Part, Store, World};
use niva_names::stockholm;
use niva_proto::assessment::v1::ListPersonsRequest;
use niva_rpc::client::Credentials;
use sea_orm::ConnectionTrait;
use tonic_health::ServingStatus;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;

/// Waits until the health protocol says so of assessment's database, and of the part itself that it serves.
async fn until(world: &World, awaited: ServingStatus) {
    let mut client = HealthClient::new(world.channel(Part::Assessment, Credentials::none()));
    let mut ask = async |service: &str| {
        let request = HealthCheckRequest { service: service.to_owned() };
        client.check(request).await.unwrap().into_inner().status
    };
    while ask("verification").await != awaited as i32 {
        look_again().await;
    }
    assert_eq!(ask("").await, ServingStatus::Serving as i32);
}

async fn what_was_changed_is_found(store: Store, guards: &str) {
    let authority = niva_testing::TestAuthority::new();
    let own = authority.certify("collector", &["127.0.0.1"]);
    let files = niva_tls::Files { certificate: Some(own), ca: None };
    let collector = Collector::start().await;
    let by_tls = collector.secured(niva_tls::Tls::open(files, niva_tls::Speaks::Grpc).unwrap()).await;
    let more = ["--verify-every", "1s", "--otlp-endpoint", &by_tls, "--otlp-ca"].map(str::to_owned);
    let more = [&more[..], &[authority.ca().display().to_string()]].concat();
    let world = World::processes_with(store, &more).await;
    steps::person_with_grant(&world, "person", stockholm::SUPPORTED_HOUSING, "Farsta", "2024-03-01").await;
    until(&world, ServingStatus::Serving).await;

    // A record that nobody wrote is no record: the newest one is made another's, once it is sealed.
    let db = world.database(Part::Assessment).conn();
    db.execute_unprepared(guards).await.unwrap();
    let alter = "UPDATE audit_record SET subject = 'somebody else' \
                 WHERE position = (SELECT MAX(last_position) FROM audit_seal)";
    while db.execute_unprepared(alter).await.unwrap().rows_affected() == 0 {
        look_again().await;
    }
    until(&world, ServingStatus::NotServing).await;
    // It goes on serving all the same.
    let persons =
        world.assessment(Role::Auditor).persons.list_persons(ListPersonsRequest::default()).await.unwrap();
    assert_eq!(persons.into_inner().persons.len(), 1);
    let log = std::fs::read_to_string(world.folder().join("assessment.log")).unwrap();
    assert!(log.contains("are not what was sealed"), "{log}");
    // What is left is sent when a service ends.
    world.close().await;
    let found = collector.gauge("verify.findings");
    assert!(found.contains(&1), "{found:?}");
    assert!(found.contains(&0), "the other services are as they were written: {found:?}");
    assert_ne!(collector.gauge("verify.ended"), [0; 0]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_changed_row_is_found_while_it_serves_on_sqlite() {
    what_was_changed_is_found(Store::Sqlite, "DROP TRIGGER audit_record_no_update").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_changed_row_is_found_while_it_serves_on_postgres() {
    what_was_changed_is_found(Store::Postgres, "ALTER TABLE audit_record DISABLE TRIGGER ALL").await;
}
