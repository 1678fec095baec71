//! The store on both databases.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod bulk;
mod database;
mod facts;
mod migrated;
mod request;
mod schema;
