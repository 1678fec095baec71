//! What is told of placements.

use niva_access::Caller;
use niva_base::{OpError, Violations};
use niva_proto::choice::v1 as pb;
use niva_rpc::wire::read;
use niva_store::page::{PageRequest, filter_hash};

use super::{Placements, store, wire};
use crate::sight::Sight;
use crate::wire::{Listed, days_key, id, optional_days};
use crate::{MAX_PAGE, grants, units};

impl Placements {
    pub(super) async fn get(
        &self,
        caller: &Caller,
        request: &pb::GetPlacementRequest,
    ) -> Result<pb::GetPlacementResponse, OpError> {
        self.check_sight(caller, &request.placement_id).await?;
        let placement = self.0.read(&request.placement_id, request.as_of.as_ref()).await?;
        Ok(pb::GetPlacementResponse { placement: Some(placement) })
    }

    pub(super) async fn list(
        &self,
        caller: &Caller,
        request: &pb::ListPlacementsRequest,
    ) -> Result<pb::ListPlacementsResponse, OpError> {
        let mut v = Violations::new();
        let service = read::optional_service(&mut v, "service", &request.service, &self.0.city);
        let days = optional_days(&mut v, "days", request.days);
        let (service, days) = v.finish_with(service.zip(days))?;
        let (stage, withdrawn) = wire::state(request.state)?;
        let listed = Listed::read(request.recorded_since.as_ref(), request.include_withdrawn || withdrawn)?;
        let pb::ListPlacementsRequest { person_id, unit_id, district, provider_id, state, .. } = request;
        let key = service.as_ref().map_or("", |s| s.as_str());
        let filter = filter_hash(&[
            "placements",
            person_id,
            unit_id,
            &state.to_string(),
            key,
            district,
            provider_id,
            &days_key(days),
            &listed.key(),
        ]);
        let page = PageRequest::parse(request.page_size, &request.page_token, filter, MAX_PAGE)?;
        let wanted =
            store::Wanted { person_id, unit_id, stage, withdrawn, service, district, provider_id, days };
        let ids = store::list(self.0.db.conn(), &wanted, &listed, &Sight::of(caller), &page).await?;
        let (ids, next_page_token) = page.cut(ids, Clone::clone);
        Ok(pb::ListPlacementsResponse { placements: self.0.newest(&ids).await?, next_page_token })
    }

    pub(super) async fn revisions(
        &self,
        caller: &Caller,
        request: &pb::ListPlacementRevisionsRequest,
    ) -> Result<pb::ListPlacementRevisionsResponse, OpError> {
        self.check_sight(caller, &request.placement_id).await?;
        let page = self.0.revisions(&request.placement_id, request.page_size, &request.page_token);
        let (placements, next_page_token) = page.await?;
        Ok(pb::ListPlacementRevisionsResponse { placements, next_page_token })
    }

    async fn check_sight(&self, caller: &Caller, placement_id: &str) -> Result<(), OpError> {
        let (id, db) = (&id::<pb::Placement>(placement_id)?, self.0.db.conn());
        let placement = store::find(db, id).await?.ok_or_else(|| OpError::not_found("placement", id))?;
        let granted = grants::store::of_person(db, &placement.person_id, placement.service).await?;
        grants::check_sight(caller, &granted)?;
        let unit = units::store::find(db, &placement.unit_id).await?;
        unit.map_or(Ok(()), |unit| Sight::of(caller).ran(&unit))
    }
}
