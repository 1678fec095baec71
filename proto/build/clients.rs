//! A package's clients together: one channel, a client a service, named as the file it stands in.

use std::collections::BTreeMap;
use std::fmt::Write;

use prost_reflect::DescriptorPool;

/// Text to append to each package's file.
pub(crate) fn write(pool: &DescriptorPool) -> BTreeMap<String, String> {
    let mut packages: BTreeMap<String, Vec<(String, String)>> = BTreeMap::new();
    for service in pool.services().filter(|s| s.package_name().starts_with("niva.")) {
        let file = service.parent_file();
        let stem = file.name().rsplit('/').next().unwrap_or_default().trim_end_matches(".proto").to_owned();
        let clients = packages.entry(service.package_name().to_owned()).or_default();
        let name =
            if clients.iter().any(|(name, _)| *name == stem) { snake_case(service.name()) } else { stem };
        clients.push((name, service.name().to_owned()));
    }
    packages.into_iter().map(|(package, clients)| (package, text(&clients))).collect()
}

fn text(clients: &[(String, String)]) -> String {
    let mut fields = String::new();
    let mut made = String::new();
    let mut decoding = String::new();
    let mut encoding = String::new();
    for (n, (name, service)) in clients.iter().enumerate() {
        let channel = if n + 1 == clients.len() { "channel" } else { "channel.clone()" };
        let client = format!("{}_client::{service}Client", snake_case(service));
        let _ = writeln!(fields, "    /// {service}.\n    pub {name}: {client}<T>,");
        let _ = writeln!(made, "            {name}: {client}::new({channel}),");
        let _ = writeln!(decoding, "        self.{name} = self.{name}.max_decoding_message_size(limit);");
        let _ = writeln!(encoding, "        self.{name} = self.{name}.max_encoding_message_size(limit);");
    }
    format!(
        "
/// The clients of this package's services over one channel.
#[derive(Debug, Clone)]
pub struct Clients<T> {{
{fields}}}

impl<T> Clients<T>
where
    T: tonic::client::GrpcService<tonic::body::Body> + Clone,
    T::Error: Into<tonic::codegen::StdError>,
    T::ResponseBody: tonic::codegen::Body<Data = tonic::codegen::Bytes> + Send + 'static,
    <T::ResponseBody as tonic::codegen::Body>::Error: Into<tonic::codegen::StdError> + Send,
{{
    /// Clients over this channel.
    pub fn new(channel: T) -> Self {{
        Self {{
{made}        }}
    }}

    /// Limits the size of a message that is read.
    #[must_use]
    pub fn max_decoding_message_size(mut self, limit: usize) -> Self {{
{decoding}        self
    }}

    /// Limits the size of a message that is sent.
    #[must_use]
    pub fn max_encoding_message_size(mut self, limit: usize) -> Self {{
{encoding}        self
    }}
}}
"
    )
}

/// `GrantService` is `grant_service`.
pub(crate) fn snake_case(name: &str) -> String {
    name.char_indices().fold(String::new(), |mut text, (at, c)| {
        if c.is_uppercase() && at > 0 {
            text.push('_');
        }
        text.extend(c.to_lowercase());
        text
    })
}
