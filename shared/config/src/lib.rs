//! Configuration of the executable's parts: options that several have, and how a part registers itself.
//!
//! A part is what one process serves: assessment, choice, payment. Its own crate says which options it has, checks them
//! and starts it ([`Part`]); the executable has a list of parts and knows nothing else of them. Whatever is wrong with
//! a configuration is told at once ([`Wrong`]), before anything listens.

mod ground;
mod options;
mod part;
#[cfg(test)]
mod tests;
mod wrong;

pub use ground::{Ground, PartOptions, PeerOptions};
pub use options::{
    CatalogueOptions, ClockOptions, DatabaseOptions, FeedOptions, IssuerOptions, ListenOptions,
    LocalIssuerOptions, ModelOptions, TelemetryOptions, TlsOptions, ToAssessment, ToChoice, Trust, endpoint,
};
pub use part::{Part, Served};
pub use wrong::Wrong;
