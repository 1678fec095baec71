//! The demo as a user runs it: the same figures whatever the database, however often, and however badly interrupted.

use std::{path::Path, time::Duration};

use niva_journeys::process;
use niva_testing::{POSTGRES, TestDb};
use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use serde_json::Value;
use tokio::time::Instant;

/// Interruptions of one demo.
const KILLS: usize = 6;

/// What pays whom what: the part of a summary that may never differ.
fn paid(summary: &Value) -> Value {
    let runs = summary.get("runs").unwrap_or_else(|| panic!("no runs: {summary:#}"));
    assert!(runs.as_array().is_some_and(|runs| runs.len() >= 2), "{summary:#}");
    runs.clone()
}

fn arguments(data: &Path, url: Option<&str>) -> Vec<String> {
    let mut arguments =
        ["demo", "--once", "--json", "--listen", "127.0.0.1:0", "--data"].map(str::to_owned).to_vec();
    arguments.push(data.display().to_string());
    arguments.extend(url.into_iter().flat_map(|url| ["--database-url".to_owned(), url.to_owned()]));
    arguments
}

async fn run(data: &Path, url: Option<&str>) -> Value {
    let output = process::run(arguments(data, url)).await;
    assert!(output.status.success(), "{}", process::words(&output));
    serde_json::from_slice(&output.stdout).unwrap_or_else(|e| panic!("{e}: {}", process::words(&output)))
}

/// Whoever counts again what a demo has paid finds nothing.
async fn assert_counted(data: &Path, url: Option<&str>) {
    let database = url.map_or_else(
        || format!("sqlite://{}", data.join("payment.db").display()),
        |url| format!("{url}_payment"),
    );
    let verified = process::run(["verify", "payment", "--database-url", &database]).await;
    assert!(verified.status.success(), "{}", process::words(&verified));
}

/// Starts the demo, kills it after a while, again and again, and lets it finish.
async fn killed(data: &Path, url: Option<&str>, seed: u64, longest: Duration) -> Value {
    let mut chance = ChaCha8Rng::seed_from_u64(seed);
    for kill in 0..KILLS {
        let after = longest.mul_f64(chance.random_range(0.02..0.5));
        let mut child = process::command(arguments(data, url)).spawn().unwrap();
        if tokio::time::timeout(after, child.wait()).await.is_err() {
            child.kill().await.unwrap();
            println!("seed {seed}: killed after {after:?}");
        } else {
            println!("seed {seed}: done before kill {kill}");
        }
    }
    let paid = paid(&run(data, url).await);
    assert_counted(data, url).await;
    paid
}

/// Databases of the demo's own on the test's server, gone afterwards.
async fn server() -> (TestDb, String) {
    let database = TestDb::postgres().await;
    let url = database.url().to_owned();
    (database, url)
}

/// The demo makes three databases of its own beside the one it is given.
async fn drop_databases(url: &str) {
    use sqlx::{Connection as _, Executor as _};
    let (_, name) = url.rsplit_once('/').unwrap();
    let mut admin = sqlx::PgConnection::connect(&std::env::var(POSTGRES).unwrap()).await.unwrap();
    for service in ["assessment", "choice", "payment"] {
        let sql = format!("DROP DATABASE IF EXISTS \"{name}_{service}\" WITH (FORCE)");
        admin.execute(sqlx::AssertSqlSafe(sql)).await.unwrap();
    }
}

/// One test, because each part is compared with the first: what an uninterrupted demo on SQLite pays.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_happens_it_pays_the_same() {
    let seed = super::seed();
    let data = tempfile::tempdir().unwrap();
    let started = Instant::now();
    let expected = paid(&run(data.path(), None).await);
    let took = started.elapsed();
    println!("undisturbed: {took:?}");
    assert_eq!(paid(&run(data.path(), None).await), expected, "run again, it does nothing twice");
    assert_counted(data.path(), None).await;

    let (server, url) = server().await;
    let data = tempfile::tempdir().unwrap();
    assert_eq!(paid(&run(data.path(), Some(&url)).await), expected, "PostgreSQL pays what SQLite pays");
    assert_eq!(paid(&run(data.path(), Some(&url)).await), expected, "run again, it does nothing twice");
    assert_counted(data.path(), Some(&url)).await;
    drop_databases(&url).await;

    let data = tempfile::tempdir().unwrap();
    assert_eq!(killed(data.path(), None, seed, took).await, expected, "killed on SQLite, seed {seed}");
    let data = tempfile::tempdir().unwrap();
    let on_postgres = killed(data.path(), Some(&url), seed + 1, took).await;
    assert_eq!(on_postgres, expected, "killed on PostgreSQL, seed {}", seed + 1);
    drop_databases(&url).await;
    drop(server);
}
