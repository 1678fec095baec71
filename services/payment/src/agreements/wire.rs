//! Individual agreements, inwards.

use niva_kit::Violations;
use niva_kit::wire::read::{id, interval};
use niva_payment_domain::Agreement;
use niva_proto::payment::v1 as pb;

use crate::wire::price;

/// An agreement with its id.
pub(crate) fn agreement(
    v: &mut Violations,
    field: &str,
    agreement: Option<&pb::Agreement>,
) -> Option<(String, Agreement)> {
    let agreement = v.required(field, agreement)?;
    v.nested(field, |v| {
        let agreement_id = id(v, "agreement_id", &agreement.agreement_id);
        let days = interval(v, "valid", agreement.valid);
        let price = price(v, "price", agreement.price);
        Some((agreement_id?, Agreement { days: days?, price: price? }))
    })
}
