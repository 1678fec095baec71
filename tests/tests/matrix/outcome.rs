//! What came of a call, in a word.

use niva_journeys::world::Role;
use prost_reflect::{DynamicMessage, MethodDescriptor, Value};
use tonic::{Code, Status};

use super::ask::is_list;
use super::callers::Claims;
use super::side::Side;
use super::silence::{bounded, by_subject};

/// Who sees no person's data.
const NO_PERSONS: [Role; 3] = [Role::Analyst, Role::Administrator, Role::Erp];

/// `ok`, the reason of the refusal, or of a list whose things are in it. `mine` is what the caller's claims name.
pub(super) fn word(
    method: &MethodDescriptor,
    answer: &Result<Vec<u8>, Status>,
    mine: &Side,
    other: &Side,
) -> String {
    let bytes = match answer {
        Err(status) => return refusal(status),
        Ok(bytes) => bytes,
    };
    let message = DynamicMessage::decode(method.output(), &bytes[..]).expect("an answer of the contract");
    let ids = texts(&message);
    let holds = |side: &Side, other: &Side| ids.iter().any(|id| side.has(id, other));
    match (holds(mine, other), holds(other, mine)) {
        (true, true) => "both",
        _ if !is_list(method) => "ok",
        (true, false) => "own",
        (false, true) => "foreign",
        (false, false) if bytes.is_empty() => "none",
        (false, false) => "ok",
    }
    .to_owned()
}

/// What is forbidden whatever the matrix says, so that nobody renews it by mistake: a bounded role sees nothing of
/// others and nothing without claims, and some roles see no person's things at all.
pub(super) fn forbidden(
    role: Role,
    claims: Claims,
    method: &MethodDescriptor,
    answer: &Result<Vec<u8>, Status>,
    sides: &[Side; 2],
) -> Option<String> {
    let bytes = answer.as_ref().ok()?;
    let message = DynamicMessage::decode(method.output(), &bytes[..]).expect("an answer of the contract");
    let [asked, other] = sides;
    // The lines that it pays have names, and who they are paid for is in none of them.
    let pays = |side: &Side, id: &String| role == Role::Erp && id == side.id("payment_line_id");
    let ids: Vec<String> =
        texts(&message).into_iter().filter(|id| !sides.iter().any(|side| pays(side, id))).collect();
    let of_person = |side: &Side, than: &Side| ids.iter().any(|id| side.of_person(id, than));
    let wrong = match claims {
        _ if NO_PERSONS.contains(&role) => of_person(asked, other) || of_person(other, asked),
        _ if !bounded(method).contains(&role) => false,
        Claims::Own => of_person(other, asked),
        Claims::Foreign => of_person(asked, other),
        // Whose bound is the subject is somebody of nothing else, and sees nothing.
        Claims::None if by_subject(method, role) => of_person(asked, other) || of_person(other, asked),
        Claims::None => true,
    };
    wrong.then(|| format!("{} shows {role} what it may never see (claims: {claims:?})", method.full_name()))
}

/// The reason, or the reasons of every violation; a code where a status has none.
fn refusal(status: &Status) -> String {
    let reasons = niva_rpc::reasons(status);
    if status.code() == Code::InvalidArgument && !reasons.is_empty() {
        return reasons.join("+");
    }
    niva_rpc::reason(status).unwrap_or_else(|| format!("{:?}", status.code()))
}

/// Every text in a message, at whatever depth.
fn texts(message: &DynamicMessage) -> Vec<String> {
    let mut found = Vec::new();
    for (_, value) in message.fields() {
        gather(value, &mut found);
    }
    found
}

fn gather(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::String(text) => found.push(text.clone()),
        Value::Message(message) => found.extend(texts(message)),
        Value::List(values) => values.iter().for_each(|value| gather(value, found)),
        _ => {}
    }
}
