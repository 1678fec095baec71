//! `deploy/systemd`: each unit's own command line, with its own environment files, serves; and systemd understands all of
//! it. That the kernel enforces what a unit forbids is not seen here: there is no systemd to start it.

use std::{collections::BTreeMap, path::PathBuf};

use niva_journeys::{process, repository_root, world::Part};
use niva_testing::TestDb;

use super::services::{STOP, Surroundings};

/// Where the program is, as the units have it.
const PROGRAM: &str = "/usr/local/bin/niva";

/// What every unit must have.
const HARDENING: [&str; 14] = [
    "DynamicUser=yes",
    "StateDirectoryMode=0700",
    "UMask=0077",
    "NoNewPrivileges=yes",
    "CapabilityBoundingSet=",
    "ProtectSystem=strict",
    "ProtectHome=yes",
    "PrivateTmp=yes",
    "MemoryDenyWriteExecute=yes",
    "SystemCallFilter=@system-service",
    "Restart=on-failure",
    "KillSignal=SIGTERM",
    "RestrictSUIDSGID=yes",
    "LimitCORE=0",
];

fn read(name: &str) -> String {
    let path = repository_root().join("deploy/systemd").join(name);
    std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

fn unit(service: Part) -> String {
    read(&format!("niva-{}.service", service.name()))
}

/// All values of a key.
fn values<'a>(unit: &'a str, key: &str) -> Vec<&'a str> {
    unit.lines().filter_map(|line| line.strip_prefix(key)?.strip_prefix('=')).collect()
}

/// The command line as it stands, without the program.
fn arguments(unit: &str) -> Vec<String> {
    let [line] = values(unit, "ExecStart")[..] else { panic!("one ExecStart: {unit}") };
    let mut words = line.split_whitespace().map(str::to_owned);
    assert_eq!(words.next().as_deref(), Some(PROGRAM));
    words.collect()
}

/// What the environment files that a unit names say, as the samples have it.
fn environment(unit: &str) -> BTreeMap<String, String> {
    let mut all = BTreeMap::new();
    for path in values(unit, "EnvironmentFile") {
        let text = read(path.strip_prefix("/etc/niva/").expect("a file of Niva's"));
        let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
        all.extend(
            lines.map(|line| line.split_once('=').map(|(k, v)| (k.to_owned(), v.to_owned())).expect(line)),
        );
    }
    all
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_units_command_serves_with_the_sample_files() {
    let around = Surroundings::new().await;
    let databases = [TestDb::postgres().await, TestDb::postgres().await, TestDb::postgres().await];
    let mut parts = Vec::new();
    for service in Part::ALL {
        let url = databases[service as usize].url();
        let migrated = process::run(["migrate", service.name(), "--database-url", url]).await;
        assert!(migrated.status.success(), "{}", process::words(&migrated));
        let unit = unit(service);
        let mut environment = environment(&unit);
        // Places, and what an operator fills in, are the test's.
        for (key, value) in &mut environment {
            *value = match key.as_str() {
                "NIVA_LISTEN" => around.address(service),
                "NIVA_DATABASE_URL" => url.to_owned(),
                "NIVA_ISSUER" => around.issuer().to_owned(),
                "NIVA_ASSESSMENT" => format!("https://{}", around.address(Part::Assessment)),
                "NIVA_CHOICE" => format!("https://{}", around.address(Part::Choice)),
                "NIVA_TLS_CERTIFICATE"
                | "NIVA_TLS_KEY"
                | "NIVA_TLS_CA"
                | "NIVA_CLIENT_SECRET_FILE"
                | "NIVA_IDENTITY_KEYS" => value.replace("/etc/niva", &around.files()),
                "NIVA_FEED_READERS" => value.replace(".niva.example.org", ""),
                "NIVA_LOG_FORMAT" | "NIVA_CLIENT_ID" => value.clone(),
                other => panic!("{other}: the test does not know it"),
            };
        }
        parts.push((arguments(&unit), environment));
    }
    around.serve(parts.try_into().unwrap()).await;
}

#[test]
fn each_unit_is_hardened_and_they_are_alike() {
    let general = |service: Part| unit(service).replace(service.name(), "PART");
    let body = |text: String| text.split_once("[Service]").map(|(_, body)| body.to_owned()).unwrap();
    for service in Part::ALL {
        let text = unit(service);
        for line in HARDENING {
            assert!(text.lines().any(|other| other == line), "{}: {line}", service.name());
        }
        assert_eq!(values(&text, "StateDirectory"), [format!("niva-{}", service.name())]);
        assert_eq!(values(&text, "TimeoutStopSec"), [STOP.as_secs().to_string()]);
        assert_eq!(body(general(service)), body(general(Part::Payment)));
    }
}

/// Where systemd is: it must know every key, and rate each unit well. Elsewhere there is nothing that could read them.
#[test]
fn systemd_understands_the_units() {
    let folder = tempfile::tempdir().unwrap();
    let files: Vec<PathBuf> = Part::ALL
        .into_iter()
        .map(|service| {
            let path = folder.path().join(format!("niva-{}.service", service.name()));
            // It looks whether the program is there.
            let text = unit(service).replace(PROGRAM, &process::niva().display().to_string());
            std::fs::write(&path, text).unwrap();
            path
        })
        .collect();
    let analyze = |arguments: &[&str]| {
        std::process::Command::new("systemd-analyze").args(arguments).args(&files).output()
    };
    let verified = match analyze(&["--recursive-errors=yes", "verify"]) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            println!("systemd-analyze is not here: the units are not verified");
            return;
        }
        output => output.unwrap(),
    };
    assert!(verified.status.success() && verified.stderr.is_empty(), "{}", process::words(&verified));
    // 2.0 of 10: what is left is the network and its addresses, which a service needs.
    let rated = analyze(&["security", "--offline=true", "--threshold=20"]).unwrap();
    assert!(rated.status.success(), "{}", process::words(&rated));
    // It does see what it does not know.
    let broken = std::fs::read_to_string(&files[0]).unwrap().replace("UMask=", "Umask=");
    std::fs::write(&files[0], broken).unwrap();
    let seen = analyze(&["--recursive-errors=yes", "verify"]).unwrap();
    assert!(process::words(&seen).contains("Umask"), "{}", process::words(&seen));
}
