//! Offers and their answers.

use niva_calendar::{Interval, NaiveDate};
use niva_choice_domain::{Grant, Offer, Opening, Order, Placement, Refusal, Unit};
use niva_kit::auth::Caller;
use niva_kit::page::{PageRequest, filter_hash};
use niva_kit::wire::read;
use niva_kit::{OpError, Tx, Violations};
use niva_proto::choice::v1 as pb;

use super::{Call, MAX_PAGE, grant_unknown, held_grant, of_row, placement_event, refused};
use crate::sight::Sight;
use crate::store::{offers, placements, units, wishes};
use crate::{App, wire};

impl App {
    pub(crate) async fn make_offer(
        &self,
        caller: &Caller,
        request: &pb::MakeOfferRequest,
    ) -> Result<pb::MakeOfferResponse, OpError> {
        let mut v = Violations::new();
        let grant_id = read::id(&mut v, "grant_id", &request.grant_id);
        let unit_id = read::id(&mut v, "unit_id", &request.unit_id);
        let (grant_id, unit_id) = &v.finish_with(grant_id.zip(unit_id))?;
        let (today, offer_id) = (self.clock.today(), &self.ids.of(&request.request_id, "offer"));
        let call = Call { method: "MakeOffer", caller, request_id: &request.request_id, request };
        self.change(&call, |tx| {
            Box::pin(async move {
                let grant = held_grant(tx, caller, grant_id).await?.ok_or_else(|| grant_unknown(grant_id))?;
                grant.usable(today).map_err(refused)?;
                let reflection_days = self.terms(grant.service)?.parameters.reflection_days;
                let not_wished =
                    || Refusal::NotWished { grant_id: grant_id.clone(), unit_id: unit_id.clone() };
                let unit = units::lock(tx, unit_id).await?.ok_or_else(|| refused(not_wished()))?;
                let wish = wishes::newest(tx, grant_id).await?;
                let opening = Opening {
                    grant: &grant,
                    wish: wish.as_ref(),
                    unit: &unit,
                    taken: &taken(tx, &unit, today, today, None).await?,
                    offers: &still_open(tx, &grant, today).await?,
                    placements: &placements::running_beside(tx, &grant).await?,
                    today,
                    reflection_days,
                };
                let offer = Offer::make(offer_id.clone(), &opening).map_err(refused)?;
                offers::insert(tx, &offer).await?;
                Ok((pb::MakeOfferResponse { offer: Some(wire::offer(&offer)) }, Vec::new()))
            })
        })
        .await
    }

    pub(crate) async fn accept_offer(
        &self,
        caller: &Caller,
        request: &pb::AcceptOfferRequest,
    ) -> Result<pb::AcceptOfferResponse, OpError> {
        let mut v = Violations::new();
        let offer_id = read::id(&mut v, "offer_id", &request.offer_id);
        let ordered_start = self.reader().day(&mut v, "ordered_start", request.ordered_start);
        let (offer_id, ordered_start) = &v.finish_with(offer_id.zip(ordered_start))?;
        let (today, placement_id) = (self.clock.today(), &self.ids.of(&request.request_id, "placement"));
        let call = Call { method: "AcceptOffer", caller, request_id: &request.request_id, request };
        let answered = self
            .change(&call, |tx| {
                Box::pin(async move {
                    let (grant, offer) = held(tx, caller, offer_id).await?;
                    let unit = units::lock(tx, &offer.unit_id).await?;
                    let unit = of_row("offer", "unit_id", offer_id, unit)?;
                    let order = Order {
                        placement_id: placement_id.clone(),
                        grant: &grant,
                        unit: &unit,
                        taken: &taken(tx, &unit, today, today, Some(offer_id)).await?,
                        placements: &placements::running_beside(tx, &grant).await?,
                        ordered_start: *ordered_start,
                        today,
                        start_days: self.terms(offer.service)?.parameters.start_days,
                    };
                    let (offer, placement) = offer.accept(&order).map_err(refused)?;
                    placements::insert(tx, &placement).await?;
                    offers::update(tx, &offer).await?;
                    let placement = wire::placement(&placement);
                    let event = placement_event(&placement);
                    let offer = Some(wire::offer(&offer));
                    Ok((pb::AcceptOfferResponse { offer, placement: Some(placement) }, vec![event]))
                })
            })
            .await;
        self.lapsed_if_late(offer_id, answered).await
    }

    pub(crate) async fn decline_offer(
        &self,
        caller: &Caller,
        request: &pb::DeclineOfferRequest,
    ) -> Result<pb::DeclineOfferResponse, OpError> {
        let offer_id = &read::only_id("offer_id", &request.offer_id)?;
        let today = self.clock.today();
        let call = Call { method: "DeclineOffer", caller, request_id: &request.request_id, request };
        let answered = self
            .change(&call, |tx| {
                Box::pin(async move {
                    let (_, offer) = held(tx, caller, offer_id).await?;
                    let offer = offer.decline(today).map_err(refused)?;
                    offers::update(tx, &offer).await?;
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
        let today = self.clock.today();
        self.db.write(|tx| Box::pin(async move { Ok(offers::lapse(tx, today, only).await?) })).await
    }

    pub(crate) async fn lapse_offers(
        &self,
        caller: &Caller,
        request: &pb::LapseOffersRequest,
    ) -> Result<pb::LapseOffersResponse, OpError> {
        let today = self.clock.today();
        let call = Call { method: "LapseOffers", caller, request_id: &request.request_id, request };
        self.change(&call, |tx| {
            Box::pin(async move {
                let lapsed = offers::lapse(tx, today, None).await?;
                Ok((pb::LapseOffersResponse { offers: lapsed.iter().map(wire::offer).collect() }, Vec::new()))
            })
        })
        .await
    }

    pub(crate) async fn list_offers(
        &self,
        caller: &Caller,
        request: &pb::ListOffersRequest,
    ) -> Result<pb::ListOffersResponse, OpError> {
        use pb::offer::State;
        let state = match State::try_from(request.state) {
            Ok(State::Unspecified) => None,
            Ok(State::Open) => Some("open"),
            Ok(State::Accepted) => Some("accepted"),
            Ok(State::Declined) => Some("declined"),
            Ok(State::Lapsed) => Some("lapsed"),
            Err(_) => return Err(OpError::invalid("state", "STATE_UNKNOWN", "is no state of an offer")),
        };
        let filter = filter_hash(&["offers", &request.person_id, state.unwrap_or_default()]);
        let page = PageRequest::parse(request.page_size, &request.page_token, filter, MAX_PAGE)?;
        let sight = Sight::of(caller);
        let rows = offers::list(self.db.conn(), &request.person_id, state, &sight, &page).await?;
        let (rows, next_page_token) = page.cut(rows, |o| o.offer_id.clone());
        Ok(pb::ListOffersResponse { offers: rows.iter().map(wire::offer).collect(), next_page_token })
    }
}

/// The person's open offers, after those that are overdue have lapsed.
async fn still_open(tx: &Tx<'_>, grant: &Grant, today: NaiveDate) -> Result<Vec<Offer>, OpError> {
    let mut open = offers::open_beside(tx, grant).await?;
    for offer in open.iter().filter(|offer| !offer.is_open(today)) {
        offers::lapse(tx, today, Some(&offer.offer_id)).await?;
    }
    open.retain(|offer| offer.is_open(today));
    Ok(open)
}

/// The offer and its grant, held. The grant first, as everywhere, so that nobody waits for each other.
async fn held(tx: &Tx<'_>, caller: &Caller, id: &str) -> Result<(Grant, Offer), OpError> {
    let missing = || OpError::not_found("offer", id);
    let offer = offers::find(tx, id).await?.ok_or_else(missing)?;
    let grant = of_row("offer", "grant_id", id, held_grant(tx, caller, &offer.grant_id).await?)?;
    let offer = offers::lock(tx, id).await?.ok_or_else(missing)?;
    Ok((grant, offer))
}

/// Places held at a unit on `from` or later by all but one offer or placement. The unit must be held.
pub(super) async fn taken(
    tx: &Tx<'_>,
    unit: &Unit,
    from: NaiveDate,
    today: NaiveDate,
    but: Option<&str>,
) -> Result<Vec<Interval>, OpError> {
    let units = [unit.unit_id.as_str()];
    let placed = placements::holding(tx, &units, from.min(today)).await?;
    let placed = placed.iter().filter(|p| Some(p.placement_id.as_str()) != but);
    let mut taken: Vec<_> = placed.filter_map(Placement::occupies).collect();
    let offered = offers::open_at(tx, &units).await?;
    let offered = offered.iter().filter(|o| Some(o.offer_id.as_str()) != but);
    taken.extend(offered.filter_map(|o| o.occupies(today)));
    Ok(taken)
}
