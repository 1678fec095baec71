//! Placements, from order to end.

use niva_choice_domain::{Done as Rule, Placement};
use niva_kit::auth::Caller;
use niva_kit::page::{PageRequest, filter_hash};
use niva_kit::wire::read;
use niva_kit::{OpError, Tx, Violations};
use niva_proto::choice::v1 as pb;
use niva_proto::common::v1::Date;
use sea_orm::ConnectionTrait;

use super::offers::taken;
use super::{Call, Done, MAX_PAGE, of_row, placement_event, refused};
use crate::sight::Sight;
use crate::store::{grants, placements, units};
use crate::{App, wire};

impl App {
    pub(crate) async fn start_placement(
        &self,
        caller: &Caller,
        request: &pb::StartPlacementRequest,
    ) -> Result<pb::StartPlacementResponse, OpError> {
        let (id, day) = &self.dated(&request.placement_id, "actual_start", request.actual_start)?;
        let call = Call { method: "StartPlacement", caller, request_id: &request.request_id, request };
        self.change(&call, |tx| {
            Box::pin(async move {
                let started = held(tx, caller, id).await?.start(*day).map_err(refused)?;
                let (placement, events) = save(tx, started).await?;
                Ok((pb::StartPlacementResponse { placement }, events))
            })
        })
        .await
    }

    pub(crate) async fn give_notice(
        &self,
        caller: &Caller,
        request: &pb::GiveNoticeRequest,
    ) -> Result<pb::GiveNoticeResponse, OpError> {
        let (id, day) = &self.dated(&request.placement_id, "notice_date", request.notice_date)?;
        let call = Call { method: "GiveNotice", caller, request_id: &request.request_id, request };
        self.change(&call, |tx| {
            Box::pin(async move {
                let leaving = held(tx, caller, id).await?.give_notice(*day).map_err(refused)?;
                let (placement, events) = save(tx, leaving).await?;
                Ok((pb::GiveNoticeResponse { placement }, events))
            })
        })
        .await
    }

    pub(crate) async fn end_placement(
        &self,
        caller: &Caller,
        request: &pb::EndPlacementRequest,
    ) -> Result<pb::EndPlacementResponse, OpError> {
        let (id, day) = &self.dated(&request.placement_id, "end_date", request.end_date)?;
        let today = self.clock.today();
        let call = Call { method: "EndPlacement", caller, request_id: &request.request_id, request };
        self.change(&call, |tx| {
            Box::pin(async move {
                let placement = held(tx, caller, id).await?;
                // A corrected end may need the place for longer.
                let unit = units::lock(tx, &placement.unit_id).await?;
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

    pub(crate) async fn withdraw_placement(
        &self,
        caller: &Caller,
        request: &pb::WithdrawPlacementRequest,
    ) -> Result<pb::WithdrawPlacementResponse, OpError> {
        let id = &read::only_id("placement_id", &request.placement_id)?;
        let today = self.clock.today();
        let call = Call { method: "WithdrawPlacement", caller, request_id: &request.request_id, request };
        self.change(&call, |tx| {
            Box::pin(async move {
                let withdrawn = held(tx, caller, id).await?.withdraw(today).map_err(refused)?;
                let (placement, events) = save(tx, withdrawn).await?;
                Ok((pb::WithdrawPlacementResponse { placement }, events))
            })
        })
        .await
    }

    pub(crate) async fn get_placement(
        &self,
        caller: &Caller,
        request: &pb::GetPlacementRequest,
    ) -> Result<pb::GetPlacementResponse, OpError> {
        let id = read::only_id("placement_id", &request.placement_id)?;
        let db = self.db.conn();
        let placement =
            placements::find(db, &id).await?.ok_or_else(|| OpError::not_found("placement", &id))?;
        check_sight(db, caller, &placement).await?;
        Ok(pb::GetPlacementResponse { placement: Some(wire::placement(&placement)) })
    }

    pub(crate) async fn list_placements(
        &self,
        caller: &Caller,
        request: &pb::ListPlacementsRequest,
    ) -> Result<pb::ListPlacementsResponse, OpError> {
        let filter = filter_hash(&["placements", &request.person_id, &request.unit_id]);
        let page = PageRequest::parse(request.page_size, &request.page_token, filter, MAX_PAGE)?;
        let sight = Sight::of(caller);
        let rows =
            placements::list(self.db.conn(), &request.person_id, &request.unit_id, &sight, &page).await?;
        let (rows, next_page_token) = page.cut(rows, |p| p.placement_id.clone());
        Ok(pb::ListPlacementsResponse {
            placements: rows.iter().map(wire::placement).collect(),
            next_page_token,
        })
    }

    /// A placement's id and a day.
    fn dated(
        &self,
        id: &str,
        field: &str,
        day: Option<Date>,
    ) -> Result<(String, niva_calendar::NaiveDate), OpError> {
        let mut v = Violations::new();
        let id = read::id(&mut v, "placement_id", id);
        let day = self.reader().day(&mut v, field, day);
        v.finish_with(id.zip(day))
    }
}

async fn held(tx: &Tx<'_>, caller: &Caller, id: &str) -> Result<Placement, OpError> {
    let placement = placements::lock(tx, id).await?.ok_or_else(|| OpError::not_found("placement", id))?;
    check_sight(tx, caller, &placement).await?;
    Ok(placement)
}

async fn check_sight(
    db: &impl ConnectionTrait,
    caller: &Caller,
    placement: &Placement,
) -> Result<(), OpError> {
    let (sight, id) = (Sight::of(caller), &placement.placement_id);
    if !sight.districts.is_empty() {
        let grant = of_row("placement", "grant_id", id, grants::find(db, &placement.grant_id).await?)?;
        sight.district(&grant.district)?;
    }
    if sight.provider.is_some() {
        let unit = of_row("placement", "unit_id", id, units::find(db, &placement.unit_id).await?)?;
        sight.unit(&unit)?;
    }
    Ok(())
}

async fn save(tx: &Tx<'_>, change: Rule<Placement>) -> Result<Done<Option<pb::Placement>>, OpError> {
    match change {
        Rule::Already(placement) => Ok((Some(wire::placement(&placement)), Vec::new())),
        Rule::Now(placement) => {
            placements::update(tx, &placement).await?;
            let placement = wire::placement(&placement);
            let event = placement_event(&placement);
            Ok((Some(placement), vec![event]))
        }
    }
}
