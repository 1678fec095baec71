//! Absences, inwards.

use niva_base::Violations;
use niva_calendar::{Interval, NaiveDate};
use niva_names::PlacementId;
use niva_payment_domain::{FactKind, Record};
use niva_proto::payment::v1 as pb;
use niva_rpc::wire::read::interval;

use crate::placement_fact::{PlacementFact, Said};

impl PlacementFact for pb::Absence {
    const FACT: FactKind = FactKind::Absence;

    fn placement_id(&self) -> &str {
        &self.placement_id
    }

    fn set_fact_id(&mut self, id: Self::Id) {
        self.absence_id = id.into();
    }

    fn set_placement_id(&mut self, id: PlacementId) {
        self.placement_id = id.into();
    }

    fn read(&self, v: &mut Violations, _: Option<NaiveDate>) -> Option<Said> {
        let days = absence(v, self)?;
        Some(Said { days, record: Record::Absence(days) })
    }
}

pub(crate) fn absence(v: &mut Violations, given: &pb::Absence) -> Option<Interval> {
    interval(v, "days", given.days)
}
