//! What a caller does not reach looks like what does not exist.

use std::fmt;

use niva_journeys::world::Role;
use niva_proto::METHODS;
use niva_proto::common::v1::Scope;
use prost::Message as _;
use prost_reflect::{DynamicMessage, FieldDescriptor, Kind, MethodDescriptor, ReflectMessage, Value};
use tonic::Status;
use tonic_types::StatusExt;

use super::ask::{Filters, is_list, request};
use super::callers::{Callers, Claims};
use super::side::Side;
use super::wire::{call, path_of};

/// What every role may read of everybody, or is the whole city's, so that it is no secret whether it exists; and names
/// that are no ids of things.
const PUBLIC: [&str; 7] =
    ["unit_id", "provider_id", "model_id", "instrument_id", "scale_id", "payment_run_id", "request_id"];

/// A foreign thing that is told apart from none.
pub(super) struct Told {
    path: String,
    role: Role,
    what: String,
    foreign: String,
    ghost: String,
}

impl fmt::Display for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, role, what, foreign, ghost } = self;
        write!(f, "{path} as {role}, {what}:\n  foreign:     {foreign}\n  nonexistent: {ghost}")
    }
}

/// The roles that something bounds in a method.
pub(super) fn bounded(method: &MethodDescriptor) -> Vec<Role> {
    let path = path_of(method);
    let method = METHODS.iter().find(|known| known.path == path).expect("a method of the contract");
    let openings = method.open.iter().filter(|opening| opening.scope != Scope::None);
    let roles = openings.flat_map(|opening| opening.roles);
    roles.map(|role| named(*role)).collect()
}

fn named(role: niva_proto::common::v1::Role) -> Role {
    let name = role.as_str_name().trim_start_matches("ROLE_").to_lowercase();
    name.parse().expect("a role of that name")
}

/// Whether the token's subject bounds a role in a method, and no claim.
pub(super) fn by_subject(method: &MethodDescriptor, role: Role) -> bool {
    let path = path_of(method);
    let method = METHODS.iter().find(|known| known.path == path).expect("a method of the contract");
    let mut openings = method.open.iter().filter(|o| matches!(o.scope, Scope::Person | Scope::Author));
    openings.any(|opening| opening.roles.iter().any(|known| named(*known) == role))
}

/// Asks every bounded role of every method.
pub(super) async fn heard(
    callers: &mut Callers<'_>,
    sides: &[Side; 2],
    methods: &[MethodDescriptor],
) -> (usize, Vec<Told>) {
    let (mut asked, mut told) = (0, Vec::new());
    for method in methods {
        let path = path_of(method);
        for role in bounded(method) {
            for pair in pairs(sides, method) {
                let channel = callers.channel(method, role, pair.claims);
                let foreign = call(&channel, method, pair.foreign.encode_to_vec()).await;
                let ghost = call(&channel, method, pair.ghost.encode_to_vec()).await;
                asked += 1;
                let (foreign, ghost) = (seen(method, foreign), seen(method, ghost).replace(GHOST, ""));
                if foreign != ghost {
                    told.push(Told { path: path.clone(), role, what: pair.what, foreign, ghost });
                }
            }
        }
    }
    (asked, told)
}

/// Withdraws what the side that is asked about has; how many things could be.
pub(super) async fn withdraw(
    callers: &mut Callers<'_>,
    sides: &[Side; 2],
    methods: &[MethodDescriptor],
) -> usize {
    let mut withdrawn = 0;
    for method in methods.iter().filter(|method| method.name().starts_with("Withdraw")) {
        let mut message = request(&sides[0], method, Filters::None);
        message.set_field_by_name("validate_only", Value::Bool(false));
        for role in Role::ALL {
            let channel = callers.channel(method, role, Claims::Own);
            withdrawn += usize::from(call(&channel, method, message.encode_to_vec()).await.is_ok());
        }
    }
    withdrawn
}

/// All that a caller sees of an answer.
fn seen(method: &MethodDescriptor, answer: Result<Vec<u8>, Status>) -> String {
    match answer {
        Ok(bytes) if is_list(method) => format!("{bytes:?}"),
        Ok(_) => "ok".to_owned(),
        Err(status) => {
            let details = status.get_error_details();
            let info = details.error_info().map(|info| {
                let metadata: std::collections::BTreeMap<_, _> = info.metadata.iter().collect();
                format!("{} {metadata:?}", info.reason)
            });
            format!("{:?} {:?} {info:?} {:?}", status.code(), status.message(), details.bad_request())
        }
    }
}

/// Follows an id of the other side and makes it nobody's, within the same namespace.
const GHOST: &str = "-of-nobody";

/// Two requests that differ in ids alone: those of the first exist, those of the second do not.
struct Pair {
    what: String,
    claims: Claims,
    foreign: DynamicMessage,
    ghost: DynamicMessage,
}

fn pairs(sides: &[Side; 2], method: &MethodDescriptor) -> Vec<Pair> {
    let [asked, other] = sides;
    let mut pairs = Vec::new();
    if is_list(method) {
        let filters: Vec<String> = method.input().fields().map(|field| field.name().to_owned()).collect();
        for filter in filters.iter().filter(|name| secret(name)) {
            let foreign = request(asked, method, Filters::Only(filter));
            let ghost = changed(&foreign, &|field, id| (field == filter).then(|| ghost_of(id)));
            let what = format!("a list of a foreign {filter}");
            pairs.push(Pair { what, claims: Claims::Foreign, foreign, ghost });
        }
        return pairs;
    }
    let about = request(asked, method, Filters::None);
    for (what, field, value) in VARIANTS {
        let mut foreign = about.clone();
        if let Some(field) = method.input().get_field_by_name(field) {
            foreign.set_field(&field, value(&field));
        }
        let ghost = changed(&foreign, &|_, id| Some(ghost_of(id)));
        pairs.push(Pair { what: what.to_owned(), claims: Claims::Foreign, foreign, ghost });
    }
    pairs.extend(added(sides, &about));
    for name in names(&about) {
        let ghost = changed(&about, &|field, id| (field == name).then(|| ghost_of(id)));
        let what = format!("all foreign, {name} of nobody");
        pairs.push(Pair { what, claims: Claims::Foreign, foreign: about.clone(), ghost });
        let foreign =
            changed(&about, &|field, id| (field == name).then(|| asked.counterpart(id, other).to_owned()));
        let ghost = changed(&foreign, &|field, id| (field == name).then(|| ghost_of(id)));
        pairs.push(Pair { what: format!("own but for {name}"), claims: Claims::Own, foreign, ghost });
    }
    pairs.retain(|pair| pair.foreign != pair.ghost);
    pairs
}

/// A fact of one's own that names somebody else's thing where it named none: as its own id, or as what it stands on.
fn added(sides: &[Side; 2], about: &DynamicMessage) -> Vec<Pair> {
    let mut pairs = Vec::new();
    for (field, value) in about.fields() {
        let Some(fact) = value.as_message() else { continue };
        let empty = |id: &FieldDescriptor| {
            id.kind() == Kind::String && !id.is_list() && secret(id.name()) && !fact.has_field(id)
        };
        for id in fact.descriptor().fields().filter(empty) {
            let Some(other) = sides[1].id_for(id.name(), "", "") else { continue };
            let with = |value: String| {
                let (mut message, mut fact) = (about.clone(), fact.clone());
                fact.set_field(&id, Value::String(value));
                message.set_field(&field, Value::Message(fact));
                changed(&message, &|_, _| None)
            };
            let (foreign, ghost) = (with(other.to_owned()), with(ghost_of(other)));
            let what = format!("own, with {} where there was none", id.name());
            pairs.push(Pair { what, claims: Claims::Own, foreign, ghost });
        }
    }
    pairs
}

/// What may be wrong or asked otherwise with a request, and must not tell of what it is about.
type Variant = (&'static str, &'static str, fn(&FieldDescriptor) -> Value);
const VARIANTS: [Variant; 4] = [
    ("all foreign", "validate_only", |_| Value::Bool(true)),
    ("all foreign, another revision", "expected_revision", |_| Value::I64(99)),
    ("all foreign, no reason", "reason", |_| Value::String(String::new())),
    ("all foreign, as it stood", "as_of", long_ago),
];

/// A moment before anything was told.
fn long_ago(field: &FieldDescriptor) -> Value {
    let kind = field.kind();
    let timestamp = kind.as_message().expect("a moment is a message").clone();
    Value::Message(DynamicMessage::decode(timestamp, &[8, 1][..]).expect("one second after 1970"))
}

fn ghost_of(id: &str) -> String {
    format!("{id}{GHOST}")
}

fn secret(field: &str) -> bool {
    field.ends_with("_id") && !PUBLIC.contains(&field)
}

/// Names of secret ids in a request, at whatever depth.
fn names(message: &DynamicMessage) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for (field, value) in message.fields() {
        match value {
            Value::String(_) if secret(field.name()) => found.push(field.name().to_owned()),
            Value::Message(inner) => found.extend(names(inner)),
            Value::List(values) => {
                found.extend(values.iter().filter_map(Value::as_message).flat_map(names));
            }
            _ => {}
        }
    }
    found.sort();
    found.dedup();
    found
}

/// The message with secret ids changed; where `by` says nothing they stay. A request's own id is new, for it is another.
fn changed(message: &DynamicMessage, by: &dyn Fn(&str, &str) -> Option<String>) -> DynamicMessage {
    let mut message = message.clone();
    for (field, value) in message.fields_mut() {
        match value {
            Value::String(id) if field.name() == "request_id" => *id = niva_journeys::values::new_request(),
            Value::String(id) if secret(field.name()) => {
                if let Some(new) = by(field.name(), id) {
                    *id = new;
                }
            }
            Value::Message(inner) => *inner = changed(inner, by),
            Value::List(values) => {
                for value in values {
                    if let Value::Message(inner) = value {
                        *inner = changed(inner, by);
                    }
                }
            }
            _ => {}
        }
    }
    message
}
