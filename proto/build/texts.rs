//! Which fields of which messages hold text, for who looks at a message before it is read.

use std::fmt::Write;

use prost_reflect::{DescriptorPool, Kind, MessageDescriptor};

/// A list, by the full name of a message: its fields that are text or messages of ours, by number.
pub(crate) fn write(pool: &DescriptorPool) -> String {
    let mut messages: Vec<MessageDescriptor> = pool.all_messages().filter(is_ours).collect();
    messages.sort_by(|one, other| one.full_name().cmp(other.full_name()));
    let mut text = "&[\n".to_owned();
    for message in messages {
        let _ = write!(text, "(\"{}\", &[", message.full_name());
        for field in message.fields() {
            let (number, name) = (field.number(), field.name());
            match field.kind() {
                Kind::String => drop(write!(text, "({number}, \"{name}\", Holds::Text),")),
                Kind::Message(of) if is_ours(&of) => {
                    let _ = write!(text, "({number}, \"{name}\", Holds::Message(\"{}\")),", of.full_name());
                }
                _ => {}
            }
        }
        text.push_str("]),\n");
    }
    text + "]"
}

fn is_ours(message: &MessageDescriptor) -> bool {
    message.package_name().starts_with("niva.")
}
