//! Ids of level decisions.

use std::fmt::Write as _;

use sha2::{Digest, Sha256};

/// The id of the one decision that a measurement leads to: derived, so that the same import gives the same ids on any
/// machine. 32 hexadecimal digits, like a made id.
pub(crate) fn decision_id(measurement_id: &str) -> String {
    let hash = Sha256::new_with_prefix("niva level decision of measurement ")
        .chain_update(measurement_id)
        .finalize();
    hash.iter().take(16).fold(String::with_capacity(32), |mut hex, byte| {
        // Writing to a string cannot fail.
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}
