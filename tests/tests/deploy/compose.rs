//! `deploy/compose.yaml` and what belongs to it, as far as can be seen without a container engine: it is YAML, every
//! command of the image `niva` runs with its own environment on a real PostgreSQL, and so does the script that makes the
//! databases.

use std::collections::BTreeMap;

use niva_journeys::{
    process::{self, free_port},
    repository_root,
    world::Part,
};
use serde_json::Value;

use super::{Operator, services::Surroundings};

/// A YAML file, by a reader of YAML that is not ours.
fn yaml(name: &str) -> Value {
    const READ: &str = "import json, sys, yaml; print(json.dumps(yaml.safe_load(open(sys.argv[1]))))";
    let python = std::env::var("NIVA_TEST_PYTHON").expect("tests/run makes a Python and says where it is");
    let path = repository_root().join("deploy").join(name);
    let output = std::process::Command::new(python).args(["-c", READ]).arg(path).output().unwrap();
    assert!(output.status.success(), "{name}: {}", process::words(&output));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// A service of the file that runs our image.
struct Container {
    command: Vec<String>,
    environment: BTreeMap<String, String>,
}

impl Container {
    fn of(service: &Value) -> Option<Self> {
        if !service["image"].as_str()?.starts_with("niva:") {
            return None;
        }
        let words = service["command"].as_array()?.iter().map(|word| word.as_str().unwrap().to_owned());
        let pairs = service["environment"].as_object()?.iter();
        let environment = pairs.map(|(key, value)| (key.clone(), value.as_str().unwrap().to_owned()));
        Some(Self { command: words.collect(), environment: environment.collect() })
    }

    /// With what `.env` would say, and every place the test's.
    fn placed(mut self, around: &Surroundings, operator: &Operator, collector: &str) -> Self {
        let (_, host) = operator.is("SERVER").rsplit_once('@').unwrap();
        let mut places = vec![
            ("@postgres:5432/niva_".to_owned(), format!("@{host}/{}_", operator.is("NAME"))),
            // That a server shows who it is is seen where one of the test's own does; this one is on this machine.
            ("?sslmode=verify-full&sslrootcert=/etc/niva/ca.pem".to_owned(), String::new()),
            ("/etc/niva".to_owned(), around.files()),
            ("collector:4317".to_owned(), collector.to_owned()),
        ];
        for (service, port) in Part::ALL.into_iter().zip(7401..) {
            places.push((format!("0.0.0.0:{port}"), around.address(service)));
            places.push((format!("//{}:{port}", service.name()), format!("//{}", around.address(service))));
        }
        for value in self.environment.values_mut() {
            *value = filled_in(value, around);
            for (place, ours) in &places {
                *value = value.replace(place, ours);
            }
        }
        self
    }
}

/// `${NAME:?words}` as Compose does it.
fn filled_in(value: &str, around: &Surroundings) -> String {
    let (mut text, mut rest) = (String::new(), value);
    while let Some((before, after)) = rest.split_once("${") {
        let (variable, after) = after.split_once('}').expect(value);
        text += before;
        text += &match variable.split(':').next().unwrap() {
            "NIVA_MIGRATE_PASSWORD" | "NIVA_SERVE_PASSWORD" => "secret".to_owned(),
            "NIVA_ISSUER" => around.issuer().to_owned(),
            other => panic!("{other}: not in sample.env"),
        };
        rest = after;
    }
    text + rest
}

/// The script that the containers `databases` and `roles` run.
async fn databases(operator: &Operator) {
    let (user, host) = operator.is("SERVER").trim_start_matches("postgres://").split_once('@').unwrap();
    let (host, port) = host.split_once(':').unwrap();
    let script = format!(
        "PGHOST={host} PGPORT={port} PGUSER={user} ROLES=deploy/postgresql/roles.sql NIVA_MIGRATE_PASSWORD=secret \
         NIVA_SERVE_PASSWORD=secret bash deploy/container/databases.sh"
    );
    let output = operator.run(&script).await;
    assert!(output.status.success(), "{}", process::words(&output));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_command_of_the_compose_file_runs() {
    let file = yaml("compose.yaml");
    let (around, operator) = (Surroundings::new().await, Operator::new());
    let collector = format!("127.0.0.1:{}", free_port());
    let container = |name: &str| {
        let container = Container::of(&file["services"][name]).unwrap_or_else(|| panic!("no {name}"));
        container.placed(&around, &operator, &collector)
    };
    databases(&operator).await;
    for service in Part::ALL {
        let Container { command, environment } = container(&format!("migrate-{}", service.name()));
        let output = process::command(command).envs(environment).output().await.unwrap();
        assert!(output.status.success(), "{}", process::words(&output));
    }
    databases(&operator).await;
    let serving = Part::ALL.map(|service| {
        let Container { command, environment } = container(service.name());
        (command, environment)
    });
    around.serve(serving).await;
}

#[test]
fn containers_write_nothing_and_are_reached_from_this_machine_alone() {
    let file = yaml("compose.yaml");
    let services = file["services"].as_object().unwrap();
    let ours = services.iter().filter(|(_, service)| Container::of(service).is_some());
    assert_eq!(ours.clone().count(), 6, "three services, three migrations");
    for (name, service) in ours {
        assert_eq!(service["read_only"], true, "{name}");
        assert_eq!(service["cap_drop"], serde_json::json!(["ALL"]), "{name}");
        assert_eq!(service["security_opt"], serde_json::json!(["no-new-privileges:true"]), "{name}");
    }
    for (name, service) in services {
        for port in service["ports"].as_array().into_iter().flatten() {
            assert!(port.as_str().unwrap().starts_with("127.0.0.1:"), "{name}: {port}");
        }
    }
    let after = |name: &str| {
        file["services"][name]["depends_on"].as_object().unwrap().keys().cloned().collect::<Vec<_>>()
    };
    for service in Part::ALL {
        assert_eq!(after(service.name()), ["roles"]);
        assert_eq!(after(&format!("migrate-{}", service.name())), ["databases"]);
    }
    assert_eq!(after("roles"), ["migrate-assessment", "migrate-choice", "migrate-payment"]);
    assert!(yaml("container/collector.yaml")["service"]["pipelines"]["traces"].is_object());

    let image = std::fs::read_to_string(repository_root().join("deploy/container/Containerfile")).unwrap();
    let (_, last) = image.rsplit_once("\nFROM ").unwrap();
    assert!(
        last.contains("nonroot") && last.contains("\nUSER 65532:65532\n") && !last.contains("\nRUN "),
        "{last}"
    );
}
