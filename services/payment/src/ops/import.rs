//! ImportPayment: records of many placements from a stream, all of them or none.

use futures_util::{Stream, StreamExt};
use niva_kit::auth::Caller;
use niva_kit::wire::read::id;
use niva_kit::{OpError, Violations};
use niva_proto::payment::v1 as pb;
use prost::Message;
use sha2::{Digest, Sha256};
use tonic::Status;

use super::Context;
use super::facts::{Placed, record};
use crate::wire::records::imported;

/// Records in one import at most: they are held in memory until all are checked.
const MAX_RECORDS: usize = 1_000_000;

pub(crate) async fn import(
    context: &Context,
    caller: &Caller,
    mut messages: impl Stream<Item = Result<pb::ImportPaymentRequest, Status>> + Unpin,
) -> Result<pb::ImportPaymentResponse, Status> {
    let today = context.clock.today();
    let mut v = Violations::new();
    let (mut request_id, mut records, mut content) = (String::new(), Vec::new(), Sha256::new());
    while let Some(message) = messages.next().await {
        let message = message?;
        if records.len() >= MAX_RECORDS {
            let text = format!("has more than {MAX_RECORDS} records: import them in several parts");
            return Err(OpError::invalid("record", "TOO_MANY_RECORDS", text).into());
        }
        content.update(message.encode_length_delimited_to_vec());
        let first = request_id.is_empty() && records.is_empty() && v.is_empty();
        if first {
            request_id.clone_from(&message.request_id);
        }
        let at = match message.origin.as_str() {
            "" => format!("record[{}]", records.len()),
            origin => origin.to_owned(),
        };
        records.extend(v.nested(&at, |v| {
            let stray = !first && !message.request_id.is_empty();
            v.require(!stray, "request_id", "REQUEST_ID_MISPLACED", "is given in the first message alone");
            let placement_id = id(v, "placement_id", &message.placement_id);
            let record = imported(v, message.record.as_ref(), today);
            let field = field(message.record.as_ref());
            Some(Placed { at: at.clone(), field, placement_id: placement_id?, record: record? })
        }));
    }
    v.finish()?;
    // What is remembered of the content is its hash.
    let origin = content.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    let claimed = pb::ImportPaymentRequest { request_id: request_id.clone(), origin, ..Default::default() };
    let facts = i64::try_from(records.len()).unwrap_or(i64::MAX);
    let respond = |_| pb::ImportPaymentResponse { facts };
    Ok(record(context, caller, "ImportPayment", (&request_id, &claimed), &records, respond).await?)
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
