//! The second person of what is paid when somebody else than its authors has approved it.

use niva_access::Scope;
use niva_base::OpError;
use niva_facts::{Refused, Telling};
use niva_store::Tx;

use super::Known;
use crate::placement_fact::Approvable;

impl<M: Approvable> Known<M> {
    /// Approves it, and answers it. Errors are looked for in this order: FACT_WITHDRAWN, REVISION_NOT_NEWEST, that no approval is
    /// needed, ALREADY_APPROVED, SAME_PERSON.
    pub(crate) async fn approve(
        mut self,
        tx: &Tx<'_>,
        scope: &Scope,
        expected: i64,
        told: Telling,
    ) -> Result<M, OpError> {
        let newest = self.info()?;
        let info = newest.happened(told)?;
        if expected != newest.revision {
            return Err(Refused::RevisionNotNewest { expected, newest: newest.revision }.into());
        }
        self.fact.check_needs_approval()?;
        if self.fact.is_approved(&newest) {
            let kind = M::KIND.replace('_', " ");
            let words = format!("the {kind} is approved as it stands: there is nothing to do");
            let error = OpError::precondition("ALREADY_APPROVED", words);
            return Err(error.with("revision", newest.revision));
        }
        self.second_person(tx, scope, self.fact.approved_revision().unwrap_or_default()).await?;
        self.fact.set_approval(info.revision, &info.told.author, info.told.recorded_at);
        self.renew(tx, &info).await
    }
}
