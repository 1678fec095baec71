//! ImportPayment: records of many placements from a stream, all of them or none.

use niva_kit::auth::Caller;
use niva_kit::import::Import;
use niva_kit::wire::read::id;
use niva_kit::{OpError, Violations};
use niva_proto::payment::v1 as pb;

use super::Context;
use super::facts::{At, Placed, record};
use crate::wire::records::imported;

pub(crate) async fn import(
    context: &Context,
    caller: &Caller,
    import: Import<pb::ImportPaymentRequest>,
) -> Result<pb::ImportPaymentResponse, OpError> {
    let today = context.clock.today();
    let mut v = Violations::new();
    let mut records = Vec::with_capacity(import.records().len());
    for (number, message) in import.records().iter().enumerate() {
        records.extend(v.record(number, &message.origin, |v| {
            let placement_id = id(v, "placement_id", &message.placement_id);
            let record = imported(v, message.record.as_ref(), today);
            let at = At::Record(number, message.origin.clone());
            let field = field(message.record.as_ref());
            Some(Placed { at, field, placement_id: placement_id?, record: record? })
        }));
    }
    v.finish()?;
    let facts = i64::try_from(records.len()).unwrap_or(i64::MAX);
    let respond = |_| pb::ImportPaymentResponse { facts };
    record(context, &import.call("ImportPayment", caller), &records, respond).await
}

fn field(record: Option<&pb::import_payment_request::Record>) -> &'static str {
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
