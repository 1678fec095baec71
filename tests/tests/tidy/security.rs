//! The page of security requirements: each stands once and has an answer, and each test that it names is there.

use std::collections::BTreeSet;

use super::{SourceFile, assert_complains, assert_tidy, repository};

const PAGE: &str = "deploy/security.md";

/// What a row must have one of.
const ANSWERS: [&str; 3] = [".rs::", "by design, no test", "**not met:**"];

fn check(page: &SourceFile, files: &[SourceFile]) -> Vec<String> {
    let (mut complaints, mut requirements) = (Vec::new(), BTreeSet::new());
    for (n, line) in page.lines() {
        let words = line.split(|c: char| !c.is_ascii_alphanumeric() && c != '.');
        let ids: Vec<&str> = words.map(|word| word.trim_end_matches('.')).filter(|id| is_id(id)).collect();
        let twice = ids.iter().filter(|id| !requirements.insert(**id));
        complaints.extend(twice.map(|id| page.complain(n, &format!("{id} stands twice"))));
        if line.starts_with("| V") && !ids.is_empty() && !ANSWERS.iter().any(|answer| line.contains(answer)) {
            let what = format!("{} has none of {}", ids.join(", "), ANSWERS.join(", "));
            complaints.push(page.complain(n, &what));
        }
        let named = line.split('`').skip(1).step_by(2).filter_map(|quoted| quoted.split_once("::"));
        let gone = named.filter(|(path, name)| !is_there(files, path, name));
        complaints.extend(gone.map(|(path, name)| page.complain(n, &format!("no test {name} in {path}"))));
    }
    complaints
}

/// Whether a word is the id of a requirement, such as V9.2.3.
fn is_id(word: &str) -> bool {
    let number = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    word.strip_prefix('V').is_some_and(|rest| rest.split('.').count() == 3 && rest.split('.').all(number))
}

fn is_there(files: &[SourceFile], path: &str, name: &str) -> bool {
    files.iter().any(|file| file.path == path && file.text.contains(&format!("fn {name}(")))
}

#[test]
fn every_requirement_stands_once_with_tests_that_are_there() {
    let files = repository();
    let page = files.iter().find(|file| file.path == PAGE).expect("the page");
    assert!(page.text.matches(".rs::").count() > 100 && page.text.matches("\n| V").count() > 80);
    assert_tidy(&check(page, &files));
}

#[test]
fn a_wrong_name_and_a_second_requirement_are_seen() {
    let files = [SourceFile::sample("a/b.rs", "fn it_holds() {}")];
    let seen = |text: &str| check(&SourceFile::sample(PAGE, text), &files);
    assert!(seen("| V1.2.3 | `a/b.rs::it_holds` |\nV1.2.4, V1.2.30.").is_empty());
    assert_complains(
        &seen("| V1.2.3 | `a/b.rs::it_held` |"),
        "deploy/security.md:1: no test it_held in a/b.rs",
    );
    assert_complains(&seen("| V1.2.3 | `a/c.rs::it_holds` |"), "no test it_holds in a/c.rs");
    assert_complains(&seen("x V1.2.3.\n\nV1.2.4 and V1.2.3"), "deploy/security.md:3: V1.2.3 stands twice");
    assert_complains(&seen("| V1.2.3 | surely |"), "V1.2.3 has none of");
}
