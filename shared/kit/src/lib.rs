//! The crates that services stand on, under the paths that they had when they were one: `niva_base`, `niva_telemetry`,
//! `niva_access`, `niva_store`, `niva_feed`, `niva_rpc`, `niva_testing`. Take those.

/// Callers, roles, tokens.
pub mod auth {
    pub use niva_access::{Caller, KeyError, LocalIssuer, Policy, Role, UnknownRole, Verifier};
    pub use niva_rpc::caller;
}
/// Databases.
pub mod db {
    pub use niva_store::{Database, DbError, Retryable, Tx};
}
/// Errors, and what a status says of one.
pub mod error {
    pub use niva_base::{OpError, Violation, Violations, chain};
    pub use niva_rpc::{metadata, reason, reasons, violations};
}
/// Facts and their revisions.
pub mod facts {
    pub use niva_facts::{Author, Fact, Info, State, Telling};
    pub use niva_store::facts::*;
}
/// Requests that are done once.
pub mod request {
    pub use niva_store::request::ChangeCall as Call;
    pub use niva_store::request::*;
}
/// Serving.
pub mod server {
    pub use niva_rpc::server::*;
    pub use niva_rpc::{MemoryConnector, MemoryListener};
}

pub use niva_base::{
    Clock, ClockError, Ids, ManualClock, OpError, Violations, civil_day, hex, morning, shutdown,
};
pub use niva_feed as feed;
pub use niva_rpc::{self as rpc, bounded, client, import, wire};
pub use niva_store::{Database, DbError, Tx, bulk, page, schema};
pub use niva_telemetry as telemetry;
#[cfg(feature = "testing")]
pub use niva_testing::{self as testing, on_both_databases};
