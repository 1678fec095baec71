//! What the fuzzing of all services has in common: bytes that are read as messages, and what must hold of what was accepted.
//! In no build of the product.

use std::fmt::{Debug, Display};

use niva_base::Violations;
use prost::Message;

/// What was accepted does not hold what it must.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Broken(String);

impl Broken {
    /// Something that must be so is not.
    ///
    /// # Errors
    /// It is not.
    pub fn unless(holds: bool, what: impl FnOnce() -> String) -> Result<(), Self> {
        if holds { Ok(()) } else { Err(Self(what())) }
    }

    /// What was accepted is refused where it was kept.
    #[allow(clippy::needless_pass_by_value, reason = "it is handed to map_err")]
    pub fn refused<E: Display>(error: E) -> Self {
        Self(format!("it is refused where it was kept: {error}"))
    }
}

/// Looks at a message, if the bytes are one.
///
/// # Errors
/// What holds of it is broken.
pub fn read<M: Message + Default>(
    bytes: &[u8],
    of: impl FnOnce(M) -> Result<(), Broken>,
) -> Result<(), Broken> {
    M::decode(bytes).map_or(Ok(()), of)
}

/// Looks at a message of which nothing holds but that it can be looked at.
///
/// # Errors
/// Never.
pub fn look<M: Message + Default, T>(bytes: &[u8], of: impl FnOnce(M) -> T) -> Result<(), Broken> {
    read(bytes, |message| {
        drop(of(message));
        Ok(())
    })
}

/// What is read without a violation.
pub fn accepted<T>(read: impl FnOnce(&mut Violations) -> Option<T>) -> Option<T> {
    let mut v = Violations::new();
    let read = read(&mut v);
    read.filter(|_| v.is_empty())
}

/// What is accepted is written, and what is kept reads the same.
///
/// # Errors
/// It reads otherwise, or not at all.
pub fn reads_again<M, T: PartialEq + Debug>(
    given: impl FnOnce(&mut Violations) -> Option<T>,
    written: impl FnOnce(&T) -> M,
    kept: impl FnOnce(&mut Violations, &M) -> Option<T>,
) -> Result<(), Broken> {
    let Some(first) = accepted(given) else { return Ok(()) };
    let written = written(&first);
    let again = accepted(|v| kept(v, &written));
    Broken::unless(again.as_ref() == Some(&first), || format!("{again:?} was accepted as {first:?}"))
}
