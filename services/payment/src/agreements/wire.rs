//! Individual agreements, inwards.

use niva_base::Violations;
use niva_calendar::NaiveDate;
use niva_payment_domain::{Agreement, Record};
use niva_proto::payment::v1 as pb;
use niva_rpc::wire::read::{id, interval};

use crate::facts::{PlacementFact, Said};
use crate::wire::price;

impl PlacementFact for pb::Agreement {
    fn placement_id(&self) -> &str {
        &self.placement_id
    }

    fn set_fact_id(&mut self, id: String) {
        self.agreement_id = id;
    }

    fn read(&self, v: &mut Violations, _: Option<NaiveDate>) -> Option<Said> {
        let agreement = agreement(v, self);
        let known = !matches!(self.unit(), pb::PriceUnit::Unspecified);
        v.require(known, "unit", "PRICE_UNIT_UNKNOWN", "is required: say what the price is per");
        let agreed_by = id(v, "agreed_by", &self.agreed_by);
        let (agreement, _) = agreement.zip(agreed_by)?;
        Some(Said { days: agreement.days, subject: "", record: Some(Record::Agreement(agreement)) })
    }
}

/// The days and the price.
pub(crate) fn agreement(v: &mut Violations, given: &pb::Agreement) -> Option<Agreement> {
    let days = interval(v, "valid", given.valid);
    let price = price(v, "price", given.price);
    Some(Agreement { days: days?, price: price? })
}
