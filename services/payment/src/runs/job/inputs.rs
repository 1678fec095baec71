//! What a run is calculated from, beside the cases themselves.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use niva_calendar::{Interval, Month, NaiveDate};
use niva_models::Catalogue;
use niva_names::{CaseId, CaseNo, RunNo, ServiceKey, UnitId};
use niva_payment_domain::{Case, Due, Recorded, UnitFacts};
use niva_store::{Database, DbError};

use super::RunError;
use crate::cases::CaseKey;
use crate::cases::records::Records;
use crate::cases::store::facts::{News, news_of_units};
use crate::cases::store::{Candidates, merges, placements_of};
use crate::models::Archive;
use crate::runs::store as runs;
use crate::runs::stored::StoredRun;
use crate::store::Connection;
use crate::units::store::units_as_of;

/// Months of cases in a part, for each case that it may have: so a part in which all of history is due has few cases.
pub(crate) const MONTHS: u32 = 4;

/// The last approved run before the one that is calculated.
#[derive(Debug)]
pub(crate) struct Baseline {
    pub(crate) run_no: RunNo,
    pub(crate) month: Month,
    pub(crate) frozen: i64,
    /// What it was calculated with.
    pub(crate) catalogue: Arc<Catalogue>,
    /// It was calculated by the engine of the run.
    pub(crate) same_engine: bool,
}

/// Frozen when the run is made; the same however often it is read.
#[derive(Debug)]
pub(crate) struct Inputs {
    pub(crate) run_no: RunNo,
    pub(crate) month: Month,
    pub(crate) opening: Month,
    pub(crate) frozen: i64,
    pub(crate) baseline: Option<Baseline>,
    /// Every approved run through the baseline, with its month.
    pub(crate) approved: Vec<(RunNo, Month)>,
    pub(crate) units: BTreeMap<UnitId, UnitFacts>,
    /// As they stood when the baseline was made.
    pub(crate) units_before: BTreeMap<UnitId, UnitFacts>,
    /// What was recorded of units since the baseline.
    pub(crate) unit_facts: BTreeMap<UnitId, Vec<Recorded>>,
    /// Units that the run knows otherwise than the baseline did: the first day on which they differ.
    pub(crate) changed_units: BTreeMap<UnitId, NaiveDate>,
    pub(crate) catalogue: Arc<Catalogue>,
    /// By service: the months up to the baseline's that the run's models price otherwise than the baseline's did.
    pub(crate) repriced: BTreeMap<ServiceKey, Due>,
    /// Which records are of one person, as the run and as the baseline knew it.
    pub(crate) records: Records,
    pub(crate) records_before: Records,
    /// The cases of people who have several records.
    pub(crate) several: BTreeMap<CaseId, CaseNo>,
    /// Those of them that are read where the unit of a placement has changed, with these units.
    pub(crate) several_at: BTreeMap<CaseId, BTreeSet<UnitId>>,
    /// Cases are made of their facts alone, as if nothing were kept of them: for a run whose time is past.
    pub(crate) from_facts: bool,
}

/// Why a case is looked at.
#[derive(Debug, Default)]
pub(crate) struct Reasons<'a> {
    /// What was told of it since the baseline.
    pub(crate) news: &'a [News],
    /// First days on which units differ that it was placed at.
    pub(crate) units: Vec<NaiveDate>,
    /// What the baseline held.
    pub(crate) held: &'a [Interval],
}

impl Inputs {
    /// The inputs of a run.
    pub(crate) async fn of(db: &Database, run: &StoredRun, archive: &Archive) -> Result<Self, RunError> {
        let conn = db.conn();
        let catalogue = archive.models(conn, &run.models_fingerprint).await?;
        let stored = match run.baseline {
            Some(run_no) => Some(runs::by_number(conn, run_no).await?.ok_or_else(|| missing(run_no))?),
            None => None,
        };
        let baseline = match &stored {
            Some(b) => Some(Baseline {
                run_no: b.run_no,
                month: b.run.month,
                frozen: b.frozen,
                catalogue: archive.models(conn, &b.models_fingerprint).await?,
                same_engine: b.engine_version == run.engine_version,
            }),
            None => None,
        };
        let since = baseline.as_ref().map_or(run.frozen, |b| b.frozen);
        let units = units_as_of(conn, run.frozen).await?;
        let units_before = match &baseline {
            Some(baseline) => units_as_of(conn, baseline.frozen).await?,
            None => BTreeMap::new(),
        };
        let changed_units = units.iter().filter_map(|(id, unit)| {
            let first = match units_before.get(id) {
                Some(before) => unit.differs_from(before)?,
                None => unit.periods.spans().first()?.0.first,
            };
            Some((id.clone(), first))
        });
        let changed_units: BTreeMap<UnitId, NaiveDate> =
            if baseline.is_some() { changed_units.collect() } else { BTreeMap::new() };
        let records = merges::as_of(conn, run.frozen).await?;
        Ok(Self {
            records_before: records.as_of(since),
            several: merges::cases_of(conn, records.persons()).await?.into_iter().collect(),
            several_at: several_at(conn, &records, &changed_units).await?,
            records,
            run_no: run.run_no,
            month: run.run.month,
            opening: run.run.opening,
            frozen: run.frozen,
            approved: match &baseline {
                Some(baseline) => runs::approved_until(conn, baseline.run_no).await?,
                None => Vec::new(),
            },
            unit_facts: news_of_units(conn, (since, run.frozen)).await?,
            changed_units,
            repriced: baseline.as_ref().map(|b| repriced(b, &catalogue, run.run.opening)).unwrap_or_default(),
            units,
            units_before,
            baseline,
            catalogue,
            from_facts: false,
        })
    }

    /// The cases that the run has to look at; `None`: all. What is owed for a month depends on facts and models alone. Where
    /// neither changed, the earlier months are owed as they were when the baseline made paid equal owed.
    pub(crate) fn candidates<'a>(
        &'a self,
        (units, services): (&'a [&'a UnitId], &'a [ServiceKey]),
        others: &'a [CaseId],
    ) -> Option<Candidates<'a>> {
        let baseline = self.baseline.as_ref().filter(|_| !self.from_facts)?;
        Some(Candidates {
            live_from: baseline.month.next().first_day(),
            told_after: baseline.frozen,
            held_in: baseline.run_no,
            at_units: self.changed_units.values().min().map(|first| (*first, units)),
            of_services: services,
            others,
        })
    }

    /// How many cases are looked at together, of at most `limit`: fewer where much of history is due of everybody.
    pub(crate) fn at_once(&self, limit: u32) -> u32 {
        let new = self.month.index() - self.first_new().index() + 1;
        let again = self.repriced.values().map(Due::months).max().unwrap_or_default();
        let months = u32::try_from(new.saturating_add(again)).unwrap_or_default();
        limit.saturating_mul(MONTHS).checked_div(months).unwrap_or(limit).clamp(1, limit.max(1))
    }

    /// The cases that are read beside one, with what names them among facts.
    pub(crate) fn beside(&self, key: &CaseKey) -> Vec<(CaseKey, CaseNo)> {
        let beside = self.records.beside(key).into_iter();
        beside.filter_map(|key| Some((key.clone(), *self.several.get(&CaseId::from(&key))?))).collect()
    }

    /// What was told of merges of a case's person since the baseline: it may have changed every day of the ledger.
    pub(crate) fn merged(&self, key: &CaseKey) -> Vec<News> {
        let Some(baseline) = &self.baseline else { return Vec::new() };
        let touched = Interval::from(self.opening.first_day());
        let told = self.records.news(&key.person_id, baseline.frozen).into_iter();
        told.map(|recorded| News { recorded, touched }).collect()
    }

    /// The first month that was never paid.
    pub(crate) fn first_new(&self) -> Month {
        self.baseline.as_ref().map_or(self.opening, |b| b.month.next())
    }

    /// The months of a case to calculate: those that were never paid, those that something may have changed, and those
    /// that the baseline held, to tell it again or pay it.
    pub(crate) fn due(&self, service: ServiceKey, reasons: &Reasons<'_>) -> Due {
        let mut due = self.due_by(reasons);
        let repriced = self.repriced.get(&service).map_or(&[][..], Due::ranges);
        repriced.iter().for_each(|(first, last)| due.add(*first, *last));
        due
    }

    /// The months that nothing makes due but other models, or another engine.
    pub(crate) fn repriced_only(&self, service: ServiceKey, reasons: &Reasons<'_>) -> Due {
        let mut only = Due::default();
        if let Some(repriced) = self.repriced.get(&service) {
            let others = self.due_by(reasons);
            let months = repriced.ranges().iter().flat_map(|(first, last)| first.through(*last));
            months.filter(|month| !others.contains(*month)).for_each(|month| only.add(month, month));
        }
        only
    }

    fn due_by(&self, reasons: &Reasons<'_>) -> Due {
        let mut due = Due::default();
        due.add(self.first_new(), self.month);
        reasons.news.iter().for_each(|news| due.add_days(news.touched, self.opening, self.month));
        let units = reasons.units.iter().map(|first| Interval::from(*first));
        units
            .chain(reasons.held.iter().copied())
            .for_each(|days| due.add_days(days, self.opening, self.month));
        due
    }

    /// The months before the ledger's first in which one of two versions of a case is paid; `None`: both begin later.
    pub(crate) fn months_before(&self, before: &Case, now: &Case) -> Option<(Month, Month)> {
        let first = Month::of(before.first_day().into_iter().chain(now.first_day()).min()?);
        (first < self.opening).then(|| (first, self.opening.previous()))
    }
}

/// Cases of people who have several records, with the changed units that placements of any of these are at.
async fn several_at(
    conn: &impl Connection,
    records: &Records,
    changed: &BTreeMap<UnitId, NaiveDate>,
) -> Result<BTreeMap<CaseId, BTreeSet<UnitId>>, RunError> {
    let mut found: BTreeMap<CaseId, BTreeSet<UnitId>> = BTreeMap::new();
    if changed.is_empty() {
        return Ok(found);
    }
    for person in records.persons() {
        for placement in placements_of(conn, person).await? {
            if changed.contains_key(&placement.unit_id) {
                for key in records.beside(&CaseKey::try_from(&placement.case_key)?) {
                    found.entry((&key).into()).or_default().insert(placement.unit_id.clone());
                }
            }
        }
    }
    Ok(found)
}

/// All months that were paid by another engine; else those that other models price otherwise.
fn repriced(baseline: &Baseline, now: &Catalogue, opening: Month) -> BTreeMap<ServiceKey, Due> {
    let mut repriced = BTreeMap::new();
    if baseline.same_engine && baseline.catalogue.fingerprint == now.fingerprint {
        return repriced;
    }
    for service in now.services.services().iter().map(|service| service.key) {
        let mut due = Due::default();
        for month in opening.through(baseline.month) {
            if !baseline.same_engine || now.reprices(&baseline.catalogue, service, month) {
                due.add(month, month);
            }
        }
        if due.first().is_some() {
            repriced.insert(service, due);
        }
    }
    repriced
}

fn missing(run_no: RunNo) -> DbError {
    DbError::row("payment_run", "baseline_run_no", run_no.to_string(), "names no run")
}
