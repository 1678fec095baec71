//! The copy of choice's units: what payment must know of them.

pub(crate) mod store;
