//! Wishes on the wire.

use niva_base::{OpError, Violations};
use niva_choice_domain::{Refusal, Wish};
use niva_proto::choice::v1 as pb;

/// Field of a wish that its refusals are about.
const FIELD: &str = "unit_ids";

/// Refusals with the rank where they are, or none when they are about the whole list.
pub(crate) fn refused(wrong: &[(Option<usize>, Refusal)]) -> OpError {
    let mut v = Violations::new();
    for (rank, refusal) in wrong {
        let field = rank.map_or_else(|| FIELD.to_owned(), |rank| format!("{FIELD}[{rank}]"));
        v.add(&field, refusal.reason(), refusal.to_string());
    }
    match v.finish() {
        Err(error) => error,
        Ok(()) => OpError::internal("wishes were refused without a reason"),
    }
}

pub(crate) fn wish(wish: &Wish) -> pb::Wish {
    pb::Wish { grant_id: wish.grant_id.clone(), unit_ids: wish.unit_ids.clone(), version: wish.version }
}
