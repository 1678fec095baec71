//! Which merges a list is of.

use niva_access::Scope;
use niva_names::PersonId;

use crate::Listed;

/// Which merges are looked for; what is empty does not matter.
pub(crate) struct Filter {
    /// Either of the two.
    pub(super) person_id: Option<PersonId>,
    /// What the call reaches.
    pub(super) reached: Scope,
    pub(super) listed: Listed,
}
