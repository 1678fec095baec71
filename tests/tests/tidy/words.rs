//! What must not be written.

use super::{SourceFile, assert_complains, assert_tidy, repository};

/// Where a word is forbidden.
enum Where {
    /// In every text file.
    Everywhere,
    /// In Rust.
    Rust,
    /// In Rust outside tests and benchmarks.
    Product,
}

/// A forbidden word, where it is forbidden, and what to do.
struct Word(&'static str, Where, &'static str);

const WORDS: [Word; 17] = [
    Word("todo!", Where::Rust, "finish it"),
    Word("unimplemented!", Where::Rust, "finish it, or take it out of the contract"),
    Word("Status::unimplemented", Where::Rust, "what the contract names works"),
    Word("FIXME", Where::Everywhere, "fix it"),
    Word("XXX", Where::Rust, "say it in words"),
    Word("HACK", Where::Rust, "do it well"),
    Word("#[ignore", Where::Rust, "a test runs or goes"),
    Word("thread::sleep", Where::Rust, "await what you wait for"),
    Word("SystemTime::now", Where::Product, "take niva_base::Clock"),
    Word("Utc::now", Where::Product, "take niva_base::Clock"),
    Word("Local::now", Where::Product, "take niva_base::Clock"),
    Word("thread_rng", Where::Rust, "take a seed"),
    Word("rand::rng()", Where::Rust, "take a seed"),
    Word("/work/", Where::Everywhere, "name no path of one machine"),
    Word("/home/", Where::Everywhere, "name no path of one machine"),
    Word("/root/", Where::Everywhere, "name no path of one machine"),
    Word("shared/design", Where::Everywhere, "the repository stands alone"),
];

/// Files that may read the clock, each with the reason.
const CLOCKS: [(&str, &str); 1] = [("shared/base/src/clock.rs", "it is the clock")];

fn is_test(path: &str) -> bool {
    path.contains("/tests/")
        || path.contains("/benches/")
        || path.ends_with("tests.rs")
        || path.starts_with("tests/")
}

fn check(files: &[SourceFile]) -> Vec<String> {
    let mut complaints = Vec::new();
    // This folder has to name what it forbids.
    for file in files.iter().filter(|f| !f.path.starts_with("tests/tests/tidy/")) {
        for Word(word, place, remedy) in &WORDS {
            let applies = match place {
                Where::Everywhere => true,
                Where::Rust => file.is_rust(),
                Where::Product => {
                    file.is_rust()
                        && !is_test(&file.path)
                        && CLOCKS.iter().all(|(path, _)| *path != file.path)
                }
            };
            if applies {
                let hits = file.lines().filter(|(_, line)| line.contains(word));
                complaints.extend(hits.map(|(n, _)| file.complain(n, &format!("`{word}`: {remedy}"))));
            }
        }
        if file.is_rust() && !file.path.contains("/benches/") {
            let hits = file.lines().filter(|(_, line)| formats_decimals(line));
            complaints.extend(hits.map(|(n, _)| {
                file.complain(
                    n,
                    "a number of decimals in a format cuts an amount: niva_money::Ore formats itself",
                )
            }));
        }
    }
    complaints
}

/// Whether a line of the product formats with a number of decimals, as in `{:.2}`, anything but a figure of speed.
fn formats_decimals(line: &str) -> bool {
    let measures = ["seconds", "per_second", "elapsed", "MB", "share", "ratio", "percent"];
    let found = line.match_indices(":.").any(|(at, _)| {
        let rest = line[at + 2..].trim_start_matches(|c: char| c.is_ascii_digit() || c == '$' || c == '*');
        rest.len() < line[at + 2..].len() && rest.starts_with('}') && line[..at].contains('{')
    });
    found && !measures.iter().any(|word| line.contains(word))
}

#[test]
fn nothing_forbidden_is_written() {
    assert_tidy(&check(&repository()));
}

#[test]
fn each_forbidden_word_is_seen() {
    for Word(word, ..) in &WORDS {
        let sample = SourceFile::sample("services/a/src/b.rs", &format!("fine\nlet a = {word};\n"));
        assert_complains(&check(&[sample]), &format!("services/a/src/b.rs:2: `{word}`"));
    }
}

#[test]
fn an_amount_cut_by_its_format_is_seen() {
    let sample = |line: &str| check(&[SourceFile::sample("services/a/src/b.rs", line)]);
    assert_complains(&sample("format!(\"{:.2}\", amount)"), "b.rs:1: a number of decimals");
    assert_complains(&sample("format!(\"{kronor:.2} kr\")"), "b.rs:1: a number of decimals");
    assert!(sample("format!(\"{:.1} s\", seconds)").is_empty());
    assert!(sample("let range = &text[1..][..2];").is_empty());
}

#[test]
fn the_clock_may_be_read_by_the_clock_alone() {
    let line = "let now = Utc::now();";
    assert!(check(&[SourceFile::sample("shared/base/src/clock.rs", line)]).is_empty());
    assert_complains(&check(&[SourceFile::sample("shared/feed/src/log.rs", line)]), "take niva_base::Clock");
}
