//! The contract, and the types generated from it. The files under `niva/` are the truth: a new file or package there
//! needs nothing here.

pub mod codec;
pub mod facts;
pub mod feed;
pub mod persons;
mod raw;

/// What is generated: a module a package and version.
#[allow(
    missing_docs,
    unused_qualifications,
    unreachable_pub,
    clippy::all,
    clippy::pedantic,
    clippy::restriction,
    clippy::nursery
)]
mod generated {
    include!(concat!(env!("OUT_DIR"), "/niva.rs"));
}

pub use generated::niva::*;

/// All files of the contract as an encoded `FileDescriptorSet`, for server reflection.
pub const FILE_DESCRIPTOR_SET: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/niva_descriptor.bin"));

/// Every method of the contract with what its options say.
pub const METHODS: &[Method] = include!(concat!(env!("OUT_DIR"), "/niva_methods.rs"));

/// A method of the contract.
#[derive(Debug, Clone, Copy)]
pub struct Method {
    /// `/niva.choice.v1.OfferService/MakeOffer`.
    pub path: &'static str,
    /// Which roles open it, and what bounds them; empty: closed to everybody.
    pub open: &'static [Opening],
    /// Why it may refuse, beside what any method may.
    pub refuses: &'static [&'static str],
    /// The full name of its request.
    pub request: &'static str,
    /// The full name of its response.
    pub response: &'static str,
    /// Whether it is asked by one message, and not by a stream.
    pub asks_once: bool,
    /// Whether it answers one message, and not a stream.
    pub answers_once: bool,
    /// Whether its request or its response can speak of a person.
    pub of_persons: bool,
    /// Whether it reads and changes nothing that is kept.
    pub keeps_nothing: bool,
}

/// Roles that open a method within one scope.
#[derive(Debug, Clone, Copy)]
pub struct Opening {
    /// The roles.
    pub roles: &'static [common::v1::Role],
    /// What bounds them.
    pub scope: common::v1::Scope,
}

mod secrets {
    include!(concat!(env!("OUT_DIR"), "/niva_secrets.rs"));
}

mod traits {
    include!(concat!(env!("OUT_DIR"), "/niva_traits.rs"));
}
