//! Who may depend on whom.

use super::{SourceFile, assert_complains, assert_tidy, repository};

/// All that a pure crate may use: nothing that waits, talks, stores, reads a clock or draws lots.
const PURE: [&str; 11] = [
    "chrono",
    "niva-calendar",
    "niva-facts",
    "niva-models",
    "niva-money",
    "niva-names",
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

/// What a service may stand on.
const FOUNDATION: &[&str] = &[
    "niva-access",
    "niva-audit",
    "niva-base",
    "niva-calendar",
    "niva-catalogue",
    "niva-config",
    "niva-facts",
    "niva-feed",
    "niva-imports",
    "niva-jobs",
    "niva-models",
    "niva-money",
    "niva-names",
    "niva-proto",
    "niva-retention",
    "niva-rpc",
    "niva-store",
    "niva-telemetry",
];

/// A crate: which of our crates it may use, what from outside it must not, and why.
struct Rule {
    name: &'static str,
    ours: &'static [&'static [&'static str]],
    never: &'static [&'static [&'static str]],
    why: &'static str,
}

const fn rule(
    name: &'static str,
    ours: &'static [&'static [&'static str]],
    never: &'static [&'static [&'static str]],
    why: &'static str,
) -> Rule {
    Rule { name, ours, never, why }
}

/// Every crate of ours but the pure ones, and but the executable, the journeys and the fuzzing, which know everything.
const RULES: [Rule; 21] = [
    rule(
        "niva-proto",
        &[&["niva-facts", "niva-names"]],
        &[DATABASES],
        "the contract knows of ours but what a fact is, and what ids are of",
    ),
    rule(
        "niva-base",
        &[&["niva-facts"]],
        &[DATABASES, NETWORKS, LISTENERS],
        "everything of ours stands on it",
    ),
    rule("niva-telemetry", &[], &[DATABASES, &["tower"]], "it is told, and sends it where a channel leads"),
    rule(
        "niva-access",
        &[&["niva-base", "niva-facts", "niva-names"]],
        &[DATABASES, NETWORKS, LISTENERS],
        "who wants a caller's role compiles no database and no network",
    ),
    rule(
        "niva-store",
        &[&["niva-access", "niva-base", "niva-facts", "niva-names"]],
        &[NETWORKS, LISTENERS],
        "a store talks to its database alone",
    ),
    rule(
        "niva-feed",
        &[&["niva-access", "niva-base", "niva-facts", "niva-proto", "niva-store", "niva-telemetry"]],
        &[LISTENERS],
        "a feed is a table and a stream",
    ),
    rule(
        "niva-tls",
        &[&["niva-base"]],
        &[DATABASES, NETWORKS, LISTENERS],
        "it knows certificates, and nothing of what is said",
    ),
    rule(
        "niva-oidc",
        &[&["niva-access", "niva-base", "niva-tls"]],
        &[DATABASES, LISTENERS, &["tonic", "tower"]],
        "it asks an issuer, and serves nobody",
    ),
    rule(
        "niva-rpc",
        &[
            &["niva-access", "niva-base", "niva-facts", "niva-proto", "niva-telemetry", "niva-tls"],
            &["niva-calendar", "niva-models", "niva-money", "niva-names"],
        ],
        &[DATABASES, LISTENERS],
        "what lies between an operation and the wire knows no table",
    ),
    rule(
        "niva-audit",
        &[
            &[
                "niva-access",
                "niva-base",
                "niva-calendar",
                "niva-facts",
                "niva-names",
                "niva-proto",
                "niva-rpc",
            ],
            &["niva-retention", "niva-store", "niva-telemetry"],
        ],
        &[LISTENERS],
        "it keeps records of calls, and knows no service",
    ),
    rule(
        "niva-catalogue",
        &[&["niva-access", "niva-base", "niva-names", "niva-proto", "niva-rpc", "niva-store"]],
        &[DATABASES, LISTENERS],
        "it tells what keys mean, of every part the same",
    ),
    rule(
        "niva-jobs",
        &[&["niva-base", "niva-facts", "niva-names", "niva-proto"]],
        &[DATABASES, NETWORKS, LISTENERS],
        "a job is a row of its service's own: what is common knows no table",
    ),
    rule(
        "niva-imports",
        &[
            &["niva-access", "niva-base", "niva-facts", "niva-feed", "niva-jobs", "niva-proto", "niva-rpc"],
            &["niva-names", "niva-store"],
        ],
        &[LISTENERS],
        "an import is the same in every service",
    ),
    rule(
        "niva-config",
        &[&[
            "niva-access",
            "niva-base",
            "niva-models",
            "niva-names",
            "niva-oidc",
            "niva-retention",
            "niva-rpc",
            "niva-store",
            "niva-telemetry",
            "niva-tls",
        ]],
        &[DATABASES, LISTENERS],
        "it knows parts by what they register",
    ),
    rule(
        "niva-testing",
        &[
            &["niva-access", "niva-base", "niva-proto", "niva-rpc", "niva-store"],
            &["niva-calendar", "niva-models", "niva-names"],
        ],
        &[LISTENERS],
        "every crate's tests may use it",
    ),
    rule("niva-assessment", &[FOUNDATION, &["niva-assessment-domain"]], &[LISTENERS], BY_FEED),
    rule("niva-choice", &[FOUNDATION, &["niva-choice-domain"]], &[LISTENERS], BY_FEED),
    rule(
        "niva-payment",
        &[FOUNDATION, &["niva-payment-domain", "niva-payment-exports", "niva-payment-recount"]],
        &[LISTENERS],
        BY_FEED,
    ),
    rule(
        "niva-payment-exports",
        &[&["niva-calendar", "niva-money", "niva-names", "niva-payment-domain"]],
        &[DATABASES, NETWORKS, LISTENERS, &["tokio"]],
        "it writes what others read, and keeps and sends nothing",
    ),
    rule(
        "niva-payment-recount",
        &[&["niva-calendar", "niva-models", "niva-money", "niva-names", "niva-proto", "niva-store"]],
        &[NETWORKS, LISTENERS],
        "it counts again what payment has counted, and shares nothing with it",
    ),
    rule(
        "niva-city",
        &[FOUNDATION],
        &[DATABASES, LISTENERS],
        "the city speaks to services by the contract alone",
    ),
];
const BY_FEED: &str = "a service learns from another by its feed alone";

/// The manifest of one crate, as far as it matters here.
struct Crate<'a> {
    file: &'a SourceFile,
    name: String,
    dependencies: Vec<String>,
    unshared: Vec<String>,
}

fn read(file: &SourceFile) -> Option<Crate<'_>> {
    let manifest: toml::Table = file.text.parse().unwrap();
    // A workspace of its own is not the product's: the one in which libFuzzer is built.
    if manifest.contains_key("workspace") {
        return None;
    }
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
    if dependency == "niva-testing" && name != "niva-journeys" {
        return Some("it is for tests: a dev-dependency".to_owned());
    }
    // Ids are values of a database for whoever has one: the feature is off where it is not asked for.
    if matches!(name, "niva" | "niva-journeys" | "niva-fuzz")
        || (name, dependency) == ("niva-names", "sea-orm")
    {
        return None;
    }
    let Some(Rule { ours, never, why, .. }) = RULES.iter().find(|rule| rule.name == name) else {
        let pure = PURE.contains(&dependency);
        return (!pure).then(|| format!("a pure crate uses nothing but {}", PURE.join(", ")));
    };
    let (ours, never) = (ours.concat(), never.concat());
    let is_ours = dependency == "niva" || dependency.starts_with("niva-");
    let known = if is_ours { ours.contains(&dependency) } else { !never.contains(&dependency) };
    let words = || format!("{why}; of ours it uses {}, and never {}", or_nothing(&ours), or_nothing(&never));
    (!known).then(words)
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
            || path.starts_with("services/payment/exports/src/")
            || ["money", "calendar", "models", "retention"]
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
fn a_forbidden_dependency_is_seen() {
    let sample = |name: &str, dependency: &str| {
        let text = format!("[package]\nname = \"{name}\"\n[dependencies]\n{dependency}.workspace = true\n");
        check(&[SourceFile::sample("x/Cargo.toml", &text)])
    };
    for outside in ["tokio", "tonic", "sea-orm", "sqlx", "rand", "uuid", "niva-proto", "niva-rpc"] {
        let complaints = sample("niva-payment-domain", outside);
        assert_complains(&complaints, &format!("niva-payment-domain must not depend on {outside}"));
    }
    assert_complains(&sample("niva-choice", "niva-payment"), "by its feed alone");
    assert_complains(&sample("niva-choice", "niva-assessment-domain"), "by its feed alone");
    assert_complains(&sample("niva-rpc", "niva-choice"), "niva-rpc must not depend on niva-choice");
    assert_complains(
        &sample("niva-access", "sea-orm"),
        "of ours it uses niva-base, niva-facts, niva-names, and never",
    );
    assert_complains(&sample("niva-base", "niva-access"), "of ours it uses niva-facts, and never");
    assert_complains(&sample("niva-rpc", "niva-store"), "niva-rpc must not depend on niva-store");
    assert_complains(&sample("niva-payment-recount", "niva-payment-domain"), "shares nothing with it");
    assert_complains(&sample("niva-choice", "niva-testing"), "it is for tests");
    assert_complains(&sample("niva-city", "niva-payment"), "by the contract alone");
    assert_complains(&sample("niva-config", "niva-choice"), "by what they register");
    assert_complains(&sample("niva-money", "niva"), "a pure crate uses nothing but");
    assert_complains(&sample("niva-proto", "niva-money"), "knows of ours but what a fact is");
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
