//! Taking facts in: the one way for feeds, rpcs and imports alike.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use futures_util::future::BoxFuture;
use niva_facts::Author;
use niva_payment_domain::{Case, Content, Fact, FactKind, Recorded, UnitFacts};
use niva_store::{DbError, Tx};

use super::CaseKey;
use super::store::{self, About, PlacementRow};
use crate::units::store as units;

/// A fact of somebody.
#[derive(Debug, Clone)]
pub(crate) enum Incoming {
    /// Of a person in a service. A record of payment's own gets its number here.
    Case(CaseKey, Fact),
    /// Of a unit.
    Unit(UnitFacts),
}

/// A fact, and whose it is.
#[derive(Debug, Clone)]
pub(crate) struct Told {
    pub(crate) fact: Incoming,
    pub(crate) author: Author,
}

/// Takes facts in, in order, and answers the number of the last. What says nothing new leaves no trace, so that a feed
/// may be replayed.
pub(crate) fn take_in<'t>(
    tx: &'t Tx<'t>,
    incoming: Vec<Told>,
    now: DateTime<Utc>,
) -> BoxFuture<'t, Result<i64, DbError>> {
    Box::pin(async move {
        let first = store::draw_numbers(tx, incoming.len()).await?;
        let last = first + i64::try_from(incoming.len()).unwrap_or(0) - 1;
        let mut taken = Taken::load(tx, &incoming, last).await?;
        for (told, number) in incoming.into_iter().zip(first..) {
            match told.fact {
                Incoming::Case(key, fact) => taken.fact(key, &fact, number, &told.author),
                Incoming::Unit(unit) => taken.unit(unit, number, &told.author),
            }
        }
        taken.write(tx, last, now).await?;
        Ok(last)
    })
}

/// What the facts are applied to, and what came of it.
struct Taken {
    cases: BTreeMap<CaseKey, (Option<i64>, Case)>,
    units: BTreeMap<String, UnitFacts>,
    changed_cases: BTreeSet<CaseKey>,
    changed_units: BTreeSet<String>,
    placements: Vec<PlacementRow>,
    /// Placements that are at another unit than before.
    moved: BTreeMap<String, String>,
    recorded: Vec<(About, Recorded, Author)>,
}

impl Taken {
    async fn load(tx: &Tx<'_>, incoming: &[Told], last: i64) -> Result<Self, DbError> {
        let keys = incoming.iter().filter_map(|told| match &told.fact {
            Incoming::Case(key, _) => Some(key.clone()),
            Incoming::Unit(_) => None,
        });
        let any_unit = incoming.iter().any(|told| matches!(told.fact, Incoming::Unit(_)));
        Ok(Self {
            cases: store::current_cases(tx, &keys.collect()).await?,
            units: if any_unit { units::units_as_of(tx, last).await? } else { BTreeMap::new() },
            changed_cases: BTreeSet::new(),
            changed_units: BTreeSet::new(),
            placements: Vec::new(),
            moved: BTreeMap::new(),
            recorded: Vec::new(),
        })
    }

    fn fact(&mut self, key: CaseKey, fact: &Fact, number: i64, author: &Author) {
        let Some((_, case)) = self.cases.get_mut(&key) else { return };
        let was_at = case.dates(&fact.id).map(|dates| dates.unit_id.clone());
        if !case.apply(fact) {
            return;
        }
        let case_key = key.to_string();
        if let Content::Placement(dates) = &fact.content {
            let (placement_id, unit_id) = (fact.id.clone(), dates.unit_id.clone());
            match was_at {
                None => {
                    let case_key = case_key.clone();
                    self.placements.push(PlacementRow { placement_id, case_key, unit_id });
                }
                Some(before) if before != unit_id => {
                    self.moved.insert(placement_id, unit_id);
                }
                Some(_) => {}
            }
        }
        let placement_id = fact.placement_id().map(str::to_owned);
        let Fact { id, revision, withdrawn, .. } = fact.clone();
        let recorded = Recorded { number, placement_id, kind: fact.kind(), id, revision, withdrawn };
        self.recorded.push((About::Case(case_key), recorded, author.clone()));
        self.changed_cases.insert(key);
    }

    fn unit(&mut self, unit: UnitFacts, number: i64, author: &Author) {
        let (id, revision) = (unit.unit_id.clone(), unit.revision);
        let known = self.units.get(&id);
        if known.is_some_and(|known| known.revision >= revision) {
            return;
        }
        // Other properties of a unit, such as its capacity, move no money.
        if known.is_none_or(|known| known.periods != unit.periods) {
            let (kind, withdrawn) = (FactKind::Unit, unit.periods.is_empty());
            let recorded = Recorded { number, placement_id: None, kind, id: id.clone(), revision, withdrawn };
            self.recorded.push((About::Unit(id.clone()), recorded, author.clone()));
        }
        self.units.insert(id.clone(), unit);
        self.changed_units.insert(id);
    }

    async fn write(&self, tx: &Tx<'_>, last: i64, now: DateTime<Utc>) -> Result<(), DbError> {
        let changed = || self.changed_cases.iter().filter_map(|key| Some((key, self.cases.get(key)?)));
        let known: Vec<String> =
            changed().filter(|(_, (version, _))| version.is_some()).map(|(key, _)| key.to_string()).collect();
        let cases: Vec<(String, &Case)> = changed().map(|(key, (_, case))| (key.to_string(), case)).collect();
        store::write_versions(tx, last, &known, &cases).await?;
        store::write_placements(tx, last, &self.placements).await?;
        for (placement_id, unit_id) in &self.moved {
            store::move_placement(tx, placement_id, unit_id).await?;
        }
        let changed_units = self.changed_units.iter().filter_map(|id| self.units.get(id));
        units::write_versions(tx, last, &changed_units.collect::<Vec<_>>()).await?;
        store::write_recorded(tx, &self.recorded, now).await
    }
}
