//! Writes a package's `Clients`: one channel, a client for each of its gRPC services, named after its file.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::path::Path;

use prost_types::FileDescriptorSet;

/// Appends to each package's generated types.
pub(crate) fn write(descriptors: &FileDescriptorSet, out: &Path) -> io::Result<()> {
    let mut packages: BTreeMap<&str, Vec<(&str, &str)>> = BTreeMap::new();
    for file in descriptors.file.iter().filter(|file| file.package().starts_with("niva.")) {
        let stem = Path::new(file.name()).file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
        let services = file.service.iter().map(|service| (stem, service.name()));
        packages.entry(file.package()).or_default().extend(services);
    }
    for (package, services) in packages.into_iter().filter(|(_, services)| !services.is_empty()) {
        let mut types = OpenOptions::new().append(true).open(out.join(format!("{package}.rs")))?;
        types.write_all(clients(&services).as_bytes())?;
    }
    Ok(())
}

fn clients(services: &[(&str, &str)]) -> String {
    let (mut fields, mut made, mut decoding, mut encoding) = Default::default();
    let line = |text: &mut String, line: String| {
        let _ = writeln!(text, "    {line}");
    };
    for (stem, service) in services {
        let client = format!("{}_client::{service}Client", snake_case(service));
        line(&mut fields, format!("pub {stem}: {client}<T>,"));
        line(&mut made, format!("{stem}: {client}::new(channel.clone()),"));
        line(&mut decoding, format!("{stem}: self.{stem}.max_decoding_message_size(limit),"));
        line(&mut encoding, format!("{stem}: self.{stem}.max_encoding_message_size(limit),"));
    }
    format!(
        "
/// A client for each gRPC service of the package, over one channel.
#[derive(Clone, Debug)]
pub struct Clients<T> {{
{fields}}}
impl<T> Clients<T>
where
    T: tonic::client::GrpcService<tonic::body::Body> + Clone,
    T::Error: Into<tonic::codegen::StdError>,
    T::ResponseBody: tonic::codegen::Body<Data = tonic::codegen::Bytes> + Send + 'static,
    <T::ResponseBody as tonic::codegen::Body>::Error: Into<tonic::codegen::StdError> + Send,
{{
    pub fn new(channel: T) -> Self {{
        Self {{
{made}        }}
    }}
    #[must_use]
    pub fn max_decoding_message_size(self, limit: usize) -> Self {{
        Self {{
{decoding}        }}
    }}
    #[must_use]
    pub fn max_encoding_message_size(self, limit: usize) -> Self {{
        Self {{
{encoding}        }}
    }}
}}
"
    )
}

fn snake_case(name: &str) -> String {
    name.char_indices().fold(String::new(), |mut text, (at, c)| {
        if c.is_uppercase() && at > 0 {
            text.push('_');
        }
        text.extend(c.to_lowercase());
        text
    })
}
