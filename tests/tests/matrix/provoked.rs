//! Reasons that many methods share, provoked over the wire: every method that lists one gives it when a request is wrong
//! in that one way, or stands in [`EXCEPT`] with the cause.

use std::collections::BTreeSet;

use futures_util::future::join_all;
use niva_base::Clock;
use niva_journeys::values::{date, new_request};
use niva_journeys::world::{Role, Store, World};
use niva_proto::common::v1::{DateInterval, FeedPosition, Scope};
use niva_proto::{METHODS, Method};
use niva_testing::values::invented_number;
use prost::Message;
use prost_reflect::{DynamicMessage, FieldDescriptor, Kind, MethodDescriptor, ReflectMessage, Value};
use tonic::Status;

use super::ask::{Filters, request};
use super::callers::{Callers, Claims};
use super::side::Side;
use super::spoilt::inside;
use super::wire::{call, path_of};
use super::{city, methods, silence, spares, spoilt};

/// What the city cannot provoke in this way: a reason, the end of a method's path, and why not.
const EXCEPT: &[(&str, &str, &str)] = &[
    (
        "PLACEMENT_UNKNOWN",
        "VisitService/CorrectVisit",
        "it comes when the visit is moved to a day on which another provider runs the unit: payment's own tests have it",
    ),
    (
        "REASON_MISSING",
        "PaymentOrderService/AcknowledgePaymentOrder",
        "a reason is asked for when an order is rejected, which the request does not say: payment's own tests have it",
    ),
];

/// What is asked before anything is withdrawn.
const COMMON: [&str; 15] = [
    "REASON_MISSING",
    "REVISION_NOT_NEWEST",
    "AS_OF_IN_FUTURE",
    "NOT_FOUND",
    "ID_TAKEN",
    "ID_OUTSIDE_NAMESPACE",
    "PAGE_TOKEN_INVALID",
    "PAGE_SIZE_NEGATIVE",
    "SERVICE_UNKNOWN",
    "DISTRICT_UNKNOWN",
    "DISTRICT_NOT_YOURS",
    "END_BEFORE_START",
    "DATE_TOO_FAR",
    "CURSOR_NEGATIVE",
    "CURSOR_AHEAD",
];

/// Nobody gets so far.
const FAR: i64 = 1_000_000_000;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_method_gives_the_common_reasons_that_it_lists() {
    let world = World::memory(Store::Sqlite).await;
    let mut sides = city::build(&world).await;
    spares::tell(&world, &mut sides).await;
    let mut callers = Callers::new(&world, &sides);
    let methods = methods();
    let mut complaints = Vec::new();
    for reason in COMMON.into_iter().chain(spoilt::REASONS) {
        for method in listing(&methods, reason) {
            let answers = answers(&mut callers, method, &wrong(reason, &sides[0], method), reason).await;
            complaints.extend(complaint(reason, method, &answers));
        }
    }
    complaints.extend(behind(&mut callers, &sides[0], &methods).await);
    silence::withdraw(&mut callers, &sides, &methods).await;
    for method in listing(&methods, "FACT_WITHDRAWN") {
        let requests = withdrawn(&sides[0], method);
        let answers = answers(&mut callers, method, &requests, "FACT_WITHDRAWN").await;
        complaints.extend(complaint("FACT_WITHDRAWN", method, &answers));
    }
    world.close().await;
    assert!(complaints.is_empty(), "{} complaints:\n{}", complaints.len(), complaints.join("\n"));
}

fn known(method: &MethodDescriptor) -> &'static Method {
    let path = path_of(method);
    METHODS.iter().find(|known| known.path == path).expect("a method of the contract")
}

fn listing<'a>(methods: &'a [MethodDescriptor], reason: &str) -> Vec<&'a MethodDescriptor> {
    let found: Vec<_> = methods.iter().filter(|method| known(method).refuses.contains(&reason)).collect();
    assert!(!found.is_empty(), "no method lists {reason}");
    found
}

/// Who may call a method: the unbounded first, unless the reason is one that only a bounded caller is given.
fn roles(method: &MethodDescriptor, reason: &str) -> Vec<Role> {
    let mut openings: Vec<_> = known(method).open.iter().collect();
    let bounded_first = ["ID_OUTSIDE_NAMESPACE", "DISTRICT_NOT_YOURS"].contains(&reason);
    openings.sort_by_key(|opening| (opening.scope == Scope::None) == bounded_first);
    let roles = openings.iter().flat_map(|opening| opening.roles);
    roles
        .map(|role| {
            let name = role.as_str_name().trim_start_matches("ROLE_").to_lowercase();
            name.parse().expect("a role of that name")
        })
        .collect()
}

/// What comes of the requests, up to the first that is refused for the reason.
async fn answers(
    callers: &mut Callers<'_>,
    method: &MethodDescriptor,
    requests: &[DynamicMessage],
    reason: &str,
) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for role in roles(method, reason) {
        let channel = callers.channel(method, role, Claims::Own);
        for message in requests {
            let message = renewed(message);
            found.extend(told(&call(&channel, method, message.encode_to_vec()).await));
            if found.contains(reason) {
                return found;
            }
        }
    }
    found
}

/// The same again as another request.
fn renewed(message: &DynamicMessage) -> DynamicMessage {
    let mut message = message.clone();
    if let Some(field) = message.descriptor().get_field_by_name("request_id") {
        message.set_field(&field, Value::String(new_request()));
    }
    message
}

/// The reason of a refusal and those of its violations.
fn told(answer: &Result<Vec<u8>, Status>) -> Vec<String> {
    match answer {
        Ok(_) => vec!["ok".to_owned()],
        Err(status) => {
            let mut found = niva_rpc::reasons(status);
            found.push(niva_rpc::reason(status).unwrap_or_else(|| format!("{:?}", status.code())));
            found
        }
    }
}

/// What is wrong with the outcome: a reason that was not given, or an exception that is none.
fn complaint(reason: &str, method: &MethodDescriptor, answers: &BTreeSet<String>) -> Option<String> {
    let path = path_of(method);
    let excepted = EXCEPT.iter().find(|(what, end, _)| *what == reason && path.ends_with(end));
    match (answers.contains(reason), excepted) {
        (true, Some((_, _, cause))) => Some(format!("{path} {reason}: provoked, though {cause}")),
        (false, None) => Some(format!("{path} {reason}: not provoked, but {answers:?}")),
        _ => None,
    }
}

/// Requests that name a position of a feed that nobody has told yet; each waits for it, so all are asked at once.
async fn behind(callers: &mut Callers<'_>, side: &Side, methods: &[MethodDescriptor]) -> Vec<String> {
    let mut calls = Vec::new();
    for method in listing(methods, "FEED_BEHIND") {
        let role = roles(method, "FEED_BEHIND")[0];
        let channel = callers.channel(method, role, Claims::Own);
        let messages = wrong("FEED_BEHIND", side, method);
        calls.push(async move {
            let mut found = BTreeSet::new();
            for message in messages {
                found.extend(told(&call(&channel, method, message.encode_to_vec()).await));
            }
            complaint("FEED_BEHIND", method, &found)
        });
    }
    join_all(calls).await.into_iter().flatten().collect()
}

/// Requests of which at least one is to be refused for the reason: each is right but for one field.
fn wrong(reason: &str, side: &Side, method: &MethodDescriptor) -> Vec<DynamicMessage> {
    let about = request(side, method, Filters::None);
    variants(side, &about, &|field, value| spoilt(reason, side, field, value))
}

/// A value for a field that provokes the reason.
fn spoilt(reason: &str, side: &Side, field: &FieldDescriptor, value: Option<&Value>) -> Option<Value> {
    let (name, kind) = (field.name(), field.kind());
    let message = kind.as_message().map(|message| message.full_name().to_owned()).unwrap_or_default();
    let is_date = message == "niva.common.v1.Date";
    let id = name.ends_with("_id") && name != "request_id" && kind == Kind::String && !field.is_list();
    let empty = value.is_none_or(|value| value.as_str() == Some(""));
    // An import corrects without a reason of its own only what it changes; this is the way in which every one is refused.
    let import = field.parent_message().name() == "CreateImportRequest";
    let text = |text: &str| Some(Value::String(text.to_owned()));
    match reason {
        "REASON_MISSING" if name == "reason" && import => text(&"x".repeat(501)),
        "REASON_MISSING" if name == "reason" => text(""),
        "REVISION_NOT_NEWEST" if name.starts_with("expected_") && name.ends_with("revision") => {
            Some(Value::I64(99))
        }
        "AS_OF_IN_FUTURE" if name == "as_of" => {
            // What was recorded when is told by the system's clock, not by the city's.
            let tomorrow = Clock::system().now() + chrono::Duration::days(1);
            Some(inside(field, &prost_types::Timestamp { seconds: tomorrow.timestamp(), nanos: 0 }))
        }
        "NOT_FOUND" if id => text("farsta-of-nobody"),
        "NOT_FOUND" if name == "number" => text(&invented_number(999)),
        "ID_TAKEN" if id => text(side.id_for(name, "taken", "")?),
        "ID_OUTSIDE_NAMESPACE" if id && empty => text("x"),
        "PAGE_TOKEN_INVALID" if name == "page_token" => text("nothing"),
        "PAGE_SIZE_NEGATIVE" if name == "page_size" => Some(Value::I32(-1)),
        "SERVICE_UNKNOWN" if name == "service" => text("nothing"),
        "DISTRICT_NOT_YOURS" if id || name == "district" => text(side.id_for(name, "elsewhere", "")?),
        "DISTRICT_UNKNOWN" if name.ends_with("district") => text("nothing"),
        "END_BEFORE_START" if message == "niva.common.v1.DateInterval" => {
            let (first, last) = (Some(date("2024-05-31")), Some(date("2024-05-01")));
            Some(inside(field, &DateInterval { first, last }))
        }
        "END_BEFORE_START" if message == "niva.choice.v1.Placement" => {
            Some(ended(value?.as_message()?.clone()))
        }
        "END_BEFORE_START" if is_date => Some(inside(field, &date("2019-01-01"))),
        "DATE_TOO_FAR" if is_date => Some(inside(field, &date("2034-04-02"))),
        "CURSOR_NEGATIVE" if name == "after_position" => Some(Value::I64(-1)),
        "CURSOR_AHEAD" if name == "after_position" => Some(Value::I64(FAR)),
        "FEED_BEHIND" if name == "min_positions" => {
            let package = field.parent_message().package_name().to_owned();
            let feed = if package == "niva.choice.v1" { "assessment" } else { "choice" };
            let position = FeedPosition { feed: feed.to_owned(), position: FAR };
            Some(Value::List(vec![inside(field, &position)]))
        }
        _ => spoilt::value(reason, side, field, value),
    }
}

/// A placement that ends on the day before it starts.
fn ended(mut placement: DynamicMessage) -> Value {
    for (name, text) in
        [("ordered_start", "2024-03-25"), ("actual_start", "2024-03-26"), ("end_date", "2024-03-25")]
    {
        let field = placement.descriptor().get_field_by_name(name).expect("a day of a placement");
        placement.set_field(&field, inside(&field, &date(text)));
    }
    Value::Message(placement)
}

/// What a field is to be instead, if anything.
type Spoil<'a> = dyn Fn(&FieldDescriptor, Option<&Value>) -> Option<Value> + 'a;

/// The message with one field changed, at whatever depth: one for each field that `by` changes. What is not there and
/// could be is put there as the side has it, and changed too.
fn variants(side: &Side, message: &DynamicMessage, by: &Spoil<'_>) -> Vec<DynamicMessage> {
    let mut found = Vec::new();
    for field in message.descriptor().fields() {
        let value = message.has_field(&field).then(|| message.get_field(&field).into_owned());
        let mut with = |value: Value| {
            let mut message = message.clone();
            message.set_field(&field, value);
            found.push(message);
        };
        let listed = |value: Value| match (field.is_list(), &value) {
            (true, Value::List(_)) | (false, _) => value,
            (true, _) => Value::List(vec![value]),
        };
        if let Some(value) = by(&field, value.as_ref()) {
            with(listed(value));
        }
        let inner = match value {
            Some(Value::Message(inner)) => Some(inner),
            Some(Value::List(values)) => values.first().and_then(Value::as_message).cloned(),
            Some(_) => None,
            None => spoilt::known(side, &field),
        };
        for inner in inner.iter().flat_map(|inner| variants(side, inner, by)) {
            with(listed(Value::Message(inner)));
        }
    }
    found
}

/// Requests about what was withdrawn of the side, at the revisions that it may have come to.
fn withdrawn(side: &Side, method: &MethodDescriptor) -> Vec<DynamicMessage> {
    let package = method.parent_file().package_name().to_owned();
    let about = request(side, method, Filters::None);
    let of_withdrawn = |field: &FieldDescriptor, value: Option<&Value>| {
        let thing = field.name().strip_suffix("_id").filter(|thing| *thing != "request")?;
        value.and_then(Value::as_str)?;
        let mut thing: String = thing.split('_').map(capital).collect();
        if method.parent_service().name() == "IdentityService" {
            // What is withdrawn of a person there is not the person.
            thing.push_str("Identity");
        }
        let id = side.id_for(field.name(), &format!("Withdraw{thing}"), &package)?;
        Some(Value::String(id.to_owned()))
    };
    let mut found = Vec::new();
    for message in variants(side, &about, &of_withdrawn) {
        let Some(field) = message.descriptor().get_field_by_name("expected_revision") else {
            found.push(message);
            continue;
        };
        for revision in 1..=4 {
            let mut message = message.clone();
            message.set_field(&field, Value::I64(revision));
            found.push(message);
        }
    }
    found
}

fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}
