//! What may lie at the top.

use std::fs;

use super::{IGNORED, SourceFile, assert_complains, assert_tidy, repository};

/// Folders and standard papers; beside them only dotfiles.
const TOP: [&str; 14] = [
    "ARCHITECTURE.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "Cargo.lock",
    "Cargo.toml",
    "LICENSE",
    "README.md",
    "SECURITY.md",
    "deploy",
    "proto",
    "rust-toolchain.toml",
    "services",
    "shared",
    "tests",
];

fn check(entries: &[String]) -> Vec<String> {
    entries
        .iter()
        .filter(|name| {
            !name.starts_with('.') && !TOP.contains(&name.as_str()) && !IGNORED.contains(&name.as_str())
        })
        .map(|name| format!("{name}: nothing but {} and dotfiles lies at the top", TOP.join(", ")))
        .collect()
}

/// Lock files pin what is used, not the host that one machine got it from.
fn check_locks(files: &[SourceFile]) -> Vec<String> {
    let mut complaints = Vec::new();
    for file in files {
        let hosts = |line: &str| match file.path.rsplit('/').next() {
            Some("package-lock.json") => line.contains("\"resolved\""),
            Some("Cargo.lock") => {
                line.starts_with("source = ") && !line.contains("github.com/rust-lang/crates.io-index")
            }
            _ => false,
        };
        let hits = file.lines().filter(|(_, line)| hosts(line));
        complaints.extend(hits.map(|(n, _)| file.complain(n, "a lock names no host of one machine")));
    }
    complaints
}

#[test]
fn lock_files_name_no_host() {
    assert_tidy(&check_locks(&repository()));
}

#[test]
fn a_lock_file_with_a_host_is_seen() {
    let npm =
        SourceFile::sample("a/package-lock.json", "{\n  \"resolved\": \"https://example.org/x.tgz\"\n}\n");
    assert_complains(&check_locks(&[npm]), "a/package-lock.json:2: a lock names no host");
    let cargo = SourceFile::sample("Cargo.lock", "source = \"registry+https://example.org/index\"\n");
    assert_complains(&check_locks(&[cargo]), "Cargo.lock:1: a lock names no host");
}

#[test]
fn nothing_unexpected_lies_at_the_top() {
    let entries = fs::read_dir(niva_journeys::repository_root()).unwrap();
    let names: Vec<String> = entries.map(|e| e.unwrap().file_name().to_string_lossy().into_owned()).collect();
    assert_tidy(&check(&names));
}

#[test]
fn a_stray_file_is_seen() {
    assert_complains(&check(&["notes.txt".to_owned(), "README.md".to_owned()]), "notes.txt");
}
