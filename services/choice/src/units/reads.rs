//! What is told of units.

use niva_access::Scope;
use niva_base::{OpError, Violations};
use niva_calendar::Interval;
use niva_choice_domain::occupancy;
use niva_names::UnitId;
use niva_proto::choice::v1 as pb;
use niva_rpc::wire::read;
use niva_rpc::wire::write::date;

use super::{Units, reaches, store, wire};
use crate::wire::Listed;
use crate::{offers, placements};

/// Most days of one answer.
const MAX_DAYS: i64 = 1_000;

impl Units {
    pub(super) async fn get(
        &self,
        _: &Scope,
        request: &pb::GetUnitRequest,
    ) -> Result<pb::GetUnitResponse, OpError> {
        let (id, at) = read::id_as_of::<UnitId>("unit_id", &request.unit_id, request.as_of.as_ref())?;
        let unit = self.0.read(&id, at).await?;
        Ok(pb::GetUnitResponse { unit: Some(unit) })
    }

    pub(super) async fn list(
        &self,
        scope: &Scope,
        request: &pb::ListUnitsRequest,
    ) -> Result<pb::ListUnitsResponse, OpError> {
        let mut v = Violations::new();
        let service = read::optional_service(&mut v, "service", &request.service, &self.0.city);
        let day = read::optional_date(&mut v, "day", request.day);
        let (service, day) = v.finish_with(service.zip(day))?;
        let listed = Listed::read(request.recorded_since.as_ref(), request.include_withdrawn)?;
        let day = day.unwrap_or_else(|| self.0.clock.today());
        let list = pb::ListUnitsRequest {
            day: Some(date(day)),
            page_size: 0,
            page_token: String::new(),
            ..request.clone()
        };
        let page = self.0.page(scope, &list, (request.page_size, &request.page_token))?;
        let wanted = store::Wanted {
            service,
            district: read::filter_id(&request.district),
            provider_id: read::filter_id(&request.provider_id),
            day,
        };
        let ids = store::list(self.0.db.conn(), &wanted, &listed, &page).await?;
        let (units, next_page_token) = self.0.listed(&page, ids).await?;
        Ok(pb::ListUnitsResponse { units, next_page_token })
    }

    pub(super) async fn revisions(
        &self,
        scope: &Scope,
        request: &pb::ListUnitRevisionsRequest,
    ) -> Result<pb::ListUnitRevisionsResponse, OpError> {
        let id: UnitId = read::only_id("unit_id", &request.unit_id)?;
        let page = self.0.revisions(scope, &id, (request.page_size, &request.page_token));
        let (units, next_page_token) = page.await?;
        Ok(pb::ListUnitRevisionsResponse { units, next_page_token })
    }

    pub(super) async fn occupancy(
        &self,
        scope: &Scope,
        request: &pb::GetUnitOccupancyRequest,
    ) -> Result<pb::GetUnitOccupancyResponse, OpError> {
        let (unit_id, days) = &asked(request)?;
        let today = self.0.clock.today();
        let (unit, placements, offers) = self
            .0
            .db
            .read(|tx| {
                Box::pin(async move {
                    let unit = store::find(tx, unit_id).await?;
                    let placements = placements::store::holding(tx, &[unit_id], days.first).await?;
                    let offers = offers::store::open_at(tx, &[unit_id]).await?;
                    Ok::<_, OpError>((unit, placements, offers))
                })
            })
            .await?;
        let unit = unit.filter(|unit| reaches(scope, unit));
        let unit = unit.ok_or_else(|| OpError::not_found("unit", unit_id))?;
        let days = occupancy(&unit, &placements, &offers, *days, today);
        Ok(pb::GetUnitOccupancyResponse { days: days.iter().map(wire::occupancy).collect() })
    }
}

fn asked(request: &pb::GetUnitOccupancyRequest) -> Result<(UnitId, Interval), OpError> {
    let mut v = Violations::new();
    let unit_id = read::id(&mut v, "unit_id", &request.unit_id);
    let (first, last) =
        (read::date(&mut v, "first", request.first), read::date(&mut v, "last", request.last));
    let days = first.zip(last).and_then(|(first, last)| {
        let words = format!("the last day {last} is before the first day {first}: correct one of them");
        let days = v.check("last", "END_BEFORE_START", Interval::new(first, last).ok_or(words))?;
        let words = format!("are {} days; ask for at most {MAX_DAYS} at a time", days.days());
        v.require(days.days() <= MAX_DAYS, "last", "PERIOD_TOO_LONG", words).then_some(days)
    });
    v.finish_with(unit_id.zip(days))
}
