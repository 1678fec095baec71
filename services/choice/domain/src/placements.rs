use niva_calendar::{Interval, NaiveDate, day_after};
use niva_names::ServiceKey;

use crate::{Done, Refusal, Unit};

/// A person at a unit under a grant, from order to end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placement {
    /// Opaque id.
    pub placement_id: String,
    /// The grant.
    pub grant_id: String,
    /// The person.
    pub person_id: String,
    /// The service.
    pub service: ServiceKey,
    /// The unit.
    pub unit_id: String,
    /// Ordered first day.
    pub ordered_start: NaiveDate,
    /// What has happened to it.
    pub state: PlacementState,
    /// Grows by one with every change.
    pub revision: i64,
}

/// What has happened to a placement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlacementState {
    /// Ordered, not started.
    Ordered,
    /// The order was withdrawn before its first day.
    Withdrawn,
    /// The person has started.
    Started {
        /// First day the person came.
        actual_start: NaiveDate,
        /// Day the buyer gave up the place.
        notice: Option<NaiveDate>,
    },
    /// The person never came, and the place was given up.
    NoShow {
        /// Day the buyer gave up the place.
        notice: NaiveDate,
    },
    /// Ended.
    Ended {
        /// First day the person came.
        actual_start: NaiveDate,
        /// Day the buyer gave up the place.
        notice: Option<NaiveDate>,
        /// Last day.
        end: NaiveDate,
    },
}

/// The dates of a placement as another system kept them; its state follows from them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dates {
    /// Ordered first day.
    pub ordered_start: NaiveDate,
    /// First day the person came.
    pub actual_start: Option<NaiveDate>,
    /// Day the buyer gave up the place.
    pub notice: Option<NaiveDate>,
    /// Last day.
    pub end: Option<NaiveDate>,
}

impl Dates {
    /// The state that follows. No dates but the ordered one: ordered; notice without a start: a no-show.
    ///
    /// # Errors
    /// Everything that is wrong with them.
    pub fn state(&self) -> Result<PlacementState, Vec<Refusal>> {
        let mut wrong = Vec::new();
        if let Some(actual_start) = self.actual_start {
            wrong.extend(not_before_order(self.ordered_start, actual_start).err());
        }
        if let Some(notice) = self.notice {
            wrong.extend(no_notice_before_order(self.ordered_start, notice).err());
        }
        let state = match (self.actual_start, self.notice, self.end) {
            (None, None, None) => PlacementState::Ordered,
            (None, Some(notice), None) => PlacementState::NoShow { notice },
            (Some(actual_start), notice, None) => PlacementState::Started { actual_start, notice },
            (Some(actual_start), notice, Some(end)) => {
                wrong.extend(no_end_before_start(actual_start, end).err());
                PlacementState::Ended { actual_start, notice, end }
            }
            (None, _, Some(end)) => {
                wrong.push(Refusal::EndWithoutStart { end });
                return Err(wrong);
            }
        };
        if wrong.is_empty() { Ok(state) } else { Err(wrong) }
    }
}

impl PlacementState {
    /// The name in contract, table and page.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Ordered => "ordered",
            Self::Withdrawn => "withdrawn",
            Self::Started { .. } => "started",
            Self::NoShow { .. } => "no_show",
            Self::Ended { .. } => "ended",
        }
    }

    /// First day the person came.
    #[must_use]
    pub const fn actual_start(&self) -> Option<NaiveDate> {
        match *self {
            Self::Started { actual_start, .. } | Self::Ended { actual_start, .. } => Some(actual_start),
            Self::Ordered | Self::Withdrawn | Self::NoShow { .. } => None,
        }
    }

    /// Day the buyer gave up the place.
    #[must_use]
    pub const fn notice(&self) -> Option<NaiveDate> {
        match *self {
            Self::Started { notice, .. } | Self::Ended { notice, .. } => notice,
            Self::NoShow { notice } => Some(notice),
            Self::Ordered | Self::Withdrawn => None,
        }
    }

    /// Last day.
    #[must_use]
    pub const fn end(&self) -> Option<NaiveDate> {
        match *self {
            Self::Ended { end, .. } => Some(end),
            _ => None,
        }
    }
}

impl Placement {
    /// Days on which it holds a place. Without an end nobody knows how long; notice alone frees nothing, because the
    /// person is still there, unless they never came.
    #[must_use]
    pub fn occupies(&self) -> Option<Interval> {
        match self.state {
            PlacementState::Withdrawn => None,
            PlacementState::Ordered | PlacementState::Started { .. } => {
                Some(Interval::from(self.ordered_start))
            }
            PlacementState::NoShow { notice } => Interval::new(self.ordered_start, notice),
            PlacementState::Ended { end, .. } => Interval::new(self.ordered_start, end),
        }
    }

    /// The person came.
    ///
    /// # Errors
    /// It is not ordered, or the day precedes the ordered one.
    pub fn start(self, actual_start: NaiveDate) -> Result<Done<Self>, Refusal> {
        match self.state {
            PlacementState::Ordered => {
                not_before_order(self.ordered_start, actual_start)?;
                Ok(self.now(PlacementState::Started { actual_start, notice: None }))
            }
            PlacementState::Started { actual_start: known, .. } if known == actual_start => {
                Ok(Done::Already(self))
            }
            _ => Err(self.refuse("ordered")),
        }
    }

    /// The buyer gives up the place. One that never started becomes a no-show.
    ///
    /// # Errors
    /// It is neither ordered nor started, has another notice, or the day precedes the ordered one.
    pub fn give_notice(self, notice: NaiveDate) -> Result<Done<Self>, Refusal> {
        let next = match self.state {
            PlacementState::Ordered => PlacementState::NoShow { notice },
            PlacementState::Started { actual_start, notice: None } => {
                PlacementState::Started { actual_start, notice: Some(notice) }
            }
            PlacementState::Started { notice: Some(known), .. }
            | PlacementState::NoShow { notice: known }
                if known == notice =>
            {
                return Ok(Done::Already(self));
            }
            _ => return Err(self.refuse("ordered, or started without notice")),
        };
        no_notice_before_order(self.ordered_start, notice)?;
        Ok(self.now(next))
    }

    /// The last day; ending again corrects it. `taken` are the places that others hold at the unit: a corrected end
    /// must not push into a place that was given to somebody else meanwhile.
    ///
    /// # Errors
    /// It has not started, the day precedes the start, or the place is somebody else's by then.
    pub fn end(self, end: NaiveDate, unit: &Unit, taken: &[Interval]) -> Result<Done<Self>, Refusal> {
        let (actual_start, notice) = match self.state {
            PlacementState::Ended { end: known, .. } if known == end => return Ok(Done::Already(self)),
            PlacementState::Started { actual_start, notice }
            | PlacementState::Ended { actual_start, notice, .. } => (actual_start, notice),
            _ => return Err(self.refuse("started")),
        };
        no_end_before_start(actual_start, end)?;
        let added = self.state.end().and_then(|known| Interval::new(day_after(known), end));
        if let Some(Refusal::NoFreePlace { unit_id, day }) =
            added.and_then(|added| unit.has_place(taken, &[added]).err())
        {
            return Err(Refusal::PlaceTaken { unit_id, day });
        }
        Ok(self.now(PlacementState::Ended { actual_start, notice, end }))
    }

    /// Takes the order back before its day.
    ///
    /// # Errors
    /// It is not ordered, or the day has come.
    pub fn withdraw(self, today: NaiveDate) -> Result<Done<Self>, Refusal> {
        match self.state {
            PlacementState::Ordered if today < self.ordered_start => Ok(self.now(PlacementState::Withdrawn)),
            PlacementState::Ordered => Err(Refusal::WithdrawalTooLate { ordered_start: self.ordered_start }),
            PlacementState::Withdrawn => Ok(Done::Already(self)),
            _ => Err(self.refuse("ordered")),
        }
    }

    fn now(self, state: PlacementState) -> Done<Self> {
        Done::Now(Self { state, revision: self.revision + 1, ..self })
    }

    fn refuse(&self, needed: &'static str) -> Refusal {
        Refusal::PlacementState {
            placement_id: self.placement_id.clone(),
            state: self.state.as_str(),
            needed,
        }
    }
}

fn not_before_order(ordered_start: NaiveDate, actual_start: NaiveDate) -> Result<(), Refusal> {
    if actual_start < ordered_start {
        return Err(Refusal::StartBeforeOrder { actual_start, ordered_start });
    }
    Ok(())
}

fn no_notice_before_order(ordered_start: NaiveDate, notice: NaiveDate) -> Result<(), Refusal> {
    if notice < ordered_start {
        return Err(Refusal::NoticeBeforeOrder { notice, ordered_start });
    }
    Ok(())
}

fn no_end_before_start(actual_start: NaiveDate, end: NaiveDate) -> Result<(), Refusal> {
    if end < actual_start {
        return Err(Refusal::EndBeforeStart { end, actual_start });
    }
    Ok(())
}
