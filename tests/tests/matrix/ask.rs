//! Requests made from the contract alone: every field filled by its name, so that a new method is asked too.

use niva_journeys::values::{date, month, new_request};
use prost::Message as _;
use prost_reflect::{DynamicMessage, FieldDescriptor, Kind, MethodDescriptor, ReflectMessage, Value};

use super::side::Side;

/// Which filters of a list are given.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Filters<'a> {
    /// None that can be left out.
    None,
    /// All that name something.
    All,
    /// One, and those that cannot be left out.
    Only(&'a str),
}

/// Whether the answer is many things: what is told of it is whose they are.
pub(super) fn is_list(method: &MethodDescriptor) -> bool {
    let watched =
        method.name().starts_with("Watch") && method.input().get_field_by_name("after_position").is_some();
    method.name().starts_with("List") || method.name() == "LapseOffers" || watched
}

/// Whether a list must have this field: it is what the list is of.
fn is_required(method: &MethodDescriptor, field: &str) -> bool {
    let of_one = method.name().ends_with("Revisions") && field != "model_id";
    of_one || ["payment_run_id", "payment_order_id", "import_id"].contains(&field)
}

/// A request about one side of the city.
pub(super) fn request(side: &Side, method: &MethodDescriptor, filters: Filters<'_>) -> DynamicMessage {
    let mut message = DynamicMessage::new(method.input());
    let asking = Asking { side, method, package: method.parent_file().package_name().to_owned(), filters };
    let mut oneof_filled = false;
    for field in method.input().fields() {
        // Of alternatives the first that the side has.
        let alternative = field.containing_oneof().is_some_and(|oneof| !oneof.is_synthetic());
        if alternative && oneof_filled {
            continue;
        }
        if let Some(value) = asking.value(&field) {
            message.set_field(&field, value);
            oneof_filled |= alternative;
        }
    }
    for of in ["from", "into"] {
        let id = message.get_field_by_name(&format!("{of}_person_id"));
        let newest = id.and_then(|id| Some(side.revision(id.as_str()?)));
        let field = method.input().get_field_by_name(&format!("expected_{of}_revision"));
        if let Some((field, newest)) = field.zip(newest) {
            message.set_field(&field, Value::I64(newest));
        }
    }
    let newest = subject(&message).map_or(1, |id| side.revision(&id));
    if let Some(field) = method.input().get_field_by_name("expected_revision") {
        message.set_field(&field, Value::I64(newest));
    }
    message
}

/// The id of what a request is about: its own field, or that of the fact in it.
fn subject(message: &DynamicMessage) -> Option<String> {
    let mut fields = message.fields().filter(|(field, _)| field.name() != "request_id");
    fields.find_map(|(field, value)| match value {
        Value::String(id) if field.name().ends_with("_id") => Some(id.clone()),
        Value::Message(fact) => {
            let id = fact.descriptor().get_field(1)?;
            fact.get_field(&id).as_str().filter(|_| id.name().ends_with("_id")).map(str::to_owned)
        }
        _ => None,
    })
}

struct Asking<'a> {
    side: &'a Side,
    method: &'a MethodDescriptor,
    package: String,
    filters: Filters<'a>,
}

impl Asking<'_> {
    fn value(&self, field: &FieldDescriptor) -> Option<Value> {
        if is_list(self.method) && !self.wanted(field.name()) {
            return None;
        }
        let value = match field.kind() {
            Kind::String => Value::String(self.text(field.name())?),
            Kind::Bool => {
                Value::Bool(["validate_only", "granted", "told_by_mistake"].contains(&field.name()))
            }
            Kind::Int32 => Value::I32(match field.name() {
                "page_size" => 1_000,
                "capacity" => 10,
                _ => return None,
            }),
            Kind::Enum(_) => Value::EnumNumber(1),
            Kind::Message(_) => Value::Message(self.message(field)?),
            _ => return None,
        };
        Some(if field.is_list() { Value::List(vec![value]) } else { value })
    }

    fn wanted(&self, field: &str) -> bool {
        let named = self.filters == Filters::All && (field.ends_with("_id") || field == "district");
        let always = ["request_id", "validate_only", "page_size"].contains(&field);
        always || named || self.filters == Filters::Only(field) || is_required(self.method, field)
    }

    fn text(&self, field: &str) -> Option<String> {
        match field {
            "request_id" => Some(new_request()),
            "reason" => Some("a reason".to_owned()),
            "seed" => Some("a seed".to_owned()),
            "lines_sha256" => Some("0".repeat(64)),
            "format" => Some("pain001_09".to_owned()),
            "origin" => Some("persons.csv:1".to_owned()),
            "service" => Some("supported_housing".to_owned()),
            "district" => Some(self.side.district.to_owned()),
            id => self.side.id_for(id, self.method.name(), &self.package).map(str::to_owned),
        }
    }

    fn message(&self, field: &FieldDescriptor) -> Option<DynamicMessage> {
        let kind = field.kind();
        let descriptor = kind.as_message()?.clone();
        let bytes = match descriptor.full_name() {
            "niva.common.v1.Date" => date(day_of(field.name())?).encode_to_vec(),
            "niva.common.v1.Month" => month(month_of(field.name())).encode_to_vec(),
            "niva.common.v1.Money" => niva_proto::common::v1::Money { ore: 1 }.encode_to_vec(),
            "niva.common.v1.FeedPosition" | "google.protobuf.Timestamp" => return None,
            name => {
                let first = descriptor.get_field(1)?;
                let (method, package) = (self.method.name(), &self.package);
                let own = self.side.message_for(name, method, package);
                own.or_else(|| self.side.message_for(first.name(), method, package))?.to_vec()
            }
        };
        let mut message =
            DynamicMessage::decode(descriptor.clone(), &bytes[..]).expect("a message of the contract");
        // What a caller sends has no info; what is new has no id either, but for who a person is.
        message.clear_field_by_name("info");
        let is_new = self.method.name().starts_with("Record") && descriptor.name() != "PersonIdentity";
        if is_new && descriptor.get_field_by_name("info").is_some() {
            message.clear_field_by_number(1);
        }
        Some(message)
    }
}

/// A day that fits what the city is told.
fn day_of(field: &str) -> Option<&'static str> {
    Some(match field {
        "day" => "2024-03-15",
        "pay_on" => "2030-04-26",
        "first" => "2024-05-01",
        "last" => "2024-05-31",
        "valid_from" | "death_date" => "2024-05-01",
        "appeal_date" => "2024-03-20",
        "outcome_date" => "2024-04-10",
        "ordered_start" => "2024-05-06",
        "actual_start" | "notice_date" | "end_date" => "2024-05-02",
        _ => return None,
    })
}

fn month_of(field: &str) -> &'static str {
    if field == "month" { "2024-05" } else { "2024-03" }
}
