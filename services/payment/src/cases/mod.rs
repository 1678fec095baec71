//! What is known of each person in each service: the one way that facts are taken in.

mod key;
pub(crate) mod records;
pub(crate) mod store;
mod take_in;

pub(crate) use key::{CaseKey, NoCase};
pub(crate) use take_in::{Incoming, Own, Told, take_in};
