//! What the journeys stand on: the three services in one process or as processes, clients, callers, a made-up time.

use std::path::{Path, PathBuf};

/// The folder of the repository.
#[must_use]
pub fn repository_root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_owned()
}
