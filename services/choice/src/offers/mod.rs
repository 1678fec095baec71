//! Offers and their answers.

pub(crate) mod job;
mod reads;
pub(crate) mod store;
pub(crate) mod wire;

use std::sync::Arc;

use niva_access::Scope;
use niva_base::{OpError, Violations};
use niva_calendar::NaiveDate;
use niva_choice_domain::{Acceptance, Grant, Offer, Opening, Refusal, Unit};
use niva_facts::{Happened, Info, Telling};
use niva_names::{GrantId, OfferId, PlacementId, ServiceInfo, UnitId};
use niva_proto::choice::v1 as pb;
use niva_rpc::answer;
use niva_rpc::wire::read;
use niva_store::{Tx, facts};
use pb::offer_service_server::OfferService;
use tonic::Request;

use self::store::Overdue;
use crate::occupancy::{Except, Surroundings, occupied};
use crate::refused::refused;
use crate::store::of_row;
use crate::{Answer, App, grants, placements, standing, units, wishes};

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

    async fn correct_offer(
        &self,
        request: Request<pb::CorrectOfferRequest>,
    ) -> Answer<pb::CorrectOfferResponse> {
        answer!(self.correct(request))
    }

    async fn withdraw_offer(
        &self,
        request: Request<pb::WithdrawOfferRequest>,
    ) -> Answer<pb::WithdrawOfferResponse> {
        answer!(self.withdraw(request))
    }

    async fn get_offer(&self, request: Request<pb::GetOfferRequest>) -> Answer<pb::GetOfferResponse> {
        answer!(self.get(request))
    }

    async fn list_offers(&self, request: Request<pb::ListOffersRequest>) -> Answer<pb::ListOffersResponse> {
        answer!(self.list(request))
    }

    async fn list_offer_revisions(
        &self,
        request: Request<pb::ListOfferRevisionsRequest>,
    ) -> Answer<pb::ListOfferRevisionsResponse> {
        answer!(self.revisions(request))
    }
}

impl Offers {
    async fn make(
        &self,
        scope: &Scope,
        request: &pb::MakeOfferRequest,
    ) -> Result<pb::MakeOfferResponse, OpError> {
        let mut v = Violations::new();
        let grant_id: Option<GrantId> = read::id(&mut v, "grant_id", &request.grant_id);
        let unit_id: Option<UnitId> = read::id(&mut v, "unit_id", &request.unit_id);
        let (grant_id, unit_id) = &v.finish_with(grant_id.zip(unit_id))?;
        let (today, offer_id) =
            (self.0.clock.today(), &OfferId::from(self.0.secrets.id(scope.author(), request, "offer")));
        self.0
            .change_untold(scope, request, |tx, told| {
                Box::pin(async move {
                    let (grant, _) = grants::held(tx, scope, grant_id).await?;
                    grant.usable(today).map_err(refused)?;
                    let service = self.0.service(grant.service)?;
                    let reflection_days = self.0.terms(grant.service)?.parameters.reflection_days;
                    let not_wished =
                        || Refusal::NotWished { grant_id: grant_id.clone(), unit_id: unit_id.clone() };
                    let unit = units::store::hold(tx, unit_id).await?.ok_or_else(|| refused(not_wished()))?;
                    let wish = wishes::store::of_grant(tx, grant_id).await?;
                    let around = Beside::look(tx, &grant, service, &unit, None, &told).await?;
                    let opening = around.opening(&grant, service, &unit, today);
                    let offer = Offer::make(offer_id.clone(), wish.as_ref(), &opening, reflection_days);
                    let offer = offer.map_err(refused)?;
                    let info = Info::first(offer_id, told);
                    store::insert(tx, &offer, &info).await?;
                    Ok(pb::MakeOfferResponse { offer: Some(tell(tx, &offer, &info).await?) })
                })
            })
            .await
    }

    async fn accept(
        &self,
        scope: &Scope,
        request: &pb::AcceptOfferRequest,
    ) -> Result<pb::AcceptOfferResponse, OpError> {
        let mut v = Violations::new();
        let offer_id: Option<OfferId> = read::id(&mut v, "offer_id", &request.offer_id);
        let ordered_start = self.0.reader().day(&mut v, "ordered_start", request.ordered_start);
        let (offer_id, ordered_start) = &v.finish_with(offer_id.zip(ordered_start))?;
        let made = self.0.secrets.id(scope.author(), request, "placement");
        let (today, placement_id) = (self.0.clock.today(), &PlacementId::from(made));
        let answered = self
            .0
            .change(scope, request, |tx, told| {
                Box::pin(async move {
                    let Held { offer, grant, grants, info } = held(tx, scope, offer_id).await?;
                    let next = info.happened(told.clone())?;
                    let service = self.0.service(offer.service)?;
                    let unit = units::store::hold(tx, &offer.unit_id).await?;
                    let unit = of_row("offer", "unit_id", offer_id.as_str(), unit)?;
                    let running = placements::store::running_beside(tx, &grant, service).await?;
                    let others =
                        placements::store::of_person(tx, &grant.person_id, grant.service, None).await?;
                    let occupied = occupied(tx, &unit, today, today, Except::Offer(offer_id)).await?;
                    let surroundings = Surroundings { unit, occupied, grants, others };
                    let order = Acceptance {
                        placement_id: placement_id.clone(),
                        around: surroundings.around(service),
                        placements: &running,
                        ordered_start: *ordered_start,
                        today,
                        start_days: self.0.terms(offer.service)?.parameters.start_days,
                    };
                    let (offer, placement) = offer.accept(&order).map_err(refused)?;
                    let first = Info::first(placement_id, told);
                    placements::store::insert(tx, &placement, &first).await?;
                    store::update(tx, &offer, &next).await?;
                    let (placement, event) = placements::tell(tx, &placement, &first).await?;
                    let offer = Some(tell(tx, &offer, &next).await?);
                    let placement = Some(placement);
                    Ok((pb::AcceptOfferResponse { offer, placement, feed_position: 0 }, vec![event]))
                })
            })
            .await;
        self.lapsed_if_late(offer_id, answered).await
    }

    async fn decline(
        &self,
        scope: &Scope,
        request: &pb::DeclineOfferRequest,
    ) -> Result<pb::DeclineOfferResponse, OpError> {
        let offer_id = &read::only_id("offer_id", &request.offer_id)?;
        let today = self.0.clock.today();
        let answered = self
            .0
            .change_untold(scope, request, |tx, told| {
                Box::pin(async move {
                    let Held { offer, info, .. } = held(tx, scope, offer_id).await?;
                    let next = info.happened(told)?;
                    let offer = offer.decline(today).map_err(refused)?;
                    store::update(tx, &offer, &next).await?;
                    Ok(pb::DeclineOfferResponse { offer: Some(tell(tx, &offer, &next).await?) })
                })
            })
            .await;
        self.lapsed_if_late(offer_id, answered).await
    }

    async fn correct(
        &self,
        scope: &Scope,
        request: &pb::CorrectOfferRequest,
    ) -> Result<pb::CorrectOfferResponse, OpError> {
        let given = &self.0.reader().offer(request.offer.as_ref())?;
        let today = self.0.clock.today();
        self.0
            .change_untold(scope, request, |tx, told| {
                Box::pin(async move {
                    let Held { offer, grant, info, .. } = held(tx, scope, &given.offer_id).await?;
                    let next = info.corrected(request.expected_revision, told.clone())?;
                    let service = self.0.service(offer.service)?;
                    let unit = units::store::hold(tx, &offer.unit_id).await?;
                    let unit = of_row("offer", "unit_id", offer.offer_id.as_str(), unit)?;
                    let except = Some(&given.offer_id);
                    let around = Beside::look(tx, &grant, service, &unit, except, &told).await?;
                    let opening = around.opening(&grant, service, &unit, today);
                    let told = match offer.correct(&given.change, &opening).map_err(refused)? {
                        Happened::Already(offer) => standing(tx, &offer.offer_id).await?.0,
                        Happened::Now(offer) => {
                            store::update(tx, &offer, &next).await?;
                            tell(tx, &offer, &next).await?
                        }
                    };
                    Ok(pb::CorrectOfferResponse { offer: Some(told) })
                })
            })
            .await
    }

    async fn withdraw(
        &self,
        scope: &Scope,
        request: &pb::WithdrawOfferRequest,
    ) -> Result<pb::WithdrawOfferResponse, OpError> {
        let offer_id = &read::only_id("offer_id", &request.offer_id)?;
        self.0
            .change_untold(scope, request, |tx, told| {
                Box::pin(async move {
                    let Held { offer, info, .. } = held(tx, scope, offer_id).await?;
                    let next = info.withdrawn(request.expected_revision, told)?;
                    offer.may_be_withdrawn().map_err(refused)?;
                    store::update(tx, &offer, &next).await?;
                    Ok(pb::WithdrawOfferResponse { offer: Some(tell(tx, &offer, &next).await?) })
                })
            })
            .await
    }

    /// An answer after the deadline changes nothing of its own, but the offer is seen to have lapsed.
    async fn lapsed_if_late<T>(&self, offer_id: &OfferId, answer: Result<T, OpError>) -> Result<T, OpError> {
        if answer.as_ref().is_err_and(|error| error.reason() == "OFFER_LAPSED") {
            self.lapse(Overdue::One(offer_id)).await?;
        }
        answer
    }

    async fn lapse_all(
        &self,
        scope: &Scope,
        request: &pb::LapseOffersRequest,
    ) -> Result<pb::LapseOffersResponse, OpError> {
        let today = self.0.clock.today();
        self.0
            .change_untold(scope, request, |tx, told| {
                Box::pin(async move {
                    Ok(pb::LapseOffersResponse {
                        offers: lapse(tx, today, Overdue::Reached(scope), &told).await?,
                    })
                })
            })
            .await
    }
}

/// An offer that is held, with the grants of its person.
struct Held {
    offer: Offer,
    /// The grant that it was made under.
    grant: Grant,
    /// All that stand of the service to the person.
    grants: Vec<Grant>,
    info: Info,
}

/// The offer and its grants, held. The grants first, as everywhere, so that nobody waits for each other.
async fn held(tx: &Tx<'_>, scope: &Scope, id: &OfferId) -> Result<Held, OpError> {
    let missing = || OpError::not_found("offer", id);
    let offer = store::find(tx, scope, id).await?.ok_or_else(missing)?;
    let grants = grants::of_person(tx, scope, &offer.person_id, offer.service).await?;
    let grant =
        of_row("offer", "grant_id", id.as_str(), grants::store::find(tx, scope, &offer.grant_id).await?)?
            .grant;
    let offer = store::lock(tx, id).await?.ok_or_else(missing)?;
    let (_, info) = standing::<pb::Offer>(tx, id).await?;
    Ok(Held { offer, grant, grants, info })
}

/// What an open offer stands beside.
struct Beside {
    occupied: Vec<niva_calendar::Interval>,
    offers: Vec<Offer>,
    placements: Vec<niva_choice_domain::Placement>,
}

impl Beside {
    /// All except one offer. Offers of the person that are overdue lapse first.
    async fn look(
        tx: &Tx<'_>,
        grant: &Grant,
        service: &ServiceInfo,
        unit: &Unit,
        except: Option<&OfferId>,
        told: &Telling,
    ) -> Result<Self, OpError> {
        let today = niva_base::civil_day(told.recorded_at);
        let mut offers = store::open_beside(tx, grant, service).await?;
        offers.retain(|offer| Some(&offer.offer_id) != except);
        for late in offers.iter().filter(|offer| !offer.is_open(today)) {
            lapse(tx, today, Overdue::One(&late.offer_id), told).await?;
        }
        offers.retain(|offer| offer.is_open(today));
        let placements = placements::store::running_beside(tx, grant, service).await?;
        let except = except.map_or(Except::Nobody, Except::Offer);
        Ok(Self { occupied: occupied(tx, unit, today, today, except).await?, offers, placements })
    }

    fn opening<'a>(
        &'a self,
        grant: &'a Grant,
        service: &'a ServiceInfo,
        unit: &'a Unit,
        today: NaiveDate,
    ) -> Opening<'a> {
        let Self { occupied, offers, placements } = self;
        Opening { grant, service, unit, occupied, offers, placements, today }
    }
}

/// Lets open offers lapse whose deadline has passed: all of them, or one. Whoever comes second finds them lapsed.
async fn lapse(
    tx: &Tx<'_>,
    today: NaiveDate,
    which: Overdue<'_>,
    told: &Telling,
) -> Result<Vec<pb::Offer>, OpError> {
    let mut lapsed = Vec::new();
    for offer in store::overdue(tx, today, which).await? {
        if let Happened::Now(offer) = offer.lapse(today) {
            let (_, info) = standing::<pb::Offer>(tx, &offer.offer_id).await?;
            let next = info.happened(told.clone())?;
            store::update(tx, &offer, &next).await?;
            lapsed.push(tell(tx, &offer, &next).await?);
        }
    }
    Ok(lapsed)
}

/// Keeps a revision whose row is written.
async fn tell(tx: &Tx<'_>, offer: &Offer, info: &Info) -> Result<pb::Offer, OpError> {
    let offer = wire::write(offer, info);
    facts::append(tx, std::slice::from_ref(&offer)).await?;
    Ok(offer)
}
