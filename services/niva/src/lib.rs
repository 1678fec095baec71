//! One executable: everything in one process by default, or a role by name; and the command line.

pub mod city;
pub mod cli;
mod clients;
pub mod demo;
mod failure;
mod models;
pub mod quote;
pub mod screen;
pub mod serve;
mod wire;

pub use clients::{Clients, Endpoints};
pub use failure::Failure;
