//! A PostgreSQL of one test's own that speaks TLS and nothing else.

use std::{
    os::unix::{fs::chown, process::CommandExt},
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    time::Duration,
};

use niva_testing::TestAuthority;

use crate::{patience::look_again, process::free_port};

/// Longer than a server takes to start on a busy machine.
const HANG: Duration = Duration::from_secs(60);

/// A server on this machine, gone when it is dropped. Its certificate is for 127.0.0.1, and signed by the test's authority.
pub struct SecurePostgres {
    server: Child,
    port: u16,
    ca: PathBuf,
    _folder: tempfile::TempDir,
}

impl SecurePostgres {
    /// Starts one.
    ///
    /// # Panics
    /// When there is no PostgreSQL here, or it does not start.
    pub async fn start(authority: &TestAuthority) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let user = User::of_server();
        user.own(folder.path());
        let data = folder.path().join("data");
        let mut initdb = user.command("initdb");
        initdb.args(["-U", "niva", "-A", "trust", "-E", "UTF8", "--locale=C", "-N", "-D"]).arg(&data);
        assert_done(&initdb.output().expect("initdb"));
        let (chain, key) = authority.certify("postgres", &["127.0.0.1"]);
        for (from, name) in [(chain, "server.crt"), (key, "server.key")] {
            let to = data.join(name);
            std::fs::copy(from, &to).expect("its certificate");
            user.own(&to);
        }
        // Nobody comes in who does not come by TLS.
        std::fs::write(data.join("pg_hba.conf"), "hostssl all all 127.0.0.1/32 trust\n")
            .expect("who may connect");
        let port = free_port();
        let mut server = user.command("postgres");
        server.arg("-D").arg(&data).args(["-h", "127.0.0.1", "-p", &port.to_string(), "-c", "ssl=on"]);
        server.args(["-c", "unix_socket_directories=", "-c", "fsync=off", "-c", "max_connections=100"]);
        let log = std::fs::File::create(folder.path().join("log")).expect("its log");
        let server = server.stderr(log).spawn().expect("postgres");
        let mut started = Self { server, port, ca: authority.ca(), _folder: folder };
        let answers = tokio::time::timeout(HANG, async {
            while !started.psql("SELECT 1").status.success() {
                assert!(started.server.try_wait().expect("its state").is_none(), "PostgreSQL has ended");
                look_again().await;
            }
        });
        assert!(answers.await.is_ok(), "PostgreSQL does not answer");
        started
    }

    /// Makes a database, and says where it is for whoever believes the authority.
    ///
    /// # Panics
    /// When it cannot be made.
    #[must_use]
    pub fn database(&self, name: &str) -> String {
        assert_done(&self.psql(&format!("CREATE DATABASE {name}")));
        let (address, ca) = (self.address(), self.ca.display());
        format!("postgres://niva@{address}/{name}?sslmode=verify-full&sslrootcert={ca}")
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    fn psql(&self, sql: &str) -> Output {
        let url = format!("postgres://niva@{}/postgres", self.address());
        let mut psql = Command::new(program("psql"));
        psql.args(["-X", "-q", "-c", sql, &url])
            .env("PGSSLMODE", "verify-full")
            .env("PGSSLROOTCERT", &self.ca);
        psql.stdin(Stdio::null()).output().expect("psql")
    }
}

impl Drop for SecurePostgres {
    fn drop(&mut self) {
        // At once: what it holds is of no use to anybody.
        let asked = Command::new("kill").args(["-QUIT", &self.server.id().to_string()]).status();
        if asked.is_ok_and(|status| status.success()) {
            let _ = self.server.wait();
        }
    }
}

/// As whom the server runs: it refuses to run as root.
struct User(Option<(u32, u32)>);

impl User {
    fn of_server() -> Self {
        if id("-u", None) != Some(0) {
            return Self(None);
        }
        let found = ["postgres", "niva-test"]
            .iter()
            .find_map(|name| Some((id("-u", Some(name))?, id("-g", Some(name))?)));
        Self(Some(found.expect("tests/run makes a user for PostgreSQL")))
    }

    fn command(&self, name: &str) -> Command {
        let mut command = Command::new(program(name));
        if let Some((user, group)) = self.0 {
            command.uid(user).gid(group);
        }
        command.current_dir("/").stdin(Stdio::null()).stdout(Stdio::null());
        command
    }

    fn own(&self, path: &Path) {
        if let Some((user, group)) = self.0 {
            chown(path, Some(user), Some(group)).expect("a file for PostgreSQL");
        }
    }
}

fn id(what: &str, name: Option<&str>) -> Option<u32> {
    let output = Command::new("id").arg(what).args(name).output().ok()?;
    String::from_utf8(output.stdout).ok()?.trim().parse().ok()
}

/// A program of the newest PostgreSQL where Debian keeps them, else the one on the path.
fn program(name: &str) -> PathBuf {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut found: Vec<_> = versions.map(|version| version.path().join("bin").join(name)).collect();
    found.retain(|path| path.exists());
    found.sort();
    found.pop().unwrap_or_else(|| name.into())
}

fn assert_done(output: &Output) {
    assert!(output.status.success(), "{}", crate::process::words(output));
}
