use niva_calendar::NaiveDate;

use crate::Refusal;

/// What has happened to a placement that stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlacementState {
    /// Ordered, not started.
    Ordered,
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

/// The dates of a placement; its state follows from them.
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
            Self::Ordered | Self::NoShow { .. } => None,
        }
    }

    /// Day the buyer gave up the place.
    #[must_use]
    pub const fn notice(&self) -> Option<NaiveDate> {
        match *self {
            Self::Started { notice, .. } | Self::Ended { notice, .. } => notice,
            Self::NoShow { notice } => Some(notice),
            Self::Ordered => None,
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

pub(super) fn not_before_order(ordered_start: NaiveDate, actual_start: NaiveDate) -> Result<(), Refusal> {
    if actual_start < ordered_start {
        return Err(Refusal::StartBeforeOrder { actual_start, ordered_start });
    }
    Ok(())
}

pub(super) fn no_notice_before_order(ordered_start: NaiveDate, notice: NaiveDate) -> Result<(), Refusal> {
    if notice < ordered_start {
        return Err(Refusal::NoticeBeforeOrder { notice, ordered_start });
    }
    Ok(())
}

pub(super) fn no_end_before_start(actual_start: NaiveDate, end: NaiveDate) -> Result<(), Refusal> {
    if end < actual_start {
        return Err(Refusal::EndBeforeStart { end, actual_start });
    }
    Ok(())
}
