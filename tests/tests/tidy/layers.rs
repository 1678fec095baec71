//! What the files of a service may know, by their names: `store.rs` alone the database, and `wire.rs` no store.

use super::modules::crates;
use super::tokens::tokens;
use super::{SourceFile, assert_complains, assert_tidy, repository};

/// What a file is for: its name, or the name of the folder that it is in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Layer {
    /// Queries, entities, migrations.
    Store,
    /// Messages to values and back.
    Wire,
    /// Rpcs, operations, jobs.
    Other,
}

impl Layer {
    fn of(path: &str) -> Self {
        let named =
            |name: &str| path.ends_with(&format!("/{name}.rs")) || path.contains(&format!("/{name}/"));
        match path {
            _ if named("store") || named("schema") => Self::Store,
            _ if named("wire") || named("grpc") => Self::Wire,
            _ => Self::Other,
        }
    }
}

/// A crate that a layer must not name, and why.
struct Foreign(&'static str, &'static [Layer], &'static str);

const FOREIGN: [Foreign; 4] = [
    Foreign("sea_orm", &[Layer::Wire, Layer::Other], "store.rs alone knows the database"),
    Foreign("sea_orm_migration", &[Layer::Wire, Layer::Other], "store.rs alone knows the database"),
    Foreign("sqlx", &[Layer::Wire, Layer::Other], "store.rs alone knows the database"),
    Foreign("tonic", &[Layer::Store], "statuses and messages do not belong in a store: translate in wire.rs"),
];

/// A layer that another must not import, and why.
struct Apart(Layer, Layer, &'static str);

const APART: [Apart; 1] =
    [Apart(Layer::Wire, Layer::Store, "what travels knows no table: take the values, or the domain's type")];

/// The services whose files are so.
fn in_service(path: &str) -> bool {
    ["assessment", "choice", "payment", "payment/recount"]
        .iter()
        .any(|name| path.starts_with(&format!("services/{name}/src/")))
}

fn check_foreign(files: &[SourceFile]) -> Vec<String> {
    let mut complaints = Vec::new();
    for file in files.iter().filter(|f| f.is_rust() && in_service(&f.path)) {
        let words = tokens(&file.text);
        for Foreign(name, layers, why) in &FOREIGN {
            if layers.contains(&Layer::of(&file.path)) && words.iter().any(|word| word == name) {
                let line = file.lines().find(|(_, line)| line.contains(name)).map_or(1, |(n, _)| n);
                complaints.push(file.complain(line, &format!("{name}: {why}")));
            }
        }
    }
    complaints
}

fn check_apart(files: &[SourceFile]) -> Vec<String> {
    let mut complaints = Vec::new();
    for (file, used) in crates(files).iter().flat_map(|modules| modules.uses()) {
        for other in used.iter().filter(|_| in_service(&file)) {
            let layers = (Layer::of(&file), Layer::of(other));
            let rule = APART.iter().find(|rule| (rule.0, rule.1) == layers);
            complaints.extend(rule.map(|Apart(_, _, why)| format!("{file}:1: imports {other}: {why}")));
        }
    }
    complaints
}

#[test]
fn the_database_and_rpc_are_known_where_they_belong() {
    assert_tidy(&check_foreign(&repository()));
}

#[test]
fn what_travels_knows_no_table() {
    assert_tidy(&check_apart(&repository()));
}

#[test]
fn a_foreign_crate_is_seen() {
    let sample = |path: &str, text: &str| {
        check_foreign(&[SourceFile::sample(&format!("services/payment/src/{path}"), text)])
    };
    assert_complains(
        &sample("runs/mod.rs", "// x\nuse sea_orm::DbErr;\n"),
        "runs/mod.rs:2: sea_orm: store.rs alone",
    );
    assert_complains(&sample("runs/job.rs", "fn f(e: sqlx::Error) {}"), "runs/job.rs:1: sqlx");
    assert_complains(&sample("runs/store.rs", "use tonic::Status;"), "runs/store.rs:1: tonic");
    assert!(sample("runs/store/lines.rs", "use sea_orm::DbErr;").is_empty());
    assert!(sample("runs/wire.rs", "use tonic::Status; // sea_orm").is_empty());
}

#[test]
fn a_table_in_a_message_is_seen() {
    let sample = |wire: &str, store: &str| {
        let sample =
            |path: &str, text: &str| SourceFile::sample(&format!("services/payment/src/{path}"), text);
        check_apart(&[
            sample("lib.rs", ""),
            sample("runs/mod.rs", ""),
            sample("runs/wire.rs", wire),
            sample("runs/store.rs", store),
        ])
    };
    assert_complains(
        &sample("use super::store::Row;", ""),
        "runs/wire.rs:1: imports services/payment/src/runs/store.rs",
    );
    assert!(sample("use niva_store::page;", "use super::wire::run;").is_empty());
}
