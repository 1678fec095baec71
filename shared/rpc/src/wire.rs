//! The contract's common values: read with every violation, and written.
//!
//! A reader takes the field's name and answers `None` once it has noted a violation; what may be left out answers
//! `Some(None)` when it is. So a message is read field by field, and its parts are put together with `?` at the end.

pub mod read;
pub mod write;

#[cfg(test)]
mod tests;
