//! Ids of level decisions.

use sha2::{Digest, Sha256};

/// The id of the one decision that a measurement leads to: derived, so that the same import gives the same ids on any
/// machine. 32 hexadecimal digits, like a made id.
pub(crate) fn decision_id(measurement_id: &str) -> String {
    let hash = Sha256::new_with_prefix("niva level decision of measurement ")
        .chain_update(measurement_id)
        .finalize();
    niva_kit::hex(&hash[..16])
}
