//! The compensation engine against worked cases, a slow oracle and properties.
#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests fail by panicking")]

mod compared;
mod corrections;
mod explained;
mod golden;
mod held;
mod histories;
mod ledger;
mod models;
mod oracle;
mod overrides;
mod population;
mod prices;
mod properties;
mod refused;
mod scales;
mod sessions;
mod stays;
mod support;
