//! The second person of a premises cost over the city's limit.

use niva_access::Scope;
use niva_base::OpError;
use niva_facts::{Info, Refused, Telling};
use niva_names::PremisesCostId;
use niva_proto::facts::{author, timestamp};
use niva_proto::payment::v1 as pb;
use niva_rpc::wire::read;
use pb::premises_cost::Approval;

use super::PremisesCosts;
use super::wire::approved;
use crate::facts::Known;

impl PremisesCosts {
    /// Approves a premises cost. Errors are looked for in this order: NOT_FOUND, FACT_WITHDRAWN, REVISION_NOT_NEWEST,
    /// APPROVAL_NOT_NEEDED, ALREADY_APPROVED, SAME_PERSON.
    pub(super) async fn approve(
        &self,
        scope: &Scope,
        request: &pb::ApprovePremisesCostRequest,
    ) -> Result<pb::ApprovePremisesCostResponse, OpError> {
        let id = &read::only_id::<PremisesCostId>("premises_cost_id", &request.premises_cost_id)?;
        let work = self.0.change(scope, request, |tx, told| {
            Box::pin(async move {
                let mut known: Known<pb::PremisesCost> = self.0.known(tx, scope, id).await?;
                let info = next(&known, request.expected_revision, &told)?;
                let since = known.fact.approval.as_ref().map_or(0, |approval| approval.revision);
                known.second_person(tx, scope, since).await?;
                known.fact.counting_revision = 0;
                known.fact.approval = Some(Approval {
                    revision: info.revision,
                    author: Some(author(&told.author)),
                    approve_time: Some(timestamp(told.recorded_at)),
                });
                Ok(pb::ApprovePremisesCostResponse { premises_cost: Some(known.renew(tx, &info).await?) })
            })
        });
        work.await
    }
}

/// The revision that the approval makes.
fn next(known: &Known<pb::PremisesCost>, expected: i64, told: &Telling) -> Result<Info, OpError> {
    let newest = known.info()?;
    let next = newest.happened(told.clone())?;
    if expected != newest.revision {
        return Err(Refused::RevisionNotNewest { expected, newest: newest.revision }.into());
    }
    if !known.fact.over_limit {
        let words =
            "the premises cost is within the city's limit and is paid as it stands: there is nothing to do";
        return Err(OpError::precondition("APPROVAL_NOT_NEEDED", words));
    }
    if approved(&known.fact, &newest) {
        let words = "the premises cost is approved as it stands: there is nothing to do";
        let error = OpError::precondition("ALREADY_APPROVED", words);
        return Err(error.with("revision", newest.revision.to_string()));
    }
    Ok(next)
}
