//! The three parts started by command lines and environments that `deploy/` gives, with nothing but places replaced.

use std::{collections::BTreeMap, path::PathBuf, process::Stdio, time::Duration};

use niva_access::{Caller, LocalIssuer, Role};
use niva_base::Clock;
use niva_journeys::{
    process::{self, free_port},
    world::{Part, look_again},
};
use niva_proto::{choice::v1 as choice, common::v1::FeedStatus, payment::v1 as payment};
use niva_rpc::client::{Channel, Credentials, Endpoint};
use tokio::{net::TcpStream, process::Child};

use super::HANG;

/// The time in which a part must have ended, as the units say.
pub(super) const STOP: Duration = Duration::from_secs(45);

/// An issuer as a city has one, and where the parts are to be.
pub(super) struct Surroundings {
    folder: tempfile::TempDir,
    issuer: LocalIssuer,
    ports: [u16; 3],
}

impl Surroundings {
    pub(super) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let issuer = LocalIssuer::open_or_create(folder.path()).unwrap();
        std::fs::write(folder.path().join("jwks.json"), issuer.jwks()).unwrap();
        Self { folder, issuer, ports: [free_port(), free_port(), free_port()] }
    }

    /// The issuer's name, as its tokens have it.
    pub(super) const ISSUER: &str = "niva-local";

    pub(super) fn jwks(&self) -> String {
        self.folder.path().join("jwks.json").display().to_string()
    }

    pub(super) fn address(&self, service: Part) -> String {
        format!("127.0.0.1:{}", self.ports[service as usize])
    }

    /// A token with one role.
    pub(super) fn token(&self, role: Role) -> String {
        let caller = Caller::new(role.as_str(), [role]);
        self.issuer.token(&caller, chrono::Duration::minutes(10), Clock::system().now()).unwrap()
    }

    fn channel(&self, service: Part, role: Role) -> Channel {
        let endpoint = Endpoint::tcp(&format!("http://{}", self.address(service))).unwrap();
        endpoint.channel(Credentials::bearer(self.token(role)))
    }

    async fn feeds(&self) -> Vec<FeedStatus> {
        let mut heard = Vec::new();
        let channel = self.channel(Part::Choice, Role::FeedReader);
        let answer =
            choice::Clients::new(channel).feed.get_feed_status(choice::GetFeedStatusRequest {}).await;
        heard.extend(answer.map(|answer| answer.into_inner().feeds).unwrap_or_default());
        let channel = self.channel(Part::Payment, Role::Importer);
        let answer =
            payment::Clients::new(channel).feed.get_feed_status(payment::GetFeedStatusRequest {}).await;
        heard.extend(answer.map(|answer| answer.into_inner().feeds).unwrap_or_default());
        heard
    }

    /// Starts the three, waits until each follows the others' feeds, and asks them to end, as systemd and Docker do.
    pub(super) async fn serve(&self, parts: [(Vec<String>, BTreeMap<String, String>); 3]) {
        let mut running = Vec::new();
        for (service, (arguments, environment)) in Part::ALL.into_iter().zip(parts) {
            running.push((service, self.start(service, &arguments, &environment).await));
        }
        let connected = tokio::time::timeout(HANG, async {
            loop {
                let feeds = self.feeds().await;
                if feeds.len() == 3 && feeds.iter().all(|feed| feed.connected) {
                    return;
                }
                look_again().await;
            }
        });
        assert!(connected.await.is_ok(), "{:?}\n{}", self.feeds().await, self.said());
        self.assert_told_by_the_runbook().await;
        for (service, mut child) in running.into_iter().rev() {
            let id = child.id().unwrap().to_string();
            std::process::Command::new("kill").args(["-TERM", &id]).status().unwrap();
            let ended = tokio::time::timeout(STOP, child.wait()).await;
            let ended = ended.unwrap_or_else(|_| panic!("{} does not end: {}", service.name(), self.said()));
            assert_eq!(ended.unwrap().code(), Some(0), "{}: {}", service.name(), self.said());
        }
    }

    /// The runbook's own command says how far the feeds are.
    async fn assert_told_by_the_runbook(&self) {
        let mut command = tokio::process::Command::new("bash");
        command.args(["-eu", "-c", &super::commands("See how far the feeds are")]);
        command.env("TOKEN", self.token(Role::Auditor)).env("PAYMENT", self.address(Part::Payment));
        let python = PathBuf::from(std::env::var("NIVA_TEST_PYTHON").expect("tests/run makes a Python"));
        let path = format!("{}:{}", python.parent().unwrap().display(), super::path());
        let told = command.env("PATH", path).output().await.unwrap();
        let words = process::words(&told);
        assert!(told.status.success() && words.matches("\"connected\": true").count() == 2, "{words}");
    }

    fn log(&self, service: Part) -> PathBuf {
        self.folder.path().join(format!("{}.log", service.name()))
    }

    fn said(&self) -> String {
        Part::ALL
            .map(|service| std::fs::read_to_string(self.log(service)).unwrap_or_default())
            .join("\n---\n")
    }

    async fn start(
        &self,
        service: Part,
        arguments: &[String],
        environment: &BTreeMap<String, String>,
    ) -> Child {
        let log = std::fs::File::create(self.log(service)).unwrap();
        let mut command = process::command(arguments);
        // Where a unit or an image has its working directory.
        command.current_dir(self.folder.path()).envs(environment);
        command.stdout(Stdio::from(log.try_clone().unwrap())).stderr(Stdio::from(log));
        let mut child = command.spawn().unwrap();
        let listens = tokio::time::timeout(HANG, async {
            while TcpStream::connect(self.address(service)).await.is_err() {
                let ended = child.try_wait().unwrap();
                assert!(ended.is_none(), "{} has ended with {ended:?}: {}", service.name(), self.said());
                look_again().await;
            }
        });
        assert!(listens.await.is_ok(), "{} does not listen: {}", service.name(), self.said());
        child
    }
}
