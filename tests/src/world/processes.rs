//! The three services as processes of the executable, over TCP.

use std::path::PathBuf;

use niva_assessment::IdentityKeys;
use niva_rpc::client::Endpoint;
use niva_testing::TestAuthority;
use niva_tls::{Files, Speaks, Tls};
use tokio::net::TcpStream;

use super::{Ground, HANG, Part, clock_file, identity_keys, look_again};
use crate::process::{self, Process, free_port};

pub(super) struct Processes {
    folder: PathBuf,
    urls: [String; 3],
    ports: [u16; 3],
    more: Vec<String>,
    secured: Option<Secured>,
    in_real_time: bool,
    running: [Option<Process>; 3],
}

/// How they show each other who they are, and the world that it is one of those who may ask.
pub(super) struct Secured {
    authority: TestAuthority,
    pairs: [(PathBuf, PathBuf); 3],
    own: Tls,
    more: [Vec<String>; 3],
}

impl Secured {
    pub(super) fn new(authority: TestAuthority, more: [Vec<String>; 3]) -> Self {
        let pairs = Part::ALL.map(|service| {
            let name = format!("{}.test", service.name());
            authority.certify(service.name(), &[&name, "127.0.0.1"])
        });
        let certificate = Some(authority.certify("world", &["world.test"]));
        let own =
            Tls::open(Files { certificate, ca: Some(authority.ca()) }, Speaks::Grpc).expect("certificates");
        Self { authority, pairs, own, more }
    }

    fn arguments(&self, service: Part) -> Vec<String> {
        let (chain, key) = &self.pairs[service as usize];
        let files = [("--tls-certificate", chain), ("--tls-key", key), ("--tls-ca", &self.authority.ca())];
        let mut arguments: Vec<String> = files
            .iter()
            .flat_map(|(option, file)| [(*option).to_owned(), file.display().to_string()])
            .collect();
        arguments.extend(self.more[service as usize].iter().cloned());
        let readers = match service {
            Part::Assessment => "choice.test,payment.test,world.test",
            Part::Choice => "payment.test,world.test",
            Part::Payment => return arguments,
        };
        arguments.extend(["--feed-reader".to_owned(), readers.to_owned()]);
        arguments
    }
}

impl Processes {
    pub(super) async fn start(ground: &Ground, more: &[String], secured: Option<Secured>) -> Self {
        let mut processes = Self {
            folder: ground.folder.path().to_owned(),
            urls: ground.urls.clone(),
            ports: [free_port(), free_port(), free_port()],
            more: more.to_vec(),
            secured,
            in_real_time: ground.in_real_time,
            running: [None, None, None],
        };
        for part in Part::ALL {
            if ground.migrates() {
                let url = &processes.urls[part as usize];
                let migrated = process::run(["migrate", part.name(), "--database-url", url]).await;
                assert!(migrated.status.success(), "{}", process::words(&migrated));
            }
            processes.resume(part).await;
        }
        processes
    }

    pub(super) fn endpoint(&self, part: Part) -> Endpoint {
        match &self.secured {
            None => Endpoint::tcp(&self.address(part)),
            Some(secured) => Endpoint::at(&self.address(part), &secured.own),
        }
        .expect("an address")
    }

    pub(super) fn address(&self, part: Part) -> String {
        let scheme = if self.secured.is_some() { "https" } else { "http" };
        format!("{scheme}://127.0.0.1:{}", self.ports[part as usize])
    }

    pub(super) fn authority(&self) -> Option<&TestAuthority> {
        self.secured.as_ref().map(|secured| &secured.authority)
    }

    /// The most memory that a service has had so far, in bytes.
    pub(super) fn peak_memory(&self, part: Part) -> u64 {
        let running = self.running[part as usize].as_ref();
        running.expect("it runs").peak_memory().expect("the system tells of its memory")
    }

    /// As a power cut would.
    pub(super) async fn halt(&mut self, part: Part) {
        if let Some(process) = self.running[part as usize].take() {
            process.kill().await.expect("it can be killed");
        }
    }

    pub(super) async fn resume(&mut self, part: Part) {
        let port = self.ports[part as usize];
        let mut arguments: Vec<String> = [
            "serve",
            part.name(),
            "--listen",
            &format!("127.0.0.1:{port}"),
            "--database-url",
            &self.urls[part as usize],
            "--issuer-dir",
            &self.folder.display().to_string(),
        ]
        .map(str::to_owned)
        .to_vec();
        if !self.in_real_time {
            arguments.extend(["--clock-file".to_owned(), clock_file(&self.folder).display().to_string()]);
        }
        let assessment = ["--assessment".to_owned(), self.address(Part::Assessment)];
        match part {
            Part::Assessment => {
                let keys = identity_keys(&self.folder);
                IdentityKeys::open_or_create(&keys).expect("a key");
                arguments.push("--allow-example-instruments".to_owned());
                arguments.extend(["--identity-keys".to_owned(), keys.display().to_string()]);
            }
            Part::Choice => arguments.extend(assessment),
            Part::Payment => {
                arguments.extend(assessment);
                arguments.extend(["--choice".to_owned(), self.address(Part::Choice)]);
            }
        }
        arguments.extend(self.secured.iter().flat_map(|secured| secured.arguments(part)));
        arguments.extend(self.more.iter().cloned());
        let log = self.folder.join(format!("{}.log", part.name()));
        let mut process = Process::start(&log, &arguments).expect("it starts");
        let listens = tokio::time::timeout(HANG, async {
            while TcpStream::connect(("127.0.0.1", port)).await.is_err() {
                if let Err(ended) = process.assert_runs() {
                    panic!("{} has ended: {ended}", part.name());
                }
                look_again().await;
            }
        });
        assert!(listens.await.is_ok(), "{} does not listen:\n{}", part.name(), process.said());
        self.running[part as usize] = Some(process);
    }

    /// Asks each to stop, the last listener first, and sees that it ends well and in time.
    pub(super) async fn close(mut self) {
        for part in Part::ALL.into_iter().rev() {
            if let Some(process) = self.running[part as usize].take() {
                let code = process.stop().await.unwrap_or_else(|hang| panic!("{}: {hang}", part.name()));
                assert_eq!(code, Some(0), "{} ends badly", part.name());
            }
        }
    }
}
