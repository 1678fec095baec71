//! What `deploy/` says, done as it says: roles, backup and restore, units, container files.

mod backup;
mod compose;
mod papers;
mod roles;
mod services;
mod units;

use std::{
    collections::BTreeMap,
    path::PathBuf,
    process::{Output, Stdio},
    time::Duration,
};

use niva_journeys::{process, repository_root, world::Part};
use niva_testing::POSTGRES;
use tokio::process::Command;

/// Longer than anything here takes on a busy machine; only a hang gets there.
const HANG: Duration = Duration::from_secs(240);

/// Somebody with a shell, the runbook and a server of their own.
struct Operator {
    variables: BTreeMap<&'static str, String>,
    _folder: tempfile::TempDir,
    /// What their databases' names begin with.
    names: Vec<String>,
}

impl Operator {
    /// With a folder to themselves and no database yet.
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let here = |name: &str| folder.path().join(name).display().to_string();
        let server = std::env::var(POSTGRES).expect("tests/run starts a PostgreSQL and says where it is");
        let (server, _) = server.rsplit_once('/').expect("a URL that ends in a database's name");
        let (_, host) = server.rsplit_once('@').expect("a URL with a user");
        let name = format!("test_{}", uuid::Uuid::new_v4().simple());
        let restored = format!("{name}_restored");
        let variables = BTreeMap::from([
            ("SERVER", server.to_owned()),
            ("MIGRATE", format!("postgres://niva_migrate@{host}")),
            ("SERVE", format!("postgres://niva_serve@{host}")),
            ("NAME", name.clone()),
            ("RESTORED", restored.clone()),
            ("BACKUP", here("backup")),
            ("DATA", here("data")),
            ("RESTORED_DATA", here("restored")),
        ]);
        Self { variables, _folder: folder, names: vec![name, restored] }
    }

    fn is(&self, variable: &str) -> &str {
        &self.variables[variable]
    }

    /// URLs of the three databases as one of `SERVER`, `MIGRATE`, `SERVE`.
    fn urls(&self, by: &str, name: &str) -> [String; 3] {
        Part::ALL.map(|service| format!("{}/{}_{}", self.is(by), self.is(name), service.name()))
    }

    /// Runs a script as their shell would.
    async fn run(&self, script: &str) -> Output {
        let mut command = Command::new("bash");
        command.args(["-eu", "-o", "pipefail", "-c", script]).current_dir(repository_root());
        for (name, _) in
            std::env::vars().filter(|(name, _)| name.starts_with("NIVA_") || name.starts_with("PG"))
        {
            command.env_remove(name);
        }
        command.envs(&self.variables).env("PATH", path()).stdin(Stdio::null()).kill_on_drop(true);
        tokio::time::timeout(HANG, command.output()).await.expect("it hangs").expect("a shell")
    }

    /// Runs all the commands that the runbook has under a heading.
    async fn follows(&self, heading: &str) -> Output {
        let output = self.run(&commands(heading)).await;
        assert!(output.status.success(), "{heading}: {}", process::words(&output));
        output
    }
}

impl Drop for Operator {
    fn drop(&mut self) {
        for name in &self.names {
            for service in Part::ALL {
                let sql = format!("DROP DATABASE IF EXISTS {name}_{} WITH (FORCE)", service.name());
                let server = format!("{}/postgres", self.is("SERVER"));
                let mut psql = std::process::Command::new("psql");
                psql.args(["-X", "-q", "-c", &sql, &server])
                    .env("PATH", path())
                    .env("PGOPTIONS", "-c client_min_messages=error");
                let dropped = psql.status().is_ok_and(|status| status.success());
                assert!(
                    dropped || std::thread::panicking(),
                    "{name}_{} could not be dropped",
                    service.name()
                );
            }
        }
    }
}

/// Where `niva` is, what is on the path, and where Debian keeps PostgreSQL's programs.
fn path() -> String {
    let mut folders = vec![process::niva().parent().unwrap().to_owned()];
    folders.extend(std::env::split_paths(&std::env::var_os("PATH").unwrap()));
    let mut servers: Vec<PathBuf> = std::fs::read_dir("/usr/lib/postgresql")
        .map(|entries| entries.map(|entry| entry.unwrap().path().join("bin")).collect())
        .unwrap_or_default();
    servers.sort();
    folders.extend(servers.into_iter().rev());
    std::env::join_paths(folders).unwrap().into_string().unwrap()
}

/// The shell blocks under a heading of the runbook.
fn commands(heading: &str) -> String {
    let runbook = std::fs::read_to_string(repository_root().join("deploy/RUNBOOK.md")).unwrap();
    let (mut under, mut inside, mut script) = (false, false, String::new());
    for line in runbook.lines() {
        if inside {
            inside = line != "```";
            if inside && under {
                script += line;
                script.push('\n');
            }
        } else if line.starts_with('#') {
            under = line.trim_start_matches('#').trim() == heading;
        } else {
            inside = line.starts_with("```");
        }
    }
    assert!(!script.is_empty(), "the runbook has no commands under `{heading}`");
    script
}
