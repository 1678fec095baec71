//! What is compiled in, against `.deny.toml`: where it comes from, under which licence, and what is there twice. It needs
//! Cargo alone; `cargo deny check` reads the same file.

use std::collections::{BTreeMap, BTreeSet};

use niva_journeys::repository_root;

use super::{assert_complains, assert_tidy};

const CRATES_IO: &str = "registry+https://github.com/rust-lang/crates.io-index";

fn parsed(name: &str) -> toml::Table {
    std::fs::read_to_string(repository_root().join(name)).unwrap().parse().unwrap()
}

/// Strings of a list, or a key of each of its tables.
fn words(table: &toml::Value, list: &str, key: &str) -> BTreeSet<String> {
    let entries =
        table.get(list).and_then(toml::Value::as_array).unwrap_or_else(|| panic!(".deny.toml: {list}"));
    let word = |entry: &toml::Value| entry.get(key).unwrap_or(entry).as_str().unwrap().to_owned();
    entries.iter().map(word).collect()
}

/// A crate as a lock file or Cargo names it.
struct Locked {
    name: String,
    version: String,
    source: Option<String>,
    licence: Option<String>,
}

impl Locked {
    fn sample(name: &str, version: &str, source: Option<&str>, licence: Option<&str>) -> Self {
        let owned = |text: Option<&str>| text.map(str::to_owned);
        Self {
            name: name.to_owned(),
            version: version.to_owned(),
            source: owned(source),
            licence: owned(licence),
        }
    }

    fn complain(&self, what: &str) -> String {
        format!("{} {}: {what}", self.name, self.version)
    }
}

/// Everything in the lock file, for all platforms.
fn locked() -> Vec<Locked> {
    let lock = parsed("Cargo.lock");
    let text =
        |package: &toml::Value, key: &str| package.get(key).and_then(|v| v.as_str().map(str::to_owned));
    let packages = lock["package"].as_array().unwrap().iter().map(|package| Locked {
        name: text(package, "name").unwrap(),
        version: text(package, "version").unwrap(),
        source: text(package, "source"),
        licence: None,
    });
    packages.collect()
}

/// What Cargo says of the workspace on this machine's platform; of others' crates it may not have the manifests.
fn cargo(command: &str, more: &[&str]) -> String {
    let rustc = std::process::Command::new("rustc").arg("-vV").output().unwrap();
    let host = String::from_utf8(rustc.stdout).unwrap();
    let host = host.lines().find_map(|line| line.strip_prefix("host: ")).unwrap();
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = std::process::Command::new(cargo)
        .args([command, "--offline", "--locked"])
        .args(more)
        .arg(host)
        .current_dir(repository_root())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// What may be compiled for this machine, with its licences.
fn compiled() -> Vec<Locked> {
    let metadata = cargo("metadata", &["--format-version", "1", "--filter-platform"]);
    let metadata: serde_json::Value = serde_json::from_str(&metadata).unwrap();
    let text = |value: &serde_json::Value| value.as_str().map(str::to_owned);
    let packages = metadata["packages"].as_array().unwrap().iter().map(|package| Locked {
        name: text(&package["name"]).unwrap(),
        version: text(&package["version"]).unwrap(),
        source: text(&package["source"]),
        licence: text(&package["license"]),
    });
    packages.collect()
}

/// What really is compiled, by the features that are on.
fn used() -> Vec<Locked> {
    let tree = cargo("tree", &["--workspace", "--prefix", "none", "--edges", "normal,build,dev", "--target"]);
    let mut lines: Vec<Vec<&str>> = tree.lines().map(|line| line.split(' ').take(2).collect()).collect();
    lines.sort_unstable();
    lines.dedup();
    let named = lines.iter().filter(|line| line.len() == 2);
    named.map(|line| Locked::sample(line[0], line[1].trim_start_matches('v'), None, None)).collect()
}

fn check_sources(packages: &[Locked]) -> Vec<String> {
    let strange = |package: &&Locked| match package.source.as_deref() {
        Some(source) => source != CRATES_IO,
        None => package.name != "niva" && !package.name.starts_with("niva-"),
    };
    packages.iter().filter(strange).map(|package| package.complain("not of crates.io, nor ours")).collect()
}

fn check_bans(packages: &[Locked], banned: &BTreeSet<String>) -> Vec<String> {
    let hits = packages.iter().filter(|package| banned.contains(&package.name));
    hits.map(|package| package.complain("banned by .deny.toml")).collect()
}

fn check_licences(packages: &[Locked], allowed: &BTreeSet<String>) -> Vec<String> {
    let refused =
        |package: &&Locked| !package.licence.as_deref().is_some_and(|text| satisfied(text, allowed));
    let complain = |package: &Locked| {
        let licence = package.licence.as_deref().unwrap_or("no licence");
        package.complain(&format!("{licence}: not in the allow list of .deny.toml"))
    };
    packages.iter().filter(refused).map(complain).collect()
}

/// Whether an SPDX expression can be satisfied: OR of AND of licences, in any brackets; `/` is an old OR.
fn satisfied(expression: &str, allowed: &BTreeSet<String>) -> bool {
    let spaced = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let mut words = spaced.split_whitespace().peekable();
    let satisfied = either(&mut words, allowed);
    assert!(words.next().is_none(), "{expression}");
    satisfied
}

type Words<'a> = std::iter::Peekable<std::str::SplitWhitespace<'a>>;

fn either(words: &mut Words<'_>, allowed: &BTreeSet<String>) -> bool {
    let mut satisfied = both(words, allowed);
    while words.next_if_eq(&"OR").is_some() {
        satisfied |= both(words, allowed);
    }
    satisfied
}

fn both(words: &mut Words<'_>, allowed: &BTreeSet<String>) -> bool {
    let mut satisfied = one(words, allowed);
    while words.next_if_eq(&"AND").is_some() {
        satisfied &= one(words, allowed);
    }
    satisfied
}

fn one(words: &mut Words<'_>, allowed: &BTreeSet<String>) -> bool {
    let word = words.next().expect("a licence");
    if word == "(" {
        let satisfied = either(words, allowed);
        assert_eq!(words.next(), Some(")"));
        return satisfied;
    }
    match words.next_if_eq(&"WITH") {
        Some(with) => allowed.contains(&format!("{word} {with} {}", words.next().expect("an exception"))),
        None => allowed.contains(word),
    }
}

/// Numbers of a version, to find the newest.
fn order(version: &str) -> Vec<u64> {
    let (numbers, _) = version.split_once(['+', '-']).unwrap_or((version, ""));
    numbers.split('.').map(|number| number.parse().unwrap()).collect()
}

/// All versions but the newest of each crate are listed, with a reason, and nothing else is.
fn check_duplicates(packages: &[Locked], listed: &BTreeSet<String>) -> Vec<String> {
    let mut versions: BTreeMap<&str, Vec<&Locked>> = BTreeMap::new();
    for package in packages {
        versions.entry(&package.name).or_default().push(package);
    }
    let mut older = BTreeMap::new();
    for same in versions.values_mut() {
        same.sort_by_key(|package| order(&package.version));
        same.pop();
        older.extend(same.iter().map(|package| (format!("{}@{}", package.name, package.version), *package)));
    }
    let unlisted = older.iter().filter(|(name, _)| !listed.contains(*name));
    let mut complaints: Vec<_> = unlisted
        .map(|(_, package)| {
            package.complain("there is a newer one too: be rid of it, or list it in .deny.toml with a reason")
        })
        .collect();
    let gone = listed.iter().filter(|name| !older.contains_key(*name));
    complaints.extend(gone.map(|name| format!("{name}: listed in .deny.toml, and no duplicate")));
    complaints
}

#[test]
fn all_that_is_compiled_in_may_be() {
    let (deny, locked, compiled) = (parsed(".deny.toml"), locked(), compiled());
    assert!(locked.len() > 300 && compiled.len() > 200, "{} {}", locked.len(), compiled.len());
    let mut complaints = check_sources(&locked);
    complaints.extend(check_sources(&compiled));
    let used = used();
    assert!(used.iter().any(|package| package.name == "rustls"), "the one TLS is there");
    complaints.extend(check_bans(&used, &words(&deny["bans"], "deny", "crate")));
    complaints.extend(check_licences(&compiled, &words(&deny["licenses"], "allow", "allow")));
    complaints.extend(check_duplicates(&locked, &words(&deny["bans"], "skip", "crate")));
    assert_tidy(&complaints);
    let skipped = deny["bans"]["skip"].as_array().unwrap();
    assert!(skipped.iter().all(|skip| skip["reason"].as_str().is_some_and(|reason| reason.len() > 10)));
    assert_eq!(deny["sources"]["unknown-registry"].as_str(), Some("deny"));
    assert_eq!(
        words(&deny["sources"], "allow-registry", "").into_iter().next(),
        Some(CRATES_IO[9..].to_owned())
    );
}

/// Money is never wrapped around: a sum that does not fit stops what adds it.
#[test]
fn a_release_stops_at_overflow() {
    let release = &parsed("Cargo.toml")["profile"]["release"];
    assert_eq!(release["overflow-checks"].as_bool(), Some(true));
}

#[test]
fn what_may_not_be_compiled_in_is_seen() {
    let set = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<BTreeSet<_>>();
    let git = Locked::sample("a", "1.0.0", Some("git+https://example.org/a"), None);
    assert_complains(&check_sources(&[git]), "a 1.0.0: not of crates.io");
    assert_complains(&check_sources(&[Locked::sample("a", "1.0.0", None, None)]), "nor ours");
    let banned = Locked::sample("native-tls", "1.0.0", Some(CRATES_IO), None);
    assert_complains(&check_bans(&[banned], &set(&["native-tls"])), "banned");

    let allowed = set(&["MIT", "ISC"]);
    for (licence, may) in [
        ("MIT", true),
        ("GPL-3.0", false),
        ("GPL-3.0 OR MIT", true),
        ("MIT/GPL-3.0", true),
        ("MIT AND GPL-3.0", false),
        ("(GPL-3.0 OR ISC) AND MIT", true),
        ("ISC AND (GPL-3.0 OR LGPL-3.0)", false),
        ("MIT WITH some-exception", false),
    ] {
        let package = Locked::sample("a", "1.0.0", None, Some(licence));
        assert_eq!(check_licences(&[package], &allowed).is_empty(), may, "{licence}");
    }
    assert_complains(&check_licences(&[Locked::sample("a", "1.0.0", None, None)], &allowed), "no licence");

    let twice =
        || [("a", "0.10.0"), ("a", "0.9.1"), ("b", "1.0.0")].map(|(n, v)| Locked::sample(n, v, None, None));
    assert!(check_duplicates(&twice(), &set(&["a@0.9.1"])).is_empty());
    assert_complains(&check_duplicates(&twice(), &set(&[])), "a 0.9.1: there is a newer one too");
    assert_complains(&check_duplicates(&twice(), &set(&["a@0.9.1", "b@1.0.0"])), "b@1.0.0: listed");
}
