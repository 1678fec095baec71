//! Imports: many facts of placements at once, all of them or none.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use niva_base::OpError;
use niva_facts::Telling;
use niva_imports::{Effects, Numbered, Target, Upsert, compare};
use niva_proto::payment::v1 as pb;
use niva_store::Tx;
use pb::create_import_request::Record;
use tokio::task::JoinHandle;

use crate::App;
use crate::facts::ground::Ground;
use crate::facts::{Next, Plan, item, newest_of};
use crate::placement_fact::PlacementFact;

niva_imports::service! { pb: Facts, |import, _| pb::CreateImportResponse { import: Some(import) } }

/// Starts the imports of the service, and the worker that lets them take effect.
pub(crate) fn start(app: &Arc<App>) -> (niva_imports::Imports<Facts>, JoinHandle<()>) {
    let (db, clock, secrets) = (app.db.clone(), app.clock.clone(), app.secrets.clone());
    niva_imports::Imports::start(db, clock, secrets, Facts(Arc::clone(app)), app.shutdown.clone())
}

/// What records of an import do: the same as the rpcs that tell one fact.
pub(crate) struct Facts(pub(crate) Arc<App>);

#[async_trait]
impl Target for Facts {
    type Entry = pb::CreateImportRequest;

    /// All parts take effect in one transaction, and each writes the row that is kept of every case it touches: the row's old versions
    /// are in the way of those that come after.
    const AT_ONCE: usize = 4_000;

    /// No kind needs another: they are taken one after the other.
    fn rank(entry: &pb::CreateImportRequest) -> i32 {
        match &entry.record {
            None => 0,
            Some(Record::Schedule(_)) => 1,
            Some(Record::Occasion(_)) => 2,
            Some(Record::Absence(_)) => 3,
            Some(Record::Agreement(_)) => 4,
            Some(Record::Transition(_)) => 5,
            Some(Record::PremisesCost(_)) => 6,
            Some(Record::Visit(_)) => 7,
        }
    }

    async fn apply(
        &self,
        tx: &Tx<'_>,
        told: &Telling,
        entries: &[Numbered<pb::CreateImportRequest>],
        effects: &mut Effects,
    ) -> Result<(), OpError> {
        macro_rules! take {
            ($kind:ident) => {{
                let of = |entry: &pb::CreateImportRequest| match &entry.record {
                    Some(Record::$kind(fact)) => Some(fact.clone()),
                    _ => None,
                };
                self.take(tx, told, entries, of, effects).await
            }};
        }
        match entries.first().and_then(|first| first.entry.record.as_ref()) {
            Some(Record::Schedule(_)) => take!(Schedule),
            Some(Record::Occasion(_)) => take!(Occasion),
            Some(Record::Absence(_)) => take!(Absence),
            Some(Record::Agreement(_)) => take!(Agreement),
            Some(Record::Transition(_)) => take!(Transition),
            Some(Record::PremisesCost(_)) => take!(PremisesCost),
            Some(Record::Visit(_)) => take!(Visit),
            None => {
                for Numbered { number, .. } in entries {
                    effects.refuse(*number, "record", "FIELD_REQUIRED", "is required; give a fact");
                }
                Ok(())
            }
        }
    }

    fn committed(&self) {}
}

impl Facts {
    async fn take<M: PlacementFact>(
        &self,
        tx: &Tx<'_>,
        told: &Telling,
        entries: &[Numbered<pb::CreateImportRequest>],
        of: impl Fn(&pb::CreateImportRequest) -> Option<M>,
        effects: &mut Effects,
    ) -> Result<(), OpError> {
        let today = self.0.clock.today();
        let (mut given, mut said) = (Vec::with_capacity(entries.len()), Vec::with_capacity(entries.len()));
        for Numbered { number, entry } in entries {
            let path = M::KIND.to_owned();
            let read = effects.read(*number, |v| item(v, path, of(entry).as_ref(), None, today));
            if let Some(read) = read {
                said.push((*number, read.said));
                given.push(Numbered { number: *number, entry: read.fact });
            }
        }
        let locked = Ground::lock(tx, None).await?;
        let ids: Vec<M::Id> = given.iter().map(|given| given.entry.id()).collect();
        let known: BTreeMap<M::Id, M> = newest_of(tx, &ids).await?;
        if M::CARRIES {
            // What the service alone says of a fact: what is told again as it was changes nothing.
            for Numbered { entry, .. } in &mut given {
                let before = known.get(&entry.id());
                entry.carry(before);
            }
        }
        let mut said = said.into_iter().peekable();
        let mut next = Vec::new();
        for Numbered { number, entry } in compare(&known, told, given, effects)? {
            let (before, fact) = match entry {
                Upsert::Created(fact) => (None, fact),
                Upsert::Corrected { before, after } => (Some(before), after),
            };
            while said.next_if(|(other, _)| *other < number).is_some() {}
            next.extend(said.next().map(|(_, said)| Next { number, before, fact, said }));
        }
        let (plan, wrong) = Plan::of(&self.0, tx, locked, next).await?;
        for wrong in wrong {
            match wrong.error {
                OpError::Invalid(violations) => effects.refuse_all(wrong.number, violations),
                error => effects.refuse(wrong.number, wrong.field, error.reason(), error.to_string()),
            }
        }
        plan.carry_out(tx, told).await?;
        Ok(())
    }
}
