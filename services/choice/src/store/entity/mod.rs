//! Tables.
#![allow(unreachable_pub, reason = "sea-orm's macros write `pub` items beside a `pub` Model")]

pub(crate) mod grant;
pub(crate) mod offer;
pub(crate) mod placement;
pub(crate) mod provider;
pub(crate) mod unit;
pub(crate) mod wish;
