//! The second person of an agreement.

use niva_access::Scope;
use niva_base::OpError;
use niva_facts::{Info, Refused, Telling};
use niva_names::AgreementId;
use niva_proto::facts::{author, timestamp};
use niva_proto::payment::v1 as pb;
use niva_rpc::wire::read;
use pb::agreement::Approval;

use super::Agreements;
use super::wire::approved;
use crate::facts::Known;

impl Agreements {
    /// Approves an agreement. Errors are looked for in this order: NOT_FOUND, FACT_WITHDRAWN, REVISION_NOT_NEWEST,
    /// ALREADY_APPROVED, SAME_PERSON.
    pub(super) async fn approve(
        &self,
        scope: &Scope,
        request: &pb::ApproveAgreementRequest,
    ) -> Result<pb::ApproveAgreementResponse, OpError> {
        let id = &read::only_id::<AgreementId>("agreement_id", &request.agreement_id)?;
        let work = self.0.change(scope, request, |tx, told| {
            Box::pin(async move {
                let mut known: Known<pb::Agreement> = self.0.known(tx, scope, id).await?;
                let info = next(&known, request.expected_revision, &told)?;
                let since = known.fact.approval.as_ref().map_or(0, |approval| approval.revision);
                known.second_person(tx, scope, since).await?;
                known.fact.approval = Some(Approval {
                    revision: info.revision,
                    author: Some(author(&told.author)),
                    approve_time: Some(timestamp(told.recorded_at)),
                });
                Ok(pb::ApproveAgreementResponse { agreement: Some(known.renew(tx, &info).await?) })
            })
        });
        work.await
    }
}

/// The revision that the approval makes.
fn next(known: &Known<pb::Agreement>, expected: i64, told: &Telling) -> Result<Info, OpError> {
    let newest = known.info()?;
    let next = newest.happened(told.clone())?;
    if expected != newest.revision {
        return Err(Refused::RevisionNotNewest { expected, newest: newest.revision }.into());
    }
    if approved(&known.fact, &newest) {
        let words = "the agreement is approved as it stands: there is nothing to do";
        let error = OpError::precondition("ALREADY_APPROVED", words);
        return Err(error.with("revision", newest.revision.to_string()));
    }
    Ok(next)
}
