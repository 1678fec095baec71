//! Taking facts in: the one way for feeds, rpcs and imports alike.

mod known;
mod together;

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use futures_util::future::BoxFuture;
use niva_calendar::Interval;
use niva_facts::Author;
use niva_names::{CaseNo, Merge, PersonId, PlacementId, PlacementNo, UnitId};
use niva_payment_domain::{Content, Fact, FactKind, Recorded, UnitFacts, hull};
use niva_store::{DbError, Tx};

use super::CaseKey;
use super::records::Records;
use super::store::facts::{self, Arrived};
use super::store::{self, PlacementRow, merges};
use crate::content;
use crate::units::store as units;
use known::Known;

/// A fact of somebody.
#[derive(Debug, Clone)]
pub(crate) enum Incoming {
    /// Of a person in a service.
    Case {
        key: CaseKey,
        fact: Fact,
        /// What is kept of a fact that payment is told itself; `None` for a feed's.
        own: Option<Own>,
    },
    /// Of a unit.
    Unit(UnitFacts),
    /// That two records are of one person.
    Merge(Merge),
}

/// What is kept of a fact that payment is told itself.
#[derive(Debug, Clone)]
pub(crate) struct Own {
    /// The days that it is found by.
    pub(crate) days: Interval,
    /// The days that it was about before, where it is told anew.
    pub(crate) before: Option<Interval>,
    /// Whether it says something to the case.
    pub(crate) counts: bool,
    /// Its message.
    pub(crate) content: Vec<u8>,
}

/// A fact, and whose it is.
#[derive(Debug, Clone)]
pub(crate) struct Told {
    pub(crate) fact: Incoming,
    pub(crate) author: Author,
    pub(crate) reason: String,
}

/// Takes facts in, in order, and answers the number of the last. What a feed tells that says nothing new leaves no trace, so that
/// it may be replayed.
pub(crate) fn take_in<'t>(
    tx: &'t Tx<'t>,
    incoming: Vec<Told>,
    now: DateTime<Utc>,
) -> BoxFuture<'t, Result<i64, DbError>> {
    Box::pin(async move {
        let first = store::draw_numbers(tx, incoming.len()).await?;
        let mut last = first + count(&incoming) - 1;
        let mut taken = Taken::load(tx, &incoming, last).await?;
        for (Told { fact, author, reason }, number) in incoming.into_iter().zip(first..) {
            match fact {
                Incoming::Case { key, fact, own } => {
                    let fact = taken.told(&key, fact, &author);
                    taken.fact(&key, fact, own, Telling { number, author, reason })?;
                }
                Incoming::Unit(unit) => taken.unit(unit, Telling { number, author, reason }),
                Incoming::Merge(merge) => taken.merge(&merge, Telling { number, author, reason })?,
            }
        }
        let back = taken.back();
        if !back.is_empty() {
            let first = store::draw_numbers(tx, back.len()).await?;
            last += count(&back);
            for ((key, fact, author), number) in back.into_iter().zip(first..) {
                taken.fact(&key, fact, None, Telling { number, author, reason: String::new() })?;
            }
        }
        taken.keep_together();
        taken.write(tx, last, now).await?;
        Ok(last)
    })
}

fn count<T>(of: &[T]) -> i64 {
    i64::try_from(of.len()).unwrap_or(0)
}

/// The number of a telling, who told, and why.
struct Telling {
    number: i64,
    author: Author,
    reason: String,
}

/// What the facts are applied to, and what came of it.
struct Taken {
    cases: BTreeMap<CaseKey, Known>,
    /// Where each placement belongs: to the case that it was told of first.
    owners: BTreeMap<PlacementId, CaseKey>,
    /// The placements that were told of other cases too.
    others: BTreeMap<PlacementId, Others>,
    /// Which records are of one person.
    records: Records,
    /// Whose records were merged, or parted.
    merged: BTreeSet<PersonId>,
    units: BTreeMap<UnitId, UnitFacts>,
    changed_units: BTreeSet<UnitId>,
    /// The numbers of the placements that facts are about.
    numbers: BTreeMap<PlacementId, PlacementNo>,
    /// The numbers of the next new case and of the next new placement.
    next: (CaseNo, PlacementNo),
    /// Placements that had not been heard of.
    placements: Vec<PlacementRow>,
    /// Placements that are at another unit than before.
    moved: BTreeMap<PlacementId, UnitId>,
    arrived: Vec<Arrived>,
}

/// A placement that was told of other cases than the one where it belongs.
#[derive(Default)]
struct Others {
    cases: BTreeSet<CaseKey>,
    /// Who told of it last.
    author: Option<Author>,
}

fn of_days(fact: &Fact) -> bool {
    fact.kind().is_of_days()
}

impl Taken {
    async fn load(tx: &Tx<'_>, incoming: &[Told], last: i64) -> Result<Self, DbError> {
        let mut keys: BTreeMap<CaseKey, bool> = BTreeMap::new();
        let mut about: BTreeSet<PlacementId> = BTreeSet::new();
        let mut told_of: BTreeSet<PlacementId> = BTreeSet::new();
        for told in incoming {
            if let Incoming::Case { key, fact, .. } = &told.fact {
                *keys.entry(key.clone()).or_default() |= !of_days(fact);
                about.extend(fact.placement_id());
                if let Content::Placement(_) = fact.content {
                    told_of.extend(fact.placement_id());
                }
            }
        }
        let places = store::places(tx, &about).await?;
        let others = store::of_others(tx, &told_of).await?;
        let owner = |id: &PlacementId| Some((id.clone(), places.get(id)?.key.clone()));
        let owners: BTreeMap<PlacementId, CaseKey> = told_of.iter().filter_map(owner).collect();
        keys.extend(owners.values().chain(others.values().flatten()).map(|key| (key.clone(), true)));
        let records = merges::as_of(tx, last).await?;
        together::read_together(tx, &records, incoming, &mut keys).await?;
        let cases = known::cases(tx, keys, last).await?;
        let (mut next_case, mut next_placement) = (0, 0);
        if cases.values().any(|known| known.row.is_none()) {
            next_case = store::next_number(tx, "care_case", "case_no").await?;
        }
        if places.len() < about.len() {
            next_placement = store::next_number(tx, "placement", "placement_no").await?;
        }
        let any_unit = incoming.iter().any(|told| matches!(told.fact, Incoming::Unit(_)));
        let others =
            others.into_iter().map(|(id, cases)| (id, Others { cases, ..Others::default() })).collect();
        Ok(Self {
            cases,
            owners,
            others,
            records,
            merged: BTreeSet::new(),
            units: if any_unit { units::units_as_of(tx, last).await? } else { BTreeMap::new() },
            changed_units: BTreeSet::new(),
            numbers: places.into_iter().map(|(id, place)| (id, place.placement_no)).collect(),
            next: (CaseNo(next_case), PlacementNo(next_placement)),
            placements: Vec::new(),
            moved: BTreeMap::new(),
            arrived: Vec::new(),
        })
    }

    /// A fact as it was told. Where a placement belongs to another case it is kept apart, and that case is as it was.
    fn told(&mut self, key: &CaseKey, fact: Fact, author: &Author) -> Fact {
        let Content::Placement(dates) = &fact.content else { return fact };
        let id = PlacementId::from(fact.id.as_str());
        let belongs = self.owners.entry(id.clone()).or_insert_with(|| key.clone()) == key;
        if !belongs {
            self.others.entry(id.clone()).or_default().cases.insert(key.clone());
        }
        if let Some(others) = self.others.get_mut(&id) {
            others.author = Some(author.clone());
        }
        if belongs { fact } else { Fact { content: Content::PlacementOfAnother(dates.clone()), ..fact } }
    }

    /// Of a placement that was told of several cases the newest revision counts: what an older one said of a case where it
    /// does not belong is taken back. It moved no money there.
    fn back(&self) -> Vec<(CaseKey, Fact, Author)> {
        let mut back = Vec::new();
        for (id, others) in &self.others {
            let revision = |key| self.cases.get(key).and_then(|known| known.case.placement_revision(id));
            let newest = others.cases.iter().chain(self.owners.get(id)).filter_map(revision).max();
            for key in others.cases.iter().filter(|key| revision(key) < newest) {
                let known = self.cases.get(key).and_then(|known| known.case.placement_of_another(id));
                let (Some(dates), Some(revision), Some(author)) = (known, newest, &others.author) else {
                    continue;
                };
                let content = Content::PlacementOfAnother(dates.clone());
                let fact = Fact { id: id.into(), revision, withdrawn: true, content };
                back.push((key.clone(), fact, author.clone()));
            }
        }
        back
    }

    fn fact(
        &mut self,
        key: &CaseKey,
        fact: Fact,
        own: Option<Own>,
        Telling { number, author, reason }: Telling,
    ) -> Result<(), DbError> {
        let Some(known) = self.cases.get_mut(key) else { return Ok(()) };
        let touched = known.case.touched(&fact);
        let before = own.as_ref().and_then(|own| own.before);
        let touched = before.map_or(touched, |before| hull(before, touched));
        let was_at = known.case.dates(&fact.id.as_str().into()).map(|dates| dates.unit_id.clone());
        let news = own.as_ref().is_none_or(|own| own.counts)
            && if of_days(&fact) {
                known.day_through = known.day_through.max(Some(touched.last));
                true
            } else {
                let applied = known.case.apply(&fact);
                known.changed |= applied;
                applied
            };
        if !news && own.is_none() {
            return Ok(());
        }
        known.touched |= news;
        if known.case_no == CaseNo::NONE {
            known.case_no = self.next.0;
            self.next.0 = self.next.0.next();
        }
        let case_no = known.case_no;
        if let Content::Placement(dates) = &fact.content {
            self.placed(key, fact.id.as_str().into(), dates.unit_id.clone(), was_at);
        }
        let placement_no = self.placement_no(&fact)?;
        let (days, content) = match own {
            Some(Own { days, content, .. }) => (days, content),
            None => {
                let content = content::of_feed(&fact.content);
                let bad = |e| DbError::row("fact", "content", number.to_string(), e);
                (fact.content.days(), content.map_err(bad)?)
            }
        };
        let (days, touched, kind) = (Some(days), news.then_some(touched), fact.kind());
        let placement_id = fact.placement_id();
        let Fact { id, revision, withdrawn, .. } = fact;
        let recorded = Recorded { number, placement_id, kind, id, revision, withdrawn };
        self.arrived.push(Arrived {
            case_no,
            placement_no,
            recorded,
            days,
            touched,
            content,
            author,
            reason,
        });
        Ok(())
    }

    /// A placement is at a unit, which may be another than before; without that, it is new.
    fn placed(&mut self, key: &CaseKey, placement_id: PlacementId, unit_id: UnitId, was_at: Option<UnitId>) {
        match was_at {
            None => {
                let placement_no = self.next.1;
                self.next.1 = self.next.1.next();
                self.numbers.insert(placement_id.clone(), placement_no);
                let case_key = key.into();
                self.placements.push(PlacementRow { placement_id, placement_no, case_key, unit_id });
            }
            Some(before) if before != unit_id => {
                self.moved.insert(placement_id, unit_id);
            }
            Some(_) => {}
        }
    }

    /// 0 for what is about no placement.
    fn placement_no(&self, fact: &Fact) -> Result<PlacementNo, DbError> {
        let Some(id) = fact.placement_id() else { return Ok(PlacementNo::NONE) };
        let known = self.numbers.get(&id).copied();
        known.ok_or_else(|| DbError::row("placement", "placement_id", id, "has not been heard of"))
    }

    fn unit(&mut self, unit: UnitFacts, Telling { number, author, reason }: Telling) {
        let (id, revision) = (unit.unit_id.clone(), unit.revision);
        let known = self.units.get(&id);
        if known.is_some_and(|known| known.revision >= revision) {
            return;
        }
        // Other properties of a unit, such as its capacity, move no money.
        if known.is_none_or(|known| known.periods != unit.periods) {
            let (kind, withdrawn) = (FactKind::Unit, unit.periods.is_empty());
            let recorded =
                Recorded { number, placement_id: None, kind, id: (&id).into(), revision, withdrawn };
            let (case_no, placement_no) = (CaseNo::NONE, PlacementNo::NONE);
            let (days, touched, content) = (None, None, Vec::new());
            self.arrived.push(Arrived {
                case_no,
                placement_no,
                recorded,
                days,
                touched,
                content,
                author,
                reason,
            });
        }
        self.units.insert(id.clone(), unit);
        self.changed_units.insert(id);
    }

    async fn write(&self, tx: &Tx<'_>, last: i64, now: DateTime<Utc>) -> Result<(), DbError> {
        // A run never looks by itself at a month that was paid before: what matters to none after it need not be kept.
        let since = store::paid_through(tx).await?.map(|month| month.next().first_day());
        let touched: Vec<(&CaseKey, &Known)> = self.cases.iter().filter(|(_, known)| known.touched).collect();
        let rows = touched.iter().map(|(key, known)| {
            let paid = self.records.are_several(&key.person_id).then(|| self.paid(key, known));
            Ok(((*key).clone(), known.kept(key, last, since, paid.as_ref())?))
        });
        let rows = rows.collect::<Result<Vec<_>, DbError>>()?;
        let known = touched.iter().filter_map(|(_, known)| Some(&known.row.as_ref()?.key));
        store::write(tx, &known.collect::<Vec<_>>(), &rows).await?;
        store::write_placements(tx, last, &self.placements).await?;
        for (placement_id, unit_id) in &self.moved {
            store::move_placement(tx, placement_id, unit_id).await?;
        }
        let changed_units = self.changed_units.iter().filter_map(|id| self.units.get(id));
        units::write_versions(tx, last, &changed_units.collect::<Vec<_>>()).await?;
        facts::write(tx, &self.arrived, now).await
    }
}
