//! Results to messages.

use niva_calendar::Timeline;
use niva_choice_domain::{Offer, OfferState, Placement, PlacementState, Provider, Unit, Wish};
use niva_kit::wire::write::{self, date};
use niva_proto::choice::v1 as pb;
use niva_proto::common::v1 as common;

pub(crate) fn provider(provider: &Provider) -> pb::Provider {
    pb::Provider { provider_id: provider.provider_id.clone(), name: provider.name.clone() }
}

pub(crate) fn unit(unit: &Unit) -> pb::Unit {
    pb::Unit {
        unit_id: unit.unit_id.clone(),
        provider_id: unit.provider_id.clone(),
        name: unit.name.clone(),
        service: write::service(unit.service).into(),
        district: unit.district.clone(),
        regimes: periods(&unit.regimes, |from, regime| pb::RegimePeriod {
            valid_from: from,
            regime: write::regime(*regime).into(),
        }),
        capacities: periods(&unit.capacities, |from, places| pb::CapacityPeriod {
            valid_from: from,
            places: i32::try_from(*places).unwrap_or(i32::MAX),
        }),
        revision: unit.revision,
    }
}

pub(crate) fn wish(wish: &Wish) -> pb::Wish {
    pb::Wish { grant_id: wish.grant_id.clone(), unit_ids: wish.unit_ids.clone(), version: wish.version }
}

pub(crate) fn offer(offer: &Offer) -> pb::Offer {
    use pb::offer::State;
    let (state, placement_id) = match &offer.state {
        OfferState::Open => (State::Open, String::new()),
        OfferState::Accepted { placement_id } => (State::Accepted, placement_id.clone()),
        OfferState::Declined => (State::Declined, String::new()),
        OfferState::Lapsed => (State::Lapsed, String::new()),
    };
    pb::Offer {
        offer_id: offer.offer_id.clone(),
        grant_id: offer.grant_id.clone(),
        person_id: offer.person_id.clone(),
        unit_id: offer.unit_id.clone(),
        state: state.into(),
        offer_date: Some(date(offer.offer_date)),
        answer_by: Some(date(offer.answer_by)),
        placement_id,
    }
}

pub(crate) fn placement(placement: &Placement) -> pb::Placement {
    use pb::placement::State;
    let state = match placement.state {
        PlacementState::Ordered => State::Ordered,
        PlacementState::Withdrawn => State::Withdrawn,
        PlacementState::Started { .. } => State::Started,
        PlacementState::NoShow { .. } => State::NoShow,
        PlacementState::Ended { .. } => State::Ended,
    };
    pb::Placement {
        placement_id: placement.placement_id.clone(),
        grant_id: placement.grant_id.clone(),
        person_id: placement.person_id.clone(),
        service: write::service(placement.service).into(),
        unit_id: placement.unit_id.clone(),
        state: state.into(),
        ordered_start: Some(date(placement.ordered_start)),
        actual_start: placement.state.actual_start().map(date),
        notice_date: placement.state.notice().map(date),
        end_date: placement.state.end().map(date),
        revision: placement.revision,
    }
}

fn periods<T: Clone + PartialEq, P>(
    timeline: &Timeline<T>,
    period: impl Fn(Option<common::Date>, &T) -> P,
) -> Vec<P> {
    timeline.spans().iter().map(|(days, value)| period(Some(date(days.first)), value)).collect()
}
