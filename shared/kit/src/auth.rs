//! Who calls, and who may do what: a bearer token becomes a [`Caller`], a [`Policy`] says which roles a method is open
//! to.

mod caller;
mod jwks;
mod local;
mod policy;
mod verifier;

pub use caller::{Caller, Role, UnknownRole, caller};
pub use local::LocalIssuer;
pub use policy::Policy;
pub use verifier::Verifier;

/// `aud` of every token for us.
pub const AUDIENCE: &str = "niva";

/// Keys could not be made or read.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// A file with keys cannot be read or written.
    #[error("key file {path}: {source}; check that it exists and who may read it", path = path.display())]
    File {
        /// The file.
        path: std::path::PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A file does not hold keys.
    #[error("key file {path} holds no usable keys: {problem}", path = path.display())]
    Content {
        /// The file.
        path: std::path::PathBuf,
        /// Why.
        problem: String,
    },
}

#[cfg(test)]
mod tests;
