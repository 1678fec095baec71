//! An issuer of tokens as a city has one, as a process of its own.

use std::{
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    time::Duration,
};

use niva_access::audience;
use niva_journeys::{
    process::free_port,
    repository_root,
    world::{Part, look_again},
};
use niva_oidc::{Client, Issuer, renew};
use niva_testing::TestAuthority;
use niva_tls::{Files, Speaks, Tls};
use serde_json::{Value, json};
use tokio::process::{Child, Command};
use tokio_util::sync::CancellationToken;

/// Longer than anything here takes on a busy machine; only a hang gets there.
const HANG: Duration = Duration::from_secs(90);

/// An issuer that runs as a process of its own.
pub(crate) struct City {
    child: Child,
    pub(crate) url: String,
    ca: PathBuf,
    log: PathBuf,
    pub(crate) secret: PathBuf,
}

impl City {
    /// One that knows clients, all with one secret, by their ids, claims and the seconds that their tokens are good for.
    pub(crate) async fn start(authority: &TestAuthority, clients: &[(&str, Value, u32)]) -> Self {
        let folder = authority.folder().to_owned();
        let (chain, key) = authority.certify("issuer", &["127.0.0.1"]);
        let port = free_port();
        let clients: Vec<Value> = clients
            .iter()
            .map(|(id, claims, seconds)| json!({"id": id, "secret": "s/e+c:r", "claims": claims, "seconds": seconds}))
            .collect();
        let settings = json!({"port": port, "chain": chain, "key": key, "clients": clients});
        let (file, log) = (folder.join("issuer.json"), folder.join("issuer.log"));
        std::fs::write(&file, settings.to_string()).unwrap();
        let said = std::fs::File::create(&log).unwrap();
        let script = repository_root().join("tests/tools/issuer.mjs");
        let child = Command::new("node")
            .arg(script)
            .arg(file)
            .stdout(said.try_clone().unwrap())
            .stderr(said)
            .kill_on_drop(true)
            .spawn()
            .expect("tests/run installs node");
        let secret = folder.join("client.secret");
        std::fs::write(&secret, "s/e+c:r\n").unwrap();
        std::fs::set_permissions(&secret, std::fs::Permissions::from_mode(0o600)).unwrap();
        let city = Self { child, url: format!("https://127.0.0.1:{port}"), ca: authority.ca(), log, secret };
        city.says("listens", 1).await;
        city
    }

    fn said(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap()
    }

    /// Waits until it has said a line as often.
    pub(crate) async fn says(&self, line: &str, times: usize) {
        let said = tokio::time::timeout(HANG, async {
            while self.said().lines().filter(|other| *other == line).count() < times {
                look_again().await;
            }
        });
        assert!(said.await.is_ok(), "no `{line}`:\n{}", self.said());
    }

    /// It signs with another key from now on, and does not tell of the one before.
    pub(crate) async fn changes_its_key(&self) {
        let id = self.child.id().unwrap().to_string();
        std::process::Command::new("kill").args(["-HUP", &id]).status().unwrap();
        self.says("there is another key", 1).await;
    }

    /// Arguments of a service that believes it, and asks it for its own tokens where it calls others.
    pub(crate) fn arguments(&self, client: Option<&str>) -> Vec<String> {
        let path = |path: &Path| path.display().to_string();
        let mut all = vec!["--issuer".to_owned(), self.url.clone(), "--issuer-ca".to_owned(), path(&self.ca)];
        if let Some(client) = client {
            all.extend(["--client-id".to_owned(), client.to_owned()]);
            all.extend(["--client-secret-file".to_owned(), path(&self.secret)]);
        }
        all
    }

    /// A token of a client for a service.
    pub(crate) async fn token(&self, client: &str, service: Part) -> String {
        let files = Files { certificate: None, ca: Some(self.ca.clone()) };
        let issuer = Issuer::at(&self.url, &Tls::open(files, Speaks::Http).unwrap()).unwrap();
        let client = Client { id: client.to_owned(), secret: self.secret.clone(), scope: None };
        let (given, mut token) = tokio::sync::mpsc::unbounded_channel();
        let hold = move |token: &str| {
            let _ = given.send(token.to_owned());
            Ok(())
        };
        let enough = CancellationToken::new();
        tokio::spawn(renew(issuer, client, audience(service.name()), hold, enough.clone()));
        let token = tokio::time::timeout(HANG, token.recv()).await;
        enough.cancel();
        token.unwrap_or_else(|_| panic!("no token:\n{}", self.said())).unwrap()
    }
}
