//! Configuration of the executable's parts: options that several have, and how a part registers itself.
//!
//! A part is what one process serves: assessment, choice, payment. Its own crate says which options it has, checks them
//! and starts it ([`Part`]); the executable has a list of parts and knows nothing else of them. Whatever is wrong with
//! a configuration is told at once ([`Wrong`]), before anything listens.

mod again;
mod ground;
mod issuer;
mod options;
mod part;
mod peers;
#[cfg(test)]
mod tests;
mod tls;
mod wrong;

pub use ground::{Ground, PartOptions};
pub use issuer::{IssuerOptions, LocalIssuerOptions, Trust};
pub use options::{
    CatalogueOptions, ClockOptions, DatabaseOptions, ListenOptions, ModelOptions, TelemetryOptions,
    ToAssessment, ToChoice,
};
pub use part::{Part, Served};
pub use peers::{PeerOptions, Peers, TokenFile, TokenOptions};
pub use tls::{FeedOptions, TlsOptions, endpoint};
pub use wrong::Wrong;
