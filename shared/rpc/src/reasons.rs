//! For the tests: which method has refused for which reason. `tests/run` compares it with what the contract lists.

use std::fs::OpenOptions;
use std::io::Write;

use tonic::Status;
use tonic_types::StatusExt;

/// The file to note them in; nothing is noted without it.
const FILE: &str = "NIVA_TEST_REASONS";

/// Notes the reasons of a refusal: its status is in the headers of a response, or in the trailers after a stream.
pub(crate) fn note(path: &str, headers: &http::HeaderMap) {
    let Some(status) = Status::from_header_map(headers) else { return };
    let Some(info) = status.get_details_error_info() else { return };
    let Some(file) = std::env::var_os(FILE) else { return };
    let several = info.metadata.get("reasons").filter(|reasons| !reasons.is_empty());
    let lines: String =
        several.unwrap_or(&info.reason).split(',').map(|reason| format!("{path} {reason}\n")).collect();
    // One write, so that processes side by side do not mix their lines.
    let noted = OpenOptions::new().create(true).append(true).open(file);
    if let Err(error) = noted.and_then(|mut file| file.write_all(lines.as_bytes())) {
        tracing::error!(%error, "cannot note the reason of a refusal");
    }
}
