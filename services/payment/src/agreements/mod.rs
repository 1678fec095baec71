//! Individual agreements: prices agreed for one placement.

pub(crate) mod wire;

use std::sync::Arc;

use niva_kit::OpError;
use niva_kit::auth::Caller;
use niva_kit::request::Call;
use niva_payment_domain::Record;
use niva_proto::payment::v1 as pb;
use pb::agreement_service_server::AgreementService;
use tonic::Request;

use crate::facts::one;
use crate::{Answer, App};

/// Individual agreements as tonic sees them.
pub(crate) struct Agreements(pub(crate) Arc<App>);

#[tonic::async_trait]
impl AgreementService for Agreements {
    async fn record_agreement(
        &self,
        request: Request<pb::RecordAgreementRequest>,
    ) -> Answer<pb::RecordAgreementResponse> {
        answer!(self.record(request))
    }
}

impl Agreements {
    async fn record(
        &self,
        caller: &Caller,
        request: &pb::RecordAgreementRequest,
    ) -> Result<pb::RecordAgreementResponse, OpError> {
        let told = one(&request.placement_id, "agreement", |v, field| {
            let read = wire::agreement(v, field, request.agreement.as_ref());
            read.map(|(id, agreement)| (id, Record::Agreement(agreement)))
        })?;
        let call = Call { method: "RecordAgreement", caller, request_id: &request.request_id, request };
        self.0.tell(&call, &told, |fact_number| pb::RecordAgreementResponse { fact_number }).await
    }
}
