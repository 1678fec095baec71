//! The three services as processes of the executable, over TCP.

use std::path::PathBuf;

use niva_rpc::client::Endpoint;
use tokio::net::TcpStream;

use super::{Ground, HANG, Service, clock_file, look_again};
use crate::process::{self, Process, free_port};

pub(super) struct Processes {
    folder: PathBuf,
    urls: [String; 3],
    ports: [u16; 3],
    more: Vec<String>,
    running: [Option<Process>; 3],
}

impl Processes {
    pub(super) async fn start(ground: &Ground, more: &[String]) -> Self {
        let mut processes = Self {
            folder: ground.folder.path().to_owned(),
            urls: ground.urls.clone(),
            ports: [free_port(), free_port(), free_port()],
            more: more.to_vec(),
            running: [None, None, None],
        };
        for service in Service::ALL {
            if !ground.databases.is_empty() {
                let url = &processes.urls[service as usize];
                let migrated = process::run(["migrate", service.name(), "--database-url", url]).await;
                assert!(migrated.status.success(), "{}", process::words(&migrated));
            }
            processes.resume(service).await;
        }
        processes
    }

    pub(super) fn endpoint(&self, service: Service) -> Endpoint {
        Endpoint::tcp(&self.address(service)).expect("an address")
    }

    pub(super) fn address(&self, service: Service) -> String {
        format!("http://127.0.0.1:{}", self.ports[service as usize])
    }

    /// The most memory that a service has had so far, in bytes.
    pub(super) fn peak_memory(&self, service: Service) -> u64 {
        let running = self.running[service as usize].as_ref();
        running.expect("it runs").peak_memory().expect("the system tells of its memory")
    }

    /// As a power cut would.
    pub(super) async fn halt(&mut self, service: Service) {
        if let Some(process) = self.running[service as usize].take() {
            process.kill().await.expect("it can be killed");
        }
    }

    pub(super) async fn resume(&mut self, service: Service) {
        let port = self.ports[service as usize];
        let mut arguments: Vec<String> = [
            "serve",
            service.name(),
            "--listen",
            &format!("127.0.0.1:{port}"),
            "--database-url",
            &self.urls[service as usize],
            "--issuer-dir",
            &self.folder.display().to_string(),
            "--clock-file",
            &clock_file(&self.folder).display().to_string(),
        ]
        .map(str::to_owned)
        .to_vec();
        let assessment = ["--assessment".to_owned(), self.address(Service::Assessment)];
        match service {
            Service::Assessment => arguments.push("--allow-example-instruments".to_owned()),
            Service::Choice => arguments.extend(assessment),
            Service::Payment => {
                arguments.extend(assessment);
                arguments.extend(["--choice".to_owned(), self.address(Service::Choice)]);
            }
        }
        arguments.extend(self.more.iter().cloned());
        let log = self.folder.join(format!("{}.log", service.name()));
        let mut process = Process::start(&log, &arguments).expect("it starts");
        let listens = tokio::time::timeout(HANG, async {
            while TcpStream::connect(("127.0.0.1", port)).await.is_err() {
                if let Err(ended) = process.assert_runs() {
                    panic!("{} has ended: {ended}", service.name());
                }
                look_again().await;
            }
        });
        assert!(listens.await.is_ok(), "{} does not listen:\n{}", service.name(), process.said());
        self.running[service as usize] = Some(process);
    }

    /// Asks each to stop, the last listener first, and sees that it ends well and in time.
    pub(super) async fn close(mut self) {
        for service in Service::ALL.into_iter().rev() {
            if let Some(process) = self.running[service as usize].take() {
                let code = process.stop().await.unwrap_or_else(|hang| panic!("{}: {hang}", service.name()));
                assert_eq!(code, Some(0), "{} ends badly", service.name());
            }
        }
    }
}
