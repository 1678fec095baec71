//! The three services as processes of their own, over TCP, as they run in a city.

mod attacks;
mod canaries;
mod demo;
mod import;
mod kills;
mod ninth_service;
mod readiness;
mod secured;
mod tokens;
mod trace;
mod verification;

use std::path::Path;

use niva_journeys::world::{Part, Store, World};
use niva_rpc::client::Endpoint;

use crate::journey;

/// A new seed each time; printed, and given again by `NIVA_TEST_SEED`.
fn seed() -> u64 {
    let given = std::env::var("NIVA_TEST_SEED").ok().and_then(|text| text.parse().ok());
    let seed = given.unwrap_or_else(|| uuid::Uuid::new_v4().as_u64_pair().0 % 1_000_000);
    println!("NIVA_TEST_SEED={seed}");
    seed
}

/// `niva import FOLDER` into these processes.
pub(crate) fn import_arguments(world: &World, folder: &Path) -> Vec<String> {
    let (folder, issuer) = (folder.display().to_string(), world.folder().display().to_string());
    let mut arguments = vec!["import".to_owned(), folder, "--issuer-dir".to_owned(), issuer];
    for service in Part::ALL {
        let Endpoint::Tcp(address) = world.endpoint(service) else { panic!("a process has an address") };
        arguments.extend([format!("--{}", service.name()), address.to_string()]);
    }
    arguments
}

async fn the_whole_way(store: Store) {
    let world = World::processes(store).await;
    journey::walk(&world).await;
    world.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_whole_way_on_sqlite() {
    the_whole_way(Store::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_whole_way_on_postgres() {
    the_whole_way(Store::Postgres).await;
}
