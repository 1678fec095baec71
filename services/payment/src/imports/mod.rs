//! Imports of attendance and agreements: records of many placements from a stream, all of them or none.

mod wire;

use std::sync::Arc;

use niva_kit::auth::{Caller, caller};
use niva_kit::import::Import;
use niva_kit::request::Call;
use niva_kit::rpc::answer;
use niva_kit::wire::read::id;
use niva_kit::{OpError, Violations};
use niva_proto::payment::v1 as pb;
use pb::import_service_server::ImportService;
use tonic::{Request, Streaming};

use crate::facts::{At, NewFact};
use crate::{Answer, App};

/// Imports as tonic sees them.
pub(crate) struct Imports(pub(crate) Arc<App>);

#[tonic::async_trait]
impl ImportService for Imports {
    async fn import_payment(
        &self,
        request: Request<Streaming<pb::ImportPaymentRequest>>,
    ) -> Answer<pb::ImportPaymentResponse> {
        let caller = caller(&request)?.clone();
        let import = Import::gather(request.into_inner()).await?;
        answer(self.import(&caller, &import).await)
    }
}

impl Imports {
    async fn import(
        &self,
        caller: &Caller,
        import: &Import<pb::ImportPaymentRequest>,
    ) -> Result<pb::ImportPaymentResponse, OpError> {
        let today = self.0.clock.today();
        let mut v = Violations::new();
        let mut told = Vec::with_capacity(import.records().len());
        for (number, message) in import.records().iter().enumerate() {
            told.extend(v.record(number, &message.origin, |v| {
                let placement_id = id(v, "placement_id", &message.placement_id);
                let told = wire::imported(v, message.record.as_ref(), today);
                let at = At::Record(number, message.origin.clone());
                let field = wire::field(message.record.as_ref());
                let (id, record) = told?;
                Some(NewFact { at, field, placement_id: placement_id?, id, record })
            }));
        }
        v.finish()?;
        let facts = i64::try_from(told.len()).unwrap_or(i64::MAX);
        let (request_id, request) = (import.request_id(), import.content());
        let call = Call { method: "ImportPayment", caller, request_id, request };
        self.0.tell(&call, &told, |_| pb::ImportPaymentResponse { facts }).await
    }
}
