use niva_calendar::{Interval, NaiveDate, add_working_days};
use niva_facts::Happened;
use niva_names::{GrantId, OfferId, PersonId, PlacementId, ServiceInfo, ServiceKey, UnitId};

use crate::{Around, Beside, Grant, Placement, PlacementState, Refusal, Unit, Wish};

/// A place offered to a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// Opaque id.
    pub offer_id: OfferId,
    /// The grant.
    pub grant_id: GrantId,
    /// The person.
    pub person_id: PersonId,
    /// The service.
    pub service: ServiceKey,
    /// The unit.
    pub unit_id: UnitId,
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
        placement_id: PlacementId,
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

/// What a correction says of an offer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfferChange {
    /// The grant, which stays.
    pub grant_id: GrantId,
    /// The unit, which stays.
    pub unit_id: UnitId,
    /// Last day to answer.
    pub answer_by: NaiveDate,
    /// What has happened to it.
    pub state: OfferState,
}

/// What an open offer stands among.
#[derive(Debug, Clone, Copy)]
pub struct Opening<'a> {
    /// The person's grant.
    pub grant: &'a Grant,
    /// What the city's catalogue says of the service granted.
    pub service: &'a ServiceInfo,
    /// The unit with a vacancy.
    pub unit: &'a Unit,
    /// Places held at the unit by placements and other open offers.
    pub occupied: &'a [Interval],
    /// The person's other offers of the service (of the grant, where the service is not exclusive).
    pub offers: &'a [Offer],
    /// The person's placements in the service (under the grant, where the service is not exclusive).
    pub placements: &'a [Placement],
    /// The civil day.
    pub today: NaiveDate,
}

/// A yes: what it orders, and among what.
#[derive(Debug, Clone)]
pub struct Acceptance<'a> {
    /// Id of the placement to make.
    pub placement_id: PlacementId,
    /// What it is ordered among.
    pub around: Around<'a>,
    /// The placements that count against another: of the service, or under the grant where it is not exclusive.
    pub placements: &'a [Placement],
    /// Ordered first day.
    pub ordered_start: NaiveDate,
    /// The civil day.
    pub today: NaiveDate,
    /// Working days to start, by the model in force.
    pub start_days: u16,
}

impl Opening<'_> {
    /// Whether an offer may be open: another offer, placements, the place, in this order.
    fn check(&self, from: NaiveDate) -> Result<(), Refusal> {
        if let Some(open) = self.offers.iter().find(|offer| offer.is_open(self.today)) {
            return Err(Refusal::OfferOpen { offer_id: open.offer_id.clone() });
        }
        may_be_placed(self.service, self.placements)?;
        self.unit.has_place(self.occupied, &[Interval::from(from)])
    }
}

impl Offer {
    /// Offers a place that is wished for. Checked in this order: the grant, the wish, other offers, placements, the
    /// place. Working days to answer are those of the model in force.
    ///
    /// # Errors
    /// The first of them that is wrong.
    pub fn make(
        offer_id: OfferId,
        wish: Option<&Wish>,
        on: &Opening<'_>,
        reflection_days: u16,
    ) -> Result<Self, Refusal> {
        let (grant, unit) = (on.grant.usable(on.today)?, on.unit);
        if !wish.is_some_and(|wish| wish.unit_ids.contains(&unit.unit_id)) {
            let (grant_id, unit_id) = (grant.grant_id.clone(), unit.unit_id.clone());
            return Err(Refusal::NotWished { grant_id, unit_id });
        }
        on.check(on.today)?;
        Ok(Self {
            offer_id,
            grant_id: grant.grant_id.clone(),
            person_id: grant.person_id.clone(),
            service: grant.service,
            unit_id: unit.unit_id.clone(),
            offer_date: on.today,
            answer_by: add_working_days(on.today, u32::from(reflection_days)),
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

    /// Yes: orders a placement. Beside one that runs it is a switch. Checked in this order: the offer, the day, the grant,
    /// placements, the place.
    ///
    /// # Errors
    /// The first of them that is wrong.
    pub fn accept(self, acceptance: &Acceptance<'_>) -> Result<(Self, Placement), Refusal> {
        self.answerable(acceptance.today)?;
        let day = acceptance.ordered_start;
        if day < acceptance.today {
            return Err(Refusal::StartInPast { ordered_start: day, today: acceptance.today });
        }
        let latest = add_working_days(acceptance.today, u32::from(acceptance.start_days));
        if day > latest {
            return Err(Refusal::StartTooLate { ordered_start: day, latest });
        }
        let mut placement = Placement {
            placement_id: acceptance.placement_id.clone(),
            grant_id: self.grant_id.clone(),
            person_id: self.person_id.clone(),
            service: self.service,
            unit_id: self.unit_id.clone(),
            ordered_start: day,
            state: PlacementState::Ordered,
            beside: Beside::Alone,
        };
        // Where another grant carries the day, the placement is ordered under it.
        let valid = |grant: &&Grant| grant.valid.contains(day);
        let own = acceptance.around.grants.iter().filter(valid).find(|grant| grant.grant_id == self.grant_id);
        if let Some(grant) = own.or_else(|| acceptance.around.grants.iter().find(valid)) {
            placement.grant_id.clone_from(&grant.grant_id);
            may_be_placed(acceptance.around.service, acceptance.placements)?;
        }
        if acceptance.around.service.exclusive
            && acceptance.around.others.iter().any(|other| placement.runs_beside(other))
        {
            placement.beside = Beside::Switch;
        }
        placement.check(None, &acceptance.around)?;
        let state = OfferState::Accepted { placement_id: acceptance.placement_id.clone() };
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
    pub fn lapse(self, today: NaiveDate) -> Happened<Self> {
        if self.state == OfferState::Open && today > self.answer_by {
            return Happened::Now(Self { state: OfferState::Lapsed, ..self });
        }
        Happened::Already(self)
    }

    /// Told anew: another last day to answer, or another answer than yes. An offer that is opened again is checked as a
    /// new one.
    ///
    /// # Errors
    /// It was, or would be, answered with yes; what it is about would change; the last day to answer an open offer has
    /// passed; another offer, a placement or the place stand against opening it again.
    pub fn correct(self, to: &OfferChange, on: &Opening<'_>) -> Result<Happened<Self>, Refusal> {
        let fixed = |field, was: &str, is: &str| {
            if was == is { Ok(()) } else { Err(Refusal::SubjectFixed { field, was: was.to_owned() }) }
        };
        fixed("grant_id", self.grant_id.as_str(), to.grant_id.as_str())?;
        fixed("unit_id", self.unit_id.as_str(), to.unit_id.as_str())?;
        if self.answer_by == to.answer_by && self.state == to.state {
            return Ok(Happened::Already(self));
        }
        let yes = |state: &OfferState| matches!(state, OfferState::Accepted { .. });
        if yes(&self.state) || yes(&to.state) {
            return Err(Refusal::OfferAnswered { offer_id: self.offer_id });
        }
        if to.state == OfferState::Open {
            if to.answer_by < on.today {
                return Err(Refusal::AnswerByPassed { answer_by: to.answer_by, today: on.today });
            }
            if !self.is_open(on.today) {
                on.check(self.offer_date)?;
            }
        }
        Ok(Happened::Now(Self { answer_by: to.answer_by, state: to.state.clone(), ..self }))
    }

    /// Whether it may be taken back.
    ///
    /// # Errors
    /// It was answered with yes.
    pub fn may_be_withdrawn(&self) -> Result<(), Refusal> {
        match self.state {
            OfferState::Accepted { .. } => Err(Refusal::OfferAnswered { offer_id: self.offer_id.clone() }),
            OfferState::Open | OfferState::Declined | OfferState::Lapsed => Ok(()),
        }
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
