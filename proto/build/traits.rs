//! What messages have in common, as implementations of `niva_facts`' traits.

use std::collections::BTreeMap;
use std::fmt::Write;

use prost_reflect::{DescriptorPool, Kind, MessageDescriptor};

const INFO: &str = "niva.common.v1.FactInfo";
const EVENT_INFO: &str = "niva.common.v1.EventInfo";
const POSITION: &str = "niva.common.v1.FeedPosition";

pub(crate) fn write(pool: &DescriptorPool) -> String {
    let methods = methods(pool);
    let mut text = String::new();
    for message in pool.all_messages().filter(|m| m.package_name().starts_with("niva.")) {
        let Some(path) = rust_path(&message) else { continue };
        feed(&mut text, &message, &path);
        if is_fact(&message) {
            fact(&mut text, &message, &path);
        }
        if let Some(method) = methods.get(message.full_name()).filter(|_| has(&message, "request_id")) {
            changing(&mut text, &message, &path, method);
        }
        if message.name() == "CreateImportRequest" {
            implement(
                &mut text,
                "niva_facts::Entry",
                &path,
                &[
                    "fn request_id(&self) -> &str { &self.request_id }",
                    "fn validate_only(&self) -> bool { self.validate_only }",
                    "fn reason(&self) -> &str { &self.reason }",
                    "fn origin(&self) -> &str { &self.origin }",
                ],
            );
        }
        if has(&message, "feed_position") && message.name().ends_with("Response") {
            let set = "fn set_feed_position(&mut self, position: i64) { self.feed_position = position; }";
            implement(&mut text, "niva_facts::Tells", &path, &[set]);
        }
    }
    text
}

fn implement(text: &mut String, of: &str, path: &str, items: &[&str]) {
    let _ = writeln!(text, "impl {of} for {path} {{");
    for item in items {
        let _ = writeln!(text, "    {item}");
    }
    text.push_str("}\n");
}

fn has(message: &MessageDescriptor, field: &str) -> bool {
    message.get_field_by_name(field).is_some()
}

/// The request of a changing call.
fn changing(text: &mut String, message: &MessageDescriptor, path: &str, method: &str) {
    let validate = if has(message, "validate_only") { "self.validate_only" } else { "false" };
    let reason = if has(message, "reason") { "&self.reason" } else { "\"\"" };
    let awaited = of_kind(message, "min_positions").filter(|of| of == POSITION);
    let awaited = awaited.map_or(
        "Vec::new()",
        |_| "self.min_positions.iter().map(|p| (p.feed.as_str(), p.position)).collect()",
    );
    let items = [
        format!("const METHOD: &'static str = \"{method}\";"),
        "fn request_id(&self) -> &str { &self.request_id }".to_owned(),
        format!("fn validate_only(&self) -> bool {{ {validate} }}"),
        format!("fn reason(&self) -> &str {{ {reason} }}"),
        format!("fn min_positions(&self) -> Vec<(&str, i64)> {{ {awaited} }}"),
    ];
    implement(text, "niva_facts::Changing", path, &items.each_ref().map(String::as_str));
}

/// A message with `FactInfo info`, whose first field is its own id.
fn is_fact(message: &MessageDescriptor) -> bool {
    of_kind(message, "info").as_deref() == Some(INFO)
}

fn fact(text: &mut String, message: &MessageDescriptor, path: &str) {
    let id = message.get_field(1).map(|f| f.name().to_owned()).unwrap_or_default();
    assert!(id.ends_with("_id"), "{}: the first field of a fact is its id, not {id}", message.full_name());
    let kind = super::clients::snake_case(message.name());
    let (read, write) = ("crate::facts::read", "crate::facts::write");
    let items = [
        // Of who a person is there is one fact: its id is the person's.
        format!("type Id = niva_names::{};", camel_case(&id)),
        format!("const KIND: &'static str = \"{kind}\";"),
        format!("fn fact_id(&self) -> &str {{ &self.{id} }}"),
        format!("fn info(&self) -> Option<niva_facts::Info> {{ self.info.as_ref().and_then({read}) }}"),
        format!(
            "fn set_info(&mut self, info: Option<&niva_facts::Info>) {{ self.info = info.map({write}); }}"
        ),
    ];
    implement(text, "niva_facts::Fact", path, &items.each_ref().map(String::as_str));
}

/// A feed's event (`EventInfo info`, `oneof fact`), or the message of its stream that holds some.
fn feed(text: &mut String, message: &MessageDescriptor, path: &str) {
    if of_kind(message, "info").as_deref() == Some(EVENT_INFO) {
        let info = "crate::common::v1::EventInfo";
        let items = [
            format!("fn info(&self) -> Option<&{info}> {{ self.info.as_ref() }}"),
            format!("fn set_info(&mut self, info: {info}) {{ self.info = Some(info); }}"),
            "fn is_known(&self) -> bool { self.fact.is_some() }".to_owned(),
        ];
        implement(text, "crate::feed::FeedFact", path, &items.each_ref().map(String::as_str));
    }
    let Some(Kind::Message(event)) = message.get_field_by_name("events").map(|f| f.kind()) else { return };
    if of_kind(&event, "info").as_deref() != Some(EVENT_INFO) {
        return;
    }
    let Some(event) = rust_path(&event) else { return };
    let items = [
        format!("type Event = {event};"),
        format!(
            "fn of(events: Vec<{event}>, newest_position: i64) -> Self {{ Self {{ events, newest_position }} }}"
        ),
        format!("fn into_parts(self) -> (Vec<{event}>, i64) {{ (self.events, self.newest_position) }}"),
    ];
    implement(text, "crate::feed::FeedMessage", path, &items.each_ref().map(String::as_str));
}

/// The full name of a field's message.
fn of_kind(message: &MessageDescriptor, field: &str) -> Option<String> {
    match message.get_field_by_name(field)?.kind() {
        Kind::Message(of) => Some(of.full_name().to_owned()),
        _ => None,
    }
}

/// Paths of methods by the full name of their request; streams have no one request.
fn methods(pool: &DescriptorPool) -> BTreeMap<String, String> {
    let services = pool.services().filter(|s| s.package_name().starts_with("niva."));
    let methods = services.flat_map(|s| s.methods().collect::<Vec<_>>()).filter(|m| !m.is_client_streaming());
    methods
        .map(|m| {
            let path = format!("/{}/{}", m.parent_service().full_name(), m.name());
            (m.input().full_name().to_owned(), path)
        })
        .collect()
}

/// `crate::choice::v1::Offer`; none for a message inside another.
pub(crate) fn rust_path(message: &MessageDescriptor) -> Option<String> {
    if message.parent_message().is_some() {
        return None;
    }
    let package = message.package_name().strip_prefix("niva.")?.replace('.', "::");
    Some(format!("crate::{package}::{}", message.name()))
}

/// `person_id` as a type: `PersonId`.
fn camel_case(field: &str) -> String {
    let capital = |word: &str| word[..1].to_uppercase() + &word[1..];
    field.split('_').map(capital).collect()
}
