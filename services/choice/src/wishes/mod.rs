//! Wishes.

mod reads;
pub(crate) mod store;
pub(crate) mod wire;

use niva_names::WishId;
use std::sync::Arc;

use niva_access::Scope;
use niva_base::OpError;
use niva_choice_domain::{Grant, MAX_UNITS, Wish};
use niva_facts::Info;
use niva_proto::choice::v1 as pb;
use niva_rpc::answer;
use niva_rpc::wire::read;
use niva_store::{Tx, facts};
use pb::wish_service_server::WishService;
use tonic::Request;

use crate::refused::{fixed, id_taken, refused};
use crate::{Answer, App, grants, standing, units};

/// Wishes as tonic sees them.
pub(crate) struct Wishes(pub(crate) Arc<App>);

#[tonic::async_trait]
impl WishService for Wishes {
    async fn record_wish(&self, request: Request<pb::RecordWishRequest>) -> Answer<pb::RecordWishResponse> {
        answer!(self.record(request))
    }

    async fn correct_wish(
        &self,
        request: Request<pb::CorrectWishRequest>,
    ) -> Answer<pb::CorrectWishResponse> {
        answer!(self.correct(request))
    }

    async fn withdraw_wish(
        &self,
        request: Request<pb::WithdrawWishRequest>,
    ) -> Answer<pb::WithdrawWishResponse> {
        answer!(self.withdraw(request))
    }

    async fn get_wish(&self, request: Request<pb::GetWishRequest>) -> Answer<pb::GetWishResponse> {
        answer!(self.get(request))
    }

    async fn list_wishes(&self, request: Request<pb::ListWishesRequest>) -> Answer<pb::ListWishesResponse> {
        answer!(self.list(request))
    }

    async fn list_wish_revisions(
        &self,
        request: Request<pb::ListWishRevisionsRequest>,
    ) -> Answer<pb::ListWishRevisionsResponse> {
        answer!(self.revisions(request))
    }
}

impl Wishes {
    async fn record(
        &self,
        scope: &Scope,
        request: &pb::RecordWishRequest,
    ) -> Result<pb::RecordWishResponse, OpError> {
        let given = &wire::read(request.wish.as_ref())?;
        let (today, made) =
            (self.0.clock.today(), &WishId::from(self.0.secrets.id(scope.author(), request, "wish")));
        scope.own_name("wish.wish_id", given.wish_id.as_ref().unwrap_or(made).as_str(), made.as_str())?;
        self.0
            .change_untold(scope, request, |tx, told| {
                Box::pin(async move {
                    // Held: two who replace the wishes at once tell revisions after each other.
                    let (grant, _) = grants::held(tx, scope, &given.grant_id).await?;
                    grant.usable(today).map_err(refused)?;
                    let before = store::of_grant(tx, &given.grant_id).await?;
                    let id = match (&before, &given.wish_id) {
                        (Some(before), Some(id)) => {
                            fixed("wish.wish_id", before.wish_id.as_str(), id.as_str()).map(|()| id)?
                        }
                        (Some(before), None) => &before.wish_id,
                        (None, given) => given.as_ref().unwrap_or(made),
                    };
                    let wish = self.wish(tx, id, &grant, given).await?;
                    let info = if before.is_some() {
                        let (_, info) = standing::<pb::Wish>(tx, id).await?;
                        let next = info.happened(told)?;
                        store::update(tx, &wish, &next).await?;
                        next
                    } else {
                        let first = Info::first(id, told);
                        if !store::insert(tx, &wish, &first).await? {
                            return Err(id_taken("wish", id));
                        }
                        first
                    };
                    Ok(pb::RecordWishResponse { wish: Some(tell(tx, &wish, &info).await?) })
                })
            })
            .await
    }

    async fn correct(
        &self,
        scope: &Scope,
        request: &pb::CorrectWishRequest,
    ) -> Result<pb::CorrectWishResponse, OpError> {
        let given = &wire::read(request.wish.as_ref())?;
        let id = &read::only_id("wish_id", given.wish_id.as_ref().map_or("", WishId::as_str))?;
        self.0
            .change_untold(scope, request, |tx, told| {
                Box::pin(async move {
                    let (before, grant, info) = held(tx, scope, id).await?;
                    let info = info.corrected(request.expected_revision, told)?;
                    fixed("wish.grant_id", before.grant_id.as_str(), given.grant_id.as_str())?;
                    let wish = self.wish(tx, id, &grant, given).await?;
                    store::update(tx, &wish, &info).await?;
                    Ok(pb::CorrectWishResponse { wish: Some(tell(tx, &wish, &info).await?) })
                })
            })
            .await
    }

    async fn withdraw(
        &self,
        scope: &Scope,
        request: &pb::WithdrawWishRequest,
    ) -> Result<pb::WithdrawWishResponse, OpError> {
        let id = &read::only_id("wish_id", &request.wish_id)?;
        self.0
            .change_untold(scope, request, |tx, told| {
                Box::pin(async move {
                    let (wish, _, info) = held(tx, scope, id).await?;
                    let info = info.withdrawn(request.expected_revision, told)?;
                    store::update(tx, &wish, &info).await?;
                    Ok(pb::WithdrawWishResponse { wish: Some(tell(tx, &wish, &info).await?) })
                })
            })
            .await
    }

    /// The wish that is asked for, by the rules.
    async fn wish(
        &self,
        tx: &Tx<'_>,
        id: &WishId,
        grant: &Grant,
        given: &wire::Given,
    ) -> Result<Wish, OpError> {
        let today = self.0.clock.today();
        let service = self.0.service(grant.service)?;
        let looked_up = given.unit_ids.get(..MAX_UNITS).unwrap_or(&given.unit_ids);
        let known = units::store::find_all(tx, looked_up).await?;
        Wish::new(id.to_owned(), grant, service, given.unit_ids.clone(), &known, today)
            .map_err(|wrong| wire::refused(&wrong))
    }
}

/// The wish with its grant, held to the transaction's end, and which revision it is.
async fn held(tx: &Tx<'_>, scope: &Scope, id: &WishId) -> Result<(Wish, Grant, Info), OpError> {
    let missing = || OpError::not_found("wish", id);
    let grant_id = store::find(tx, scope, id).await?.ok_or_else(missing)?.grant_id;
    let known = grants::store::find(tx, scope, &grant_id).await?.ok_or_else(|| grants::unknown(&grant_id))?;
    grants::of_person(tx, scope, &known.grant.person_id, known.grant.service).await?;
    let wish = store::lock(tx, id).await?.ok_or_else(missing)?;
    let (_, info) = standing::<pb::Wish>(tx, id).await?;
    Ok((wish, known.grant, info))
}

/// Keeps a revision whose rows are written.
async fn tell(tx: &Tx<'_>, wish: &Wish, info: &Info) -> Result<pb::Wish, OpError> {
    let wish = wire::write(wish, info);
    facts::append(tx, std::slice::from_ref(&wish)).await?;
    Ok(wish)
}
