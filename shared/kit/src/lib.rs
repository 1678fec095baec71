//! What every service stands on: clock, database, feed, RPC, callers, telemetry, shutdown.

pub mod auth;
mod clock;
pub mod db;
pub mod error;
pub mod feed;
mod ids;
pub mod page;
pub mod request;
pub mod schema;
#[cfg(feature = "testing")]
pub mod testing;

pub use clock::{Clock, ClockError, ManualClock, civil_day, morning};
pub use db::{Database, DbError, Tx};
pub use error::{OpError, Violations};
pub use ids::Ids;
