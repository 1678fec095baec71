//! The contract's messages to commands, with every violation at once, and results back to messages.

mod answer;
mod read;

pub(crate) use answer::{offer, placement, provider, unit, wish};
pub(crate) use read::{Imported, Reader, WISH_FIELD, field_of};
