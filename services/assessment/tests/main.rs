//! The service alone, in process, on both databases.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod rig;

mod access;
mod applications;
mod audit;
mod corrections;
mod feed;
mod grants;
mod identities;
mod import;
mod journey;
mod level_decisions;
mod lists;
mod measurements;
mod merges;
mod persons;
mod refusals;
mod start;
