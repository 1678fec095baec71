//! Everything that is about more than one service, and the architecture.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test that cannot go on stops where it is, and seeds are printed"
)]

mod callers;
mod catalogue;
mod deploy;
mod feeds;
mod files;
mod imports;
mod issuer;
mod journey;
mod long;
mod matrix;
mod processes;
mod reference;
mod refusals;
mod runs;
mod situations;
mod strangers;
mod texts;
mod tidy;
