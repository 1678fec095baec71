//! Between the contract and the domain. What comes in is checked whole: every violation at once.

pub(crate) mod case;
pub(crate) mod events;
pub(crate) mod lines;
pub(crate) mod records;
pub(crate) mod runs;
pub(crate) mod values;
