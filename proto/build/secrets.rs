//! What is printed of messages with fields that no log may have (`debug_redact`): everything but those.

use std::fmt::Write;

use prost_reflect::{DescriptorPool, FieldDescriptor, MessageDescriptor, Value};

/// Messages with such fields.
pub(crate) fn messages(pool: &DescriptorPool) -> Vec<MessageDescriptor> {
    let ours = pool.all_messages().filter(|message| message.package_name().starts_with("niva."));
    ours.filter(|message| message.fields().any(|field| is_secret(&field))).collect()
}

/// An implementation of `Debug` for each, which says of a secret field whether something stands there.
pub(crate) fn write(pool: &DescriptorPool) -> String {
    let mut text = String::new();
    for message in messages(pool) {
        let Some(path) = super::traits::rust_path(&message) else { continue };
        let _ = writeln!(
            text,
            "impl std::fmt::Debug for {path} {{\n    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {{\n        \
             f.debug_struct(\"{}\")",
            message.name()
        );
        for field in message.fields() {
            let name = field.name();
            let shown = if is_secret(&field) {
                format!("&if self.{name}.is_empty() {{ \"\" }} else {{ \"…\" }}")
            } else {
                format!("&self.{name}")
            };
            let _ = writeln!(text, "            .field(\"{name}\", {shown})");
        }
        text.push_str("            .finish()\n    }\n}\n");
    }
    text
}

fn is_secret(field: &FieldDescriptor) -> bool {
    let options = field.options();
    options.get_field_by_name("debug_redact").is_some_and(|value| matches!(*value, Value::Bool(true)))
}
