mod rules;
mod state;

use niva_calendar::{Interval, NaiveDate};
use niva_facts::Happened;
use niva_names::{GrantId, PersonId, PlacementId, ServiceKey, UnitId};

use crate::Refusal;

pub use rules::Around;
pub use state::{Dates, PlacementState};

/// A person at a unit, from order to end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placement {
    /// Opaque id.
    pub placement_id: PlacementId,
    /// The grant that it was ordered under. On each day whichever grant of the service is valid carries it.
    pub grant_id: GrantId,
    /// The person.
    pub person_id: PersonId,
    /// The service.
    pub service: ServiceKey,
    /// The unit.
    pub unit_id: UnitId,
    /// Ordered first day.
    pub ordered_start: NaiveDate,
    /// What has happened to it.
    pub state: PlacementState,
    /// Why it may stand beside another.
    pub beside: Beside,
}

/// Why a placement may stand beside another of the person in an exclusive service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Beside {
    /// Alone, or beside one that is given up.
    Alone,
    /// The person switches to it from one that has started.
    Switch,
    /// The person tries it while another goes on, after a decision.
    Trial {
        /// The decision.
        reason: String,
    },
    /// An exception.
    Exception {
        /// Which, and who decided it.
        reason: String,
    },
}

impl Beside {
    /// The name in the table.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Alone => "alone",
            Self::Switch => "switch",
            Self::Trial { .. } => "trial",
            Self::Exception { .. } => "exception",
        }
    }

    /// The decision that it names; empty for what needs none.
    #[must_use]
    pub fn reason(&self) -> &str {
        match self {
            Self::Alone | Self::Switch => "",
            Self::Trial { reason } | Self::Exception { reason } => reason,
        }
    }
}

impl Placement {
    /// Days on which it holds a place. Without an end nobody knows how long; notice alone frees nothing, because the
    /// person is still there, unless they never came.
    #[must_use]
    pub fn occupies(&self) -> Interval {
        let last = match self.state {
            PlacementState::Ordered | PlacementState::Started { .. } => None,
            PlacementState::NoShow { notice } => Some(notice),
            PlacementState::Ended { end, .. } => Some(end),
        };
        Interval::between(self.ordered_start, last).unwrap_or(Interval::day(self.ordered_start))
    }

    /// The person came.
    ///
    /// # Errors
    /// It is not ordered, or the day precedes the ordered one.
    pub fn start(self, actual_start: NaiveDate) -> Result<Happened<Self>, Refusal> {
        match self.state {
            PlacementState::Ordered => {
                state::not_before_order(self.ordered_start, actual_start)?;
                Ok(self.now(PlacementState::Started { actual_start, notice: None }))
            }
            PlacementState::Started { actual_start: known, .. } if known == actual_start => {
                Ok(Happened::Already(self))
            }
            _ => Err(self.refuse("ordered")),
        }
    }

    /// The buyer gives up the place. One that never started becomes a no-show.
    ///
    /// # Errors
    /// It is neither ordered nor started, has another notice, or the day precedes the ordered one.
    pub fn give_notice(self, notice: NaiveDate) -> Result<Happened<Self>, Refusal> {
        let next = match self.state {
            PlacementState::Ordered => PlacementState::NoShow { notice },
            PlacementState::Started { actual_start, notice: None } => {
                PlacementState::Started { actual_start, notice: Some(notice) }
            }
            PlacementState::Started { notice: Some(known), .. }
            | PlacementState::NoShow { notice: known }
                if known == notice =>
            {
                return Ok(Happened::Already(self));
            }
            _ => return Err(self.refuse("ordered, or started without notice")),
        };
        state::no_notice_before_order(self.ordered_start, notice)?;
        Ok(self.now(next))
    }

    /// The last day.
    ///
    /// # Errors
    /// It has not started, has another last day, or the day precedes the start.
    pub fn end(self, end: NaiveDate) -> Result<Happened<Self>, Refusal> {
        match self.state {
            PlacementState::Ended { end: known, .. } if known == end => Ok(Happened::Already(self)),
            PlacementState::Started { actual_start, notice } => {
                state::no_end_before_start(actual_start, end)?;
                Ok(self.now(PlacementState::Ended { actual_start, notice, end }))
            }
            _ => Err(self.refuse("started")),
        }
    }

    /// Whether it may be taken back: an order before its day, and whatever was told by mistake.
    ///
    /// # Errors
    /// It is not ordered any more, or its day has come.
    pub fn may_be_withdrawn(&self, today: NaiveDate, told_by_mistake: bool) -> Result<(), Refusal> {
        match self.state {
            _ if told_by_mistake => Ok(()),
            PlacementState::Ordered if today < self.ordered_start => Ok(()),
            PlacementState::Ordered => Err(Refusal::WithdrawalTooLate { ordered_start: self.ordered_start }),
            _ => Err(self.refuse("ordered, or told by mistake")),
        }
    }

    fn now(self, state: PlacementState) -> Happened<Self> {
        Happened::Now(Self { state, ..self })
    }

    fn refuse(&self, needed: &'static str) -> Refusal {
        Refusal::PlacementState {
            placement_id: self.placement_id.clone(),
            state: self.state.as_str(),
            needed,
        }
    }
}
