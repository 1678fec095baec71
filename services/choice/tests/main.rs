//! The choice service alone, in process, on both databases.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

/// Asks, and sees that it is refused with this reason and has changed nothing.
macro_rules! refused {
    ($rig:ident, $reason:literal, $resource:ident.$rpc:ident($request:expr)) => {{
        let before = $rig.state().await;
        let status: tonic::Status = $rig.client.clone().$resource.$rpc($request).await.unwrap_err();
        assert_eq!(crate::rig::reason(&status), $reason, "{status:?}");
        assert_eq!($rig.state().await, before, "something changed");
        status
    }};
}

mod access;
mod assessment;
mod audit;
mod choices;
mod contest;
mod corrections;
mod exports;
mod feed;
mod import;
mod journey;
mod merges;
mod refusals;
mod registers;
mod rig;
