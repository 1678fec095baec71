//! What facts of a placement cannot be.

use niva_calendar::NaiveDate;
use niva_money::Ore;

use crate::{Agreement, Known, PlacementFacts};

/// The largest price or cost that is taken for one: ten million kronor. It keeps every sum of a placement far within
/// whole öre.
pub const MAX_PRICE: Ore = Ore(1_000_000_000);

/// A fact that cannot be, in words for a person. [`reason`](Self::reason) is the stable name, [`field`](Self::field)
/// the place in a case.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FactError {
    /// `E` before `A` or `S`.
    #[error(
        "the end {end} is before the start {start}: state the last day the person lived there or took part"
    )]
    EndBeforeStart {
        /// The stated end.
        end: NaiveDate,
        /// The later of actual and ordered start.
        start: NaiveDate,
    },
    /// `E` without `A`.
    #[error(
        "the end {end} is stated but no actual start: state the first day the person came, or give notice of a \
         placement that never started"
    )]
    EndWithoutStart {
        /// The stated end.
        end: NaiveDate,
    },
    /// `N` before `S`.
    #[error(
        "the notice {notice} is before the ordered start {start}: an order taken back before its start is a \
         withdrawal, which pays nothing"
    )]
    NoticeBeforeOrder {
        /// The day of notice.
        notice: NaiveDate,
        /// The ordered start.
        start: NaiveDate,
    },
    /// A schedule with more than 2 sessions on a day or 8 a week.
    #[error("{sessions:?} sessions from Monday to Friday: 0 to 2 a day and at most 8 a week can be decided")]
    ScheduleOutOfRange {
        /// Which schedule, in order of day.
        index: usize,
        /// Its sessions.
        sessions: [u8; 5],
    },
    /// Two agreements with a day in common.
    #[error("the agreements `{first}` and `{second}` share days: end the one before the other begins")]
    AgreementsOverlap {
        /// Which agreement comes second.
        index: usize,
        /// Id of the one.
        first: String,
        /// Id of the other.
        second: String,
    },
    /// Support of a transition that ends before the job begins.
    #[error(
        "the support ends {end}, before the job begins {start}: state the last day of support, or leave it out"
    )]
    SupportEndsBeforeJob {
        /// Which transition.
        index: usize,
        /// The stated end.
        end: NaiveDate,
        /// First day of the job.
        start: NaiveDate,
    },
    /// An amount below zero.
    #[error("the amount {amount} SEK is negative: a price or a cost is 0 or more")]
    AmountNegative {
        /// Where.
        field: String,
        /// The amount.
        amount: Ore,
    },
    /// An amount above [`MAX_PRICE`].
    #[error("the amount {amount} SEK is more than {MAX_PRICE} SEK: check the decimal point")]
    AmountTooLarge {
        /// Where.
        field: String,
        /// The amount.
        amount: Ore,
    },
    /// Occasions of a day that are not 0 to 9.
    #[error("{count} occasions on {date}: a day has 0 to 9")]
    CountOutOfRange {
        /// Which report.
        index: usize,
        /// The day.
        date: NaiveDate,
        /// How many.
        count: u8,
    },
    /// Hours that are no whole number.
    #[error("`{text}` hours a week is not a whole number: grants are stated in whole hours, 1 to 40")]
    HoursNotWhole {
        /// What was given.
        text: String,
    },
    /// Hours outside 1 to 40.
    #[error("{text} hours a week is outside 1 to 40: state the granted hours of one week")]
    HoursOutOfRange {
        /// What was given.
        text: String,
    },
}

impl FactError {
    /// The stable name of the error, in the contract and in logs.
    #[must_use]
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::EndBeforeStart { .. } | Self::SupportEndsBeforeJob { .. } => "END_BEFORE_START",
            Self::EndWithoutStart { .. } => "END_WITHOUT_START",
            Self::NoticeBeforeOrder { .. } => "NOTICE_BEFORE_ORDER",
            Self::ScheduleOutOfRange { .. } => "SCHEDULE_OUT_OF_RANGE",
            Self::AgreementsOverlap { .. } => "AGREEMENTS_OVERLAP",
            Self::AmountNegative { .. } => "AMOUNT_NEGATIVE",
            Self::AmountTooLarge { .. } => "AMOUNT_TOO_LARGE",
            Self::CountOutOfRange { .. } => "COUNT_OUT_OF_RANGE",
            Self::HoursNotWhole { .. } => "HOURS_NOT_WHOLE",
            Self::HoursOutOfRange { .. } => "HOURS_OUT_OF_RANGE",
        }
    }

    /// The field of a case that it is about: `end_date`, `agreements[1].price`.
    #[must_use]
    pub fn field(&self) -> String {
        match self {
            Self::EndBeforeStart { .. } | Self::EndWithoutStart { .. } => "end_date".to_owned(),
            Self::NoticeBeforeOrder { .. } => "notice_date".to_owned(),
            Self::ScheduleOutOfRange { index, .. } => format!("schedules[{index}].schedule"),
            Self::AgreementsOverlap { index, .. } => format!("agreements[{index}].valid"),
            Self::SupportEndsBeforeJob { index, .. } => format!("transitions[{index}].support_end"),
            Self::AmountNegative { field, .. } | Self::AmountTooLarge { field, .. } => field.clone(),
            Self::CountOutOfRange { index, .. } => format!("occasions[{index}].count"),
            Self::HoursNotWhole { .. } | Self::HoursOutOfRange { .. } => {
                "scopes.scope.hours_per_week".to_owned()
            }
        }
    }
}

/// Checks the facts of a placement; prices are checked where they are read ([`check_price`]).
///
/// # Errors
/// Everything that is wrong with them, in order of field.
pub fn validate(facts: &PlacementFacts<'_>) -> Result<(), Vec<FactError>> {
    let mut errors = Vec::new();
    dates(facts, &mut errors);
    for (index, (_, schedule)) in facts.schedules.spans().iter().enumerate() {
        let sessions = schedule.value.sessions;
        if sessions.iter().any(|s| *s > 2) || sessions.iter().map(|s| u16::from(*s)).sum::<u16>() > 8 {
            errors.push(FactError::ScheduleOutOfRange { index, sessions });
        }
    }
    let occasions = facts.occasions.iter().map(|known| known.value).enumerate();
    for (index, o) in occasions.filter(|(_, o)| o.count > 9) {
        errors.push(FactError::CountOutOfRange { index, date: o.date, count: o.count });
    }
    for hours in facts.grants.spans().iter().filter_map(|(_, granted)| granted.value.scope.hours_per_week) {
        errors.extend(check_hours(hours).err());
    }
    for (index, t) in facts.transitions.iter().enumerate() {
        let start = t.value.job_start;
        if let Some(end) = t.value.support_end.filter(|end| *end < start) {
            errors.push(FactError::SupportEndsBeforeJob { index, end, start });
        }
    }
    if errors.is_empty() { Ok(()) } else { Err(errors) }
}

fn dates(facts: &PlacementFacts<'_>, errors: &mut Vec<FactError>) {
    let order = facts.ordered_start;
    match (facts.actual_start, facts.end) {
        (Some(actual), Some(end)) if end < actual.max(order) => {
            errors.push(FactError::EndBeforeStart { end, start: actual.max(order) });
        }
        (None, Some(end)) => errors.push(FactError::EndWithoutStart { end }),
        _ => {}
    }
    if let Some(notice) = facts.notice.filter(|notice| *notice < order) {
        errors.push(FactError::NoticeBeforeOrder { notice, start: order });
    }
}

/// Checks that no two agreements of a placement share a day.
///
/// # Errors
/// For each that shares one with an agreement which began before it.
pub fn check_agreements(agreements: &[Known<'_, Agreement>]) -> Result<(), Vec<FactError>> {
    let mut order: Vec<(usize, &Known<'_, Agreement>)> = agreements.iter().enumerate().collect();
    order.sort_by_key(|(index, agreement)| (agreement.value.days, *index));
    let mut errors = Vec::new();
    let mut longest: Option<&Known<'_, Agreement>> = None;
    for (index, agreement) in order {
        if let Some(before) = longest.filter(|before| before.value.days.last >= agreement.value.days.first) {
            let (first, second) = (before.id.to_owned(), agreement.id.to_owned());
            errors.push(FactError::AgreementsOverlap { index, first, second });
        }
        if longest.is_none_or(|before| before.value.days.last < agreement.value.days.last) {
            longest = Some(agreement);
        }
    }
    if errors.is_empty() { Ok(()) } else { Err(errors) }
}

/// Checks a price or a cost that comes from outside: 0 to [`MAX_PRICE`]. `field` names its place.
///
/// # Errors
/// [`FactError::AmountNegative`], [`FactError::AmountTooLarge`].
pub fn check_price(amount: Ore, field: impl FnOnce() -> String) -> Result<(), FactError> {
    match amount {
        Ore(..0) => Err(FactError::AmountNegative { field: field(), amount }),
        _ if amount > MAX_PRICE => Err(FactError::AmountTooLarge { field: field(), amount }),
        _ => Ok(()),
    }
}

/// Granted hours a week from a decimal number without unit: whole, 1 to 40. `20.0` is 20.
///
/// # Errors
/// [`FactError::HoursNotWhole`] for anything but a whole number (`10.5`, `ten`); [`FactError::HoursOutOfRange`] for 0
/// and less, and for more than 40.
pub fn parse_hours(text: &str) -> Result<u8, FactError> {
    let text = text.trim();
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let digits = whole.strip_prefix('-').unwrap_or(whole);
    let is_whole = !digits.is_empty()
        && digits.bytes().all(|b| b.is_ascii_digit())
        && !fraction.is_empty()
        && fraction.bytes().all(|b| b == b'0');
    if !is_whole {
        return Err(FactError::HoursNotWhole { text: text.to_owned() });
    }
    let out_of_range = || FactError::HoursOutOfRange { text: text.to_owned() };
    whole.parse::<u8>().ok().filter(|h| check_hours(*h).is_ok()).ok_or_else(out_of_range)
}

fn check_hours(hours: u8) -> Result<(), FactError> {
    if (1..=40).contains(&hours) {
        Ok(())
    } else {
        Err(FactError::HoursOutOfRange { text: hours.to_string() })
    }
}
