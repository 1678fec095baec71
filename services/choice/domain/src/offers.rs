use niva_calendar::{Interval, NaiveDate, add_working_days};
use niva_names::{ServiceInfo, ServiceKey};

use crate::{Grant, Placement, PlacementState, Refusal, Unit, Wish};

/// A place offered to a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// Opaque id.
    pub offer_id: String,
    /// The grant.
    pub grant_id: String,
    /// The person.
    pub person_id: String,
    /// The service.
    pub service: ServiceKey,
    /// The unit.
    pub unit_id: String,
    /// Day it was made.
    pub offer_date: NaiveDate,
    /// Last day to answer.
    pub answer_by: NaiveDate,
    /// What has happened to it.
    pub state: OfferState,
}

/// What has happened to an offer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OfferState {
    /// Waiting for an answer; holds a place.
    Open,
    /// Answered with yes.
    Accepted {
        /// The placement that was ordered.
        placement_id: String,
    },
    /// Answered with no: the person keeps the place in the queue.
    Declined,
    /// Not answered in time.
    Lapsed,
}

impl OfferState {
    /// The name in contract, table and page.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Accepted { .. } => "accepted",
            Self::Declined => "declined",
            Self::Lapsed => "lapsed",
        }
    }
}

/// What an offer is made upon.
#[derive(Debug, Clone, Copy)]
pub struct Opening<'a> {
    /// The person's grant.
    pub grant: &'a Grant,
    /// What the city's catalogue says of the service granted.
    pub service: &'a ServiceInfo,
    /// The newest wishes for it.
    pub wish: Option<&'a Wish>,
    /// The unit with a vacancy.
    pub unit: &'a Unit,
    /// Places held at the unit by placements and open offers.
    pub taken: &'a [Interval],
    /// The person's other offers of the service (of the grant, where the service is not exclusive).
    pub offers: &'a [Offer],
    /// The person's placements in the service (under the grant, where the service is not exclusive).
    pub placements: &'a [Placement],
    /// The civil day.
    pub today: NaiveDate,
    /// Working days to answer, by the model in force.
    pub reflection_days: u16,
}

/// What a yes orders.
#[derive(Debug, Clone)]
pub struct Order<'a> {
    /// Id of the placement to make.
    pub placement_id: String,
    /// The person's grant.
    pub grant: &'a Grant,
    /// What the city's catalogue says of the service granted.
    pub service: &'a ServiceInfo,
    /// The unit offered.
    pub unit: &'a Unit,
    /// Places held at the unit by placements and *other* open offers.
    pub taken: &'a [Interval],
    /// The person's placements in the service (under the grant, where the service is not exclusive).
    pub placements: &'a [Placement],
    /// Ordered first day.
    pub ordered_start: NaiveDate,
    /// The civil day.
    pub today: NaiveDate,
    /// Working days to start, by the model in force.
    pub start_days: u16,
}

impl Offer {
    /// Offers a place. Checked in this order: the grant, the wish, other offers, placements, the place.
    ///
    /// # Errors
    /// The first of them that is wrong.
    pub fn make(offer_id: String, on: &Opening<'_>) -> Result<Self, Refusal> {
        let (grant, unit) = (on.grant.usable(on.today)?, on.unit);
        if !on.wish.is_some_and(|wish| wish.unit_ids.contains(&unit.unit_id)) {
            let (grant_id, unit_id) = (grant.grant_id.clone(), unit.unit_id.clone());
            return Err(Refusal::NotWished { grant_id, unit_id });
        }
        if let Some(open) = on.offers.iter().find(|offer| offer.is_open(on.today)) {
            return Err(Refusal::OfferOpen { offer_id: open.offer_id.clone() });
        }
        may_be_placed(on.service, on.placements)?;
        unit.has_place(on.taken, &[Interval::from(on.today)])?;
        Ok(Self {
            offer_id,
            grant_id: grant.grant_id.clone(),
            person_id: grant.person_id.clone(),
            service: grant.service,
            unit_id: unit.unit_id.clone(),
            offer_date: on.today,
            answer_by: add_working_days(on.today, u32::from(on.reflection_days)),
            state: OfferState::Open,
        })
    }

    /// Whether it waits for an answer that can still come.
    #[must_use]
    pub fn is_open(&self, today: NaiveDate) -> bool {
        self.state == OfferState::Open && today <= self.answer_by
    }

    /// Days on which it holds a place: until it is answered nobody knows how long the person would stay.
    #[must_use]
    pub fn occupies(&self, today: NaiveDate) -> Option<Interval> {
        self.is_open(today).then(|| Interval::from(self.offer_date))
    }

    /// Yes: orders a placement. Checked in this order: the offer, the day, the grant, placements, the place.
    ///
    /// # Errors
    /// The first of them that is wrong.
    pub fn accept(self, order: &Order<'_>) -> Result<(Self, Placement), Refusal> {
        self.answerable(order.today)?;
        let (day, grant) = (order.ordered_start, order.grant);
        if day < order.today {
            return Err(Refusal::StartInPast { ordered_start: day, today: order.today });
        }
        let latest = add_working_days(order.today, u32::from(order.start_days));
        if day > latest {
            return Err(Refusal::StartTooLate { ordered_start: day, latest });
        }
        if !grant.valid.contains(day) {
            return Err(Refusal::OutsideGrant { grant_id: grant.grant_id.clone(), day });
        }
        may_be_placed(order.service, order.placements)?;
        order.unit.has_place(order.taken, &[Interval::from(day)])?;
        let placement = Placement {
            placement_id: order.placement_id.clone(),
            grant_id: self.grant_id.clone(),
            person_id: self.person_id.clone(),
            service: self.service,
            unit_id: self.unit_id.clone(),
            ordered_start: day,
            state: PlacementState::Ordered,
            revision: 1,
        };
        let state = OfferState::Accepted { placement_id: order.placement_id.clone() };
        Ok((Self { state, ..self }, placement))
    }

    /// No: the wishes stand.
    ///
    /// # Errors
    /// It was answered, or has lapsed.
    pub fn decline(self, today: NaiveDate) -> Result<Self, Refusal> {
        self.answerable(today)?;
        Ok(Self { state: OfferState::Declined, ..self })
    }

    /// Lapses if its deadline has passed without an answer; otherwise stays as it is.
    #[must_use]
    pub fn lapse(self, today: NaiveDate) -> crate::Done<Self> {
        if self.state == OfferState::Open && today > self.answer_by {
            return crate::Done::Now(Self { state: OfferState::Lapsed, ..self });
        }
        crate::Done::Already(self)
    }

    fn answerable(&self, today: NaiveDate) -> Result<(), Refusal> {
        match self.state {
            OfferState::Accepted { .. } | OfferState::Declined => {
                Err(Refusal::OfferAnswered { offer_id: self.offer_id.clone() })
            }
            OfferState::Open if today <= self.answer_by => Ok(()),
            OfferState::Open | OfferState::Lapsed => {
                Err(Refusal::OfferLapsed { offer_id: self.offer_id.clone(), answer_by: self.answer_by })
            }
        }
    }
}

/// A placement that is ordered must start first. One that runs may be switched from; while two run without notice the
/// switch is not finished and a third is refused.
fn may_be_placed(service: &ServiceInfo, placements: &[Placement]) -> Result<(), Refusal> {
    if let Some(ordered) = placements.iter().find(|p| p.state == PlacementState::Ordered) {
        return Err(Refusal::AlreadyOrdered { placement_id: ordered.placement_id.clone() });
    }
    let running =
        placements.iter().filter(|p| matches!(p.state, PlacementState::Started { notice: None, .. }));
    match running.clone().nth(1) {
        Some(second) if service.exclusive => {
            Err(Refusal::AlreadySwitching { placement_id: second.placement_id.clone() })
        }
        _ => Ok(()),
    }
}
