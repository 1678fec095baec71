//! Traces, metrics and structured logs.

mod propagation;

pub(crate) use propagation::{adopt_parent, pass_on};
