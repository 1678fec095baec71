//! Offers on the wire.

use niva_base::OpError;
use niva_choice_domain::{Offer, OfferState};
use niva_proto::choice::v1 as pb;
use niva_rpc::wire::write::date;

/// The state to list; `None`: all.
pub(crate) fn state(value: i32) -> Result<Option<&'static str>, OpError> {
    use pb::offer::State;
    match State::try_from(value) {
        Ok(State::Unspecified) => Ok(None),
        Ok(State::Open) => Ok(Some("open")),
        Ok(State::Accepted) => Ok(Some("accepted")),
        Ok(State::Declined) => Ok(Some("declined")),
        Ok(State::Lapsed) => Ok(Some("lapsed")),
        Err(_) => Err(OpError::invalid("state", "STATE_UNKNOWN", "is no state of an offer")),
    }
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
