//! The payment service alone, in process, on both databases, over its real wire.

mod attendance;
mod common;
mod corrections;
mod crashes;
mod explanations;
mod feeds;
mod quotes;
mod runs;
