//! The audit trail of the service, for who audits it.

use std::sync::Arc;

use niva_access::Scope;
use niva_audit::{Named, Reads, Wanted};
use niva_base::OpError;
use niva_proto::choice::v1 as pb;
use niva_rpc::answer;
use niva_rpc::wire::read;
use pb::audit_service_server::AuditService;
use tonic::Request;

use crate::{Answer, App};

/// The trail as tonic sees it.
pub(crate) struct Audit(Reads);

impl Audit {
    pub(crate) fn new(app: &Arc<App>) -> Self {
        Self(Reads::new(app.db.clone(), app.secrets.clone(), Arc::new(Named)))
    }
}

#[tonic::async_trait]
impl AuditService for Audit {
    async fn list_audit_records(
        &self,
        request: Request<pb::ListAuditRecordsRequest>,
    ) -> Answer<pb::ListAuditRecordsResponse> {
        answer!(self.list(request))
    }

    async fn sample_audit_records(
        &self,
        request: Request<pb::SampleAuditRecordsRequest>,
    ) -> Answer<pb::SampleAuditRecordsResponse> {
        answer!(self.sample(request))
    }
}

impl Audit {
    async fn list(
        &self,
        scope: &Scope,
        request: &pb::ListAuditRecordsRequest,
    ) -> Result<pb::ListAuditRecordsResponse, OpError> {
        let wanted = Wanted {
            person_id: read::given_id(&request.person_id),
            subject: &request.subject,
            method: &request.method,
            since: request.since.as_ref(),
            until: request.until.as_ref(),
            page_size: request.page_size,
            page_token: &request.page_token,
        };
        let (audit_records, next_page_token) = self.0.list(scope, &wanted).await?;
        Ok(pb::ListAuditRecordsResponse { audit_records, next_page_token })
    }

    async fn sample(
        &self,
        _: &Scope,
        request: &pb::SampleAuditRecordsRequest,
    ) -> Result<pb::SampleAuditRecordsResponse, OpError> {
        let (audit_records, records) = self.0.sample(request.month, &request.seed, request.size).await?;
        Ok(pb::SampleAuditRecordsResponse { audit_records, records })
    }
}
