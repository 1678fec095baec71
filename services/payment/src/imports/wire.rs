//! Records of an import, inwards.

use niva_calendar::NaiveDate;
use niva_kit::Violations;
use niva_payment_domain::Record;
use niva_proto::payment::v1 as pb;

use crate::agreements::wire::agreement;
use crate::attendance::wire::occasion;
use crate::premises_costs::wire::premises_cost;
use crate::schedules::wire::schedule;
use crate::transitions::wire::transition;

/// The record of one message of an import.
pub(crate) fn imported(
    v: &mut Violations,
    record: Option<&pb::import_payment_request::Record>,
    today: NaiveDate,
) -> Option<Record> {
    use pb::import_payment_request::Record as R;
    match v.required("record", record)? {
        R::Schedule(period) => {
            schedule(v, "schedule", Some(period)).map(|(from, schedule)| Record::Schedule(from, schedule))
        }
        R::Occasion(given) => occasion(v, "occasion", Some(given), Some(today)).map(Record::Occasion),
        R::Agreement(given) => agreement(v, "agreement", Some(given)).map(Record::Agreement),
        R::Transition(given) => transition(v, "transition", Some(given)).map(Record::Transition),
        R::PremisesCost(cost) => premises_cost(v, "premises_cost", Some(cost)).map(Record::PremisesCost),
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
