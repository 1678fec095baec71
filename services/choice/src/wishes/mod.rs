//! Wishes.

pub(crate) mod store;
mod wire;

use std::sync::Arc;

use niva_access::Caller;
use niva_base::OpError;
use niva_choice_domain::{MAX_UNITS, Wish};
use niva_proto::choice::v1 as pb;
use niva_rpc::wire::read;
use niva_store::request::ChangeCall as Call;
use pb::wish_service_server::WishService;
use tonic::Request;

use crate::refused::refused;
use crate::{Answer, App, grants, units};

/// Wishes as tonic sees them.
pub(crate) struct Wishes(pub(crate) Arc<App>);

#[tonic::async_trait]
impl WishService for Wishes {
    async fn record_wish(&self, request: Request<pb::RecordWishRequest>) -> Answer<pb::RecordWishResponse> {
        answer!(self.record(request))
    }
}

impl Wishes {
    async fn record(
        &self,
        caller: &Caller,
        request: &pb::RecordWishRequest,
    ) -> Result<pb::RecordWishResponse, OpError> {
        let grant_id = &read::only_id("grant_id", &request.grant_id)?;
        let (today, now) = (self.0.clock.today(), self.0.clock.now());
        let call = Call { method: "RecordWish", caller, request_id: &request.request_id, request };
        self.0
            .once(&call, |tx| {
                Box::pin(async move {
                    // Held: two who replace the wishes at once get versions after each other.
                    let grant =
                        grants::held(tx, caller, grant_id).await?.ok_or_else(|| grants::unknown(grant_id))?;
                    let grant = grant.usable(today).map_err(refused)?;
                    let looked_up = request.unit_ids.get(..MAX_UNITS).unwrap_or(&request.unit_ids);
                    let known = units::store::find_all(tx, looked_up).await?;
                    let before = store::newest(tx, grant_id).await?.map_or(0, |wish| wish.version);
                    let service = self.0.service(grant.service)?;
                    let units = request.unit_ids.clone();
                    let wish = match Wish::record(grant, service, units, &known, before, today) {
                        Ok(wish) => wish,
                        Err(wrong) => return Err(wire::refused(&wrong)),
                    };
                    store::insert(tx, &wish, now).await?;
                    Ok((pb::RecordWishResponse { wish: Some(wire::wish(&wish)) }, Vec::new()))
                })
            })
            .await
    }
}
