//! A part that serves says by the health protocol what of that on which it stands is not well.

use niva_journeys::patience::look_again;
use niva_journeys::world::{Part, Store, World};
use niva_rpc::client::Credentials;
use sqlx::{Connection, Executor, PgConnection};
use tonic_health::ServingStatus;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;

/// Waits until payment says so.
async fn until(world: &World, service: &str, awaited: ServingStatus) {
    let mut client = HealthClient::new(world.channel(Part::Payment, Credentials::none()));
    loop {
        let request = HealthCheckRequest { service: service.to_owned() };
        if client.check(request).await.unwrap().into_inner().status == awaited as i32 {
            return;
        }
        look_again().await;
    }
}

/// As an administrator of the server does it.
async fn administer(url: &str, sql: &str) {
    let (server, database) = url.rsplit_once('/').unwrap();
    let database = database.split('?').next().unwrap();
    let mut conn = PgConnection::connect(&format!("{server}/postgres")).await.unwrap();
    conn.execute(sqlx::AssertSqlSafe(sql.replace("DATABASE_NAME", database))).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_not_well_is_told_by_name() {
    let mut world = World::processes(Store::Postgres).await;
    for name in ["database", "feed.assessment", "feed.choice", ""] {
        until(&world, name, ServingStatus::Serving).await;
    }
    world.halt(Part::Choice).await;
    until(&world, "feed.choice", ServingStatus::NotServing).await;
    until(&world, "feed.assessment", ServingStatus::Serving).await;
    world.resume(Part::Choice).await;
    until(&world, "feed.choice", ServingStatus::Serving).await;

    let url = world.database_url(Part::Payment).to_owned();
    let away = "ALTER DATABASE \"DATABASE_NAME\" ALLOW_CONNECTIONS false";
    administer(&url, away).await;
    administer(
        &url,
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'DATABASE_NAME'",
    )
    .await;
    until(&world, "database", ServingStatus::NotServing).await;
    administer(&url, "ALTER DATABASE \"DATABASE_NAME\" ALLOW_CONNECTIONS true").await;
    until(&world, "database", ServingStatus::Serving).await;
    world.close().await;
}
