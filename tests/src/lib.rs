//! What the journeys stand on: the three services in one process or as processes, clients, callers, a made-up time.
#![allow(
    clippy::expect_used,
    clippy::panic,
    reason = "this is for tests alone: one that cannot go on stops where it is"
)]

pub mod collector;
pub mod patience;
pub mod postgres;
pub mod process;
pub mod steps;
pub mod values;
pub mod world;

use std::path::{Path, PathBuf};

/// The folder of the repository.
#[must_use]
pub fn repository_root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_owned()
}
