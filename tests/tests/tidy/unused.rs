//! What is public is used: a function, field or constant that nobody names outside its own file is private, or goes.

use std::collections::BTreeMap;

use super::tokens::{is_word, tokens};
use super::{SourceFile, assert_complains, assert_tidy, repository};

fn check(files: &[SourceFile]) -> Vec<String> {
    let rust: Vec<&SourceFile> = files.iter().filter(|f| f.is_rust()).collect();
    // The file of a word, or `None` when several have it.
    let mut home: BTreeMap<String, Option<usize>> = BTreeMap::new();
    for (at, file) in rust.iter().enumerate() {
        for word in tokens(&file.text) {
            home.entry(word).and_modify(|home| *home = home.filter(|h| *h == at)).or_insert(Some(at));
        }
    }
    let mut complaints = Vec::new();
    for file in rust.iter().filter(|f| f.path.contains("src/")) {
        for (line, name) in file.lines().filter_map(|(n, line)| Some((n, public(line)?))) {
            if home.get(name).is_some_and(Option::is_some) {
                let what =
                    format!("nobody outside this file names `{name}`: make it private, or take it away");
                complaints.push(file.complain(line, &what));
            }
        }
    }
    complaints
}

/// The name of the function, constant or field that a line makes public, within the crate or beyond.
fn public(line: &str) -> Option<&str> {
    let line = line.trim_start().strip_prefix("pub")?;
    let line = line.strip_prefix("(crate)").unwrap_or(line).strip_prefix(' ')?;
    let mut words = line.split_whitespace().peekable();
    while words
        .next_if(|word| matches!(*word, "const" | "async" | "unsafe") && line.contains("fn "))
        .is_some()
    {}
    let first = words.next()?;
    let named = match first {
        "fn" | "const" | "static" => words.next()?,
        field if field.ends_with(':') => field,
        _ => return None,
    };
    named.split(|c| !is_word(c)).next()
}

#[test]
fn what_is_public_is_used() {
    assert_tidy(&check(&repository()));
}

#[test]
fn what_nobody_uses_is_seen() {
    let lines = "pub fn one() {}\n    pub(crate) async fn two<T>() {}\n    pub three: u8,\npub const FOUR: u8 = 4;\npub const fn five() {}\npub struct Six;\npub(super) fn seven() {}\n";
    let mine =
        || SourceFile::sample("a/src/a.rs", &format!("{lines}fn f() {{ one(); two(); Six; seven() }}"));
    let complaints = check(&[mine(), SourceFile::sample("a/src/b.rs", "// one two three FOUR five")]);
    assert_eq!(complaints.len(), 5, "{complaints:?}");
    for (line, name) in [(1, "one"), (2, "two"), (3, "three"), (4, "FOUR"), (5, "five")] {
        assert_complains(&complaints, &format!("a/src/a.rs:{line}: nobody outside this file names `{name}`"));
    }
    let used = SourceFile::sample("a/tests/b.rs", "fn g(a: A) { one(); two(); a.three; FOUR; five() }");
    assert_eq!(check(&[mine(), used]), Vec::<String>::new());
}
