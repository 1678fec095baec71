//! Occasions, inwards.

use niva_base::Violations;
use niva_calendar::{Interval, NaiveDate};
use niva_models::Component;
use niva_names::PlacementId;
use niva_payment_domain::{FactKind, Occasion, Record};
use niva_proto::payment::v1 as pb;
use niva_rpc::wire::read::date;

use crate::placement_fact::{PlacementFact, Said, Told};
use crate::wire::happened;

impl PlacementFact for pb::Occasion {
    const FACT: FactKind = FactKind::Occasion;

    fn placement_id(&self) -> &str {
        &self.placement_id
    }

    fn set_fact_id(&mut self, id: Self::Id) {
        self.occasion_id = id.into();
    }

    fn set_placement_id(&mut self, id: PlacementId) {
        self.placement_id = id.into();
    }

    /// A day has one report.
    fn read(&self, v: &mut Violations, today: Option<NaiveDate>) -> Option<Said> {
        let occasion = occasion(v, self, today)?;
        Some(Said { days: Interval::day(occasion.date), record: Record::Occasion(occasion) })
    }

    /// Whether the model in force on the day pays evenings and nights of the service. Without a model there is none to ask;
    /// the occasion is held until there is.
    fn fits(&self, v: &mut Violations, Told { service, catalogue, .. }: &Told<'_>) {
        let Some(occasion) = occasion(&mut Violations::new(), self, None) else { return };
        let reported = catalogue
            .on(*service, occasion.date)
            .is_none_or(|m| m.terms.amounts.iter().any(|a| a.component == Component::EveningNight));
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
    let happened = date.is_none_or(|date| happened(v, "date", date, today));
    let reported = given.component() == pb::Component::EveningNight;
    let text =
        "is not reported by occasion: give COMPONENT_EVENING_NIGHT; sessions are decided in the schedule";
    v.require(reported, "component", "COMPONENT_NOT_REPORTED", text);
    let count = u8::try_from(given.count).ok().filter(|n| *n <= 9);
    v.require(count.is_some(), "count", "COUNT_OUT_OF_RANGE", format!("{} is not 0 to 9", given.count));
    (happened && reported).then_some(Occasion { date: date?, count: count? })
}
