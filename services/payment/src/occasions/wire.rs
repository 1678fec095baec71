//! Occasions, inwards.

use niva_base::Violations;
use niva_calendar::{Interval, NaiveDate};
use niva_models::{Catalogue, Component, PriceUnit};
use niva_names::ServiceKey;
use niva_payment_domain::{Occasion, OccasionKind, Record};
use niva_proto::payment::v1 as pb;
use niva_rpc::wire::read::date;

use crate::facts::{PlacementFact, Said};

impl PlacementFact for pb::Occasion {
    fn placement_id(&self) -> &str {
        &self.placement_id
    }

    fn set_fact_id(&mut self, id: String) {
        self.occasion_id = id;
    }

    /// A day has one report of each kind.
    fn read(&self, v: &mut Violations, today: Option<NaiveDate>) -> Option<Said> {
        let occasion = occasion(v, self, today)?;
        let subject = match occasion.kind {
            OccasionKind::EveningNight => "evening_night",
            OccasionKind::CourseSession => "course_session",
        };
        Some(Said { days: Interval::day(occasion.date), subject, record: Some(Record::Occasion(occasion)) })
    }

    /// Whether the model in force on the day pays the service by this kind of occasion. Without a model there is none to
    /// ask; the occasion is held until there is.
    fn fits(&self, v: &mut Violations, service: ServiceKey, catalogue: &Catalogue) {
        let Some(occasion) = occasion(&mut Violations::new(), self, None) else { return };
        let reported = catalogue.on(service, occasion.date).is_none_or(|m| match occasion.kind {
            OccasionKind::EveningNight => {
                m.terms.amounts.iter().any(|a| a.component == Component::EveningNight)
            }
            OccasionKind::CourseSession => m.terms.unit == PriceUnit::CourseSession,
        });
        let text = format!("is not reported by occasion in {service}");
        v.require(reported, "component", "COMPONENT_NOT_REPORTED", text);
    }
}

/// `today` bounds what can have happened; `None`: it is not looked at.
pub(crate) fn occasion(
    v: &mut Violations,
    given: &pb::Occasion,
    today: Option<NaiveDate>,
) -> Option<Occasion> {
    let date = date(v, "date", given.date);
    let happened = date.is_none_or(|date| today.is_none_or(|today| date <= today));
    v.require(happened, "date", "DATE_IN_FUTURE", "lies in the future: report what has happened");
    let kind = match given.component() {
        pb::Component::EveningNight => Some(OccasionKind::EveningNight),
        pb::Component::Rate => Some(OccasionKind::CourseSession),
        _ => None,
    };
    let text =
        "is not reported by occasion: give COMPONENT_EVENING_NIGHT, or COMPONENT_RATE for course sessions";
    v.require(kind.is_some(), "component", "COMPONENT_NOT_REPORTED", text);
    let count = u8::try_from(given.count).ok().filter(|n| *n <= 9);
    v.require(count.is_some(), "count", "COUNT_OUT_OF_RANGE", format!("{} is not 0 to 9", given.count));
    happened.then_some(Occasion { date: date?, kind: kind?, count: count? })
}
