//! The second person of special compensation.

use niva_access::Scope;
use niva_base::OpError;
use niva_names::SpecialCompensationId;
use niva_proto::facts::{author, timestamp};
use niva_proto::payment::v1 as pb;
use niva_rpc::wire::read;
use pb::special_compensation::Decision;

use super::SpecialCompensations;
use super::wire::decided;
use crate::facts::Known;

impl SpecialCompensations {
    /// Grants or refuses special compensation. Errors are looked for in this order: NOT_FOUND, REASON_MISSING,
    /// FACT_WITHDRAWN, REVISION_NOT_NEWEST, ALREADY_DECIDED, SAME_PERSON.
    pub(super) async fn decide(
        &self,
        scope: &Scope,
        request: &pb::DecideSpecialCompensationRequest,
    ) -> Result<pb::DecideSpecialCompensationResponse, OpError> {
        let id = &read::only_id::<SpecialCompensationId>(
            "special_compensation_id",
            &request.special_compensation_id,
        )?;
        let work = self.0.change(scope, request, |tx, told| {
            Box::pin(async move {
                let mut known: Known<pb::SpecialCompensation> = self.0.known(tx, scope, id).await?;
                let newest = known.info()?;
                let info = newest.corrected(request.expected_revision, told.clone())?;
                if decided(&known.fact, &newest).is_some() {
                    let words =
                        "the application is decided as it stands: correct it, if it is to be decided anew";
                    return Err(OpError::precondition("ALREADY_DECIDED", words));
                }
                let since = known.fact.decision.as_ref().map_or(0, |decision| decision.revision);
                known.second_person(tx, scope, since).await?;
                known.fact.decision = Some(Decision {
                    revision: info.revision,
                    granted: request.granted,
                    author: Some(author(&told.author)),
                    decide_time: Some(timestamp(told.recorded_at)),
                });
                let special_compensation = Some(known.renew(tx, &info).await?);
                Ok(pb::DecideSpecialCompensationResponse { special_compensation })
            })
        });
        work.await
    }
}
