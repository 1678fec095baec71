//! Which fields of which messages name a person, for who keeps a record of what a call has shown.

use std::collections::BTreeSet;
use std::fmt::Write;

use prost_reflect::{DescriptorPool, FieldDescriptor, Kind, MessageDescriptor};

/// A list, by the full name of a message: its fields that name a person, by number, and those that hold messages which do.
pub(crate) fn write(pool: &DescriptorPool) -> String {
    let mut messages: Vec<MessageDescriptor> = pool.all_messages().filter(concerns).collect();
    messages.sort_by(|one, other| one.full_name().cmp(other.full_name()));
    let mut text = "&[\n".to_owned();
    for message in messages {
        let _ = write!(text, "(\"{}\", &[", message.full_name());
        for field in message.fields() {
            let number = field.number();
            match field.kind() {
                _ if names_person(&field) => drop(write!(text, "({number}, Names::Person),")),
                _ if names_placement(&message, &field) => drop(write!(text, "({number}, Names::Placement),")),
                Kind::Message(of) if concerns(&of) => {
                    let _ = write!(text, "({number}, Names::Message(\"{}\")),", of.full_name());
                }
                _ => {}
            }
        }
        text.push_str("]),\n");
    }
    text + "]"
}

/// Whether a message speaks of a person, itself or in what it holds.
pub(crate) fn concerns(message: &MessageDescriptor) -> bool {
    fn looked(message: &MessageDescriptor, seen: &mut BTreeSet<String>) -> bool {
        message.package_name().starts_with("niva.")
            && seen.insert(message.full_name().to_owned())
            && message.fields().any(|field| match field.kind() {
                Kind::Message(of) => looked(&of, seen),
                _ => field.name() == "person_ids" || names_person(&field) || names_placement(message, &field),
            })
    }
    looked(message, &mut BTreeSet::new())
}

fn names_person(field: &FieldDescriptor) -> bool {
    let name = field.name();
    field.kind() == Kind::String && (name == "person_id" || name.ends_with("_person_id"))
}

/// Payment tells facts of a placement by the placement alone: whose it is, it knows itself.
fn names_placement(message: &MessageDescriptor, field: &FieldDescriptor) -> bool {
    field.kind() == Kind::String
        && field.name() == "placement_id"
        && message.package_name().starts_with("niva.payment.")
        && message.get_field_by_name("person_id").is_none()
}
