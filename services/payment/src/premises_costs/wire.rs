//! Actual premises costs, inwards.

use niva_kit::Violations;
use niva_kit::wire::read::interval;
use niva_payment_domain::PremisesCost;
use niva_proto::payment::v1 as pb;

use crate::wire::price;

pub(crate) fn premises_cost(
    v: &mut Violations,
    field: &str,
    cost: Option<&pb::PremisesCost>,
) -> Option<PremisesCost> {
    let cost = v.required(field, cost)?;
    v.nested(field, |v| {
        let days = interval(v, "valid", cost.valid);
        let per_month = price(v, "per_month", cost.per_month);
        Some(PremisesCost { days: days?, per_month: per_month? })
    })
}
