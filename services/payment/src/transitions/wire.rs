//! Transitions to work, inwards.

use niva_kit::Violations;
use niva_kit::wire::read::{date, optional_date};
use niva_payment_domain::Transition;
use niva_proto::payment::v1 as pb;

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
