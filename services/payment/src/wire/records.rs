//! Records of a placement.

use niva_calendar::NaiveDate;
use niva_kit::Violations;
use niva_kit::wire::read::{date, id, interval, money, optional_date};
use niva_payment_domain::{
    Agreement, FactError, Occasion, OccasionKind, PremisesCost, Record, Schedule, Transition, check_price,
};
use niva_proto::payment::v1 as pb;

pub(crate) fn schedule(
    v: &mut Violations,
    field: &str,
    period: Option<&pb::SchedulePeriod>,
) -> Option<Record> {
    let period = v.required(field, period)?;
    v.nested(field, |v| {
        let from = date(v, "valid_from", period.valid_from);
        let sessions = sessions(v, period.schedule.as_ref());
        Some(Record::Schedule(from?, sessions?))
    })
}

/// No schedule at all is one without sessions: it ends those before it.
fn sessions(v: &mut Violations, week: Option<&pb::WeeklySchedule>) -> Option<Schedule> {
    let week = week.copied().unwrap_or_default();
    let days = [week.monday, week.tuesday, week.wednesday, week.thursday, week.friday];
    let sessions = days.map(|n| u8::try_from(n).ok().filter(|n| *n <= 2));
    let fits = sessions.iter().all(Option::is_some) && days.iter().sum::<i32>() <= 8;
    let text =
        format!("{days:?} sessions from Monday to Friday: 0 to 2 a day and at most 8 a week can be decided");
    v.require(fits, "schedule", "SCHEDULE_OUT_OF_RANGE", text);
    fits.then(|| Schedule { sessions: sessions.map(Option::unwrap_or_default) })
}

/// `today` bounds what can have happened; `None`: it is not looked at.
pub(crate) fn occasion(
    v: &mut Violations,
    field: &str,
    occasion: Option<&pb::Occasion>,
    today: Option<NaiveDate>,
) -> Option<Occasion> {
    let occasion = v.required(field, occasion)?;
    v.nested(field, |v| {
        let date = date(v, "date", occasion.date);
        let happened = date.is_none_or(|date| today.is_none_or(|today| date <= today));
        v.require(happened, "date", "DATE_IN_FUTURE", "lies in the future: report what has happened");
        let kind = match occasion.component() {
            pb::Component::EveningNight => Some(OccasionKind::EveningNight),
            pb::Component::Rate => Some(OccasionKind::CourseSession),
            _ => None,
        };
        let text = "is not reported by occasion: give COMPONENT_EVENING_NIGHT, or COMPONENT_RATE for course sessions";
        v.require(kind.is_some(), "component", "COMPONENT_NOT_REPORTED", text);
        let count = u8::try_from(occasion.count).ok().filter(|n| *n <= 9);
        v.require(count.is_some(), "count", "COUNT_OUT_OF_RANGE", format!("{} is not 0 to 9", occasion.count));
        (happened).then_some(Occasion { date: date?, kind: kind?, count: count? })
    })
}

pub(crate) fn agreement(
    v: &mut Violations,
    field: &str,
    agreement: Option<&pb::Agreement>,
) -> Option<Agreement> {
    let agreement = v.required(field, agreement)?;
    v.nested(field, |v| {
        let agreement_id = id(v, "agreement_id", &agreement.agreement_id);
        let days = interval(v, "valid", agreement.valid);
        let price = money(v, "price", agreement.price);
        price.inspect(|price| price_in_range(v, "price", *price));
        Some(Agreement { agreement_id: agreement_id?, days: days?, price: price? })
    })
}

fn price_in_range(v: &mut Violations, field: &str, amount: niva_money::Ore) {
    if let Err(error) = check_price(amount, String::new) {
        refuse(v, field, &error);
    }
}

/// Notes what the domain found.
pub(crate) fn refuse(v: &mut Violations, field: &str, error: &FactError) {
    v.add(field, error.reason(), error.to_string());
}

pub(crate) fn transition(
    v: &mut Violations,
    field: &str,
    transition: Option<&pb::Transition>,
) -> Option<Transition> {
    let transition = v.required(field, transition)?;
    v.nested(field, |v| {
        let job_start = date(v, "job_start", transition.job_start);
        let support_end = optional_date(v, "support_end", transition.support_end);
        let (start, end) = (job_start?, support_end?);
        let in_order = end.is_none_or(|end| end >= start);
        let text =
            "is before the job begins: state the last day of support, or leave it out while support goes on";
        v.require(in_order, "support_end", "END_BEFORE_START", text);
        in_order.then_some(Transition { job_start: start, support_end: end })
    })
}

pub(crate) fn premises_cost(
    v: &mut Violations,
    field: &str,
    cost: Option<&pb::PremisesCost>,
) -> Option<PremisesCost> {
    let cost = v.required(field, cost)?;
    v.nested(field, |v| {
        let days = interval(v, "valid", cost.valid);
        let per_month = money(v, "per_month", cost.per_month);
        per_month.inspect(|amount| price_in_range(v, "per_month", *amount));
        Some(PremisesCost { days: days?, per_month: per_month? })
    })
}

/// The record of one message of an import.
pub(crate) fn imported(
    v: &mut Violations,
    record: Option<&pb::import_payment_request::Record>,
    today: NaiveDate,
) -> Option<Record> {
    use pb::import_payment_request::Record as R;
    match v.required("record", record)? {
        R::Schedule(period) => schedule(v, "schedule", Some(period)),
        R::Occasion(given) => occasion(v, "occasion", Some(given), Some(today)).map(Record::Occasion),
        R::Agreement(given) => agreement(v, "agreement", Some(given)).map(Record::Agreement),
        R::Transition(given) => transition(v, "transition", Some(given)).map(Record::Transition),
        R::PremisesCost(cost) => premises_cost(v, "premises_cost", Some(cost)).map(Record::PremisesCost),
    }
}
