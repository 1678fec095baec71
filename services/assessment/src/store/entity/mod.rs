//! Tables.
#![allow(unreachable_pub, reason = "sea-orm's macros write `pub` items beside a `pub` Model")]

pub(crate) mod grant;
pub(crate) mod level_decision;
pub(crate) mod measurement;
pub(crate) mod measurement_score;
pub(crate) mod person;
