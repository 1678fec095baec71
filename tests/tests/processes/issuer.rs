//! The three processes with an issuer as a city has one: found by discovery over HTTPS, asked for its keys again and again,
//! and for the services' own tokens.

use std::{
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    time::Duration,
};

use niva_access::audience;
use niva_journeys::{
    process::free_port,
    repository_root,
    world::{Service, World, look_again},
};
use niva_oidc::{Client, Issuer, renew};
use niva_proto::{
    assessment::v1::{ListPersonsRequest, person_service_client::PersonServiceClient},
    choice::v1::{self as choice, GetFeedStatusRequest},
    common::v1::FeedStatus,
    payment::v1 as payment,
};
use niva_rpc::client::{Channel, Credentials};
use niva_testing::TestAuthority;
use niva_tls::{Files, Speaks, Tls};
use serde_json::{Value, json};
use tokio::process::{Child, Command};
use tokio_util::sync::CancellationToken;
use tonic::Status;

/// Longer than anything here takes on a busy machine; only a hang gets there.
const HANG: Duration = Duration::from_secs(90);
/// How long a key that is gone may be believed.
const GONE: Duration = Duration::from_secs(60);

/// An issuer that runs as a process of its own.
struct City {
    child: Child,
    url: String,
    ca: PathBuf,
    log: PathBuf,
    secret: PathBuf,
}

impl City {
    /// One that knows clients, all with one secret, by their ids, claims and the seconds that their tokens are good for.
    async fn start(authority: &TestAuthority, clients: &[(&str, Value, u32)]) -> Self {
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
    async fn says(&self, line: &str, times: usize) {
        let said = tokio::time::timeout(HANG, async {
            while self.said().lines().filter(|other| *other == line).count() < times {
                look_again().await;
            }
        });
        assert!(said.await.is_ok(), "no `{line}`:\n{}", self.said());
    }

    /// It signs with another key from now on, and does not tell of the one before.
    async fn changes_its_key(&self) {
        let id = self.child.id().unwrap().to_string();
        std::process::Command::new("kill").args(["-HUP", &id]).status().unwrap();
        self.says("there is another key", 1).await;
    }

    /// Arguments of a service that believes it, and asks it for its own tokens where it calls others.
    fn arguments(&self, client: Option<&str>) -> Vec<String> {
        let path = |path: &Path| path.display().to_string();
        let mut all = vec!["--issuer".to_owned(), self.url.clone(), "--issuer-ca".to_owned(), path(&self.ca)];
        if let Some(client) = client {
            all.extend(["--client-id".to_owned(), client.to_owned()]);
            all.extend(["--client-secret-file".to_owned(), path(&self.secret)]);
        }
        all
    }

    /// A token of a client for a service.
    async fn token(&self, client: &str, service: Service) -> String {
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

fn channel(world: &World, service: Service, token: &str) -> Channel {
    world.channel(service, Credentials::bearer(token))
}

async fn list_persons(world: &World, token: &str) -> Result<(), Status> {
    let mut client = PersonServiceClient::new(channel(world, Service::Assessment, token));
    client.list_persons(ListPersonsRequest::default()).await.map(drop)
}

/// What choice and payment say of the feeds that they follow.
async fn feeds(world: &World, tokens: &[String; 3]) -> Vec<FeedStatus> {
    let to = |service: Service| channel(world, service, &tokens[service as usize]);
    let asked = choice::Clients::new(to(Service::Choice)).feed.get_feed_status(GetFeedStatusRequest {}).await;
    let mut all = asked.unwrap().into_inner().feeds;
    let request = payment::GetFeedStatusRequest {};
    let asked = payment::Clients::new(to(Service::Payment)).feed.get_feed_status(request).await;
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
    for service in Service::ALL {
        tokens[service as usize] = city.token("anna", service).await;
    }
    list_persons(&world, &tokens[0]).await.unwrap();
    for (token, reason) in [
        (&tokens[2], "TOKEN_INVALID"),
        (&city.token("for-ever", Service::Assessment).await, "TOKEN_INVALID"),
        (&city.token("gardener", Service::Assessment).await, "ROLE_MISSING"),
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
    let fresh = city.token("anna", Service::Assessment).await;
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
    world.restart(Service::Assessment).await;
    let connected = tokio::time::timeout(HANG, async {
        while !feeds(world, tokens).await.iter().all(|feed| feed.connected) {
            look_again().await;
        }
    });
    assert!(connected.await.is_ok(), "{:?}", feeds(world, tokens).await);
    assert_eq!(feeds(world, tokens).await.len(), 3);
}
