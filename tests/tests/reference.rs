//! The reference: every method of the contract, who may call it and why it may refuse, as the comments and options of the
//! contract say. It is kept in `proto/REFERENCE.md`, for whoever reads no `.proto` files.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use niva_journeys::repository_root;
use niva_proto::common::v1::{Role, Scope};
use niva_proto::{FILE_DESCRIPTOR_SET, METHODS, Method};
use prost::Message as _;
use prost_types::{
    EnumDescriptorProto, FileDescriptorProto, FileDescriptorSet, MethodDescriptorProto,
    ServiceDescriptorProto,
};

/// Where it is kept.
const FILE: &str = "proto/REFERENCE.md";
/// Set to 1, the file is written anew.
const RENEW: &str = "NIVA_RENEW";

const HEAD: &str = "\
# Reference

Every method of the contract: what it does, which roles open it and what bounds them there, and why it may refuse. It is made
from the comments and options of the `.proto` files by `tests/tests/reference.rs` (`NIVA_RENEW=1` writes it anew); how to call
a method stands in [README.md](README.md).

| reach | what a role sees and changes |
| --- | --- |
| city | all that the method has |
| districts | what belongs to the districts of the token's `niva_districts` |
| provider | what belongs to the provider of the token's `niva_provider` |
| person | what is the own of the token's subject |
| own | what the token's subject has made itself |

";

/// Numbers of the fields of a file, a service and an enum in a descriptor, by which comments are found.
const SERVICES: i32 = 6;
const ENUMS: i32 = 5;
const METHODS_OF_SERVICE: i32 = 2;
const VALUES_OF_ENUM: i32 = 2;

/// A reason: when it comes, with which status, and in which calls, where any may give it.
struct Reason {
    name: String,
    calls: Option<String>,
    code: String,
    when: String,
}

/// The reasons of the packages, in their order.
struct Reasons(BTreeMap<String, Vec<Reason>>);

impl Reasons {
    fn of(files: &[FileDescriptorProto]) -> Self {
        let mut found: BTreeMap<String, Vec<Reason>> = BTreeMap::new();
        for file in files {
            let enums = (0..).zip(&file.enum_type).filter(|(_, reasons)| reasons.name() == "ErrorReason");
            for (at, reasons) in enums {
                let told = read(file, at, reasons);
                found.entry(file.package().to_owned()).or_default().extend(told);
            }
        }
        Self(found)
    }

    /// A reason that a method of a package lists: the package's own, or one that all have.
    fn get(&self, package: &str, name: &str) -> &Reason {
        let all = [package, "niva.common.v1"].into_iter().filter_map(|package| self.0.get(package)).flatten();
        let found = all.into_iter().find(|reason| reason.name == name);
        found.unwrap_or_else(|| panic!("{package} has no reason {name}"))
    }
}

/// The reasons of an enum but for the one that is never given.
fn read(file: &FileDescriptorProto, at: i32, reasons: &EnumDescriptorProto) -> Vec<Reason> {
    let values = (0..).zip(&reasons.value).skip(1);
    values
        .map(|(nth, value)| {
            let words = comment(file, &[ENUMS, at, VALUES_OF_ENUM, nth]);
            reason(value.name(), &words).unwrap_or_else(|| panic!("{}: no status in {words:?}", value.name()))
        })
        .collect()
}

/// "Any method. NOT_FOUND. There is no such thing.": the calls, if any may give it; the status; when.
fn reason(name: &str, words: &str) -> Option<Reason> {
    let (first, rest) = words.split_once(". ")?;
    let (calls, (code, when)) = match first.strip_prefix("Any ") {
        Some(calls) => (Some(format!("any {calls}")), rest.split_once(". ")?),
        None => (None, (first, rest)),
    };
    let status = !code.is_empty() && code.chars().all(|c| c.is_ascii_uppercase() || c == '_');
    status.then(|| Reason { name: name.to_owned(), calls, code: code.to_owned(), when: when.to_owned() })
}

/// The comment before what has this path in a file, on one line.
fn comment(file: &FileDescriptorProto, path: &[i32]) -> String {
    let found = file.source_code_info.iter().flat_map(|info| &info.location).find(|l| l.path == path);
    let words = found.map(|location| location.leading_comments()).unwrap_or_default();
    words.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn role(role: Role) -> String {
    role.as_str_name().trim_start_matches("ROLE_").to_lowercase()
}

fn reach(scope: Scope) -> &'static str {
    match scope {
        Scope::Unspecified => "nothing",
        Scope::None => "city",
        Scope::Districts => "districts",
        Scope::Provider => "provider",
        Scope::Person => "person",
        Scope::Author => "own",
    }
}

fn method(
    file: &FileDescriptorProto,
    service: (i32, &ServiceDescriptorProto),
    (nth, method): (i32, &MethodDescriptorProto),
    reasons: &Reasons,
) -> String {
    let path = format!("/{}.{}/{}", file.package(), service.1.name(), method.name());
    let known: &Method = METHODS.iter().find(|known| known.path == path).expect("a method that is known");
    let mut text = format!("#### {}\n\n`{path}`", method.name());
    match (method.client_streaming(), method.server_streaming()) {
        (true, true) => text.push_str(", a stream both ways"),
        (true, false) => text.push_str(", takes a stream"),
        (false, true) => text.push_str(", answers a stream"),
        (false, false) => {}
    }
    let words = comment(file, &[SERVICES, service.0, METHODS_OF_SERVICE, nth]);
    assert!(!words.is_empty(), "{path} has no comment");
    let _ = write!(text, "\n\n{words}\n\n");
    if known.open.is_empty() {
        text.push_str("Open to nobody.\n\n");
    }
    for opening in known.open {
        let roles: Vec<String> = opening.roles.iter().map(|r| format!("`{}`", role(*r))).collect();
        let _ = writeln!(text, "- {}: {}", reach(opening.scope), roles.join(", "));
    }
    if !known.refuses.is_empty() {
        text.push_str("\n| reason | status | when |\n| --- | --- | --- |\n");
        for name in known.refuses {
            let Reason { code, when, .. } = reasons.get(file.package(), name);
            let _ = writeln!(text, "| `{name}` | {code} | {when} |");
        }
    }
    text + "\n"
}

fn reference() -> String {
    let files = FileDescriptorSet::decode(FILE_DESCRIPTOR_SET).expect("the contract").file;
    let mut files: Vec<_> = files.into_iter().filter(|file| file.package().starts_with("niva.")).collect();
    files.sort_by(|a, b| a.name().cmp(b.name()));
    let reasons = Reasons::of(&files);
    let mut text = HEAD.to_owned();
    text.push_str("## Reasons that are listed by no method\n\n");
    text.push_str("| reason | given by | status | when |\n| --- | --- | --- | --- |\n");
    for Reason { name, calls, code, when } in &reasons.0["niva.common.v1"] {
        if let Some(calls) = calls {
            let _ = writeln!(text, "| `{name}` | {calls} | {code} | {when} |");
        }
    }
    let mut package = String::new();
    for file in files.iter().filter(|file| !file.service.is_empty()) {
        if package != file.package() {
            file.package().clone_into(&mut package);
            let _ = write!(text, "\n## {package}\n\n");
        }
        for (at, service) in (0..).zip(&file.service) {
            let words = comment(file, &[SERVICES, at]);
            let _ = write!(text, "### {}\n\n{words}\n\n", service.name());
            for each in (0..).zip(&service.method) {
                text.push_str(&method(file, (at, service), each, &reasons));
            }
        }
    }
    text.trim_end().to_owned() + "\n"
}

#[test]
fn the_reference_says_what_the_contract_says() {
    let now = reference();
    assert_eq!(now.matches("\n#### ").count(), METHODS.len(), "every method has its section");
    let file = repository_root().join(FILE);
    if std::env::var(RENEW).is_ok_and(|renew| renew == "1") {
        std::fs::write(&file, &now).expect("the reference is written");
    }
    let kept = std::fs::read_to_string(&file).unwrap_or_default();
    let first = kept.lines().zip(now.lines()).find(|(kept, now)| kept != now);
    assert!(
        kept == now,
        "{FILE} is not what the contract says; {RENEW}=1 writes it anew. The first difference: {first:?}"
    );
}

#[test]
fn a_comment_of_a_reason_is_read_in_its_parts() {
    let any = reason("X", "Any list. INVALID_ARGUMENT. Too many. Ask for fewer.").expect("a reason");
    let parts = (any.calls.as_deref(), any.code.as_str(), any.when.as_str());
    assert_eq!(parts, (Some("any list"), "INVALID_ARGUMENT", "Too many. Ask for fewer."));
    let own = reason("X", "NOT_FOUND. There is none.").expect("a reason");
    assert_eq!((own.calls, own.code.as_str()), (None, "NOT_FOUND"));
    assert!(reason("X", "There is none. Really.").is_none());
}
