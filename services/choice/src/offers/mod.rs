//! Offers and their answers.

pub(crate) mod job;
pub(crate) mod store;
mod wire;

use std::sync::Arc;

use niva_access::Caller;
use niva_base::{OpError, Violations};
use niva_calendar::NaiveDate;
use niva_choice_domain::{Grant, Offer, Opening, Order, Refusal};
use niva_names::ServiceInfo;
use niva_proto::choice::v1 as pb;
use niva_rpc::wire::read;
use niva_store::Tx;
use niva_store::page::{PageRequest, filter_hash};
use niva_store::request::ChangeCall as Call;
use pb::offer_service_server::OfferService;
use tonic::Request;

use crate::occupancy::taken;
use crate::refused::refused;
use crate::sight::Sight;
use crate::store::of_row;
use crate::{Answer, App, MAX_PAGE, feed, grants, placements, units, wishes};

/// Offers as tonic sees them.
pub(crate) struct Offers(pub(crate) Arc<App>);

#[tonic::async_trait]
impl OfferService for Offers {
    async fn make_offer(&self, request: Request<pb::MakeOfferRequest>) -> Answer<pb::MakeOfferResponse> {
        answer!(self.make(request))
    }

    async fn accept_offer(
        &self,
        request: Request<pb::AcceptOfferRequest>,
    ) -> Answer<pb::AcceptOfferResponse> {
        answer!(self.accept(request))
    }

    async fn decline_offer(
        &self,
        request: Request<pb::DeclineOfferRequest>,
    ) -> Answer<pb::DeclineOfferResponse> {
        answer!(self.decline(request))
    }

    async fn lapse_offers(
        &self,
        request: Request<pb::LapseOffersRequest>,
    ) -> Answer<pb::LapseOffersResponse> {
        answer!(self.lapse_all(request))
    }

    async fn list_offers(&self, request: Request<pb::ListOffersRequest>) -> Answer<pb::ListOffersResponse> {
        answer!(self.list(request))
    }
}

impl Offers {
    async fn make(
        &self,
        caller: &Caller,
        request: &pb::MakeOfferRequest,
    ) -> Result<pb::MakeOfferResponse, OpError> {
        let mut v = Violations::new();
        let grant_id = read::id(&mut v, "grant_id", &request.grant_id);
        let unit_id = read::id(&mut v, "unit_id", &request.unit_id);
        let (grant_id, unit_id) = &v.finish_with(grant_id.zip(unit_id))?;
        let (today, offer_id) = (self.0.clock.today(), &self.0.ids.of(&request.request_id, "offer"));
        let call = Call { method: "MakeOffer", caller, request_id: &request.request_id, request };
        self.0
            .once(&call, |tx| {
                Box::pin(async move {
                    let grant =
                        grants::held(tx, caller, grant_id).await?.ok_or_else(|| grants::unknown(grant_id))?;
                    grant.usable(today).map_err(refused)?;
                    let reflection_days = self.0.terms(grant.service)?.parameters.reflection_days;
                    let not_wished =
                        || Refusal::NotWished { grant_id: grant_id.clone(), unit_id: unit_id.clone() };
                    let unit = units::store::hold(tx, unit_id).await?.ok_or_else(|| refused(not_wished()))?;
                    let wish = wishes::store::newest(tx, grant_id).await?;
                    let service = self.0.service(grant.service)?;
                    let opening = Opening {
                        grant: &grant,
                        service,
                        wish: wish.as_ref(),
                        unit: &unit,
                        taken: &taken(tx, &unit, today, today, None).await?,
                        offers: &still_open(tx, &grant, service, today).await?,
                        placements: &placements::store::running_beside(tx, &grant, service).await?,
                        today,
                        reflection_days,
                    };
                    let offer = Offer::make(offer_id.clone(), &opening).map_err(refused)?;
                    store::insert(tx, &offer).await?;
                    Ok((pb::MakeOfferResponse { offer: Some(wire::offer(&offer)) }, Vec::new()))
                })
            })
            .await
    }

    async fn accept(
        &self,
        caller: &Caller,
        request: &pb::AcceptOfferRequest,
    ) -> Result<pb::AcceptOfferResponse, OpError> {
        let mut v = Violations::new();
        let offer_id = read::id(&mut v, "offer_id", &request.offer_id);
        let ordered_start = self.0.reader().day(&mut v, "ordered_start", request.ordered_start);
        let (offer_id, ordered_start) = &v.finish_with(offer_id.zip(ordered_start))?;
        let (today, placement_id) = (self.0.clock.today(), &self.0.ids.of(&request.request_id, "placement"));
        let call = Call { method: "AcceptOffer", caller, request_id: &request.request_id, request };
        let answered = self
            .0
            .once(&call, |tx| {
                Box::pin(async move {
                    let (grant, offer) = held(tx, caller, offer_id).await?;
                    let unit = units::store::hold(tx, &offer.unit_id).await?;
                    let unit = of_row("offer", "unit_id", offer_id, unit)?;
                    let service = self.0.service(grant.service)?;
                    let order = Order {
                        placement_id: placement_id.clone(),
                        grant: &grant,
                        service,
                        unit: &unit,
                        taken: &taken(tx, &unit, today, today, Some(offer_id)).await?,
                        placements: &placements::store::running_beside(tx, &grant, service).await?,
                        ordered_start: *ordered_start,
                        today,
                        start_days: self.0.terms(offer.service)?.parameters.start_days,
                    };
                    let (offer, placement) = offer.accept(&order).map_err(refused)?;
                    placements::store::insert(tx, &placement).await?;
                    store::update(tx, &offer).await?;
                    let placement = placements::wire::placement(&placement);
                    let event = feed::placement(&placement);
                    let offer = Some(wire::offer(&offer));
                    Ok((pb::AcceptOfferResponse { offer, placement: Some(placement) }, vec![event]))
                })
            })
            .await;
        self.lapsed_if_late(offer_id, answered).await
    }

    async fn decline(
        &self,
        caller: &Caller,
        request: &pb::DeclineOfferRequest,
    ) -> Result<pb::DeclineOfferResponse, OpError> {
        let offer_id = &read::only_id("offer_id", &request.offer_id)?;
        let today = self.0.clock.today();
        let call = Call { method: "DeclineOffer", caller, request_id: &request.request_id, request };
        let answered = self
            .0
            .once(&call, |tx| {
                Box::pin(async move {
                    let (_, offer) = held(tx, caller, offer_id).await?;
                    let offer = offer.decline(today).map_err(refused)?;
                    store::update(tx, &offer).await?;
                    Ok((pb::DeclineOfferResponse { offer: Some(wire::offer(&offer)) }, Vec::new()))
                })
            })
            .await;
        self.lapsed_if_late(offer_id, answered).await
    }

    /// An answer after the deadline changes nothing of its own, but the offer is seen to have lapsed.
    async fn lapsed_if_late<T>(&self, offer_id: &str, answer: Result<T, OpError>) -> Result<T, OpError> {
        if answer.as_ref().is_err_and(|error| error.reason() == "OFFER_LAPSED") {
            self.lapse(Some(offer_id)).await?;
        }
        answer
    }

    /// Lets offers lapse whose deadline has passed: all of them, or one.
    pub(crate) async fn lapse(&self, only: Option<&str>) -> Result<Vec<Offer>, OpError> {
        let today = self.0.clock.today();
        self.0.db.write(|tx| Box::pin(async move { Ok(store::lapse(tx, today, only).await?) })).await
    }

    async fn lapse_all(
        &self,
        caller: &Caller,
        request: &pb::LapseOffersRequest,
    ) -> Result<pb::LapseOffersResponse, OpError> {
        let today = self.0.clock.today();
        let call = Call { method: "LapseOffers", caller, request_id: &request.request_id, request };
        self.0
            .once(&call, |tx| {
                Box::pin(async move {
                    let lapsed = store::lapse(tx, today, None).await?;
                    Ok((
                        pb::LapseOffersResponse { offers: lapsed.iter().map(wire::offer).collect() },
                        Vec::new(),
                    ))
                })
            })
            .await
    }

    async fn list(
        &self,
        caller: &Caller,
        request: &pb::ListOffersRequest,
    ) -> Result<pb::ListOffersResponse, OpError> {
        let state = wire::state(request.state)?;
        let filter = filter_hash(&["offers", &request.person_id, state.unwrap_or_default()]);
        let page = PageRequest::parse(request.page_size, &request.page_token, filter, MAX_PAGE)?;
        let sight = Sight::of(caller);
        let rows = store::list(self.0.db.conn(), &request.person_id, state, &sight, &page).await?;
        let (rows, next_page_token) = page.cut(rows, |o| o.offer_id.clone());
        Ok(pb::ListOffersResponse { offers: rows.iter().map(wire::offer).collect(), next_page_token })
    }
}

/// The person's open offers, after those that are overdue have lapsed.
async fn still_open(
    tx: &Tx<'_>,
    grant: &Grant,
    service: &ServiceInfo,
    today: NaiveDate,
) -> Result<Vec<Offer>, OpError> {
    let mut open = store::open_beside(tx, grant, service).await?;
    for offer in open.iter().filter(|offer| !offer.is_open(today)) {
        store::lapse(tx, today, Some(&offer.offer_id)).await?;
    }
    open.retain(|offer| offer.is_open(today));
    Ok(open)
}

/// The offer and its grant, held. The grant first, as everywhere, so that nobody waits for each other.
async fn held(tx: &Tx<'_>, caller: &Caller, id: &str) -> Result<(Grant, Offer), OpError> {
    let missing = || OpError::not_found("offer", id);
    let offer = store::find(tx, id).await?.ok_or_else(missing)?;
    let grant = of_row("offer", "grant_id", id, grants::held(tx, caller, &offer.grant_id).await?)?;
    let offer = store::lock(tx, id).await?.ok_or_else(missing)?;
    Ok((grant, offer))
}
