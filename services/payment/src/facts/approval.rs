//! The second person of what is paid when somebody else than its authors has approved it.

use niva_access::Scope;
use niva_base::OpError;
use niva_facts::Telling;
use niva_store::Tx;

use super::Known;
use crate::approval::{Approvable, approval};
use crate::placement_fact::PlacementFact;

impl<M: PlacementFact + Approvable> Known<M> {
    /// Approves it, and answers it. Errors are looked for in this order: those of [`approval`], SAME_PERSON.
    pub(crate) async fn approve(
        mut self,
        tx: &Tx<'_>,
        scope: &Scope,
        expected: i64,
        told: Telling,
    ) -> Result<M, OpError> {
        let info = approval(&self.fact, &self.info()?, expected, told)?;
        self.second_person(tx, scope, self.fact.approved_revision().unwrap_or_default()).await?;
        self.fact.set_approval(info.revision, &info.told.author, info.told.recorded_at);
        self.renew(tx, &info).await
    }
}
