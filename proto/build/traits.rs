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
        let has = |field: &str| message.get_field_by_name(field).is_some();
        feed(&mut text, &message, &path);
        if is_fact(&message) {
            fact(&mut text, &message, &path);
        }
        if let Some(method) = methods.get(message.full_name()).filter(|_| has("request_id")) {
            let validate = if has("validate_only") { "self.validate_only" } else { "false" };
            let reason = if has("reason") { "&self.reason" } else { "\"\"" };
            let awaited = of_kind(&message, "min_positions").filter(|of| of == POSITION);
            let awaited = awaited.map_or(
                "Vec::new()",
                |_| "self.min_positions.iter().map(|p| (p.feed.as_str(), p.position)).collect()",
            );
            let _ = write!(
                text,
                "impl niva_facts::Changing for {path} {{\n    const METHOD: &'static str = \"{method}\";\n    \
                 fn request_id(&self) -> &str {{ &self.request_id }}\n    \
                 fn validate_only(&self) -> bool {{ {validate} }}\n    \
                 fn reason(&self) -> &str {{ {reason} }}\n    \
                 fn min_positions(&self) -> Vec<(&str, i64)> {{ {awaited} }}\n}}\n"
            );
        }
        if message.name() == "CreateImportRequest" {
            let _ = write!(
                text,
                "impl niva_facts::Entry for {path} {{\n    \
                 fn request_id(&self) -> &str {{ &self.request_id }}\n    \
                 fn validate_only(&self) -> bool {{ self.validate_only }}\n    \
                 fn reason(&self) -> &str {{ &self.reason }}\n    \
                 fn origin(&self) -> &str {{ &self.origin }}\n}}\n"
            );
        }
        if has("feed_position") && message.name().ends_with("Response") {
            let _ = write!(
                text,
                "impl niva_facts::Tells for {path} {{\n    \
                 fn set_feed_position(&mut self, position: i64) {{ self.feed_position = position; }}\n}}\n"
            );
        }
    }
    text
}

/// A message with `FactInfo info`, whose first field is its own id.
fn is_fact(message: &MessageDescriptor) -> bool {
    of_kind(message, "info").as_deref() == Some(INFO)
}

fn fact(text: &mut String, message: &MessageDescriptor, path: &str) {
    let id = message.get_field(1).map(|f| f.name().to_owned()).unwrap_or_default();
    assert!(id.ends_with("_id"), "{}: the first field of a fact is its id, not {id}", message.full_name());
    let kind = super::clients::snake_case(message.name());
    let _ = write!(
        text,
        "impl niva_facts::Fact for {path} {{\n    const KIND: &'static str = \"{kind}\";\n    \
         fn fact_id(&self) -> &str {{ &self.{id} }}\n    \
         fn info(&self) -> Option<niva_facts::Info> {{ self.info.as_ref().and_then(crate::facts::read) }}\n    \
         fn set_info(&mut self, info: Option<&niva_facts::Info>) {{ self.info = info.map(crate::facts::write); }}\n}}\n"
    );
}

/// A feed's event (`EventInfo info`, `oneof fact`), or the message of its stream that holds some.
fn feed(text: &mut String, message: &MessageDescriptor, path: &str) {
    if of_kind(message, "info").as_deref() == Some(EVENT_INFO) {
        let _ = write!(
            text,
            "impl crate::feed::FeedFact for {path} {{\n    \
             fn info(&self) -> Option<&crate::common::v1::EventInfo> {{ self.info.as_ref() }}\n    \
             fn set_info(&mut self, info: crate::common::v1::EventInfo) {{ self.info = Some(info); }}\n    \
             fn is_known(&self) -> bool {{ self.fact.is_some() }}\n}}\n"
        );
    }
    let Some(Kind::Message(event)) = message.get_field_by_name("events").map(|f| f.kind()) else { return };
    if of_kind(&event, "info").as_deref() != Some(EVENT_INFO) {
        return;
    }
    let Some(event) = rust_path(&event) else { return };
    let _ = write!(
        text,
        "impl crate::feed::FeedMessage for {path} {{\n    type Event = {event};\n    \
         fn of(events: Vec<{event}>, newest_position: i64) -> Self {{ Self {{ events, newest_position }} }}\n    \
         fn into_parts(self) -> (Vec<{event}>, i64) {{ (self.events, self.newest_position) }}\n}}\n"
    );
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
fn rust_path(message: &MessageDescriptor) -> Option<String> {
    if message.parent_message().is_some() {
        return None;
    }
    let package = message.package_name().strip_prefix("niva.")?.replace('.', "::");
    Some(format!("crate::{package}::{}", message.name()))
}
