//! What everything of ours may stand on. It is light: no database, no RPC, no HTTP, no telemetry.
//!
//! - [`Clock`]: time is passed, never taken; the [`civil_day`] in Sweden and its [`morning`].
//! - [`new_id`]: identities that nobody foresees; a [`jittered`] pause is the one other thing left to chance.
//! - [`OpError`]: the one error that every operation returns, by what its caller can do about it. It knows neither the
//!   database that caused it nor the status that tells it: `niva_store` turns a database's error into one, and
//!   `niva_rpc::status` one into a status.
//! - [`Violations`]: everything that is wrong with a request, gathered, so that its sender learns it in one round.
//! - [`shutdown`]: from a signal to the end of the process; [`every`]: what is done again and again until then.
//! - [`read_private`]: what lies in a file that its owner alone can read.
//!
//! ```ignore
//! let mut v = Violations::new();
//! let unit = v.text("unit_id", &request.unit_id);
//! v.require(first <= last, "last", "END_BEFORE_START", "is before the first day; give a later one");
//! let unit = v.finish_with(unit)?;                                // OpError::Invalid: all of them at once
//! Err(OpError::precondition("CAPACITY_TAKEN", "the unit is full; choose another").with("capacity", 6))
//! ```

mod clock;
mod error;
mod every;
mod hex;
mod ids;
mod private;
pub mod shutdown;
mod violation;
mod violations;

pub use clock::{Clock, ClockError, ManualClock, civil_day, morning};
pub use error::{Cause, OpError, chain};
pub use every::every;
pub use hex::hex;
pub use ids::{jittered, new_id};
pub use private::read_private;
pub use violation::Violation;
pub use violations::Violations;
