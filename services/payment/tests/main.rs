//! The payment service alone, in process, on both databases, over its real wire.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod agreements;
mod attendance;
mod audit;
#[macro_use]
mod calls;
mod cancel;
mod claims;
mod common;
mod corrections;
mod crashes;
mod engines;
mod explanations;
mod exports;
mod feeds;
mod files;
mod histories;
mod ledger;
mod lists;
mod merges;
mod orders;
mod overlaps;
mod payees;
mod postings;
mod premises;
mod quotes;
mod refused;
mod runs;
mod size;
mod special;
mod strays;
mod verbs;
mod withdrawals;
