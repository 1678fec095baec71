//! What the papers of `deploy/` and `SECURITY.md` point at is there.

use niva_journeys::repository_root;

/// Words in backticks, each with its line.
fn quoted(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines()
        .enumerate()
        .flat_map(|(n, line)| line.split('`').skip(1).step_by(2).map(move |word| (n + 1, word)))
}

/// `FILE.rs`: `a_test_of_it`, `another_test_of_it`.
fn check(paper: &str, text: &str) -> Vec<String> {
    let (mut complaints, mut file) = (Vec::new(), String::new());
    for (line, word) in quoted(text) {
        if word.contains('/') && [".rs", ".md", ".txt"].iter().any(|end| word.ends_with(end)) {
            let read = std::fs::read_to_string(repository_root().join(word));
            file = read.unwrap_or_else(|_| {
                complaints.push(format!("{paper}:{line}: {word} is not there"));
                String::new()
            });
        } else if word.matches('_').count() >= 3 && word.chars().all(|c| c.is_ascii_lowercase() || c == '_') {
            let there =
                [format!("fn {word}("), format!("mod {word} ")].iter().any(|text| file.contains(text));
            if !there {
                complaints.push(format!("{paper}:{line}: no test {word} in the file before it"));
            }
        }
    }
    complaints
}

#[test]
fn every_file_and_test_that_is_named_is_there() {
    let mut complaints = Vec::new();
    for paper in ["SECURITY.md", "deploy/THREATS.md", "deploy/RUNBOOK.md", "deploy/postgresql/README.md"] {
        let text = std::fs::read_to_string(repository_root().join(paper)).unwrap();
        assert!(quoted(&text).count() > 5, "{paper}");
        complaints.extend(check(paper, &text));
    }
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}

#[test]
fn a_test_that_is_gone_is_seen() {
    let sample = "x\n| `tests/tests/deploy/papers.rs`: `a_test_that_is_gone_is_seen`, `a_test_that_is_not` | `no/such.rs` |";
    assert_eq!(
        check("A.md", sample),
        ["A.md:2: no test a_test_that_is_not in the file before it", "A.md:2: no/such.rs is not there"]
    );
}
