//! Wishes.

use niva_choice_domain::{MAX_UNITS, Wish};
use niva_kit::auth::Caller;
use niva_kit::wire::read;
use niva_kit::{OpError, Violations};
use niva_proto::choice::v1 as pb;

use super::{Call, grant_unknown, held_grant, refused};
use crate::store::{units, wishes};
use crate::wire::WISH_FIELD;
use crate::{App, wire};

impl App {
    pub(crate) async fn record_wish(
        &self,
        caller: &Caller,
        request: &pb::RecordWishRequest,
    ) -> Result<pb::RecordWishResponse, OpError> {
        let grant_id = &read::only_id("grant_id", &request.grant_id)?;
        let (today, now) = (self.clock.today(), self.clock.now());
        let call = Call { method: "RecordWish", caller, request_id: &request.request_id, request };
        self.change(&call, |tx| {
            Box::pin(async move {
                // Held: two who replace the wishes at once get versions after each other.
                let grant = held_grant(tx, caller, grant_id).await?.ok_or_else(|| grant_unknown(grant_id))?;
                let grant = grant.usable(today).map_err(refused)?;
                let looked_up = request.unit_ids.get(..MAX_UNITS).unwrap_or(&request.unit_ids);
                let known = units::find_all(tx, looked_up).await?;
                let before = wishes::newest(tx, grant_id).await?.map_or(0, |wish| wish.version);
                let wish = match Wish::record(grant, request.unit_ids.clone(), &known, before) {
                    Ok(wish) => wish,
                    Err(wrong) => return Err(violations(&wrong)),
                };
                wishes::insert(tx, &wish, now).await?;
                Ok((pb::RecordWishResponse { wish: Some(wire::wish(&wish)) }, Vec::new()))
            })
        })
        .await
    }
}

fn violations(wrong: &[(Option<usize>, niva_choice_domain::Refusal)]) -> OpError {
    let mut v = Violations::new();
    for (rank, refusal) in wrong {
        let field = rank.map_or_else(|| WISH_FIELD.to_owned(), |rank| format!("{WISH_FIELD}[{rank}]"));
        v.add(&field, refusal.reason(), refusal.to_string());
    }
    match v.finish() {
        Err(error) => error,
        Ok(()) => OpError::internal("wishes were refused without a reason"),
    }
}
