//! Actual premises costs, inwards.

use niva_base::Violations;
use niva_calendar::NaiveDate;
use niva_names::PlacementId;
use niva_payment_domain::{FactKind, PremisesCost, Record};
use niva_proto::payment::v1 as pb;
use niva_rpc::wire::read::interval;

use crate::placement_fact::{PlacementFact, Said};
use crate::wire::price;

impl PlacementFact for pb::PremisesCost {
    const FACT: FactKind = FactKind::PremisesCost;

    fn placement_id(&self) -> &str {
        &self.placement_id
    }

    fn set_fact_id(&mut self, id: Self::Id) {
        self.premises_cost_id = id.into();
    }

    fn set_placement_id(&mut self, id: PlacementId) {
        self.placement_id = id.into();
    }

    fn read(&self, v: &mut Violations, _: Option<NaiveDate>) -> Option<Said> {
        let cost = premises_cost(v, self)?;
        Some(Said { days: cost.days, record: Record::PremisesCost(cost) })
    }
}

pub(crate) fn premises_cost(v: &mut Violations, given: &pb::PremisesCost) -> Option<PremisesCost> {
    let days = interval(v, "valid", given.valid);
    let per_month = price(v, "per_month", given.per_month);
    Some(PremisesCost { days: days?, per_month: per_month? })
}
