//! Records of an import, inwards.

use niva_calendar::NaiveDate;
use niva_kit::Violations;
use niva_payment_domain::Record;
use niva_proto::payment::v1 as pb;

use crate::agreements::wire::agreement;
use crate::attendance::wire::{name, occasion};
use crate::premises_costs::wire::premises_cost;
use crate::schedules::wire::schedule;
use crate::transitions::wire::transition;

/// The record of one message of an import, and what names it.
pub(crate) fn imported(
    v: &mut Violations,
    record: Option<&pb::import_payment_request::Record>,
    today: NaiveDate,
) -> Option<(String, Record)> {
    use pb::import_payment_request::Record as R;
    match v.required("record", record)? {
        R::Schedule(period) => {
            schedule(v, "schedule", Some(period)).map(|s| (s.from.to_string(), Record::Schedule(s)))
        }
        R::Occasion(given) => {
            occasion(v, "occasion", Some(given), Some(today)).map(|o| (name(&o), Record::Occasion(o)))
        }
        R::Agreement(given) => {
            agreement(v, "agreement", Some(given)).map(|(id, a)| (id, Record::Agreement(a)))
        }
        R::Transition(given) => {
            transition(v, "transition", Some(given)).map(|t| (t.job_start.to_string(), Record::Transition(t)))
        }
        R::PremisesCost(cost) => premises_cost(v, "premises_cost", Some(cost))
            .map(|c| (c.days.first.to_string(), Record::PremisesCost(c))),
    }
}

/// The field that a message's record stands in.
pub(crate) fn field(record: Option<&pb::import_payment_request::Record>) -> &'static str {
    use pb::import_payment_request::Record as R;
    match record {
        Some(R::Schedule(_)) => "schedule",
        Some(R::Occasion(_)) => "occasion",
        Some(R::Agreement(_)) => "agreement",
        Some(R::Transition(_)) => "transition",
        Some(R::PremisesCost(_)) => "premises_cost",
        None => "record",
    }
}
