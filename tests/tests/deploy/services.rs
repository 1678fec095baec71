//! The three parts started by command lines and environments that `deploy/` gives, with nothing but places replaced.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use niva_access::Role;
use niva_journeys::{
    process::{self, free_port},
    world::{Part, look_again},
};
use niva_proto::{
    assessment::v1 as assessment, choice::v1 as choice, common::v1::FeedStatus, payment::v1 as payment,
};
use niva_rpc::client::{Channel, Credentials, Endpoint};
use niva_testing::{TestAuthority, values::invented_number};
use niva_tls::{Files, Speaks, Tls};
use serde_json::json;
use tokio::{net::TcpStream, process::Child};

use super::HANG;
use crate::issuer::City;

/// The time in which a part must have ended, as the units say.
pub(super) const STOP: Duration = Duration::from_secs(45);

/// An issuer and an authority as a city has them, and where the parts are to be.
pub(super) struct Surroundings {
    authority: TestAuthority,
    issuer: City,
    own: Tls,
    ports: [u16; 3],
}

impl Surroundings {
    pub(super) async fn new() -> Self {
        let authority = TestAuthority::new();
        for service in Part::ALL {
            authority.certify(service.name(), &[service.name(), "127.0.0.1"]);
        }
        let with = |role: Role| json!({"niva_roles": [role.as_str()], "niva_districts": ["*"]});
        let mut clients =
            vec![("niva-choice", with(Role::FeedReader), 60), ("niva-payment", with(Role::FeedReader), 60)];
        clients.extend(
            [Role::Auditor, Role::FeedReader, Role::Importer].map(|role| (role.as_str(), with(role), 600)),
        );
        let issuer = City::start(&authority, &clients).await;
        for name in ["choice.secret", "payment.secret"] {
            std::fs::copy(&issuer.secret, authority.folder().join(name)).unwrap();
        }
        Self::make_key(&authority.folder().join("identities.key"));
        let files = Files { certificate: None, ca: Some(authority.ca()) };
        let own = Tls::open(files, Speaks::Grpc).unwrap();
        Self { authority, issuer, own, ports: [free_port(), free_port(), free_port()] }
    }

    /// The first key of identities, by the runbook's own command.
    fn make_key(file: &Path) {
        let command = super::commands("Keys of identities")
            .replace("/etc/niva/identities.key", &file.display().to_string());
        let made = std::process::Command::new("bash").args(["-eu", "-c", &command]).output().unwrap();
        assert!(made.status.success(), "{}", process::words(&made));
    }

    /// The issuer's name, as its tokens have it.
    pub(super) fn issuer(&self) -> &str {
        &self.issuer.url
    }

    /// Where certificates, keys and secrets lie, by the names that they have in `/etc/niva`.
    pub(super) fn files(&self) -> String {
        self.authority.folder().display().to_string()
    }

    pub(super) fn address(&self, service: Part) -> String {
        format!("127.0.0.1:{}", self.ports[service as usize])
    }

    async fn channel(&self, service: Part, role: Role) -> Channel {
        let endpoint = Endpoint::at(&format!("https://{}", self.address(service)), &self.own).unwrap();
        endpoint.channel(Credentials::bearer(self.issuer.token(role.as_str(), service).await))
    }

    async fn feeds(&self) -> Vec<FeedStatus> {
        let mut heard = Vec::new();
        let channel = self.channel(Part::Choice, Role::FeedReader).await;
        let answer =
            choice::Clients::new(channel).feed.get_feed_status(choice::GetFeedStatusRequest {}).await;
        heard.extend(answer.map(|answer| answer.into_inner().feeds).unwrap_or_default());
        let channel = self.channel(Part::Payment, Role::Importer).await;
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
        self.assert_people_can_be_named().await;
        for (service, mut child) in running.into_iter().rev() {
            let id = child.id().unwrap().to_string();
            std::process::Command::new("kill").args(["-TERM", &id]).status().unwrap();
            let ended = tokio::time::timeout(STOP, child.wait()).await;
            let ended = ended.unwrap_or_else(|_| panic!("{} does not end: {}", service.name(), self.said()));
            assert_eq!(ended.unwrap().code(), Some(0), "{}: {}", service.name(), self.said());
        }
    }

    /// Assessment has a key of identities: it looks for a number, and does not refuse to.
    async fn assert_people_can_be_named(&self) {
        let channel = self.channel(Part::Assessment, Role::Auditor).await;
        let request = assessment::FindPersonRequest { number: invented_number(980) };
        let nobody = assessment::Clients::new(channel).identities.find_person(request).await.unwrap_err();
        assert_eq!(niva_rpc::reason(&nobody).as_deref(), Some("NOT_FOUND"), "{}", self.said());
    }

    /// The runbook's own command says how far the feeds are.
    async fn assert_told_by_the_runbook(&self) {
        let mut command = tokio::process::Command::new("bash");
        command.args(["-eu", "-c", &super::commands("See how far the feeds are")]);
        command.current_dir(niva_journeys::repository_root());
        let token = self.issuer.token(Role::Auditor.as_str(), Part::Payment).await;
        command
            .env("TOKEN", token)
            .env("PAYMENT", self.address(Part::Payment))
            .env("CA", self.authority.ca());
        let python = PathBuf::from(std::env::var("NIVA_TEST_PYTHON").expect("tests/run makes a Python"));
        let path = format!("{}:{}", python.parent().unwrap().display(), super::path());
        let told = command.env("PATH", path).output().await.unwrap();
        let words = process::words(&told);
        assert!(told.status.success() && words.matches("\"connected\": true").count() == 2, "{words}");
    }

    fn log(&self, service: Part) -> PathBuf {
        self.authority.folder().join(format!("{}.log", service.name()))
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
        command.current_dir(self.authority.folder()).envs(environment);
        // The samples believe the machine's own authorities.
        command.env("NIVA_ISSUER_CA", self.authority.ca());
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
