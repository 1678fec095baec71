//! Keys, ids and the catalogue.

#![expect(clippy::unwrap_used, reason = "a test stops by panicking")]

mod bad_files;
mod keys;
mod stockholm;
