//! Who calls, and who may do what.

mod caller;

pub use caller::{Caller, Role, caller};
