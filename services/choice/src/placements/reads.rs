//! What is told of placements.

use niva_access::Scope;
use niva_base::{OpError, Violations};
use niva_proto::choice::v1 as pb;
use niva_rpc::wire::read;

use super::{Placements, store, wire};
use crate::MAX_PAGE;
use crate::wire::{Listed, days_key, id, optional_days};

impl Placements {
    pub(super) async fn get(
        &self,
        scope: &Scope,
        request: &pb::GetPlacementRequest,
    ) -> Result<pb::GetPlacementResponse, OpError> {
        self.check_reached(scope, &request.placement_id).await?;
        let placement = self.0.read(&request.placement_id, request.as_of.as_ref()).await?;
        Ok(pb::GetPlacementResponse { placement: Some(placement) })
    }

    pub(super) async fn list(
        &self,
        scope: &Scope,
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
        let asked = (request.page_size, request.page_token.as_str());
        let list = [
            "placements",
            person_id,
            unit_id,
            &state.to_string(),
            key,
            district,
            provider_id,
            &days_key(days),
            &listed.key(),
        ];
        let page = self.0.secrets.page(scope.author(), asked, &list, MAX_PAGE)?;
        let wanted =
            store::Wanted { person_id, unit_id, stage, withdrawn, service, district, provider_id, days };
        let ids = store::list(self.0.db.conn(), &wanted, &listed, scope, &page).await?;
        let (ids, next_page_token) = page.cut(ids, Clone::clone);
        Ok(pb::ListPlacementsResponse { placements: self.0.newest(&ids).await?, next_page_token })
    }

    pub(super) async fn revisions(
        &self,
        scope: &Scope,
        request: &pb::ListPlacementRevisionsRequest,
    ) -> Result<pb::ListPlacementRevisionsResponse, OpError> {
        self.check_reached(scope, &request.placement_id).await?;
        let page = self.0.revisions(scope, &request.placement_id, (request.page_size, &request.page_token));
        let (placements, next_page_token) = page.await?;
        Ok(pb::ListPlacementRevisionsResponse { placements, next_page_token })
    }

    async fn check_reached(&self, scope: &Scope, placement_id: &str) -> Result<(), OpError> {
        let id = &id::<pb::Placement>(placement_id)?;
        let found = store::find(self.0.db.conn(), scope, id).await?;
        found.map(drop).ok_or_else(|| OpError::not_found("placement", id))
    }
}
