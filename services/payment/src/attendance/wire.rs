//! Occasions, inwards.

use niva_calendar::NaiveDate;
use niva_kit::Violations;
use niva_kit::wire::read::date;
use niva_payment_domain::{Occasion, OccasionKind};
use niva_proto::payment::v1 as pb;

/// One report a day and kind: a later one replaces it.
pub(crate) fn name(occasion: &Occasion) -> String {
    match occasion.kind {
        OccasionKind::EveningNight => occasion.date.to_string(),
        OccasionKind::CourseSession => format!("{} course session", occasion.date),
    }
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
