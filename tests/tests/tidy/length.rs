//! How long a file and a function may be. Past it, look for the concept that wants its own file.

use super::{SourceFile, assert_complains, assert_tidy, repository};

/// Lines of a file.
const FILE: usize = 400;
/// Lines of a file that is listed below.
const LISTED_FILE: usize = 450;
/// Lines of a function below its `fn` that are neither empty nor comment.
const FUNCTION: usize = 70;

/// Files that may pass [`FILE`], each with the reason. The list may only shrink.
const LONG_FILES: [(&str, &str); 0] = [];

fn check_files(files: &[SourceFile], listed: &[(&str, &str)]) -> Vec<String> {
    let mut complaints = Vec::new();
    for file in files.iter().filter(|f| f.is_rust()) {
        let lines = file.text.lines().count();
        let exception = listed.iter().any(|(path, _)| *path == file.path);
        match (lines, exception) {
            (lines, true) if lines <= FILE => {
                complaints
                    .push(file.complain(1, "is short enough by now: take it off the list of long files"));
            }
            (lines, true) if lines > LISTED_FILE => {
                complaints
                    .push(file.complain(1, &format!("has {lines} lines; {LISTED_FILE} is the very most")));
            }
            (lines, false) if lines > FILE => {
                complaints
                    .push(file.complain(1, &format!("has {lines} lines; more than {FILE} is too long")));
            }
            _ => {}
        }
    }
    complaints
}

/// Reads functions by their layout, which rustfmt makes certain: the closing brace stands under the `fn`.
fn check_functions(files: &[SourceFile]) -> Vec<String> {
    let mut complaints = Vec::new();
    for file in files.iter().filter(|f| f.is_rust()) {
        let lines: Vec<&str> = file.text.lines().collect();
        for (start, line) in lines.iter().enumerate().filter(|(_, line)| opens_function(line)) {
            let indent = line.len() - line.trim_start().len();
            let end = format!("{}}}", " ".repeat(indent));
            let body = lines[start + 1..].iter().take_while(|l| **l != end);
            let length = body.filter(|l| !l.trim().is_empty() && !l.trim_start().starts_with("//")).count();
            if length > FUNCTION {
                complaints.push(file.complain(
                    start + 1,
                    &format!("the function has {length} lines; more than {FUNCTION} is too long"),
                ));
            }
        }
    }
    complaints
}

/// Whether a line begins a function with a body. What a generator writes is text.
fn opens_function(line: &str) -> bool {
    let line = line.trim();
    let mut words = line.split_whitespace();
    let begins = words.by_ref().take_while(|w| *w != "fn").all(|w| {
        matches!(w, "pub" | "async" | "const" | "unsafe" | "extern" | "default") || w.starts_with("pub(")
    });
    begins && words.next().is_some() && line.contains("fn ") && !line.ends_with([';', '}', '\\', '"'])
}

#[test]
fn files_are_not_too_long() {
    assert_tidy(&check_files(&repository(), &LONG_FILES));
}

#[test]
fn functions_are_not_too_long() {
    assert_tidy(&check_functions(&repository()));
}

#[test]
fn a_long_file_is_seen() {
    let long = [SourceFile::sample("a.rs", &"x\n".repeat(401))];
    assert_complains(&check_files(&long, &[]), "a.rs:1: has 401 lines");
    assert!(check_files(&long, &[("a.rs", "a reason")]).is_empty());
    let longer = [SourceFile::sample("a.rs", &"x\n".repeat(451))];
    assert_complains(&check_files(&longer, &[("a.rs", "a reason")]), "450 is the very most");
    let short = [SourceFile::sample("a.rs", "x\n")];
    assert_complains(&check_files(&short, &[("a.rs", "a reason")]), "take it off the list");
}

#[test]
fn a_long_function_is_seen() {
    let body = |lines: usize| {
        let text = format!(
            "impl A {{\n    pub(crate) async fn b(\n    ) {{\n{}    }}\n}}\n",
            "        c();\n".repeat(lines)
        );
        check_functions(&[SourceFile::sample("a.rs", &text)])
    };
    assert_complains(&body(70), "a.rs:2: the function has 71 lines");
    assert!(body(69).is_empty());
}
