//! Who may depend on whom.

use super::{SourceFile, assert_complains, assert_tidy, repository};

/// All that a pure crate may use: nothing that waits, talks, stores, reads a clock or draws lots.
const PURE: [&str; 10] = [
    "chrono",
    "niva-calendar",
    "niva-facts",
    "niva-models",
    "niva-money",
    "rust_decimal",
    "serde",
    "sha2",
    "thiserror",
    "toml",
];
/// What talks to databases and over networks, and who listens to telemetry: each has its one crate.
const DATABASES: &[&str] = &["sea-orm", "sea-orm-migration", "sqlx"];
const NETWORKS: &[&str] = &["http", "hyper-util", "tonic", "tower"];
const LISTENERS: &[&str] =
    &["opentelemetry", "opentelemetry-otlp", "opentelemetry_sdk", "tracing-subscriber"];

/// A crate that services stand on: which of our crates it may use, and what from outside it must not.
struct Foundation(&'static str, &'static [&'static str], &'static [&'static [&'static str]]);

const FOUNDATIONS: [Foundation; 9] = [
    Foundation("niva-base", &["niva-facts"], &[DATABASES, NETWORKS, LISTENERS]),
    Foundation("niva-telemetry", &[], &[DATABASES, &["tonic"]]),
    Foundation("niva-access", &["niva-base", "niva-facts"], &[DATABASES, NETWORKS, LISTENERS]),
    Foundation("niva-store", &["niva-access", "niva-base", "niva-facts"], &[NETWORKS, LISTENERS]),
    Foundation(
        "niva-feed",
        &["niva-access", "niva-base", "niva-facts", "niva-proto", "niva-store", "niva-telemetry"],
        &[LISTENERS],
    ),
    Foundation(
        "niva-rpc",
        &[
            "niva-access",
            "niva-base",
            "niva-calendar",
            "niva-facts",
            "niva-models",
            "niva-money",
            "niva-proto",
            "niva-telemetry",
        ],
        &[DATABASES, LISTENERS],
    ),
    Foundation(
        "niva-imports",
        &["niva-access", "niva-base", "niva-facts", "niva-feed", "niva-proto", "niva-rpc", "niva-store"],
        &[LISTENERS],
    ),
    Foundation("niva-testing", &["niva-access", "niva-base", "niva-store"], &[NETWORKS, LISTENERS]),
    Foundation(
        "niva-kit",
        &[
            "niva-access",
            "niva-base",
            "niva-facts",
            "niva-feed",
            "niva-rpc",
            "niva-store",
            "niva-telemetry",
            "niva-testing",
        ],
        &[DATABASES, NETWORKS, LISTENERS],
    ),
];
/// Crates that a service must not know: the other services, and who stands above them.
const SERVICES: [&str; 3] = ["assessment", "choice", "payment"];

/// The manifest of one crate, as far as it matters here.
struct Crate<'a> {
    file: &'a SourceFile,
    name: String,
    dependencies: Vec<String>,
    unshared: Vec<String>,
}

fn read(file: &SourceFile) -> Option<Crate<'_>> {
    let manifest: toml::Table = file.text.parse().unwrap();
    let name = manifest.get("package")?.get("name")?.as_str()?.to_owned();
    let table = |key: &str| manifest.get(key).and_then(|t| t.as_table()).cloned().unwrap_or_default();
    let normal = table("dependencies");
    let all = normal.iter().map(|(k, v)| (k.clone(), v.clone()));
    let all = all.chain(table("dev-dependencies")).chain(table("build-dependencies"));
    let unshared = all
        .filter(|(dependency, value)| {
            *dependency != name && value.get("workspace").and_then(toml::Value::as_bool) != Some(true)
        })
        .map(|(dependency, _)| dependency)
        .collect();
    Some(Crate { file, name, dependencies: normal.keys().cloned().collect(), unshared })
}

/// Whether a crate may depend on another; the reason when not.
fn refusal(name: &str, dependency: &str) -> Option<String> {
    let ours = dependency == "niva" || dependency.starts_with("niva-");
    let pure = || {
        (!PURE.contains(&dependency)).then(|| format!("a pure crate uses nothing but {}", PURE.join(", ")))
    };
    if dependency == "niva-testing" && !matches!(name, "niva-kit" | "niva-journeys") {
        return Some("it is for tests: a dev-dependency".to_owned());
    }
    if let Some(Foundation(_, own, never)) = FOUNDATIONS.iter().find(|foundation| foundation.0 == name) {
        let known = if ours { own.contains(&dependency) } else { !never.concat().contains(&dependency) };
        let words =
            || format!("it uses {} of ours, and never {}", or_nothing(own), never.concat().join(", "));
        return (!known).then(words);
    }
    match name {
        "niva-money" | "niva-calendar" | "niva-facts" | "niva-models" => pure(),
        _ if name.ends_with("-domain") => pure(),
        "niva-proto" => (ours && dependency != "niva-facts")
            .then(|| "the contract depends on nothing of ours but what a fact is".to_owned()),
        "niva" | "niva-journeys" => None,
        "niva-city" => (ours
            && !matches!(dependency, "niva-proto" | "niva-kit" | "niva-calendar" | "niva-models"))
        .then(|| "the city speaks to services by the contract alone".to_owned()),
        _ => {
            let own = name.strip_prefix("niva-").unwrap_or(name);
            let foreign = SERVICES.iter().any(|s| *s != own && dependency.starts_with(&format!("niva-{s}")));
            (foreign || matches!(dependency, "niva" | "niva-journeys"))
                .then(|| "a service learns from another by its feed alone".to_owned())
        }
    }
}

fn or_nothing(names: &[&str]) -> String {
    if names.is_empty() { "nothing".to_owned() } else { names.join(", ") }
}

fn check(files: &[SourceFile]) -> Vec<String> {
    let mut complaints = Vec::new();
    for member in files.iter().filter(|f| f.path.ends_with("Cargo.toml")).filter_map(read) {
        for dependency in &member.dependencies {
            if let Some(reason) = refusal(&member.name, dependency) {
                let what = format!("{} must not depend on {dependency}: {reason}", member.name);
                complaints.push(member.file.complain(1, &what));
            }
        }
        for dependency in &member.unshared {
            let what =
                format!("{dependency}: take the workspace's version (`{dependency}.workspace = true`)");
            complaints.push(member.file.complain(1, &what));
        }
    }
    complaints
}

/// tonic's types stop at a service's edge: its rules and its store do not know them.
fn check_layers(files: &[SourceFile]) -> Vec<String> {
    let mut complaints = Vec::new();
    for file in files.iter().filter(|f| f.is_rust() && f.path.starts_with("services/")) {
        let banned: &[&str] = if file.path.contains("/src/store") { &["tonic::"] } else { &[] };
        for (n, line) in file.lines() {
            if let Some(word) = banned.iter().find(|word| line.contains(**word)) {
                complaints.push(
                    file.complain(n, &format!("{word} does not belong in a store: translate in wire.rs")),
                );
            }
        }
    }
    complaints
}

/// What has no place in a pure crate, and why.
const IMPURE: [(&str, &str); 7] = [
    ("HashMap", "its order is chance: BTreeMap"),
    ("HashSet", "its order is chance: BTreeSet"),
    ("std::time", "time is passed in"),
    ("std::thread", "it computes, and waits for nothing"),
    ("std::net", "it computes, and talks to nobody"),
    ("std::env", "what it depends on is passed in"),
    ("async ", "it computes, and waits for nothing"),
];

/// Values in, values out: no clock, no chance, no waiting.
fn check_pure(files: &[SourceFile]) -> Vec<String> {
    let pure = |path: &str| {
        path.contains("/domain/src/")
            || ["money", "calendar", "models"]
                .iter()
                .any(|name| path.starts_with(&format!("shared/{name}/src/")))
    };
    let mut complaints = Vec::new();
    for file in files.iter().filter(|f| f.is_rust() && pure(&f.path)) {
        for (n, line) in file.lines().filter(|(_, line)| !line.trim_start().starts_with("//")) {
            for (_, why) in IMPURE.iter().filter(|(word, _)| line.contains(word)) {
                complaints.push(file.complain(n, &format!("not in a pure crate: {why}")));
            }
        }
    }
    complaints
}

#[test]
fn pure_crates_are_pure() {
    assert_tidy(&check_pure(&repository()));
}

#[test]
fn an_impure_line_is_seen() {
    for (word, why) in IMPURE {
        let sample =
            SourceFile::sample("services/choice/domain/src/queue.rs", &format!("use x;\nlet a = {word};\n"));
        assert_complains(&check_pure(&[sample]), &format!("queue.rs:2: not in a pure crate: {why}"));
    }
    assert!(
        check_pure(&[SourceFile::sample("services/choice/src/ops/offer.rs", "async fn a() {}")]).is_empty()
    );
}

#[test]
fn crates_depend_only_downwards() {
    let files = repository();
    assert!(files.iter().filter(|f| f.path.ends_with("Cargo.toml")).filter_map(read).count() >= 20);
    assert_tidy(&check(&files));
}

#[test]
fn rpc_types_stay_out_of_the_stores() {
    assert_tidy(&check_layers(&repository()));
}

#[test]
fn a_forbidden_dependency_is_seen() {
    let sample = |name: &str, dependency: &str| {
        let text = format!("[package]\nname = \"{name}\"\n[dependencies]\n{dependency}.workspace = true\n");
        check(&[SourceFile::sample("x/Cargo.toml", &text)])
    };
    for outside in ["tokio", "tonic", "sea-orm", "sqlx", "rand", "uuid", "niva-proto", "niva-kit"] {
        let complaints = sample("niva-payment-domain", outside);
        assert_complains(&complaints, &format!("niva-payment-domain must not depend on {outside}"));
    }
    assert_complains(&sample("niva-choice", "niva-payment"), "by its feed alone");
    assert_complains(&sample("niva-choice", "niva-assessment-domain"), "by its feed alone");
    assert_complains(&sample("niva-kit", "niva-choice"), "niva-kit must not depend on niva-choice");
    assert_complains(&sample("niva-access", "sea-orm"), "it uses niva-base, niva-facts of ours, and never");
    assert_complains(&sample("niva-base", "niva-access"), "it uses niva-facts of ours");
    assert_complains(&sample("niva-rpc", "niva-store"), "niva-rpc must not depend on niva-store");
    assert_complains(&sample("niva-choice", "niva-testing"), "it is for tests");
    assert_complains(&sample("niva-proto", "niva-money"), "depends on nothing of ours");
    assert!(sample("niva-choice", "niva-choice-domain").is_empty());
    assert!(sample("niva-payment-domain", "chrono").is_empty());
}

#[test]
fn a_version_of_ones_own_is_seen() {
    let text = "[package]\nname = \"niva-choice\"\n[dev-dependencies]\ntempfile = \"3\"\n";
    assert_complains(
        &check(&[SourceFile::sample("x/Cargo.toml", text)]),
        "tempfile: take the workspace's version",
    );
}

#[test]
fn an_rpc_type_in_a_store_is_seen() {
    let sample = SourceFile::sample("services/payment/src/store/runs.rs", "use tonic::Status;\n");
    assert_complains(&check_layers(&[sample]), "runs.rs:1: tonic::");
}
