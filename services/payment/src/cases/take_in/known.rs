//! Cases that facts are applied to.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use niva_names::{CaseId, CaseNo};
use niva_payment_domain::Case;
use niva_store::{DbError, Tx};

use crate::cases::CaseKey;
use crate::cases::store::facts;
use crate::cases::store::{self, CaseRow};

/// A case that facts are applied to.
pub(super) struct Known {
    /// As it is kept; `None`: it is new.
    pub(super) row: Option<CaseRow>,
    /// With all facts but those of days.
    pub(super) case: Case,
    /// Names it among facts.
    pub(super) case_no: CaseNo,
    pub(super) day_through: Option<NaiveDate>,
    /// A fact arrived that is not of days.
    pub(super) changed: bool,
    /// A fact arrived.
    pub(super) touched: bool,
}

/// What is known of cases: of those that are marked, all but their facts of days.
pub(super) async fn cases(
    tx: &Tx<'_>,
    keys: BTreeMap<CaseKey, bool>,
    last: i64,
) -> Result<BTreeMap<CaseKey, Known>, DbError> {
    let texts: Vec<CaseId> = keys.keys().map(CaseId::from).collect();
    let mut rows = store::of_keys(tx, &texts).await?;
    let whole = keys.iter().zip(&texts).filter(|((_, whole), _)| **whole);
    let numbers: Vec<CaseNo> = whole.filter_map(|(_, text)| Some(rows.get(text)?.case_no)).collect();
    let mut told = facts::of_cases(tx, &numbers, last).await?;
    let mut cases = BTreeMap::new();
    for (key, text) in keys.into_keys().zip(&texts) {
        let row = rows.remove(text);
        let (case_no, day_through) =
            row.as_ref().map_or((CaseNo::NONE, None), |row| (row.case_no, row.day_through));
        let case = facts::case_of(&key, &told.remove(&case_no).unwrap_or_default())?;
        cases.insert(key, Known { row, case, case_no, day_through, changed: false, touched: false });
    }
    Ok(cases)
}

impl Known {
    /// What is kept of it, with fact `number`. `paid`: the case as it is paid, where the person has several records.
    pub(super) fn kept(
        &self,
        key: &CaseKey,
        number: i64,
        since: Option<NaiveDate>,
        paid: Option<&(Case, Option<NaiveDate>)>,
    ) -> Result<CaseRow, DbError> {
        let Self { row, case, case_no, day_through, .. } = self;
        let (case, day_through) = paid.map_or((case, day_through), |(case, day)| (case, day));
        if let Some(row) = row.as_ref().filter(|_| !self.changed) {
            let last_day = row.last_day.max(*day_through);
            return Ok(CaseRow { fact_number: number, last_day, day_through: *day_through, ..row.clone() });
        }
        let key = CaseId::from(key);
        let doc = match since {
            Some(since) => CaseRow::doc_of(&key, &case.since(since))?,
            None => CaseRow::doc_of(&key, case)?,
        };
        Ok(CaseRow {
            case_no: *case_no,
            fact_number: number,
            since,
            last_day: case.last_day().max(*day_through),
            day_through: *day_through,
            doc,
            key,
        })
    }
}
