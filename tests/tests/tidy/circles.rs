//! No circle of imports between the files of a crate: what two files need of each other has a place of its own. A
//! module and its own parts are one thing, and may know each other.

use std::collections::{BTreeMap, VecDeque};

use super::modules::crates;
use super::{SourceFile, assert_complains, assert_tidy, repository};

fn check(files: &[SourceFile]) -> Vec<String> {
    crates(files).iter().flat_map(|modules| circles(&modules.uses())).collect()
}

/// A complaint a circle. A file that is in several is told of once.
fn circles(uses: &BTreeMap<String, Vec<String>>) -> Vec<String> {
    let mut complaints = Vec::new();
    let mut told: Vec<String> = Vec::new();
    for start in uses.keys() {
        let Some(circle) = shortest(uses, start).filter(|circle| circle.iter().all(|f| !told.contains(f)))
        else {
            continue;
        };
        let words = circle.iter().chain([start]).map(String::as_str).collect::<Vec<_>>().join(" → ");
        complaints.push(format!(
            "{start}:1: imports in a circle: {words}; give what they need of each other a file of its own"
        ));
        told.extend(circle);
    }
    complaints
}

/// The shortest way from a file back to itself.
fn shortest(uses: &BTreeMap<String, Vec<String>>, start: &str) -> Option<Vec<String>> {
    let mut ways = VecDeque::from([vec![start.to_owned()]]);
    let mut seen: Vec<&String> = Vec::new();
    while let Some(way) = ways.pop_front() {
        for next in way.last().and_then(|last| uses.get(last)).into_iter().flatten() {
            if next == start {
                return Some(way);
            }
            if !seen.contains(&next) {
                seen.push(next);
                ways.push_back(way.iter().chain([next]).cloned().collect());
            }
        }
    }
    None
}

#[test]
fn files_import_in_no_circle() {
    assert_tidy(&check(&repository()));
}

#[test]
fn a_circle_is_seen() {
    let sample = |files: &[(&str, &str)]| {
        let files = files.iter().map(|(path, text)| SourceFile::sample(&format!("x/src/{path}"), text));
        check(&files.collect::<Vec<_>>())
    };
    let plain =
        sample(&[("lib.rs", "mod a;\nmod b;"), ("a.rs", "use crate::b::B;"), ("b.rs", "use super::a::A;")]);
    assert_complains(&plain, "x/src/a.rs:1: imports in a circle: x/src/a.rs → x/src/b.rs → x/src/a.rs");
    // Told on by the root; a path written out; a name of a module; in a group.
    let root = "mod a; mod b;\npub use a::A; pub use b::make as build;";
    assert_complains(
        &sample(&[("lib.rs", root), ("a.rs", "fn f() { crate::build() }"), ("b.rs", "use crate::{c, A};")]),
        "a.rs → x/src/b.rs",
    );
    assert_complains(
        &sample(&[
            ("lib.rs", ""),
            ("a/mod.rs", "use crate::b; fn f() { b::c::g() }"),
            ("b/mod.rs", ""),
            ("b/c.rs", "use crate::a::{self, A as Z};"),
        ]),
        "a/mod.rs → x/src/b/c.rs → x/src/a/mod.rs",
    );
    // Out of an inline module.
    assert_complains(
        &sample(&[
            ("lib.rs", ""),
            ("a.rs", "mod tests { use super::super::b::B; }"),
            ("b.rs", "use crate::a::A;"),
        ]),
        "a.rs → x/src/b.rs",
    );
    // A module and its parts are one thing, a part's own tests too.
    let parts = [
        ("lib.rs", "mod a;"),
        ("a/mod.rs", "mod b;\nuse b::B;"),
        ("a/b.rs", "use super::A;\nmod tests { use super::B; }"),
    ];
    assert_eq!(sample(&parts), Vec::<String>::new());
    // But not through somebody else.
    let through = [
        ("a/mod.rs", "mod b;\nuse b::B;"),
        ("a/b.rs", "use crate::c::C;"),
        ("c.rs", "use crate::a::A;"),
        ("lib.rs", ""),
    ];
    assert_complains(&sample(&through), "x/src/a/b.rs → x/src/c.rs → x/src/a/mod.rs → x/src/a/b.rs");
    // Words in comments and text are none.
    let said = [
        ("lib.rs", ""),
        ("a.rs", "// use crate::b::B;\nconst T: &str = \"use crate::b::B;\";"),
        ("b.rs", "use crate::a::A;"),
    ];
    assert_eq!(sample(&said), Vec::<String>::new());
}
