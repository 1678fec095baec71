//! Wishes on the wire.

use niva_base::{OpError, Violations};
use niva_choice_domain::{Refusal, Wish};
use niva_facts::{Fact, Info};
use niva_names::{GrantId, UnitId, WishId};
use niva_proto::choice::v1 as pb;
use niva_rpc::wire::read;

/// A wish as it is asked for.
pub(crate) struct Given {
    pub(crate) wish_id: Option<WishId>,
    pub(crate) grant_id: GrantId,
    pub(crate) unit_ids: Vec<UnitId>,
}

/// A wish that must be given.
pub(crate) fn read(given: Option<&pb::Wish>) -> Result<Given, OpError> {
    let mut v = Violations::new();
    let given = v.required("wish", given);
    let wish = given.and_then(|given| {
        v.nested("wish", |v| {
            let wish_id = read::optional_id(v, "wish_id", &given.wish_id);
            let grant_id = read::id(v, "grant_id", &given.grant_id);
            Some(Given {
                wish_id: wish_id?,
                grant_id: grant_id?,
                unit_ids: given.unit_ids.iter().map(|id| id.as_str().into()).collect(),
            })
        })
    });
    v.finish_with(wish)
}

/// Refusals with the rank where they are, or none when they are about the whole list.
pub(crate) fn refused(wrong: &[(Option<usize>, Refusal)]) -> OpError {
    let mut v = Violations::new();
    for (rank, refusal) in wrong {
        let field = rank.map_or_else(|| "wish.unit_ids".to_owned(), |rank| format!("wish.unit_ids[{rank}]"));
        v.add(&field, refusal.reason(), refusal.to_string());
    }
    match v.finish() {
        Err(error) => error,
        Ok(()) => OpError::internal("wishes were refused without a reason"),
    }
}

/// A wish as it is told.
pub(crate) fn write(wish: &Wish, info: &Info) -> pb::Wish {
    let mut told = pb::Wish {
        wish_id: wish.wish_id.to_string(),
        grant_id: wish.grant_id.to_string(),
        person_id: wish.person_id.to_string(),
        unit_ids: wish.unit_ids.iter().map(String::from).collect(),
        info: None,
    };
    told.set_info(Some(info));
    told
}
