//! What facts of a placement cannot be.

use niva_calendar::NaiveDate;
use niva_models::PriceUnit;
use niva_money::Ore;
use niva_names::FactId;

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
    /// A schedule with more sessions than there can be.
    #[error(
        "{sessions:?} sessions from Monday to Friday: there can be {a_day} a day and {a_week} a week at most"
    )]
    ScheduleOutOfRange {
        /// Which schedule, in order of day.
        index: usize,
        /// Its sessions.
        sessions: [u8; 5],
        /// Most sessions on a day.
        a_day: u8,
        /// Most sessions a week.
        a_week: u8,
    },
    /// A schedule with more sessions than are granted.
    #[error(
        "{scheduled} sessions a week are more than the {granted} that are granted: correct the grant first"
    )]
    ScheduleExceedsGrant {
        /// Which schedule, in order of day.
        index: usize,
        /// Its sessions a week.
        scheduled: u16,
        /// Sessions a week that are granted.
        granted: u8,
    },
    /// Two agreements with a day in common.
    #[error("the agreements `{first}` and `{second}` share days: end the one before the other begins")]
    AgreementsOverlap {
        /// Which agreement comes second.
        index: usize,
        /// Id of the one.
        first: FactId,
        /// Id of the other.
        second: FactId,
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
    /// A person who left, without the last day of support.
    #[error("the person has left, and the last day of support is not stated: state support_end")]
    LeftWithoutSupportEnd {
        /// Which transition.
        index: usize,
    },
    /// A person who is back before the job began.
    #[error("the person is back on {on}, which is not after the job began {start}: correct one of them")]
    ReturnBeforeJob {
        /// Which transition.
        index: usize,
        /// The day of return.
        on: NaiveDate,
        /// First day of the job.
        start: NaiveDate,
    },
    /// An agreement per something that no rate is per.
    #[error(
        "an agreement is not per {unit}: state calendar_day, weekday, month, half_day_session or course_session"
    )]
    AgreementUnit {
        /// Which agreement, in order of day.
        index: usize,
        /// What it is per.
        unit: PriceUnit,
    },
    /// Special compensation that was applied for after its days began.
    #[error(
        "it was applied for on {applied_on}, after its first day {first}: special compensation is applied for before the cost"
    )]
    AppliedAfterCost {
        /// Which.
        index: usize,
        /// The day of the application.
        applied_on: NaiveDate,
        /// Its first day.
        first: NaiveDate,
    },
    /// Special compensation without a last day.
    #[error("special compensation has a last day: its amount is for all of its days")]
    SpecialOpen {
        /// Which.
        index: usize,
    },
    /// What needs two persons was done by one.
    #[error("{subject} has told it and cannot approve it: another person must")]
    SecondPersonNeeded {
        /// Who told it.
        subject: String,
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
            Self::ScheduleExceedsGrant { .. } => "SCHEDULE_EXCEEDS_GRANT",
            Self::AgreementsOverlap { .. } => "AGREEMENTS_OVERLAP",
            Self::LeftWithoutSupportEnd { .. } => "OUTCOME_WITHOUT_SUPPORT_END",
            Self::ReturnBeforeJob { .. } => "RETURN_BEFORE_JOB",
            Self::AgreementUnit { .. } => "AGREEMENT_UNIT_UNKNOWN",
            Self::AppliedAfterCost { .. } => "APPLIED_AFTER_COST",
            Self::SpecialOpen { .. } => "PERIOD_OPEN",
            Self::SecondPersonNeeded { .. } => "SAME_PERSON",
            Self::AmountNegative { .. } => "AMOUNT_NEGATIVE",
            Self::AmountTooLarge { .. } => "AMOUNT_TOO_LARGE",
            Self::CountOutOfRange { .. } => "COUNT_OUT_OF_RANGE",
            Self::HoursOutOfRange { .. } => "HOURS_OUT_OF_RANGE",
        }
    }

    /// The field of a case that it is about: `end_date`, `agreements[1].price`.
    #[must_use]
    pub fn field(&self) -> String {
        match self {
            Self::EndBeforeStart { .. } | Self::EndWithoutStart { .. } => "end_date".to_owned(),
            Self::NoticeBeforeOrder { .. } => "notice_date".to_owned(),
            Self::ScheduleOutOfRange { index, .. } | Self::ScheduleExceedsGrant { index, .. } => {
                format!("schedules[{index}].week")
            }
            Self::AgreementsOverlap { index, .. } => format!("agreements[{index}].valid"),
            Self::SupportEndsBeforeJob { index, .. } => format!("transitions[{index}].support_end"),
            Self::LeftWithoutSupportEnd { index } | Self::ReturnBeforeJob { index, .. } => {
                format!("transitions[{index}].outcome")
            }
            Self::AgreementUnit { index, .. } => format!("agreements[{index}].unit"),
            Self::AppliedAfterCost { index, .. } => format!("special_compensations[{index}].apply_date"),
            Self::SpecialOpen { index } => format!("special_compensations[{index}].valid"),
            Self::SecondPersonNeeded { .. } => "approver".to_owned(),
            Self::AmountNegative { field, .. } | Self::AmountTooLarge { field, .. } => field.clone(),
            Self::CountOutOfRange { index, .. } => format!("occasions[{index}].count"),
            Self::HoursOutOfRange { .. } => "scopes.scope.hours_per_week".to_owned(),
        }
    }
}
