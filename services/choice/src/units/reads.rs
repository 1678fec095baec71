//! What is told of units.

use niva_access::Scope;
use niva_base::{OpError, Violations};
use niva_calendar::Interval;
use niva_choice_domain::occupancy;
use niva_proto::choice::v1 as pb;
use niva_rpc::wire::read;

use super::{Units, reaches, store, wire};
use crate::wire::{Listed, id_of};
use crate::{MAX_PAGE, offers, placements};

/// Most days of one answer.
const MAX_DAYS: i64 = 1_000;

impl Units {
    pub(super) async fn get(
        &self,
        _: &Scope,
        request: &pb::GetUnitRequest,
    ) -> Result<pb::GetUnitResponse, OpError> {
        let unit = self.0.read(&request.unit_id, request.as_of.as_ref()).await?;
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
        let pb::ListUnitsRequest { district, provider_id, .. } = request;
        let name = service.as_ref().map_or("", |s| s.as_str());
        let asked = (request.page_size, request.page_token.as_str());
        let list = ["units", name, district, provider_id, &day.to_string(), &listed.key()];
        let page = self.0.secrets.page(scope.author(), asked, &list, MAX_PAGE)?;
        let wanted = store::Wanted { service, district, provider_id, day };
        let ids = store::list(self.0.db.conn(), &wanted, &listed, &page).await?;
        let (ids, next_page_token) = page.cut(ids, Clone::clone);
        Ok(pb::ListUnitsResponse { units: self.0.newest(&ids).await?, next_page_token })
    }

    pub(super) async fn revisions(
        &self,
        scope: &Scope,
        request: &pb::ListUnitRevisionsRequest,
    ) -> Result<pb::ListUnitRevisionsResponse, OpError> {
        let page = self.0.revisions(scope, &request.unit_id, (request.page_size, &request.page_token));
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

fn asked(request: &pb::GetUnitOccupancyRequest) -> Result<(String, Interval), OpError> {
    let mut v = Violations::new();
    let unit_id = id_of::<pb::Unit>(&mut v, &request.unit_id);
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
