//! Transitions to work, inwards.

use niva_base::Violations;
use niva_calendar::{Interval, NaiveDate};
use niva_payment_domain::{Record, Transition};
use niva_proto::payment::v1 as pb;
use niva_rpc::wire::read::{date, optional_date};

use crate::facts::{PlacementFact, Said};

impl PlacementFact for pb::Transition {
    fn placement_id(&self) -> &str {
        &self.placement_id
    }

    fn set_fact_id(&mut self, id: String) {
        self.transition_id = id;
    }

    fn read(&self, v: &mut Violations, _: Option<NaiveDate>) -> Option<Said> {
        let transition = transition(v, self)?;
        let days = Interval::between(transition.job_start, transition.support_end)?;
        Some(Said { days, subject: "", record: Some(Record::Transition(transition)) })
    }
}

pub(crate) fn transition(v: &mut Violations, given: &pb::Transition) -> Option<Transition> {
    let job_start = date(v, "job_start", given.job_start);
    let support_end = optional_date(v, "support_end", given.support_end);
    let (start, end) = (job_start?, support_end?);
    let in_order = end.is_none_or(|end| end >= start);
    let text =
        "is before the job begins: state the last day of support, or leave it out while support goes on";
    v.require(in_order, "support_end", "END_BEFORE_START", text);
    in_order.then_some(Transition { job_start: start, support_end: end })
}
