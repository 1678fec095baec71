//! Reading a part: which cases there is anything to do for, and no more of each than that needs.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use niva_calendar::{Interval, NaiveDate};
use niva_names::{CaseId, CaseNo, ServiceKey, UnitId};

use niva_payment_domain::{Due, Recorded};
use niva_store::Database;

use super::RunError;
use super::blocking::blocking;
use super::calculate::{Loaded, Part};
use super::inputs::{Inputs, MONTHS, Reasons};
use crate::cases::CaseKey;
use crate::cases::store as cases;
use crate::cases::store::CaseRow;
use crate::cases::store::facts::{self, News, Told, case_of};
use crate::holds::store as holds;
use crate::lines::store as lines;
use crate::lines::store::PaidByCase;

/// A case that a run has to look at.
struct Chosen {
    row: CaseRow,
    key: CaseKey,
    due: Due,
    repriced_only: Due,
    news: Vec<News>,
    /// A unit that it was placed at has changed.
    at_changed_unit: bool,
}

/// Reads the next part; `None` after the last.
pub(super) async fn read(
    db: &Database,
    inputs: &Arc<Inputs>,
    after: &CaseId,
    limit: u32,
) -> Result<Option<Part>, RunError> {
    let conn = db.conn();
    let units: Vec<&UnitId> = inputs.changed_units.keys().collect();
    let services: Vec<ServiceKey> = inputs.repriced.keys().copied().collect();
    let rows =
        cases::page(conn, inputs.candidates((&units, &services)), after, inputs.at_once(limit)).await?;
    let Some(last) = rows.last().map(|row| row.key.clone()) else { return Ok(None) };
    let mut chosen = choose(db, inputs, rows, (after, &last), &units).await?;
    let through = cut(&mut chosen, i64::from(limit) * i64::from(MONTHS)).unwrap_or(last);
    let paid = paid(db, inputs, &chosen).await?;
    let known = Known::read(db, inputs, &chosen).await?;
    let of = Arc::clone(inputs);
    let cases = blocking(move || {
        chosen
            .into_iter()
            .filter_map(|chosen| known.loaded(&of, chosen).transpose())
            .collect::<Result<Vec<_>, _>>()
    })
    .await?;
    Ok(Some(Part { after: after.clone(), through, cases, paid }))
}

/// Finds what is due of each case, and why.
async fn choose(
    db: &Database,
    inputs: &Inputs,
    rows: Vec<CaseRow>,
    between: (&CaseId, &CaseId),
    units: &[&UnitId],
) -> Result<Vec<Chosen>, RunError> {
    let conn = db.conn();
    let (mut news, mut held, mut at_units) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
    if let Some(baseline) = &inputs.baseline {
        let told = rows.iter().filter(|row| row.fact_number > baseline.frozen);
        let told: Vec<CaseNo> = told.map(|row| row.case_no).collect();
        news = facts::news_of_cases(conn, &told, (baseline.frozen, inputs.frozen)).await?;
        held = holds::of_cases(conn, baseline.run_no, between).await?;
        if !units.is_empty() {
            at_units = cases::at_units(conn, units, between).await?;
        }
    }
    let mut chosen = Vec::with_capacity(rows.len());
    for row in rows {
        let key = CaseKey::try_from(&row.key)?;
        let news = news.remove(&row.case_no).unwrap_or_default();
        let at: BTreeSet<UnitId> = at_units.remove(&row.key).unwrap_or_default();
        let reasons = Reasons {
            news: &news,
            units: at.iter().filter_map(|unit| inputs.changed_units.get(unit).copied()).collect(),
            held: held.get(&row.key).map_or(&[][..], Vec::as_slice),
        };
        let due = inputs.due(key.service, &reasons);
        let repriced_only = inputs.repriced_only(key.service, &reasons);
        let at_changed_unit = !reasons.units.is_empty();
        chosen.push(Chosen { row, key, due, repriced_only, news, at_changed_unit });
    }
    Ok(chosen)
}

/// Leaves out the cases after the first of which too many months are due in all; the key of the last that is left in, where
/// any were left out.
fn cut(chosen: &mut Vec<Chosen>, most: i64) -> Option<CaseId> {
    let mut months = 0;
    let over = chosen.iter().position(|chosen| {
        months += i64::from(chosen.due.months());
        months > most
    })?;
    chosen.truncate(over.max(1));
    chosen.last().map(|chosen| chosen.row.key.clone())
}

/// What was paid for the months that are due, of cases of which months are due that were paid before.
async fn paid(db: &Database, inputs: &Inputs, chosen: &[Chosen]) -> Result<PaidByCase, RunError> {
    let first_new = inputs.first_new();
    let paid_before = chosen.iter().filter_map(|chosen| {
        let first = chosen.due.first().filter(|first| *first < first_new)?;
        Some((&chosen.row.key, first.first_day()))
    });
    Ok(lines::paid(db.conn(), &inputs.approved, &paid_before.collect::<Vec<_>>()).await?)
}

/// The facts of the cases of a part, as far as they are read.
struct Known {
    /// Of those of which what is kept is not enough.
    whole: BTreeMap<CaseNo, Vec<Told>>,
    days: BTreeMap<CaseNo, Vec<Told>>,
}

impl Known {
    async fn read(db: &Database, inputs: &Inputs, chosen: &[Chosen]) -> Result<Self, RunError> {
        let conn = db.conn();
        let days = chosen.iter().filter_map(|chosen| {
            let from = chosen.days_from(inputs)?;
            chosen
                .row
                .day_through
                .is_some_and(|through| through >= from)
                .then_some((chosen.row.case_no, from))
        });
        let days = facts::of_days(conn, &days.collect::<Vec<_>>(), inputs.frozen).await?;
        let whole = chosen.iter().filter(|chosen| !chosen.is_kept(inputs));
        let whole: Vec<CaseNo> = whole.map(|chosen| chosen.row.case_no).collect();
        Ok(Self { whole: facts::of_cases(conn, &whole, inputs.frozen).await?, days })
    }

    /// The case as the run knows it; `None`: it had not been heard of.
    fn loaded(&self, inputs: &Inputs, chosen: Chosen) -> Result<Option<Loaded>, RunError> {
        let Chosen { row, key, due, repriced_only, news, at_changed_unit } = chosen;
        let days = self.days.get(&row.case_no).map_or(&[][..], Vec::as_slice);
        let whole = self.whole.get(&row.case_no);
        let is_kept = whole.is_none() && row.fact_number <= inputs.frozen && !inputs.from_facts;
        let case = match whole {
            Some(facts) => case_of(&key, facts.iter().chain(days))?,
            None if is_kept => {
                let mut case = row.case()?;
                days.iter().try_for_each(|told| told.apply(&mut case))?;
                case
            }
            None => return Ok(None),
        };
        let before = match (&inputs.baseline, whole) {
            (Some(baseline), Some(whole)) if !news.is_empty() || at_changed_unit => {
                let then = |told: &&Told| told.recorded.number <= baseline.frozen;
                Some(case_of(&key, whole.iter().chain(days).filter(then))?)
            }
            _ => None,
        };
        let recorded: Vec<Recorded> = news.into_iter().map(|news| news.recorded).collect();
        Ok(Some(Loaded { key: row.key, case, due, repriced_only, recorded, before }))
    }
}

impl Chosen {
    /// Whether what is kept of the case is enough: this version can read it, it reaches back to the first day that is due, and nothing that was told
    /// since the last run touches what was paid before, or days before the ledger: then nothing is compared.
    fn is_kept(&self, inputs: &Inputs) -> bool {
        let first = self.due.first();
        let nothing_new = self.news.is_empty() && !self.at_changed_unit;
        let nothing_paid = first.is_none_or(|first| first >= inputs.first_new()) && !self.early(inputs);
        !inputs.from_facts
            && self.row.is_readable()
            && (nothing_new || nothing_paid)
            && self.row.fact_number <= inputs.frozen
            && first.is_none_or(|first| self.row.since.is_none_or(|since| since <= first.first_day()))
    }

    /// Whether something that was told since the last run touches days before the ledger.
    fn early(&self, inputs: &Inputs) -> bool {
        let opening = inputs.opening.first_day();
        self.news.iter().map(|news| news.touched).any(|days: Interval| days.first < opening)
    }

    /// The day from which facts of days matter; `None`: nothing is due. What is known anew of days before the ledger is
    /// compared with what was known of them.
    fn days_from(&self, inputs: &Inputs) -> Option<NaiveDate> {
        if self.early(inputs) || self.at_changed_unit {
            Some(EVER)
        } else {
            self.due.first().map(|month| month.first_day())
        }
    }
}

/// Before anything that can be told of.
const EVER: NaiveDate = match NaiveDate::from_ymd_opt(1900, 1, 1) {
    Some(day) => day,
    None => NaiveDate::MIN,
};
