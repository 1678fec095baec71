//! Instruments: what is measured with.

mod wire;

use std::sync::Arc;

use niva_access::Scope;
use niva_base::OpError;
use niva_proto::assessment::v1 as pb;
use niva_rpc::answer;
use pb::instrument_service_server::InstrumentService;
use tonic::Request;

use crate::{Answer, App, MAX_PAGE};

/// Instruments as tonic sees them.
pub(crate) struct Instruments(pub(crate) Arc<App>);

#[tonic::async_trait]
impl InstrumentService for Instruments {
    async fn list_instruments(
        &self,
        request: Request<pb::ListInstrumentsRequest>,
    ) -> Answer<pb::ListInstrumentsResponse> {
        answer!(self.list(request))
    }
}

impl Instruments {
    async fn list(
        &self,
        scope: &Scope,
        request: &pb::ListInstrumentsRequest,
    ) -> Result<pb::ListInstrumentsResponse, OpError> {
        let asked = (request.page_size, request.page_token.as_str());
        let page = self.0.secrets.page(scope.author(), asked, &["instruments"], MAX_PAGE)?;
        let after = page.after.as_deref().unwrap_or_default();
        let all = self.0.instruments.all().iter().filter(|i| i.id.as_str() > after).collect();
        let (rows, next_page_token) = page.cut(all, |i| i.id.to_string());
        Ok(pb::ListInstrumentsResponse {
            instruments: rows.into_iter().map(wire::instrument).collect(),
            next_page_token,
        })
    }
}
