//! A known fact that something happens to: it is taken back, or a second person decides on it.

use niva_access::Scope;
use niva_base::OpError;
use niva_facts::Info;
use niva_store::Tx;

use super::ground::Ground;
use super::{Plan, info, store};
use crate::approval::second_person;
use crate::placement_fact::{PlacementFact, kept};
use crate::{App, bound_to};

/// A fact in its newest revision.
pub(crate) struct Known<M> {
    ground: Ground,
    pub(crate) fact: M,
}

impl App {
    /// A fact that the caller may tell more of. Nobody tells other facts until the transaction ends.
    pub(crate) async fn known<M: PlacementFact>(
        &self,
        tx: &Tx<'_>,
        scope: &Scope,
        id: &M::Id,
    ) -> Result<Known<M>, OpError> {
        let locked = Ground::lock(tx, bound_to(scope)?).await?;
        let missing = || OpError::not_found(M::KIND, id.as_ref());
        let fact: M = store::newest(tx, id).await?.ok_or_else(missing)?;
        let ground = locked.load(tx, [fact.placement()].into(), false).await?;
        if !ground.sees(&fact.placement(), kept(&fact)?.days.first) {
            return Err(missing());
        }
        Ok(Known { ground, fact })
    }
}

impl<M: PlacementFact> Known<M> {
    pub(crate) fn info(&self) -> Result<Info, OpError> {
        info(&self.fact)
    }

    /// Refuses whoever has told a revision after one of them: who decides is another person. `SAME_PERSON`.
    pub(crate) async fn second_person(
        &self,
        tx: &Tx<'_>,
        scope: &Scope,
        revision: i64,
    ) -> Result<(), OpError> {
        let authors = store::authors_since::<M>(tx, &self.fact.id(), revision).await?;
        second_person(&authors, scope)
    }

    /// Writes the next revision, and answers it.
    pub(crate) async fn renew(mut self, tx: &Tx<'_>, info: &Info) -> Result<M, OpError> {
        self.fact.set_info(Some(info));
        let plan = Plan::renewal(&self.ground, self.fact)?;
        let told = plan.carry_out(tx, &info.told).await?.pop();
        told.ok_or_else(|| OpError::internal("a fact that was told is not answered"))
    }
}
