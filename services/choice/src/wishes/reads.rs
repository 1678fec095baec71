//! What is told of wishes.

use niva_access::Scope;
use niva_base::OpError;
use niva_names::WishId;
use niva_proto::choice::v1 as pb;
use niva_rpc::wire::read;

use super::{Wishes, store};
use crate::wire::Listed;

impl Wishes {
    pub(super) async fn get(
        &self,
        scope: &Scope,
        request: &pb::GetWishRequest,
    ) -> Result<pb::GetWishResponse, OpError> {
        let (id, at) = &read::id_as_of("wish_id", &request.wish_id, request.as_of.as_ref())?;
        self.check_reached(scope, id).await?;
        let wish = self.0.read(id, *at).await?;
        Ok(pb::GetWishResponse { wish: Some(wish) })
    }

    pub(super) async fn list(
        &self,
        scope: &Scope,
        request: &pb::ListWishesRequest,
    ) -> Result<pb::ListWishesResponse, OpError> {
        let listed = Listed::read(request.recorded_since.as_ref(), request.include_withdrawn)?;
        let list = pb::ListWishesRequest { page_size: 0, page_token: String::new(), ..request.clone() };
        let page = self.0.page(scope, &list, (request.page_size, &request.page_token))?;
        let wanted = store::Wanted {
            grant_id: read::filter_id(&request.grant_id),
            person_id: read::filter_id(&request.person_id),
            unit_id: read::filter_id(&request.unit_id),
        };
        let ids = store::list(self.0.db.conn(), &wanted, &listed, scope, &page).await?;
        let (wishes, next_page_token) = self.0.listed(&page, ids).await?;
        Ok(pb::ListWishesResponse { wishes, next_page_token })
    }

    pub(super) async fn revisions(
        &self,
        scope: &Scope,
        request: &pb::ListWishRevisionsRequest,
    ) -> Result<pb::ListWishRevisionsResponse, OpError> {
        let id = &read::only_id("wish_id", &request.wish_id)?;
        self.check_reached(scope, id).await?;
        let page = self.0.revisions(scope, id, (request.page_size, &request.page_token));
        let (wishes, next_page_token) = page.await?;
        Ok(pb::ListWishRevisionsResponse { wishes, next_page_token })
    }

    async fn check_reached(&self, scope: &Scope, id: &WishId) -> Result<(), OpError> {
        let found = store::find(self.0.db.conn(), scope, id).await?;
        found.map(drop).ok_or_else(|| OpError::not_found("wish", id))
    }
}
