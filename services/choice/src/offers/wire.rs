//! Offers on the wire.

use niva_base::{OpError, Violations};
use niva_choice_domain::{Offer, OfferChange, OfferState};
use niva_facts::{Fact, Info};
use niva_names::OfferId;
use niva_proto::choice::v1 as pb;
use niva_rpc::wire::read;
use niva_rpc::wire::write::date;

use crate::wire::Reader;

/// An offer as it is told anew.
pub(crate) struct Given {
    pub(crate) offer_id: OfferId,
    pub(crate) change: OfferChange,
}

impl Reader<'_> {
    /// An offer that must be given.
    pub(crate) fn offer(self, given: Option<&pb::Offer>) -> Result<Given, OpError> {
        let mut v = Violations::new();
        let given = v.required("offer", given);
        let offer = given.and_then(|given| {
            v.nested("offer", |v| {
                let offer_id = read::id(v, "offer_id", &given.offer_id);
                let grant_id = read::id(v, "grant_id", &given.grant_id);
                let unit_id = read::id(v, "unit_id", &given.unit_id);
                let answer_by = self.day(v, "answer_by", given.answer_by);
                let placement_id = given.placement_id.clone();
                let state = match given.state() {
                    pb::offer::State::Unspecified => None,
                    pb::offer::State::Open => Some(OfferState::Open),
                    pb::offer::State::Accepted => {
                        Some(OfferState::Accepted { placement_id: placement_id.into() })
                    }
                    pb::offer::State::Declined => Some(OfferState::Declined),
                    pb::offer::State::Lapsed => Some(OfferState::Lapsed),
                };
                let state = v.required("state", state);
                let change = OfferChange {
                    grant_id: grant_id?,
                    unit_id: unit_id?,
                    answer_by: answer_by?,
                    state: state?,
                };
                Some(Given { offer_id: offer_id?, change })
            })
        });
        v.finish_with(offer)
    }
}

/// The state to list; `None`: all.
pub(crate) fn state(value: i32) -> Result<Option<&'static str>, OpError> {
    use pb::offer::State;
    match State::try_from(value) {
        Ok(State::Unspecified) => Ok(None),
        Ok(State::Open) => Ok(Some("open")),
        Ok(State::Accepted) => Ok(Some("accepted")),
        Ok(State::Declined) => Ok(Some("declined")),
        Ok(State::Lapsed) => Ok(Some("lapsed")),
        Err(_) => Err(OpError::invalid("state", "FIELD_INVALID", "is no state of an offer")),
    }
}

/// An offer as it is told.
pub(crate) fn write(offer: &Offer, info: &Info) -> pb::Offer {
    use pb::offer::State;
    let (state, placement_id) = match &offer.state {
        OfferState::Open => (State::Open, String::new()),
        OfferState::Accepted { placement_id } => (State::Accepted, placement_id.to_string()),
        OfferState::Declined => (State::Declined, String::new()),
        OfferState::Lapsed => (State::Lapsed, String::new()),
    };
    let mut told = pb::Offer {
        offer_id: offer.offer_id.to_string(),
        grant_id: offer.grant_id.to_string(),
        person_id: offer.person_id.to_string(),
        unit_id: offer.unit_id.to_string(),
        state: state.into(),
        offer_date: Some(date(offer.offer_date)),
        answer_by: Some(date(offer.answer_by)),
        placement_id,
        service: offer.service.into(),
        info: None,
    };
    told.set_info(Some(info));
    told
}
