//! What is told of offers.

use niva_access::Scope;
use niva_base::OpError;
use niva_names::OfferId;
use niva_proto::choice::v1 as pb;
use niva_rpc::wire::read;

use super::{Offers, store, wire};
use crate::wire::{Listed, optional_days};

impl Offers {
    pub(super) async fn get(
        &self,
        scope: &Scope,
        request: &pb::GetOfferRequest,
    ) -> Result<pb::GetOfferResponse, OpError> {
        let (id, at) = &read::id_as_of("offer_id", &request.offer_id, request.as_of.as_ref())?;
        self.check_reached(scope, id).await?;
        let offer = self.0.read(id, *at).await?;
        Ok(pb::GetOfferResponse { offer: Some(offer) })
    }

    pub(super) async fn list(
        &self,
        scope: &Scope,
        request: &pb::ListOffersRequest,
    ) -> Result<pb::ListOffersResponse, OpError> {
        let mut v = niva_base::Violations::new();
        let service = read::optional_service(&mut v, "service", &request.service, &self.0.city);
        let made = optional_days(&mut v, "made", request.made);
        let (service, made) = v.finish_with(service.zip(made))?;
        let answer = wire::state(request.state)?;
        let listed = Listed::read(request.recorded_since.as_ref(), request.include_withdrawn)?;
        let list = pb::ListOffersRequest { page_size: 0, page_token: String::new(), ..request.clone() };
        let page = self.0.page(scope, &list, (request.page_size, &request.page_token))?;
        let wanted = store::Wanted {
            person_id: read::filter_id(&request.person_id),
            answer,
            grant_id: read::filter_id(&request.grant_id),
            unit_id: read::filter_id(&request.unit_id),
            service,
            made,
        };
        let ids = store::list(self.0.db.conn(), &wanted, &listed, scope, &page).await?;
        let (offers, next_page_token) = self.0.listed(&page, ids).await?;
        Ok(pb::ListOffersResponse { offers, next_page_token })
    }

    pub(super) async fn revisions(
        &self,
        scope: &Scope,
        request: &pb::ListOfferRevisionsRequest,
    ) -> Result<pb::ListOfferRevisionsResponse, OpError> {
        let id = &read::only_id("offer_id", &request.offer_id)?;
        self.check_reached(scope, id).await?;
        let page = self.0.revisions(scope, id, (request.page_size, &request.page_token));
        let (offers, next_page_token) = page.await?;
        Ok(pb::ListOfferRevisionsResponse { offers, next_page_token })
    }

    async fn check_reached(&self, scope: &Scope, id: &OfferId) -> Result<(), OpError> {
        let found = store::find(self.0.db.conn(), scope, id).await?;
        found.map(drop).ok_or_else(|| OpError::not_found("offer", id))
    }
}
