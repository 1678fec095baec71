//! Who may do what, proved over the wire: every method of the contract is called with every role, on what is the caller's
//! own, on what is not, and without claims. What came of it is kept in `tests/access-matrix.txt`, for an auditor to read.

mod ask;
mod callers;
mod city;
mod holds;
mod identities;
mod merges;
mod outcome;
mod payment;
mod provoked;
mod side;
mod silence;
mod spares;
mod spoilt;
pub(crate) mod wire;

use std::collections::BTreeMap;
use std::fmt::Write as _;

use niva_journeys::{
    repository_root,
    world::{Role, Store, World},
};
use niva_proto::{FILE_DESCRIPTOR_SET, METHODS};
use prost::Message as _;
use prost_reflect::{DescriptorPool, MethodDescriptor};
use tonic::Status;

use self::ask::{Filters, request};
use self::callers::{Callers, Claims};
use self::side::Side;

/// Where it is kept.
const FILE: &str = "tests/access-matrix.txt";
/// Set to 1, the file is written anew.
const RENEW: &str = "NIVA_RENEW";

const HEAD: &str = "\
# Who may call what, and what comes of it: made by tests/tests/matrix.rs, which calls every method with every role.
# Renew it with NIVA_RENEW=1 and read what has changed before you keep it.
#
# own:     the token claims the district, the provider and the person of what is asked about
# foreign: the token claims those of another; lists are asked for what is not the caller's
# none:    the token claims nothing
#
# ok: done, or shown. Of a list, and of what tells of both halves of the city: whose things are in it (own, foreign,
# both, none). Else the reason of the refusal; one that is neither of access nor NOT_FOUND is a rule of the service, up to
# which the role was let.
";

/// The methods of the contract, in its order.
fn methods() -> Vec<MethodDescriptor> {
    let pool = DescriptorPool::decode(FILE_DESCRIPTOR_SET).expect("the contract");
    let found: Vec<MethodDescriptor> =
        pool.services().flat_map(|service| service.methods().collect::<Vec<_>>()).collect();
    let ours = |path: &str| METHODS.iter().any(|method| method.path == path);
    let mut found: Vec<_> = found.into_iter().filter(|method| ours(&wire::path_of(method))).collect();
    found.sort_by_key(wire::path_of);
    assert_eq!(found.len(), METHODS.len(), "every method of the contract is asked");
    found
}

/// A method's lines: roles with equal outcomes share one.
async fn rows(
    callers: &mut Callers<'_>,
    sides: &[Side; 2],
    method: &MethodDescriptor,
    forbidden: &mut Vec<String>,
) -> String {
    let mut by_outcome: BTreeMap<String, Vec<Role>> = BTreeMap::new();
    for role in Role::ALL {
        let mut words = Vec::new();
        for claims in Claims::ALL {
            let answer = asked(callers, sides, method, role, claims).await;
            forbidden.extend(outcome::forbidden(role, claims, method, &answer, sides));
            words.push(told(sides, method, claims, &answer));
        }
        let line = match &words[..] {
            [own, foreign, none] if own == "ROLE_MISSING" && foreign == own && none == own => own.clone(),
            _ => {
                let told =
                    Claims::ALL.iter().zip(&words).map(|(claims, word)| format!("{}={word}", claims.name()));
                told.collect::<Vec<_>>().join(" ")
            }
        };
        by_outcome.entry(line).or_default().push(role);
    }
    let mut lines: Vec<(Vec<Role>, String)> =
        by_outcome.into_iter().map(|(line, roles)| (roles, line)).collect();
    lines.sort_by_key(|(roles, line)| (line == "ROLE_MISSING", roles.clone()));
    let mut text = format!("\n{}\n", wire::path_of(method));
    for (roles, line) in lines {
        let names = match (roles.len(), line.as_str()) {
            (14, _) => "every role".to_owned(),
            (_, "ROLE_MISSING") => "every other role".to_owned(),
            _ => roles.iter().map(|role| role.as_str()).collect::<Vec<_>>().join(" "),
        };
        let _ = writeln!(text, "  {names:<32} {line}");
    }
    text
}

/// What comes of one call. A list of one's own is asked for without filters, to see whether it holds more than that; of
/// another's with all of them.
async fn asked(
    callers: &mut Callers<'_>,
    sides: &[Side; 2],
    method: &MethodDescriptor,
    role: Role,
    claims: Claims,
) -> Result<Vec<u8>, Status> {
    let filters = if claims == Claims::Foreign { Filters::All } else { Filters::None };
    let channel = callers.channel(method, role, claims);
    let message = request(&sides[0], method, filters).encode_to_vec();
    wire::call(&channel, method, message).await
}

fn told(
    [asked_about, other]: &[Side; 2],
    method: &MethodDescriptor,
    claims: Claims,
    answer: &Result<Vec<u8>, Status>,
) -> String {
    let (mine, theirs) = if claims == Claims::Foreign { (other, asked_about) } else { (asked_about, other) };
    outcome::word(method, answer, mine, theirs)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_method_answers_every_role_as_the_matrix_says() {
    let world = World::memory(Store::Sqlite).await;
    let sides = city::build(&world).await;
    let mut callers = Callers::new(&world, &sides);
    let (mut matrix, mut forbidden) = (HEAD.to_owned(), Vec::new());
    for method in methods() {
        matrix.push_str(&rows(&mut callers, &sides, &method, &mut forbidden).await);
    }
    world.close().await;
    assert!(forbidden.is_empty(), "{}", forbidden.join("\n"));
    let file = repository_root().join(FILE);
    if std::env::var(RENEW).is_ok_and(|renew| renew == "1") {
        std::fs::write(&file, &matrix).expect("the matrix is written");
    }
    let kept = std::fs::read_to_string(&file).unwrap_or_default();
    let differences = differences(&kept, &matrix);
    assert!(
        differences.is_empty(),
        "who may do what has changed; if it was meant, {RENEW}=1 writes {FILE} anew:\n{differences}"
    );
}

/// Lines of one that the other does not have, each below its method.
fn differences(kept: &str, now: &str) -> String {
    let lines = |text: &str| -> Vec<(String, String)> {
        let mut method = String::new();
        let mut found = Vec::new();
        for line in text.lines().filter(|line| !line.is_empty()) {
            if line.starts_with('/') {
                method = line.to_owned();
            }
            found.push((method.clone(), line.to_owned()));
        }
        found
    };
    let (kept, now) = (lines(kept), lines(now));
    let mut text = String::new();
    for (sign, these, those) in [('-', &kept, &now), ('+', &now, &kept)] {
        for (method, line) in these.iter().filter(|line| !those.contains(line)) {
            let _ = writeln!(text, "{sign} {method} {}", line.trim());
        }
    }
    text
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_caller_does_not_reach_looks_like_what_does_not_exist() {
    let world = World::memory(Store::Sqlite).await;
    let sides = city::build(&world).await;
    let mut callers = Callers::new(&world, &sides);
    let methods = methods();
    let (mut asked, mut told) = silence::heard(&mut callers, &sides, &methods).await;
    // What is withdrawn is kept, and as secret as before.
    let withdrawn = silence::withdraw(&mut callers, &sides, &methods).await;
    assert!(withdrawn > 10, "{withdrawn} things are withdrawn");
    let (again, more) = silence::heard(&mut callers, &sides, &methods).await;
    asked += again;
    told.extend(more);
    world.close().await;
    assert!(asked > 200, "{asked} questions were asked");
    let told: Vec<String> = told.iter().map(ToString::to_string).collect();
    assert!(
        told.is_empty(),
        "{} of {asked} tell a foreign thing from none:\n{}",
        told.len(),
        told.join("\n")
    );
}
