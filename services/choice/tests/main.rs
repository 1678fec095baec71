//! The choice service alone, in process, on both databases.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod access;
mod assessment;
mod contest;
mod feed;
mod import;
mod journey;
mod refusals;
mod registers;
mod rig;
