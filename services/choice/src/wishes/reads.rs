//! What is told of wishes.

use niva_access::Caller;
use niva_base::OpError;
use niva_proto::choice::v1 as pb;
use niva_store::page::{PageRequest, filter_hash};

use super::{Wishes, store};
use crate::sight::Sight;
use crate::wire::{Listed, id};
use crate::{MAX_PAGE, grants};

impl Wishes {
    pub(super) async fn get(
        &self,
        caller: &Caller,
        request: &pb::GetWishRequest,
    ) -> Result<pb::GetWishResponse, OpError> {
        self.check_sight(caller, &request.wish_id).await?;
        let wish = self.0.read(&request.wish_id, request.as_of.as_ref()).await?;
        Ok(pb::GetWishResponse { wish: Some(wish) })
    }

    pub(super) async fn list(
        &self,
        caller: &Caller,
        request: &pb::ListWishesRequest,
    ) -> Result<pb::ListWishesResponse, OpError> {
        let listed = Listed::read(request.recorded_since.as_ref(), request.include_withdrawn)?;
        let pb::ListWishesRequest { grant_id, person_id, unit_id, .. } = request;
        let filter = filter_hash(&["wishes", grant_id, person_id, unit_id, &listed.key()]);
        let page = PageRequest::parse(request.page_size, &request.page_token, filter, MAX_PAGE)?;
        let wanted = store::Wanted { grant_id, person_id, unit_id };
        let ids = store::list(self.0.db.conn(), &wanted, &listed, &Sight::of(caller), &page).await?;
        let (ids, next_page_token) = page.cut(ids, Clone::clone);
        Ok(pb::ListWishesResponse { wishes: self.0.newest(&ids).await?, next_page_token })
    }

    pub(super) async fn revisions(
        &self,
        caller: &Caller,
        request: &pb::ListWishRevisionsRequest,
    ) -> Result<pb::ListWishRevisionsResponse, OpError> {
        self.check_sight(caller, &request.wish_id).await?;
        let page = self.0.revisions(&request.wish_id, request.page_size, &request.page_token);
        let (wishes, next_page_token) = page.await?;
        Ok(pb::ListWishRevisionsResponse { wishes, next_page_token })
    }

    async fn check_sight(&self, caller: &Caller, wish_id: &str) -> Result<(), OpError> {
        let (id, db) = (&id::<pb::Wish>(wish_id)?, self.0.db.conn());
        let wish = store::find(db, id).await?.ok_or_else(|| OpError::not_found("wish", id))?;
        let grant = grants::store::find(db, &wish.grant_id).await?;
        grants::check_sight(caller, &grant.into_iter().collect::<Vec<_>>())
    }
}
