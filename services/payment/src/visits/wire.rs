//! Visits to workplaces, inwards.

use niva_base::Violations;
use niva_calendar::{Interval, NaiveDate};
use niva_names::PlacementId;
use niva_payment_domain::{FactKind, Record};
use niva_proto::payment::v1 as pb;
use niva_rpc::wire::read::date;

use crate::placement_fact::{PlacementFact, Said};
use crate::wire::happened;

impl PlacementFact for pb::Visit {
    const FACT: FactKind = FactKind::Visit;

    fn placement_id(&self) -> &str {
        &self.placement_id
    }

    fn set_fact_id(&mut self, id: Self::Id) {
        self.visit_id = id.into();
    }

    fn set_placement_id(&mut self, id: PlacementId) {
        self.placement_id = id.into();
    }

    fn read(&self, v: &mut Violations, today: Option<NaiveDate>) -> Option<Said> {
        let date = visit(v, self, today)?;
        Some(Said { days: Interval::day(date), record: Record::Visit(date) })
    }
}

/// `today` bounds what can have happened; `None`: it is not looked at.
pub(crate) fn visit(v: &mut Violations, given: &pb::Visit, today: Option<NaiveDate>) -> Option<NaiveDate> {
    let date = date(v, "date", given.date)?;
    happened(v, "date", date, today).then_some(date)
}
