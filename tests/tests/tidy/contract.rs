//! Every rpc of the contract is served, allowed to somebody by a rule, and called by a test.

use std::collections::BTreeSet;

use niva_access::Policy;
use niva_journeys::values::snake_case;
use prost::Message as _;
use prost_types::{DescriptorProto, FileDescriptorSet};

use super::{SourceFile, assert_complains, assert_tidy, repository};

/// One rpc.
struct Rpc {
    /// "/niva.payment.v1.RunService/GetPaymentRun"
    path: String,
    /// "get_payment_run"
    function: String,
    request: DescriptorProto,
    response: DescriptorProto,
}

fn contract() -> Vec<Rpc> {
    let set = FileDescriptorSet::decode(niva_proto::FILE_DESCRIPTOR_SET).unwrap();
    let mut rpcs = Vec::new();
    for file in set.file.iter().filter(|f| f.package().starts_with("niva.")) {
        let message = |name: &str| {
            let short = name.rsplit('.').next().unwrap_or(name);
            file.message_type.iter().find(|m| m.name() == short).cloned().unwrap_or_default()
        };
        for service in &file.service {
            rpcs.extend(service.method.iter().map(|method| Rpc {
                path: format!("/{}.{}/{}", file.package(), service.name(), method.name()),
                function: snake_case(method.name()),
                request: message(method.input_type()),
                response: message(method.output_type()),
            }));
        }
    }
    rpcs
}

/// What a request and a response must have by the kind of rpc.
fn check_shape(rpc: &Rpc) -> Vec<String> {
    let has = |message: &DescriptorProto, field: &str| message.field.iter().any(|f| f.name() == field);
    let name = rpc.path.rsplit('/').next().unwrap_or_default();
    // What is repeated is calculated again, and kept nowhere.
    let reads =
        ["Get", "List", "Find", "Export", "Download", "Sample", "Watch", "Explain", "Calculate", "Repeat"]
            .iter()
            .any(|verb| name.starts_with(verb));
    let mut complaints = Vec::new();
    if !reads && !has(&rpc.request, "request_id") {
        complaints.push(format!("{}: changes something and has no request_id", rpc.path));
    }
    if name.starts_with("List") {
        for field in ["page_size", "page_token"] {
            if !has(&rpc.request, field) {
                complaints.push(format!("{}: lists without {field}", rpc.path));
            }
        }
        if !has(&rpc.response, "next_page_token") {
            complaints.push(format!("{}: lists without next_page_token", rpc.path));
        }
    }
    complaints
}

fn check_policy(paths: &[String], policies: &[Policy]) -> Vec<String> {
    let ruled: BTreeSet<&str> = policies.iter().flat_map(Policy::paths).collect();
    let declared: BTreeSet<&str> = paths.iter().map(String::as_str).collect();
    let unruled = declared.difference(&ruled).map(|path| format!("{path}: no rule says who may call it"));
    let stale =
        ruled.difference(&declared).map(|path| format!("{path}: has a rule and is not in the contract"));
    unruled.chain(stale).collect()
}

/// Whether tests call the rpc: by the generated client's function, in a file that speaks of its service.
fn check_called(rpcs: &[Rpc], files: &[SourceFile]) -> Vec<String> {
    let tests = |path: &str| path.ends_with(".rs") && path.contains("tests/");
    let complaint = |rpc: &Rpc| {
        let call = format!(".{}(", rpc.function);
        let called = files.iter().any(|f| tests(&f.path) && f.text.contains(&call));
        (!called).then(|| format!("{}: no test calls it", rpc.path))
    };
    rpcs.iter().filter_map(complaint).collect()
}

#[test]
fn every_rpc_is_ruled_and_called_by_a_test() {
    let rpcs = contract();
    assert!(rpcs.len() > 40, "only {} rpcs found", rpcs.len());
    let paths: Vec<String> = rpcs.iter().map(|rpc| rpc.path.clone()).collect();
    let policies = [niva_assessment::policy(), niva_choice::policy(), niva_payment::policy()];
    let mut complaints = check_policy(&paths, &policies);
    complaints.extend(check_called(&rpcs, &repository()));
    assert_tidy(&complaints);
}

#[test]
fn requests_and_lists_have_their_shape() {
    assert_tidy(&contract().iter().flat_map(check_shape).collect::<Vec<_>>());
}

#[test]
fn an_rpc_without_shape_rule_or_test_is_seen() {
    let bad = |name: &str| Rpc {
        path: format!("/niva.payment.v1.RunService/{name}"),
        function: snake_case(name),
        request: DescriptorProto::default(),
        response: DescriptorProto::default(),
    };
    assert_complains(&check_shape(&bad("ForgetEverything")), "has no request_id");
    assert_complains(&check_shape(&bad("ListSecrets")), "lists without page_token");
    assert_complains(&check_shape(&bad("ListSecrets")), "lists without next_page_token");
    let forget = [bad("ForgetEverything")];
    let policies = [niva_payment::policy()];
    assert_complains(&check_policy(&[forget[0].path.clone()], &policies), "no rule says who may call it");
    assert_complains(&check_policy(&[], &policies), "is not in the contract");
    let called = SourceFile::sample("tests/tests/a.rs", "client.forget_everything(request).await");
    assert!(check_called(&forget, &[called]).is_empty());
    assert_complains(&check_called(&forget, &[]), "no test calls it");
}
