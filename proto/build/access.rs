//! The methods of the contract with what their options say: who may call them, and why they may refuse.

use std::error::Error;
use std::fmt::Write;

use prost_reflect::{DescriptorPool, DynamicMessage, MethodDescriptor, Value};

use super::persons::concerns;

/// Numbers of the options that list reasons, one a package (`errors.proto`).
const REFUSES: [u32; 4] = [50701, 50711, 50721, 50731];

pub(crate) fn write(pool: &DescriptorPool) -> Result<String, Box<dyn Error>> {
    let mut text = String::from("&[\n");
    for service in pool.services().filter(|s| s.package_name().starts_with("niva.")) {
        for method in service.methods() {
            let options = method.options();
            let _ = writeln!(
                text,
                "    Method {{ path: \"/{}/{}\", open: &[{}], refuses: &[{}], request: \"{}\", response: \"{}\", \
                 asks_once: {}, answers_once: {}, of_persons: {}, keeps_nothing: {} }},",
                service.full_name(),
                method.name(),
                openings(pool, &options)?,
                reasons(pool, &method, &options)?,
                method.input().full_name(),
                method.output().full_name(),
                !method.is_client_streaming(),
                !method.is_server_streaming(),
                concerns(&method.input()) || concerns(&method.output()),
                keeps_nothing(pool, &options)?,
            );
        }
    }
    text.push(']');
    Ok(text)
}

/// The option of a method that says who may call it.
fn access(pool: &DescriptorPool, options: &DynamicMessage) -> Result<Option<DynamicMessage>, Box<dyn Error>> {
    let access =
        pool.get_extension_by_name("niva.common.v1.access").ok_or("no option niva.common.v1.access")?;
    Ok(options.get_extension(&access).as_message().cloned())
}

fn keeps_nothing(pool: &DescriptorPool, options: &DynamicMessage) -> Result<bool, Box<dyn Error>> {
    let said = access(pool, options)?.and_then(|access| access.get_field_by_name("keeps_nothing")?.as_bool());
    Ok(said.unwrap_or_default())
}

fn openings(pool: &DescriptorPool, options: &DynamicMessage) -> Result<String, Box<dyn Error>> {
    let Some(access) = access(pool, options)? else { return Ok(String::new()) };
    let mut text = String::new();
    let open = access.get_field_by_name("open");
    for opening in open.iter().filter_map(|v| v.as_list()).flatten().filter_map(Value::as_message) {
        let roles = opening.get_field_by_name("roles");
        let roles: Vec<String> = roles
            .iter()
            .filter_map(|v| v.as_list())
            .flatten()
            .filter_map(Value::as_enum_number)
            .map(|role| {
                number(pool, "niva.common.v1.Role", role).map(|name| format!("common::v1::Role::{name}"))
            })
            .collect::<Result<_, _>>()?;
        let scope = opening.get_field_by_name("scope").and_then(|v| v.as_enum_number()).unwrap_or_default();
        let scope = number(pool, "niva.common.v1.Scope", scope)?;
        let _ =
            write!(text, "Opening {{ roles: &[{}], scope: common::v1::Scope::{scope} }}, ", roles.join(", "));
    }
    Ok(text)
}

/// The Rust name of an enum's value: `ROLE_CASE_OFFICER` is `CaseOfficer`.
fn number(pool: &DescriptorPool, of: &str, number: i32) -> Result<String, Box<dyn Error>> {
    let of = pool.get_enum_by_name(of).ok_or_else(|| format!("no enum {of}"))?;
    let value = of.get_value(number).ok_or_else(|| format!("{} has no value {number}", of.name()))?;
    let prefix = super::clients::snake_case(of.name()).to_uppercase() + "_";
    let words = value.name().strip_prefix(&prefix).unwrap_or(value.name()).to_lowercase();
    Ok(words.split('_').map(capital).collect())
}

fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

fn reasons(
    pool: &DescriptorPool,
    method: &MethodDescriptor,
    options: &DynamicMessage,
) -> Result<String, Box<dyn Error>> {
    let mut text = String::new();
    for extension in pool.all_extensions().filter(|e| REFUSES.contains(&e.number())) {
        if extension.containing_message().full_name() != "google.protobuf.MethodOptions" {
            continue;
        }
        let prost_reflect::Kind::Enum(reasons) = extension.kind() else { continue };
        let value = options.get_extension(&extension);
        for number in value.as_list().into_iter().flatten().filter_map(Value::as_enum_number) {
            let reason = reasons.get_value(number);
            let reason = reason.ok_or_else(|| format!("{}: no reason {number}", method.full_name()))?;
            let _ = write!(text, "\"{}\", ", reason.name());
        }
    }
    Ok(text)
}
