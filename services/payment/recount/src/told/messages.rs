//! What the contract's messages say, read here anew.

use niva_calendar::{NaiveDate, OPEN_END};
use niva_models::PriceUnit;
use niva_proto::common::v1 as common;
use niva_proto::payment::v1 as pb;

use super::{Agreement, Days, Occasion, Outcome, PremisesCost, Schedule, Special, To, Transition};

/// What a row says that nobody understands, in words.
#[derive(Debug)]
pub(crate) struct Unreadable(pub(crate) String);

impl From<serde_json::Error> for Unreadable {
    fn from(error: serde_json::Error) -> Self {
        Self(error.to_string())
    }
}

impl From<prost::DecodeError> for Unreadable {
    fn from(error: prost::DecodeError) -> Self {
        Self(error.to_string())
    }
}

fn missing(what: &str) -> Unreadable {
    Unreadable(format!("{what} is missing, or is none"))
}

pub(crate) fn day(date: Option<common::Date>) -> Result<NaiveDate, Unreadable> {
    let day = date.and_then(|date| {
        let (month, day) = (u32::try_from(date.month).ok()?, u32::try_from(date.day).ok()?);
        NaiveDate::from_ymd_opt(date.year, month, day)
    });
    day.ok_or_else(|| missing("a date"))
}

fn maybe(date: Option<common::Date>) -> Result<Option<NaiveDate>, Unreadable> {
    date.map(|date| day(Some(date))).transpose()
}

/// Without a last day they have no end.
pub(crate) fn days(interval: Option<common::DateInterval>) -> Result<Days, Unreadable> {
    let interval = interval.ok_or_else(|| missing("an interval"))?;
    Ok(Days { first: day(interval.first)?, last: maybe(interval.last)?.unwrap_or(OPEN_END) })
}

fn ore(money: Option<common::Money>) -> Result<i64, Unreadable> {
    money.map(|money| money.ore).ok_or_else(|| missing("an amount"))
}

fn small(number: i32) -> Result<u8, Unreadable> {
    u8::try_from(number).map_err(|_| missing("a small number"))
}

/// No week at all is one without sessions.
pub(crate) fn schedule(told: &pb::Schedule) -> Result<Schedule, Unreadable> {
    let week = told.week.unwrap_or_default();
    let [mon, tue, wed, thu, fri] =
        [week.monday, week.tuesday, week.wednesday, week.thursday, week.friday].map(small);
    Ok(Schedule { from: day(told.valid_from)?, schedule: [mon?, tue?, wed?, thu?, fri?] })
}

pub(crate) fn occasion(told: &pb::Occasion) -> Result<Occasion, Unreadable> {
    Ok(Occasion { date: day(told.date)?, count: small(told.count)? })
}

/// Approved is the revision that an approval made.
pub(crate) fn agreement(told: &pb::Agreement, revision: i64) -> Result<Agreement, Unreadable> {
    let unit = match told.unit() {
        pb::PriceUnit::CalendarDay => PriceUnit::CalendarDay,
        pb::PriceUnit::Weekday => PriceUnit::Weekday,
        pb::PriceUnit::Month => PriceUnit::Month,
        pb::PriceUnit::HalfDaySession => PriceUnit::HalfDaySession,
        pb::PriceUnit::CourseSession => PriceUnit::CourseSession,
        pb::PriceUnit::EveningOrNight | pb::PriceUnit::Period | pb::PriceUnit::Unspecified => {
            return Err(missing("a unit"));
        }
    };
    let approved = told.approval.as_ref().is_some_and(|approval| approval.revision == revision);
    Ok(Agreement { days: days(told.valid)?, unit, price: ore(told.price)?, approved })
}

pub(crate) fn transition(told: &pb::Transition) -> Result<Transition, Unreadable> {
    let to = match told.to() {
        pb::transition::To::Work => To::Work,
        pb::transition::To::Studies => To::Studies,
        pb::transition::To::Unspecified => return Err(missing("what somebody passes on to")),
    };
    let outcome = match told.outcome {
        Some(pb::transition::Outcome::Left(true)) => Some(Outcome::Left),
        Some(pb::transition::Outcome::ReturnDate(date)) => Some(Outcome::Returned(day(Some(date))?)),
        Some(pb::transition::Outcome::Left(false)) | None => None,
    };
    Ok(Transition { job_start: day(told.job_start)?, to, support_end: maybe(told.support_end)?, outcome })
}

pub(crate) fn special(told: &pb::SpecialCompensation) -> Result<Special, Unreadable> {
    Ok(Special { days: days(told.valid)?, amount: ore(told.amount)? })
}

/// Over the limit, approved is the revision that an approval made.
pub(crate) fn cost(told: &pb::PremisesCost, revision: i64) -> Result<PremisesCost, Unreadable> {
    let approval = told.approval.as_ref();
    let approved = !told.over_limit || approval.is_some_and(|approval| approval.revision == revision);
    Ok(PremisesCost { days: days(told.valid)?, per_month: ore(told.per_month)?, approved })
}
