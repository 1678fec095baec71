//! Placements, from order to end.

pub(crate) mod store;
pub(crate) mod wire;

use std::sync::Arc;

use niva_access::Caller;
use niva_base::{OpError, Violations};
use niva_calendar::NaiveDate;
use niva_choice_domain::{Done, Grant, Placement, Unit};
use niva_proto::choice::v1 as pb;
use niva_proto::common::v1::Date;
use niva_rpc::wire::read;
use niva_store::Tx;
use niva_store::page::{PageRequest, filter_hash};
use niva_store::request::ChangeCall as Call;
use pb::placement_service_server::PlacementService;
use tonic::Request;

use crate::occupancy::taken;
use crate::refused::refused;
use crate::sight::Sight;
use crate::store::of_row;
use crate::{Answer, App, MAX_PAGE, Told, feed, units};

/// Placements as tonic sees them.
pub(crate) struct Placements(pub(crate) Arc<App>);

#[tonic::async_trait]
impl PlacementService for Placements {
    async fn start_placement(
        &self,
        request: Request<pb::StartPlacementRequest>,
    ) -> Answer<pb::StartPlacementResponse> {
        answer!(self.start(request))
    }

    async fn give_notice(&self, request: Request<pb::GiveNoticeRequest>) -> Answer<pb::GiveNoticeResponse> {
        answer!(self.give_notice_on(request))
    }

    async fn end_placement(
        &self,
        request: Request<pb::EndPlacementRequest>,
    ) -> Answer<pb::EndPlacementResponse> {
        answer!(self.end(request))
    }

    async fn withdraw_placement(
        &self,
        request: Request<pb::WithdrawPlacementRequest>,
    ) -> Answer<pb::WithdrawPlacementResponse> {
        answer!(self.withdraw(request))
    }

    async fn get_placement(
        &self,
        request: Request<pb::GetPlacementRequest>,
    ) -> Answer<pb::GetPlacementResponse> {
        answer!(self.get(request))
    }

    async fn list_placements(
        &self,
        request: Request<pb::ListPlacementsRequest>,
    ) -> Answer<pb::ListPlacementsResponse> {
        answer!(self.list(request))
    }
}

impl Placements {
    async fn start(
        &self,
        caller: &Caller,
        request: &pb::StartPlacementRequest,
    ) -> Result<pb::StartPlacementResponse, OpError> {
        let (id, day) = &self.dated(&request.placement_id, "actual_start", request.actual_start)?;
        let call = Call { method: "StartPlacement", caller, request_id: &request.request_id, request };
        self.0
            .once(&call, |tx| {
                Box::pin(async move {
                    let started = held(tx, caller, id).await?.start(*day).map_err(refused)?;
                    let (placement, events) = save(tx, started).await?;
                    Ok((pb::StartPlacementResponse { placement }, events))
                })
            })
            .await
    }

    async fn give_notice_on(
        &self,
        caller: &Caller,
        request: &pb::GiveNoticeRequest,
    ) -> Result<pb::GiveNoticeResponse, OpError> {
        let (id, day) = &self.dated(&request.placement_id, "notice_date", request.notice_date)?;
        let call = Call { method: "GiveNotice", caller, request_id: &request.request_id, request };
        self.0
            .once(&call, |tx| {
                Box::pin(async move {
                    let leaving = held(tx, caller, id).await?.give_notice(*day).map_err(refused)?;
                    let (placement, events) = save(tx, leaving).await?;
                    Ok((pb::GiveNoticeResponse { placement }, events))
                })
            })
            .await
    }

    async fn end(
        &self,
        caller: &Caller,
        request: &pb::EndPlacementRequest,
    ) -> Result<pb::EndPlacementResponse, OpError> {
        let (id, day) = &self.dated(&request.placement_id, "end_date", request.end_date)?;
        let today = self.0.clock.today();
        let call = Call { method: "EndPlacement", caller, request_id: &request.request_id, request };
        self.0
            .once(&call, |tx| {
                Box::pin(async move {
                    let placement = held(tx, caller, id).await?;
                    // A corrected end may need the place for longer.
                    let unit = units::store::hold(tx, &placement.unit_id).await?;
                    let unit = of_row("placement", "unit_id", id, unit)?;
                    let from = placement.state.end().unwrap_or(today);
                    let taken = taken(tx, &unit, from, today, Some(id)).await?;
                    let ended = placement.end(*day, &unit, &taken).map_err(refused)?;
                    let (placement, events) = save(tx, ended).await?;
                    Ok((pb::EndPlacementResponse { placement }, events))
                })
            })
            .await
    }

    async fn withdraw(
        &self,
        caller: &Caller,
        request: &pb::WithdrawPlacementRequest,
    ) -> Result<pb::WithdrawPlacementResponse, OpError> {
        let id = &read::only_id("placement_id", &request.placement_id)?;
        let today = self.0.clock.today();
        let call = Call { method: "WithdrawPlacement", caller, request_id: &request.request_id, request };
        self.0
            .once(&call, |tx| {
                Box::pin(async move {
                    let withdrawn = held(tx, caller, id).await?.withdraw(today).map_err(refused)?;
                    let (placement, events) = save(tx, withdrawn).await?;
                    Ok((pb::WithdrawPlacementResponse { placement }, events))
                })
            })
            .await
    }

    async fn get(
        &self,
        caller: &Caller,
        request: &pb::GetPlacementRequest,
    ) -> Result<pb::GetPlacementResponse, OpError> {
        let id = read::only_id("placement_id", &request.placement_id)?;
        let db = self.0.db.conn();
        let placement = store::find(db, &id).await?.ok_or_else(|| OpError::not_found("placement", &id))?;
        check_sight(caller, &store::grant_and_unit(db, &placement).await?)?;
        Ok(pb::GetPlacementResponse { placement: Some(wire::placement(&placement)) })
    }

    async fn list(
        &self,
        caller: &Caller,
        request: &pb::ListPlacementsRequest,
    ) -> Result<pb::ListPlacementsResponse, OpError> {
        let filter = filter_hash(&["placements", &request.person_id, &request.unit_id]);
        let page = PageRequest::parse(request.page_size, &request.page_token, filter, MAX_PAGE)?;
        let sight = Sight::of(caller);
        let rows = store::list(self.0.db.conn(), &request.person_id, &request.unit_id, &sight, &page).await?;
        let (rows, next_page_token) = page.cut(rows, |p| p.placement_id.clone());
        Ok(pb::ListPlacementsResponse {
            placements: rows.iter().map(wire::placement).collect(),
            next_page_token,
        })
    }

    /// A placement's id and a day.
    fn dated(&self, id: &str, field: &str, day: Option<Date>) -> Result<(String, NaiveDate), OpError> {
        let mut v = Violations::new();
        let id = read::id(&mut v, "placement_id", id);
        let day = self.0.reader().day(&mut v, field, day);
        v.finish_with(id.zip(day))
    }
}

async fn held(tx: &Tx<'_>, caller: &Caller, id: &str) -> Result<Placement, OpError> {
    let placement = store::lock(tx, id).await?.ok_or_else(|| OpError::not_found("placement", id))?;
    check_sight(caller, &store::grant_and_unit(tx, &placement).await?)?;
    Ok(placement)
}

fn check_sight(caller: &Caller, (grant, unit): &(Grant, Unit)) -> Result<(), OpError> {
    let sight = Sight::of(caller);
    sight.district(&grant.district)?;
    sight.ran(unit)
}

async fn save(tx: &Tx<'_>, change: Done<Placement>) -> Result<Told<Option<pb::Placement>>, OpError> {
    match change {
        Done::Already(placement) => Ok((Some(wire::placement(&placement)), Vec::new())),
        Done::Now(placement) => {
            store::update(tx, &placement).await?;
            let placement = wire::placement(&placement);
            let event = feed::placement(&placement);
            Ok((Some(placement), vec![event]))
        }
    }
}
