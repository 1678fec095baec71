//! Facts of placements that payment is told itself: recorded, corrected, withdrawn and read back in one way, whatever
//! they say.

mod approval;
pub(crate) mod ground;
mod known;
mod operations;
mod plan;
mod reads;
mod store;

use std::collections::BTreeMap;

use niva_access::Scope;
use niva_base::{OpError, Violations};
use niva_calendar::NaiveDate;
use niva_facts::{Changing, Fact, Info, Telling};
use niva_names::PlacementId;
use niva_rpc::wire::read;
use niva_store::Tx;

use crate::placement_fact::{PlacementFact, Said};
use crate::{App, bound_to};

use self::ground::Ground;
pub(crate) use self::known::Known;
pub(crate) use self::operations::operations;
pub(crate) use self::plan::{Next, Plan, Wrong};
pub(crate) use self::reads::Wanted;
pub(crate) use self::store::{newest_of, told_of};

/// A fact of a request.
#[derive(Debug)]
pub(crate) struct Item<M> {
    /// The field that it stands in.
    pub(crate) path: String,
    pub(crate) fact: M,
    pub(crate) said: Said,
}

/// What is to become of the facts of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// They are new.
    Record,
    /// They are told anew; the caller has seen this revision.
    Correct { expected: i64 },
}

/// Reads a fact that stands in a field of a request. Without an id it gets `made`; without that, it must have one.
pub(crate) fn item<M: PlacementFact>(
    v: &mut Violations,
    path: String,
    given: Option<&M>,
    made: Option<String>,
    today: NaiveDate,
) -> Option<Item<M>> {
    let mut fact = v.required(&path, given)?.clone();
    fact.carry(None);
    let said = v.nested(&path, |v| {
        if let Some(made) = made.filter(|_| fact.fact_id().trim().is_empty()) {
            fact.set_fact_id(made.into());
        }
        read::id::<M::Id>(v, &id_field::<M>(), fact.fact_id());
        read::id::<PlacementId>(v, "placement_id", fact.placement_id());
        fact.read(v, Some(today))
    })?;
    fact.set_info(None);
    Some(Item { path, fact, said })
}

fn id_field<M: Fact>() -> String {
    format!("{}_id", M::KIND)
}

impl App {
    /// The fact of a request that records one.
    pub(crate) fn recorded<M: PlacementFact>(
        &self,
        scope: &Scope,
        request: &impl Changing,
        given: Option<&M>,
    ) -> Result<Vec<Item<M>>, OpError> {
        let mut v = Violations::new();
        let made = match M::FACT.is_of_days() {
            true => self.secrets.short_id(scope.author(), request, M::KIND),
            false => self.secrets.id(scope.author(), request, M::KIND),
        };
        let item = item(&mut v, M::KIND.to_owned(), given, Some(made.clone()), self.clock.today());
        let item = v.finish_with(item)?;
        scope.own_name(&format!("{}.{}", M::KIND, id_field::<M>()), item.fact.fact_id(), &made)?;
        Ok(vec![item])
    }

    /// The fact of a request that corrects one.
    pub(crate) fn corrected<M: PlacementFact>(&self, given: Option<&M>) -> Result<Vec<Item<M>>, OpError> {
        let mut v = Violations::new();
        let item = item(&mut v, M::KIND.to_owned(), given, None, self.clock.today());
        v.finish_with(item.map(|item| vec![item]))
    }

    /// Takes facts in, all or none, and answers them as they now stand.
    pub(crate) async fn tell<M: PlacementFact>(
        &self,
        tx: &Tx<'_>,
        scope: &Scope,
        told: &Telling,
        step: Step,
        items: &[Item<M>],
    ) -> Result<Vec<M>, OpError> {
        let ground = Ground::lock(tx, bound_to(scope)?).await?;
        let ids: Vec<M::Id> = items.iter().map(|item| item.fact.id()).collect();
        let mut known: BTreeMap<M::Id, M> = newest_of(tx, &ids).await?;
        if let Step::Correct { .. } = step {
            known = ground.seen(tx, known).await?;
        }
        let mut next = Vec::with_capacity(items.len());
        for (number, item) in (0..).zip(items) {
            let before = known.remove(&item.fact.id());
            let info = step.next(&item.fact, before.as_ref(), told)?;
            let (mut fact, said) = (item.fact.clone(), item.said.clone());
            fact.carry(before.as_ref());
            fact.set_info(Some(&info));
            next.push(Next { number, before, fact, said });
        }
        let (plan, wrong) = Plan::of(self, tx, ground, next).await?;
        refuse(wrong, items)?;
        plan.carry_out(tx, told).await
    }

    /// [`App::tell`] for a request with one fact.
    pub(crate) async fn tell_one<M: PlacementFact>(
        &self,
        tx: &Tx<'_>,
        scope: &Scope,
        told: &Telling,
        step: Step,
        items: &[Item<M>],
    ) -> Result<M, OpError> {
        let told = self.tell(tx, scope, told, step, items).await?;
        told.into_iter().next().ok_or_else(|| OpError::internal("a fact that was told is not answered"))
    }

    /// Takes a fact back and answers it, withdrawn.
    pub(crate) async fn take_back<M: PlacementFact>(
        &self,
        tx: &Tx<'_>,
        scope: &Scope,
        told: &Telling,
        id: &M::Id,
        expected: i64,
    ) -> Result<M, OpError> {
        let known: Known<M> = self.known(tx, scope, id).await?;
        let info = known.info()?.withdrawn(expected, told.clone())?;
        known.renew(tx, &info).await
    }
}

impl Step {
    /// The next revision of a fact.
    fn next<M: Fact>(self, fact: &M, before: Option<&M>, told: &Telling) -> Result<Info, OpError> {
        let id = fact.fact_id();
        match (self, before) {
            (Self::Record, None) => Ok(Info::first(id, told.clone())),
            (Self::Record, Some(_)) => {
                let words =
                    format!("there is a {} {id} already: choose another id, or correct that one", M::KIND);
                Err(OpError::already_exists("ID_TAKEN", words))
            }
            (Self::Correct { .. }, None) => Err(OpError::not_found(M::KIND, id)),
            (Self::Correct { expected }, Some(before)) => {
                Ok(info(before)?.corrected(expected, told.clone())?)
            }
        }
    }
}

/// Nothing wrong; or every violation at once; or what else is wrong first.
fn refuse<M>(wrong: Vec<Wrong>, items: &[Item<M>]) -> Result<(), OpError> {
    let (mut v, mut first) = (Violations::new(), None);
    for Wrong { number, error, .. } in wrong {
        let item = usize::try_from(number).ok().and_then(|n| items.get(n));
        let path = item.map_or("", |item| item.path.as_str());
        match error {
            OpError::Invalid(violations) => v.nested(path, |v| {
                violations.into_iter().for_each(|found| v.add(&found.field, found.reason, found.description));
            }),
            other => {
                first.get_or_insert(other);
            }
        }
    }
    v.finish()?;
    first.map_or(Ok(()), Err)
}

fn info<M: Fact>(fact: &M) -> Result<Info, OpError> {
    fact.info().ok_or_else(|| OpError::internal(format!("{} {} has no FactInfo", M::KIND, fact.fact_id())))
}
