//! What is told of offers.

use niva_access::Scope;
use niva_base::OpError;
use niva_proto::choice::v1 as pb;
use niva_rpc::wire::read;

use super::{Offers, store, wire};
use crate::MAX_PAGE;
use crate::wire::{Listed, days_key, id, optional_days};

impl Offers {
    pub(super) async fn get(
        &self,
        scope: &Scope,
        request: &pb::GetOfferRequest,
    ) -> Result<pb::GetOfferResponse, OpError> {
        self.check_reached(scope, &request.offer_id).await?;
        let offer = self.0.read(&request.offer_id, request.as_of.as_ref()).await?;
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
        let pb::ListOffersRequest { person_id, grant_id, unit_id, .. } = request;
        let key = service.as_ref().map_or("", |s| s.as_str());
        let asked = (request.page_size, request.page_token.as_str());
        let list = [
            "offers",
            person_id,
            answer.unwrap_or_default(),
            grant_id,
            unit_id,
            key,
            &days_key(made),
            &listed.key(),
        ];
        let page = self.0.secrets.page(scope.author(), asked, &list, MAX_PAGE)?;
        let wanted = store::Wanted { person_id, answer, grant_id, unit_id, service, made };
        let ids = store::list(self.0.db.conn(), &wanted, &listed, scope, &page).await?;
        let (ids, next_page_token) = page.cut(ids, Clone::clone);
        Ok(pb::ListOffersResponse { offers: self.0.newest(&ids).await?, next_page_token })
    }

    pub(super) async fn revisions(
        &self,
        scope: &Scope,
        request: &pb::ListOfferRevisionsRequest,
    ) -> Result<pb::ListOfferRevisionsResponse, OpError> {
        self.check_reached(scope, &request.offer_id).await?;
        let page = self.0.revisions(scope, &request.offer_id, (request.page_size, &request.page_token));
        let (offers, next_page_token) = page.await?;
        Ok(pb::ListOfferRevisionsResponse { offers, next_page_token })
    }

    async fn check_reached(&self, scope: &Scope, offer_id: &str) -> Result<(), OpError> {
        let id = &id::<pb::Offer>(offer_id)?;
        let found = store::find(self.0.db.conn(), scope, id).await?;
        found.map(drop).ok_or_else(|| OpError::not_found("offer", id))
    }
}
