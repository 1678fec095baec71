//! A grant as choice has heard of it.

use niva_choice_domain::Grant;

/// A grant as it is known.
#[derive(Debug, Clone)]
pub(crate) struct Known {
    pub(crate) grant: Grant,
    /// Whether it counts: it was not withdrawn.
    pub(crate) stands: bool,
    /// The higher revision is the newer truth.
    pub(crate) revision: i64,
}
