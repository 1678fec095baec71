//! Clients that know nothing of Niva but its contract: the worked calls of `proto/README.md` as they stand there, and the
//! main job in Python.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use niva_access::Caller;
use niva_base::Clock;
use niva_journeys::world::{Part, Role, Store, World};
use tokio::process::Command;

/// The contract's folder.
const CONTRACT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../proto");
/// Until the end of the story: tokens know no time but the machine's.
const TOKEN_LIFE: chrono::Duration = chrono::Duration::hours(1);
const README: &str = include_str!("../../proto/README.md");
const MAIN_JOB: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/strangers/main_job.py");

/// What a stranger is given: a Python, addresses, tokens, a place for generated types.
struct Stranger {
    python: PathBuf,
    environment: BTreeMap<String, String>,
    out: tempfile::TempDir,
}

impl Stranger {
    fn of(world: &World) -> Self {
        let python = std::env::var("NIVA_TEST_PYTHON")
            .expect("NIVA_TEST_PYTHON: run this by tests/run, which installs a Python with gRPC");
        let out = tempfile::tempdir().unwrap();
        let mut environment = BTreeMap::from([("OUT".to_owned(), out.path().display().to_string())]);
        for service in [Part::Assessment, Part::Choice, Part::Payment] {
            let address = world.address(service).expect("the services are processes");
            environment.insert(format!("NIVA_{}", service.name().to_uppercase()), address);
        }
        for role in Role::ALL {
            let caller = Caller::new(format!("stranger-{role}"), [role]);
            let token = world.issuer().token(&caller, TOKEN_LIFE, Clock::system().now()).unwrap();
            environment.insert(format!("NIVA_TOKEN_{}", role.as_str().to_uppercase()), token);
        }
        environment.insert("NIVA_TOKEN".to_owned(), environment["NIVA_TOKEN_ASSESSOR"].clone());
        Self { python: python.into(), environment, out }
    }

    /// Runs a command in the contract's folder; what it printed.
    async fn run(&self, program: impl AsRef<Path>, arguments: &[&str]) -> String {
        let program = program.as_ref();
        let tools = self.python.parent().unwrap().display().to_string();
        let path = format!("{tools}:{}", std::env::var("PATH").unwrap_or_default());
        let ran = Command::new(program)
            .args(arguments)
            .current_dir(CONTRACT)
            .envs(&self.environment)
            .env("PATH", path)
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .kill_on_drop(true)
            .output();
        let ran = tokio::time::timeout(Duration::from_secs(180), ran).await.expect("it ends").unwrap();
        let (said, complained) = (String::from_utf8_lossy(&ran.stdout), String::from_utf8_lossy(&ran.stderr));
        assert!(ran.status.success(), "{} {arguments:?}:\n{said}\n{complained}", program.display());
        said.trim().to_owned()
    }
}

/// The README's blocks of code in a language, in order.
fn blocks(language: &str) -> Vec<&'static str> {
    let fence = format!("```{language}\n");
    README.split(fence.as_str()).skip(1).filter_map(|rest| rest.split("```").next()).collect()
}

async fn strangers(store: Store) {
    let world = World::processes(store).await;
    let stranger = Stranger::of(&world);
    let [grpcurl, types] = blocks("sh")[..] else { panic!("two blocks for a shell") };
    let listed = stranger.run("sh", &["-ec", grpcurl]).await;
    assert!(listed.contains("instrumentId"), "{listed}");
    stranger.run("sh", &["-ec", types]).await;
    assert!(stranger.out.path().join("niva/payment/v1/runs_pb2_grpc.py").exists());
    let [persons] = blocks("python")[..] else { panic!("one block for Python") };
    assert_eq!(stranger.run(&stranger.python, &["-c", persons]).await, "", "nobody is known yet");

    let placement = stranger.run(&stranger.python, &[MAIN_JOB, "place"]).await;
    world.set_day("2024-03-04");
    stranger.run(&stranger.python, &[MAIN_JOB, "start", &placement]).await;
    let person = stranger.run(&stranger.python, &["-c", persons]).await;
    assert_eq!(person, "person-of-a-stranger");
    world.set_day("2024-04-02");
    world.feeds_caught_up().await;
    assert_eq!(stranger.run(&stranger.python, &[MAIN_JOB, "pay", &placement]).await, "1386000");
    world.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_does_the_main_job_on_sqlite() {
    strangers(Store::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_does_the_main_job_on_postgres() {
    strangers(Store::Postgres).await;
}
