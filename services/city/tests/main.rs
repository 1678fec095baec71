//! The shipped city and the files of a city.
#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests fail by panicking")]

mod files;
mod shipped;
