use niva_calendar::NaiveDate;
use niva_models::Regime;
use niva_names::{DistrictId, GrantId, OfferId, PlacementId, ServiceKey, UnitId};

/// Why something is not possible: what is wrong and what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "the words of each refusal say what its fields are")]
pub enum Refusal {
    #[error("{day} lies more than two years ahead; check the year (the latest day is {latest})")]
    DateTooFar { day: NaiveDate, latest: NaiveDate },
    #[error(
        "the regime {0} is a price column, not a way to run a unit; give municipal, contracted or private"
    )]
    RegimeNotAllowed(Regime),
    #[error("no period is given; say from when on what the unit is like")]
    NoPeriodGiven,
    #[error("two periods begin on {0}; keep one of them")]
    PeriodTwice(NaiveDate),
    #[error("nothing is to change; give what is different from that day on")]
    NoChangeGiven,
    #[error("unit {unit_id} begins on {first}; correct its periods to let it begin earlier")]
    BeforeFirstPeriod { unit_id: UnitId, first: NaiveDate },
    #[error("is {was}: a correction does not change what the fact is about; withdraw it and record another")]
    SubjectFixed { field: &'static str, was: String },
    #[error("grant {grant_id} ended on {last}; a new grant is needed")]
    GrantEnded { grant_id: GrantId, last: NaiveDate },
    #[error("{given} units are wished for; at most {most} can be ranked")]
    TooManyUnits { given: usize, most: usize },
    #[error("no unit is wished for; name at least one")]
    NoUnits,
    #[error("there is no unit {0}; check the id")]
    UnitUnknown(UnitId),
    #[error("unit {0} is named before; name each unit once")]
    UnitTwice(UnitId),
    #[error("unit {unit_id} gives {gives}, not {wanted}; choose a unit that gives it")]
    WrongService { unit_id: UnitId, gives: ServiceKey, wanted: ServiceKey },
    #[error("unit {unit_id} works in {works_in}; housing support is given by units that work in {district}")]
    WrongDistrict { unit_id: UnitId, works_in: DistrictId, district: DistrictId },
    #[error("unit {unit_id} is not among the wishes for grant {grant_id}; record the wish first")]
    NotWished { grant_id: GrantId, unit_id: UnitId },
    #[error("offer {offer_id} is open; it must be answered or lapse before another is made")]
    OfferOpen { offer_id: OfferId },
    #[error("an offer that is open is answered by today, {today}, or later, not by {answer_by}")]
    AnswerByPassed { answer_by: NaiveDate, today: NaiveDate },
    #[error(
        "the person has placement {placement_id} of the service on the same days: give notice on it, or say what lets the \
         two stand side by side (a switch from one that has started, a trial, or an exception with its reason)"
    )]
    ExclusiveService { placement_id: PlacementId },
    #[error(
        "placement {placement_id} is ordered and not started; start or withdraw it before another is made"
    )]
    AlreadyOrdered { placement_id: PlacementId },
    #[error(
        "a switch is under way: give notice on {placement_id} or another running placement before the next"
    )]
    AlreadySwitching { placement_id: PlacementId },
    #[error("unit {unit_id} has no free place on {day}; offer another unit or wait for a place")]
    NoFreePlace { unit_id: UnitId, day: NaiveDate },
    #[error(
        "the place at unit {unit_id} is somebody else's on {day}; raise the unit's capacity from that day first"
    )]
    PlaceTaken { unit_id: UnitId, day: NaiveDate },
    #[error("offer {offer_id} was answered before; an answer is given once")]
    OfferAnswered { offer_id: OfferId },
    #[error("offer {offer_id} was to be answered by {answer_by} and has lapsed; a new offer is needed")]
    OfferLapsed { offer_id: OfferId, answer_by: NaiveDate },
    #[error("{ordered_start} is too late: the person starts by {latest}")]
    StartTooLate { ordered_start: NaiveDate, latest: NaiveDate },
    #[error("{ordered_start} is in the past: the person starts on {today} or later")]
    StartInPast { ordered_start: NaiveDate, today: NaiveDate },
    #[error("no grant of the service is valid on {day}, {grant_id} neither; order a day on which one is")]
    OutsideGrant { grant_id: GrantId, day: NaiveDate },
    #[error("placement {placement_id} is {state}; this can be done with one that is {needed}")]
    PlacementState { placement_id: PlacementId, state: &'static str, needed: &'static str },
    #[error("the person cannot have come on {actual_start}: the place is ordered from {ordered_start}")]
    StartBeforeOrder { actual_start: NaiveDate, ordered_start: NaiveDate },
    #[error("notice on {notice} precedes the ordered day {ordered_start}; withdraw the order instead")]
    NoticeBeforeOrder { notice: NaiveDate, ordered_start: NaiveDate },
    #[error("the last day {end} precedes the first, {actual_start}; correct one of them")]
    EndBeforeStart { end: NaiveDate, actual_start: NaiveDate },
    #[error("the last day {end} is given without a first; give the day the person came, or a notice instead")]
    EndWithoutStart { end: NaiveDate },
    #[error(
        "the ordered day {ordered_start} has come; give notice instead, or say that it was told by mistake"
    )]
    WithdrawalTooLate { ordered_start: NaiveDate },
}

impl Refusal {
    /// The reason that programs go by.
    #[must_use]
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::DateTooFar { .. } => "DATE_TOO_FAR",
            Self::RegimeNotAllowed(_) => "REGIME_NOT_ALLOWED",
            Self::NoPeriodGiven => "NO_PERIOD_GIVEN",
            Self::PeriodTwice(_) => "PERIOD_TWICE",
            Self::NoChangeGiven => "NO_CHANGE_GIVEN",
            Self::BeforeFirstPeriod { .. } => "BEFORE_FIRST_PERIOD",
            Self::SubjectFixed { .. } => "SUBJECT_FIXED",
            Self::GrantEnded { .. } => "GRANT_ENDED",
            Self::TooManyUnits { .. } => "TOO_MANY_UNITS",
            Self::NoUnits => "FIELD_REQUIRED",
            Self::UnitUnknown(_) => "UNIT_UNKNOWN",
            Self::UnitTwice(_) => "UNIT_TWICE",
            Self::WrongService { .. } => "WRONG_SERVICE",
            Self::WrongDistrict { .. } => "WRONG_DISTRICT",
            Self::NotWished { .. } => "NOT_WISHED",
            Self::OfferOpen { .. } => "OFFER_OPEN",
            Self::AnswerByPassed { .. } => "ANSWER_BY_PASSED",
            Self::ExclusiveService { .. } => "EXCLUSIVE_SERVICE",
            Self::AlreadyOrdered { .. } | Self::AlreadySwitching { .. } => "ALREADY_PLACED",
            Self::NoFreePlace { .. } | Self::PlaceTaken { .. } => "NO_FREE_PLACE",
            Self::OfferAnswered { .. } => "OFFER_ANSWERED",
            Self::OfferLapsed { .. } => "OFFER_LAPSED",
            Self::StartTooLate { .. } => "START_TOO_LATE",
            Self::StartInPast { .. } => "START_IN_PAST",
            Self::OutsideGrant { .. } => "OUTSIDE_GRANT",
            Self::PlacementState { .. } => "PLACEMENT_STATE",
            Self::StartBeforeOrder { .. } => "START_BEFORE_ORDER",
            Self::NoticeBeforeOrder { .. } => "NOTICE_BEFORE_ORDER",
            Self::EndBeforeStart { .. } => "END_BEFORE_START",
            Self::EndWithoutStart { .. } => "END_WITHOUT_START",
            Self::WithdrawalTooLate { .. } => "WITHDRAWAL_TOO_LATE",
        }
    }
}
