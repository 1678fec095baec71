//! Compares the reasons that the tests have provoked with those that the contract lists.
//!
//! `reasons FILE`: a line each, "/niva.choice.v1.OfferService/MakeOffer NO_FREE_PLACE", as `niva_rpc` notes them. Fails when
//! a method has given a reason that it does not list, and when a listed one was not provoked.

use std::collections::{BTreeMap, BTreeSet};
use std::process::ExitCode;

use niva_proto::METHODS;
use prost::Message;
use prost_types::FileDescriptorSet;

type Pairs = BTreeSet<(String, String)>;

fn main() -> ExitCode {
    let Some(file) = std::env::args().nth(1) else {
        return complain(&["give the file that the tests have written".to_owned()]);
    };
    let seen = match std::fs::read_to_string(&file) {
        Ok(text) => pairs(&text),
        Err(error) => return complain(&[format!("{file}: {error}")]),
    };
    let complaints = compare(&seen);
    let provoked = listed().intersection(&seen).count();
    #[allow(clippy::print_stdout, reason = "a command's answer")]
    {
        println!("{provoked} of {} reasons that methods list were provoked", listed().len());
    }
    complain(&complaints)
}

#[allow(clippy::print_stderr, reason = "a command's answer")]
fn complain(complaints: &[String]) -> ExitCode {
    for complaint in complaints {
        eprintln!("{complaint}");
    }
    if complaints.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn pairs(text: &str) -> Pairs {
    text.lines()
        .filter_map(|line| {
            let mut words = line.split_whitespace();
            Some((words.next()?.to_owned(), words.next()?.to_owned()))
        })
        .collect()
}

fn listed() -> Pairs {
    let all = METHODS.iter().flat_map(|m| m.refuses.iter().map(|reason| (m.path, *reason)));
    all.map(|(path, reason)| (path.to_owned(), reason.to_owned())).collect()
}

fn compare(seen: &Pairs) -> Vec<String> {
    let (listed, anywhere) = (listed(), anywhere());
    let known: BTreeMap<&str, bool> = METHODS.iter().map(|m| (m.path, !m.open.is_empty())).collect();
    let ours = |(path, _): &&(String, String)| known.get(path.as_str()).copied().unwrap_or(false);
    let mut complaints = Vec::new();
    for (path, reason) in seen.iter().filter(ours) {
        if !listed.contains(&(path.clone(), reason.clone())) && !anywhere.contains(reason) {
            complaints.push(format!("{path} has given {reason}, which its options do not list"));
        }
    }
    for pair @ (path, reason) in &listed {
        if !seen.contains(pair) {
            complaints.push(format!("{path} lists {reason}, which no test provokes"));
        }
    }
    complaints
}

/// Reasons that any method may give: those whose comment in the contract begins with "Any".
fn anywhere() -> BTreeSet<String> {
    let set = FileDescriptorSet::decode(niva_proto::FILE_DESCRIPTOR_SET).unwrap_or_default();
    let mut found = BTreeSet::new();
    for file in set.file.iter().filter(|file| file.package().starts_with("niva.")) {
        let Some(source) = &file.source_code_info else { continue };
        for location in &source.location {
            // Field 5 of a file is an enum, field 2 of an enum a value.
            let [5, at, 2, value] = location.path[..] else { continue };
            let (Ok(at), Ok(value)) = (usize::try_from(at), usize::try_from(value)) else { continue };
            let of = file.enum_type.get(at).filter(|e| e.name() == "ErrorReason");
            let name = of.and_then(|e| e.value.get(value)).map(|v| v.name());
            if let Some(name) = name.filter(|_| location.leading_comments().trim_start().starts_with("Any "))
            {
                found.insert(name.to_owned());
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_of_any_method_are_read_from_the_contract() {
        assert!(anywhere().contains("FIELD_REQUIRED") && !anywhere().contains("NOT_FOUND"));
    }

    #[test]
    fn an_unlisted_reason_is_seen_and_a_listed_one_must_be_provoked() {
        let method = METHODS.iter().find(|m| !m.refuses.is_empty()).unwrap();
        let seen = pairs(&format!("{} NEVER_HEARD_OF\n", method.path));
        let complaints = compare(&seen);
        assert!(complaints.iter().any(|c| c.contains("NEVER_HEARD_OF, which its options do not list")));
        assert!(complaints.iter().any(|c| c.contains("which no test provokes")));
    }
}
