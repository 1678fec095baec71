//! Ids have types of their own: nothing that is named as one is a bare text.

use super::tokens::tokens;
use super::{SourceFile, assert_complains, assert_tidy, repository};

/// What is named as an id and stays a text: the file, the name, and the reason.
const TEXTS: [(&str, &str, &str); 11] = [
    ("services/payment/domain/src/explain.rs", "model_id", SETS_A_PRICE),
    ("services/payment/domain/src/ledger.rs", "model_id", SETS_A_PRICE),
    (
        "services/payment/domain/src/stands.rs",
        "id",
        "a fact's or a model's, borrowed from the text of a column",
    ),
    ("services/assessment/src/identities/keys.rs", "id", "the name of a key in the city's file of keys"),
    ("services/assessment/src/identities/sealed.rs", "person_id", "a message's field, as protobuf has it"),
    ("shared/access/src/record.rs", "id", UNREAD),
    ("shared/access/src/record.rs", "ids", UNREAD),
    ("shared/audit/src/verify.rs", "id", UNREAD),
    ("shared/store/src/audit.rs", "ids", UNREAD),
    ("shared/base/src/error.rs", "id", "it names whatever is missing, in words for people"),
    ("shared/oidc/src/client.rs", "id", "it is the issuer's, for a service's own tokens"),
];
const SETS_A_PRICE: &str = "a model, an agreement or a special compensation: whichever set the price";
const UNREAD: &str = "a message has it where an id belongs, and nobody has read it as one";

/// Names of ids that are nobody's of ours, wherever they stand.
const OTHERS: [(&str, &str); 4] = [
    ("request_id", "a caller makes it, and it is compared with what the same caller sent before"),
    ("trace_id", "it is the tracer's, as the standard of traces writes it"),
    ("key_id", "the name of a key in the city's file of keys"),
    ("client_id", "it is the issuer's, for a service's own tokens"),
];

/// Where ids are read and written as the contract has them, and what only tests use.
fn is_wire_or_test(path: &str) -> bool {
    path.ends_with("wire.rs") || path.contains("/wire/") || is_test(path)
}

fn is_test(path: &str) -> bool {
    path.contains("/tests/") || path.ends_with("tests.rs") || path.starts_with("shared/testing/")
}

fn is_ours(path: &str) -> bool {
    let parts: Vec<&str> = path.split('/').collect();
    match parts.as_slice() {
        ["services", _, "src", ..] | ["services", _, _, "src", ..] | ["shared", _, "src", ..] => {
            path.ends_with(".rs") && !is_wire_or_test(path)
        }
        _ => false,
    }
}

/// The fields and parameters of a line that are named as ids and are texts.
fn texts(line: &str) -> Vec<String> {
    let words = tokens(line);
    let named = |word: &str| word == "id" || word == "ids" || word.ends_with("_id") || word.ends_with("_ids");
    let mut found = Vec::new();
    for at in 0..words.len() {
        if named(&words[at]) && words.get(at + 1).is_some_and(|sign| sign == ":") && is_text(&words[at + 2..])
        {
            found.push(words[at].clone());
        }
    }
    found
}

/// Whether a type that begins here is a text, or holds nothing else: `Option<&'a str>`, `Vec<String>`. What can be made of a text is
/// none, and neither is an expression.
fn is_text(words: &[String]) -> bool {
    let mut depth = 0;
    for (at, word) in words.iter().enumerate() {
        match word.as_str() {
            "impl" | "Fn" => return false,
            "<" | "[" | "(" => depth += 1,
            ">" | "]" | ")" if depth > 0 => depth -= 1,
            "," if depth > 0 => {}
            "," | ")" | "}" | ";" | "=" | "|" | "{" => return false,
            "String" | "str" => return words.get(at + 1).is_none_or(|next| next != "::"),
            _ => {}
        }
    }
    false
}

fn check(files: &[SourceFile]) -> Vec<String> {
    let mut complaints = Vec::new();
    for file in files.iter().filter(|file| is_ours(&file.path)) {
        let product = file.lines().take_while(|(_, line)| *line != "#[cfg(test)]");
        for (number, line) in product {
            for name in texts(line) {
                let other = OTHERS.iter().any(|(allowed, _)| *allowed == name);
                let allowed = TEXTS.iter().any(|(path, allowed, _)| *path == file.path && *allowed == name);
                if !other && !allowed {
                    let what = format!("`{name}` is a text: give it its type of niva-names");
                    complaints.push(file.complain(number, &what));
                }
            }
        }
    }
    complaints
}

#[test]
fn ids_have_types_of_their_own() {
    assert_tidy(&check(&repository()));
}

#[test]
fn no_exception_outlives_its_reason() {
    let files = repository();
    for (path, name, _) in TEXTS {
        let file = files.iter().find(|file| file.path == path);
        let there =
            file.is_some_and(|file| file.lines().any(|(_, line)| texts(line).iter().any(|n| n == name)));
        assert!(there, "{path} has no `{name}` that is a text any more: take the exception away");
    }
}

#[test]
fn an_id_that_is_a_text_is_seen() {
    let sample = |path: &str, line: &str| check(&[SourceFile::sample(path, line)]);
    for bad in [
        "    pub(crate) person_id: String,",
        "fn find(db: &Db, id: &str) -> Found {",
        "    pub unit_id: Cow<'a, str>,",
        "    ids: &[&str],",
        "    placement_id: Option<&'a str>,",
        "    ids: BTreeMap<(i32, String), Line>,",
    ] {
        assert_complains(&sample("services/a/src/b.rs", bad), "services/a/src/b.rs:1: `");
    }
    for fine in [
        "    pub(crate) person_id: PersonId,",
        "fn find(id: &M::Id, name: &str) -> Found {",
        "fn first(fact_id: impl Into<String>) -> Self {",
        "    Sample { person_id: String::new(), name: text }",
        "    request_id: String,",
        "    // id: String",
    ] {
        assert_eq!(sample("shared/a/src/b.rs", fine), [""; 0], "{fine}");
    }
    assert!(sample("services/a/src/b/wire.rs", "fn key(id: &str) {").is_empty());
    assert!(sample("services/a/tests/b.rs", "fn key(id: &str) {").is_empty());
}
