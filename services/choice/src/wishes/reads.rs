//! What is told of wishes.

use niva_access::Scope;
use niva_base::OpError;
use niva_proto::choice::v1 as pb;

use super::{Wishes, store};
use crate::MAX_PAGE;
use crate::wire::{Listed, id};

impl Wishes {
    pub(super) async fn get(
        &self,
        scope: &Scope,
        request: &pb::GetWishRequest,
    ) -> Result<pb::GetWishResponse, OpError> {
        self.check_reached(scope, &request.wish_id).await?;
        let wish = self.0.read(&request.wish_id, request.as_of.as_ref()).await?;
        Ok(pb::GetWishResponse { wish: Some(wish) })
    }

    pub(super) async fn list(
        &self,
        scope: &Scope,
        request: &pb::ListWishesRequest,
    ) -> Result<pb::ListWishesResponse, OpError> {
        let listed = Listed::read(request.recorded_since.as_ref(), request.include_withdrawn)?;
        let pb::ListWishesRequest { grant_id, person_id, unit_id, .. } = request;
        let asked = (request.page_size, request.page_token.as_str());
        let list = ["wishes", grant_id, person_id, unit_id, &listed.key()];
        let page = self.0.secrets.page(scope.author(), asked, &list, MAX_PAGE)?;
        let wanted = store::Wanted { grant_id, person_id, unit_id };
        let ids = store::list(self.0.db.conn(), &wanted, &listed, scope, &page).await?;
        let (ids, next_page_token) = page.cut(ids, Clone::clone);
        Ok(pb::ListWishesResponse { wishes: self.0.newest(&ids).await?, next_page_token })
    }

    pub(super) async fn revisions(
        &self,
        scope: &Scope,
        request: &pb::ListWishRevisionsRequest,
    ) -> Result<pb::ListWishRevisionsResponse, OpError> {
        self.check_reached(scope, &request.wish_id).await?;
        let page = self.0.revisions(scope, &request.wish_id, (request.page_size, &request.page_token));
        let (wishes, next_page_token) = page.await?;
        Ok(pb::ListWishRevisionsResponse { wishes, next_page_token })
    }

    async fn check_reached(&self, scope: &Scope, wish_id: &str) -> Result<(), OpError> {
        let id = &id::<pb::Wish>(wish_id)?;
        let found = store::find(self.0.db.conn(), scope, id).await?;
        found.map(drop).ok_or_else(|| OpError::not_found("wish", id))
    }
}
