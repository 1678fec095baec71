//! What is told of placements.

use niva_access::Scope;
use niva_base::{OpError, Violations};
use niva_names::PlacementId;
use niva_proto::choice::v1 as pb;
use niva_rpc::wire::read;

use super::{Placements, store, wire};
use crate::wire::{Listed, optional_days};

impl Placements {
    pub(super) async fn get(
        &self,
        scope: &Scope,
        request: &pb::GetPlacementRequest,
    ) -> Result<pb::GetPlacementResponse, OpError> {
        let (id, at) = &read::id_as_of("placement_id", &request.placement_id, request.as_of.as_ref())?;
        self.check_reached(scope, id).await?;
        let placement = self.0.read(id, *at).await?;
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
        let list = pb::ListPlacementsRequest { page_size: 0, page_token: String::new(), ..request.clone() };
        let page = self.0.page(scope, &list, (request.page_size, &request.page_token))?;
        let wanted = store::Wanted {
            person_id: read::filter_id(&request.person_id),
            unit_id: read::filter_id(&request.unit_id),
            stage,
            withdrawn,
            service,
            district: read::filter_id(&request.district),
            provider_id: read::filter_id(&request.provider_id),
            days,
        };
        let ids = store::list(self.0.db.conn(), &wanted, &listed, scope, &page).await?;
        let (placements, next_page_token) = self.0.listed(&page, ids).await?;
        Ok(pb::ListPlacementsResponse { placements, next_page_token })
    }

    pub(super) async fn revisions(
        &self,
        scope: &Scope,
        request: &pb::ListPlacementRevisionsRequest,
    ) -> Result<pb::ListPlacementRevisionsResponse, OpError> {
        let id = &read::only_id("placement_id", &request.placement_id)?;
        self.check_reached(scope, id).await?;
        let page = self.0.revisions(scope, id, (request.page_size, &request.page_token));
        let (placements, next_page_token) = page.await?;
        Ok(pb::ListPlacementRevisionsResponse { placements, next_page_token })
    }

    async fn check_reached(&self, scope: &Scope, id: &PlacementId) -> Result<(), OpError> {
        let found = store::find(self.0.db.conn(), scope, id).await?;
        found.map(drop).ok_or_else(|| OpError::not_found("placement", id))
    }
}
