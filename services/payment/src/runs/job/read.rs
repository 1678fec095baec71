//! Reading a part: which cases there is anything to do for, and no more of each than that needs.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use niva_calendar::{Interval, NaiveDate};
use niva_names::{CaseId, CaseNo, ServiceKey, UnitId};

use niva_payment_domain::{Case, Due, Recorded};
use niva_store::Database;

use super::RunError;
use super::blocking::blocking;
use super::calculate::{Loaded, Part};
use super::inputs::{Inputs, MONTHS, Reasons};
use crate::cases::CaseKey;
use crate::cases::records::Records;
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
    /// Cases of other records that are read beside it.
    beside: Vec<(CaseKey, CaseNo)>,
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
    let others: Vec<CaseId> = inputs.several_at.keys().filter(|key| *key > after).cloned().collect();
    let candidates = inputs.candidates((&units, &services), &others);
    let rows = cases::page(conn, candidates, after, inputs.at_once(limit)).await?;
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
        let mut told = Vec::new();
        for row in rows.iter().filter(|row| row.fact_number > baseline.frozen) {
            told.push(row.case_no);
            told.extend(inputs.beside(&CaseKey::try_from(&row.key)?).into_iter().map(|(_, case_no)| case_no));
        }
        let told: Vec<CaseNo> = told.into_iter().collect::<BTreeSet<_>>().into_iter().collect();
        news = facts::news_of_cases(conn, &told, (baseline.frozen, inputs.frozen)).await?;
        held = holds::of_cases(conn, baseline.run_no, between).await?;
        if !units.is_empty() {
            at_units = cases::at_units(conn, units, between).await?;
        }
    }
    let mut chosen = Vec::with_capacity(rows.len());
    for row in rows {
        let key = CaseKey::try_from(&row.key)?;
        let beside = inputs.beside(&key);
        let numbers = beside.iter().map(|(_, case_no)| case_no).chain([&row.case_no]);
        let of_records = numbers.filter_map(|case_no| news.get(case_no)).flatten().cloned();
        let news: Vec<News> = of_records.chain(inputs.merged(&key)).collect();
        let mut at: BTreeSet<UnitId> = at_units.remove(&row.key).unwrap_or_default();
        at.extend(inputs.several_at.get(&row.key).into_iter().flatten().cloned());
        let reasons = Reasons {
            news: &news,
            units: at.iter().filter_map(|unit| inputs.changed_units.get(unit).copied()).collect(),
            held: held.get(&row.key).map_or(&[][..], Vec::as_slice),
        };
        let due = inputs.due(key.service, &reasons);
        let repriced_only = inputs.repriced_only(key.service, &reasons);
        let at_changed_unit = !reasons.units.is_empty();
        chosen.push(Chosen { row, key, beside, due, repriced_only, news, at_changed_unit });
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
            let any = chosen.row.day_through.is_some_and(|through| through >= from);
            any.then(|| chosen.numbers().map(move |case_no| (case_no, from)))
        });
        let days: BTreeMap<CaseNo, NaiveDate> = days.flatten().collect();
        let days = facts::of_days(conn, &days.into_iter().collect::<Vec<_>>(), inputs.frozen).await?;
        let whole = chosen.iter().filter(|chosen| !chosen.is_kept(inputs));
        let whole: BTreeSet<CaseNo> = whole.flat_map(Chosen::numbers).collect();
        let whole: Vec<CaseNo> = whole.into_iter().collect();
        Ok(Self { whole: facts::of_cases(conn, &whole, inputs.frozen).await?, days })
    }

    /// The case as the run knows it; `None`: it had not been heard of.
    fn loaded(&self, inputs: &Inputs, chosen: Chosen) -> Result<Option<Loaded>, RunError> {
        let is_kept = chosen.is_kept(inputs);
        let case = if is_kept {
            let mut case = chosen.row.case()?;
            for case_no in chosen.paid_numbers(inputs) {
                self.days_of(case_no).iter().try_for_each(|told| told.apply(&mut case))?;
            }
            case
        } else if chosen.numbers().any(|case_no| self.whole.contains_key(&case_no)) {
            self.made(&chosen, &inputs.records, inputs.frozen)?
        } else {
            return Ok(None);
        };
        let before = match &inputs.baseline {
            Some(baseline) if !is_kept && (!chosen.news.is_empty() || chosen.at_changed_unit) => {
                Some(self.made(&chosen, &inputs.records_before, baseline.frozen)?)
            }
            _ => None,
        };
        let Chosen { row, due, repriced_only, news, .. } = chosen;
        let recorded: Vec<Recorded> = news.into_iter().map(|news| news.recorded).collect();
        Ok(Some(Loaded { key: row.key, case, due, repriced_only, recorded, before }))
    }

    fn days_of(&self, case_no: CaseNo) -> &[Told] {
        self.days.get(&case_no).map_or(&[][..], Vec::as_slice)
    }

    /// The case made of what was told up to a number.
    fn made(&self, chosen: &Chosen, records: &Records, through: i64) -> Result<Case, RunError> {
        let of = |key: &CaseKey, case_no: CaseNo| {
            let whole = self.whole.get(&case_no).map_or(&[][..], Vec::as_slice);
            let told = whole.iter().chain(self.days_of(case_no));
            case_of(key, told.filter(|told| told.recorded.number <= through))
        };
        let beside = chosen.beside.iter().map(|(key, case_no)| of(key, *case_no));
        let beside = beside.collect::<Result<Vec<_>, _>>()?;
        Ok(records.join(of(&chosen.key, chosen.row.case_no)?, beside))
    }
}

impl Chosen {
    /// What names it, and those that are read beside it, among facts.
    fn numbers(&self) -> impl Iterator<Item = CaseNo> + '_ {
        self.beside.iter().map(|(_, case_no)| *case_no).chain([self.row.case_no])
    }

    /// Of these, those whose facts are paid in it.
    fn paid_numbers(&self, inputs: &Inputs) -> Vec<CaseNo> {
        let own = (&self.key, self.row.case_no);
        let all = self.beside.iter().map(|(key, case_no)| (key, *case_no)).chain([own]);
        all.filter(|(key, _)| inputs.records.paid_in(key) == self.key).map(|(_, case_no)| case_no).collect()
    }

    /// Whether what is kept of the case is enough: this version can read it, it reaches back to the first day that is due, and nothing
    /// that was told since the last run touches what was paid before, or days before the ledger: then nothing is compared.
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
