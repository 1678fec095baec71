//! ImportChoice: all records in one transaction, or none and every error at once.

mod check;
mod findings;

use niva_choice_domain::{Placement, Provider, Unit};
use niva_kit::auth::Caller;
use niva_kit::{OpError, Tx};
use niva_proto::choice::v1 as pb;
use sha2::{Digest, Sha256};

use super::{Call, Done, placement_event, provider_event, unit_event};
use crate::store::{placements, providers, units};
use crate::{App, wire};
use findings::Findings;

/// Most records of one import: they are kept in memory until all are known to be right.
const MAX_RECORDS: usize = 1_000_000;

/// An import as it arrives.
#[derive(Default)]
pub(crate) struct Import {
    request_id: String,
    /// Over every message, so that a repeated request id is known to bring the same import.
    hash: Sha256,
    records: Vec<pb::ImportChoiceRequest>,
}

/// Records that are right, in their order.
#[derive(Default)]
struct Accepted {
    providers: Vec<Provider>,
    units: Vec<Unit>,
    placements: Vec<Placement>,
}

impl Import {
    /// Takes the next message.
    ///
    /// # Errors
    /// A request id that comes late, or too many records.
    pub(crate) fn push(&mut self, message: pb::ImportChoiceRequest) -> Result<(), OpError> {
        use prost::Message as _;
        if self.records.is_empty() {
            self.request_id.clone_from(&message.request_id);
        } else if !message.request_id.is_empty() {
            let words = "stands in the first message only: an import has one";
            return Err(OpError::invalid("request_id", "REQUEST_ID_REPEATED", words));
        }
        if self.records.len() == MAX_RECORDS {
            let words = format!("more than {MAX_RECORDS} records: split the import");
            return Err(OpError::invalid("record", "IMPORT_TOO_LARGE", words));
        }
        self.hash.update(message.encode_length_delimited_to_vec());
        self.records.push(message);
        Ok(())
    }
}

impl App {
    pub(crate) async fn import_choice(
        &self,
        caller: &Caller,
        import: Import,
    ) -> Result<pb::ImportChoiceResponse, OpError> {
        let Import { request_id, hash, records } = import;
        if records.is_empty() {
            let words = "the import is empty: send at least one record";
            return Err(OpError::invalid("record", "FIELD_REQUIRED", words));
        }
        // Stands for the whole import where a request's content is compared.
        let content = &pb::ImportChoiceRequest {
            request_id: request_id.clone(),
            origin: format!("{:x} of {} records", hash.finalize(), records.len()),
            record: None,
        };
        let call = Call { method: "ImportChoice", caller, request_id: &request_id, request: content };
        let records = &records;
        self.change(&call, |tx| {
            Box::pin(async move {
                let mut findings = Findings::default();
                let accepted = check::check(tx, self.reader(), caller, records, &mut findings).await?;
                findings.finish(records)?;
                save(tx, &accepted).await
            })
        })
        .await
    }
}

async fn save(tx: &Tx<'_>, accepted: &Accepted) -> Result<Done<pb::ImportChoiceResponse>, OpError> {
    let Accepted { providers, units, placements } = accepted;
    let count = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
    let answer = pb::ImportChoiceResponse {
        providers: count(providers.len()),
        units: count(units.len()),
        placements: count(placements.len()),
    };
    providers::insert_all(tx, providers).await?;
    units::insert_all(tx, units).await?;
    placements::insert_all(tx, placements).await?;
    let providers = providers.iter().map(|p| provider_event(&wire::provider(p)));
    let units = units.iter().map(|u| unit_event(&wire::unit(u)));
    let placements = placements.iter().map(|p| placement_event(&wire::placement(p)));
    Ok((answer, providers.chain(units).chain(placements).collect()))
}
