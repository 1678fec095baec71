//! Facts as rows: each revision once, with what it says and the days whose payment it may have changed.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use futures_util::future::BoxFuture;
use niva_calendar::{Interval, NaiveDate};
use niva_facts::Author;
use niva_names::{CaseId, CaseNo, FactId, PlacementNo, UnitId};
use niva_payment_domain::{Case, Fact, FactKind, Recorded};
use niva_store::bulk;
use niva_store::bulk::Cell;
use niva_store::{DbError, Tx};
use sea_orm::{ConnectionTrait, DbBackend, Value};

use super::{CaseRow, authors, merges};
use crate::cases::{CaseKey, NoCase};
use crate::content;
use crate::store::{KEYS, NOT_OF_DAYS, OF_DAYS, Row, binds, rows, statement};

/// A fact that arrived.
#[derive(Debug)]
pub(crate) struct Arrived {
    /// 0 for a unit's.
    pub(crate) case_no: CaseNo,
    /// 0 for what is about no placement.
    pub(crate) placement_no: PlacementNo,
    pub(crate) recorded: Recorded,
    /// The days that it is found by; `None` for a unit's.
    pub(crate) days: Option<Interval>,
    /// The days whose payment it may have changed; `None`: it says nothing to a case.
    pub(crate) touched: Option<Interval>,
    /// What it says; empty for a unit's, which has versions.
    pub(crate) content: Vec<u8>,
    pub(crate) author: Author,
    pub(crate) reason: String,
}

const COLUMNS: [&str; 15] = [
    "number",
    "recorded_at",
    "case_no",
    "placement_no",
    "author_no",
    "revision",
    "first_day",
    "last_day",
    "touched_first",
    "touched_last",
    "withdrawn",
    "kind",
    "fact_id",
    "reason",
    "content",
];

/// Writes down what arrived.
pub(crate) fn write<'t>(
    tx: &'t Tx<'t>,
    facts: &'t [Arrived],
    now: DateTime<Utc>,
) -> BoxFuture<'t, Result<(), DbError>> {
    Box::pin(async move {
        let authors = authors::numbers(tx, facts.iter().map(|fact| &fact.author)).await?;
        let cells = facts.iter().map(|fact| {
            let Arrived { recorded, days, touched, .. } = fact;
            [
                Cell::from(recorded.number),
                now.into(),
                fact.case_no.0.into(),
                fact.placement_no.0.into(),
                authors.get(&fact.author).copied().into(),
                i32::try_from(recorded.revision).ok().into(),
                days.map(|days| days.first).into(),
                days.map(|days| days.last).into(),
                touched.map(|days| days.first).into(),
                touched.map(|days| days.last).into(),
                recorded.withdrawn.into(),
                recorded.kind.as_str().into(),
                recorded.id.as_str().into(),
                fact.reason.as_str().into(),
                fact.content.as_slice().into(),
            ]
        });
        bulk::insert(tx, "fact", COLUMNS, cells.collect::<Vec<_>>()).await?;
        Ok(())
    })
}

/// A fact of a case, as it arrived.
#[derive(Debug, Clone)]
pub(crate) struct Told {
    pub(crate) recorded: Recorded,
    content: Vec<u8>,
}

impl Told {
    /// Takes it in.
    pub(crate) fn apply(&self, case: &mut Case) -> Result<(), DbError> {
        let Recorded { number, id, revision, withdrawn, .. } = &self.recorded;
        let content = content::read(&self.recorded, &self.content)
            .map_err(|problem| DbError::row("fact", "content", number.to_string(), problem))?;
        case.apply(&Fact { id: id.clone(), revision: *revision, withdrawn: *withdrawn, content });
        Ok(())
    }
}

/// A case made of facts.
pub(crate) fn case_of<'f>(key: &CaseKey, facts: impl IntoIterator<Item = &'f Told>) -> Result<Case, DbError> {
    let mut case = Case::new(key.person_id.clone(), key.service);
    for fact in facts {
        fact.apply(&mut case)?;
    }
    Ok(case)
}

/// The placement is looked up row by row, whatever a database believes of the tables.
const RECORDED: &str = "number, case_no, kind, fact_id, revision, withdrawn, (SELECT placement_id FROM placement \
                        WHERE placement.placement_no = fact.placement_no) AS placement_id";

/// The facts of some cases up to a number, by case and in the order that they arrived, without those of days.
pub(crate) async fn of_cases(
    db: &impl ConnectionTrait,
    cases: &[CaseNo],
    through: i64,
) -> Result<BTreeMap<CaseNo, Vec<Told>>, DbError> {
    let mut found = BTreeMap::new();
    for cases in cases.chunks(KEYS) {
        let sql = format!(
            "SELECT {RECORDED}, content FROM fact WHERE number <= $1 AND touched_last IS NOT NULL AND {NOT_OF_DAYS} \
             AND case_no IN ({}) ORDER BY case_no, number",
            binds(2, cases.len())
        );
        let values = std::iter::once(Value::from(through)).chain(cases.iter().map(|no| (*no).into()));
        gather(&rows(db, "fact", statement(db, sql, values)).await?, &mut found)?;
    }
    Ok(found)
}

/// The facts of days of some cases up to a number, that may have changed the payment of a day from each case's own on.
pub(crate) async fn of_days(
    db: &impl ConnectionTrait,
    cases: &[(CaseNo, NaiveDate)],
    through: i64,
) -> Result<BTreeMap<CaseNo, Vec<Told>>, DbError> {
    let postgres = db.get_database_backend() == DbBackend::Postgres;
    let mut found = BTreeMap::new();
    for cases in cases.chunks(KEYS) {
        let casts = if postgres { ("::integer", "::date") } else { ("", "") };
        let row = |n: usize| format!("(${}{}, ${}{})", 2 * n + 2, casts.0, 2 * n + 3, casts.1);
        let wanted: Vec<String> = (0..cases.len()).map(row).collect();
        // Case by case, whatever a database believes of the table.
        let sql = if postgres {
            format!(
                "SELECT {RECORDED}, content FROM (VALUES {}) AS wanted (wanted_no, wanted_day) CROSS JOIN LATERAL \
                 (SELECT * FROM fact WHERE {OF_DAYS} AND case_no = wanted_no AND touched_last >= wanted_day \
                 AND number <= $1) AS fact ORDER BY wanted_no, number",
                wanted.join(", ")
            )
        } else {
            format!(
                "WITH wanted (wanted_no, wanted_day) AS (VALUES {}) SELECT {RECORDED}, content FROM wanted CROSS JOIN fact \
                 WHERE {OF_DAYS} AND case_no = wanted_no AND touched_last >= wanted_day AND number <= $1 \
                 ORDER BY wanted_no, number",
                wanted.join(", ")
            )
        };
        let values = cases.iter().flat_map(|(no, day)| [Value::from(*no), (*day).into()]);
        let select = statement(db, sql, std::iter::once(Value::from(through)).chain(values));
        gather(&rows(db, "fact", select).await?, &mut found)?;
    }
    Ok(found)
}

fn gather(rows: &[Row], found: &mut BTreeMap<CaseNo, Vec<Told>>) -> Result<(), DbError> {
    for row in rows {
        let told = Told { recorded: recorded(row)?, content: row.get("content")? };
        found.entry(row.get("case_no")?).or_default().push(told);
    }
    Ok(())
}

/// A fact that was told between two runs, and the days whose payment it may have changed.
#[derive(Debug, Clone)]
pub(crate) struct News {
    pub(crate) recorded: Recorded,
    pub(crate) touched: Interval,
}

/// What was told of some cases after one fact number and up to another, by case.
pub(crate) async fn news_of_cases(
    db: &impl ConnectionTrait,
    cases: &[CaseNo],
    between: (i64, i64),
) -> Result<BTreeMap<CaseNo, Vec<News>>, DbError> {
    let mut found: BTreeMap<CaseNo, Vec<News>> = BTreeMap::new();
    for cases in cases.chunks(KEYS) {
        let part = |kinds: &str| {
            format!(
                "SELECT {RECORDED}, touched_first, touched_last FROM fact WHERE number > $1 AND number <= $2 \
                 AND touched_last IS NOT NULL AND {kinds} AND case_no IN ({})",
                binds(3, cases.len())
            )
        };
        let sql = format!("{} UNION ALL {} ORDER BY case_no, number", part(NOT_OF_DAYS), part(OF_DAYS));
        let values = [Value::from(between.0), between.1.into()].into_iter();
        let select = statement(db, sql, values.chain(cases.iter().map(|no| (*no).into())));
        for row in rows(db, "fact", select).await? {
            let (first, last): (NaiveDate, NaiveDate) = (row.get("touched_first")?, row.get("touched_last")?);
            let recorded = recorded(&row)?;
            let touched = Interval::new(first, last).ok_or_else(|| {
                DbError::row("fact", "touched_last", recorded.number.to_string(), "is before touched_first")
            })?;
            found.entry(row.get("case_no")?).or_default().push(News { recorded, touched });
        }
    }
    Ok(found)
}

/// What was told of units after one fact number and up to another, by unit.
pub(crate) async fn news_of_units(
    db: &impl ConnectionTrait,
    between: (i64, i64),
) -> Result<BTreeMap<UnitId, Vec<Recorded>>, DbError> {
    let sql = format!(
        "SELECT {RECORDED} FROM fact WHERE number > $1 AND number <= $2 AND case_no = 0 AND kind = 'unit' ORDER BY number"
    );
    let mut found: BTreeMap<UnitId, Vec<Recorded>> = BTreeMap::new();
    for row in rows(db, "fact", statement(db, sql, [between.0.into(), between.1.into()])).await? {
        found.entry(row.get("fact_id")?).or_default().push(recorded(&row)?);
    }
    Ok(found)
}

fn recorded(row: &Row) -> Result<Recorded, DbError> {
    Ok(Recorded {
        number: row.get("number")?,
        placement_id: row.get("placement_id")?,
        kind: row.name::<FactKind>("kind")?,
        id: row.get("fact_id")?,
        revision: row.get::<i32>("revision")?.into(),
        withdrawn: row.get("withdrawn")?,
    })
}

/// Cases as they stood at a fact number, by key, with their facts of days from `days` on; `None`: without those. A case that has
/// nothing of its own is there where it has another record's.
pub(crate) async fn cases_as_of(
    db: &impl ConnectionTrait,
    keys: &BTreeSet<&CaseId>,
    through: i64,
    days: Option<NaiveDate>,
) -> Result<BTreeMap<CaseId, Case>, DbError> {
    let records = merges::as_of(db, through).await?;
    let bad = |key: &CaseId, e: NoCase| DbError::row("care_case", "case_key", key.as_str(), e.to_string());
    let asked = keys.iter().map(|key| CaseKey::try_from(*key).map_err(|e| bad(key, e)));
    let asked = asked.collect::<Result<Vec<CaseKey>, _>>()?;
    let read: BTreeSet<CaseId> = asked
        .iter()
        .flat_map(|key| records.beside(key))
        .chain(asked.iter().cloned())
        .map(|key| (&key).into())
        .collect();
    let known: BTreeMap<CaseId, CaseRow> = super::of_keys(db, &read).await?;
    let numbers: Vec<CaseNo> = known.values().map(|row| row.case_no).collect();
    let mut facts = of_cases(db, &numbers, through).await?;
    if let Some(since) = days {
        let days: Vec<_> = numbers.iter().map(|no| (*no, since)).collect();
        for (case_no, told) in of_days(db, &days, through).await? {
            facts.entry(case_no).or_default().extend(told);
        }
    }
    let mut cases = BTreeMap::new();
    for key in asked {
        let told = |key: &CaseKey| {
            let told = known.get(&CaseId::from(key)).and_then(|row| facts.get(&row.case_no));
            told.map(|told| case_of(key, told)).transpose()
        };
        let own = told(&key)?;
        let beside = records.beside(&key);
        let beside = beside.iter().filter_map(|key| told(key).transpose());
        let beside = beside.collect::<Result<Vec<Case>, _>>()?;
        if own.is_some() || !beside.is_empty() {
            let own = own.unwrap_or_else(|| Case::new(key.person_id.clone(), key.service));
            cases.insert((&key).into(), records.join(own, beside));
        }
    }
    Ok(cases)
}

/// Cases as they are paid now, by the keys of what was told, without their facts of days; those that have not been heard of are
/// left out.
pub(crate) async fn current<'k>(
    db: &impl ConnectionTrait,
    keys: impl Iterator<Item = &'k CaseKey>,
    newest: i64,
) -> Result<BTreeMap<CaseKey, Case>, DbError> {
    let records = merges::as_of(db, newest).await?;
    let keys: BTreeMap<&CaseKey, CaseId> = keys.map(|key| (key, (&records.paid_in(key)).into())).collect();
    let cases = cases_as_of(db, &keys.values().collect(), newest, None).await?;
    Ok(keys.into_iter().filter_map(|(key, text)| Some((key.clone(), cases.get(&text)?.clone()))).collect())
}

/// Who told a revision of a fact, and when it was known here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ToldBy {
    pub(crate) author: String,
    pub(crate) recorded_at: DateTime<Utc>,
}

/// Who told facts of a case and of a unit, by kind, id and revision; as far as `ids` names them and up to a number.
pub(crate) async fn told_by(
    db: &impl ConnectionTrait,
    (case_key, unit_id): (&CaseId, &UnitId),
    ids: &BTreeSet<FactId>,
    through: i64,
) -> Result<BTreeMap<(FactKind, FactId, i64), ToldBy>, DbError> {
    let records = merges::as_of(db, through).await?;
    let mut keys = vec![case_key.clone()];
    if let Ok(key) = CaseKey::try_from(case_key) {
        keys.extend(records.beside(&key).iter().map(CaseId::from));
    }
    let known = super::of_keys(db, &keys).await?;
    let cases: Vec<String> = known.values().map(|row| row.case_no.0.to_string()).collect();
    let part = |whose: &str| {
        format!(
            "SELECT kind, fact_id, revision, subject, recorded_at FROM fact \
             JOIN author ON author.author_no = fact.author_no \
             WHERE {whose} AND number <= $2 AND fact_id IN ({})",
            binds(3, ids.len())
        )
    };
    // Of a case of few records.
    let cases = if cases.is_empty() { "0".to_owned() } else { cases.join(", ") };
    let of_case = |kinds: &str| part(&format!("case_no IN ({cases}) AND {kinds}"));
    let of_unit = part("case_no = 0 AND fact_id = $1");
    let of_merge = part("case_no = 0 AND kind = 'person_merge'");
    let sql = format!(
        "{} UNION ALL {} UNION ALL {of_unit} UNION ALL {of_merge}",
        of_case(NOT_OF_DAYS),
        of_case(OF_DAYS)
    );
    let values = [Value::from(unit_id.as_str()), through.into()].into_iter();
    let select = statement(db, sql, values.chain(ids.iter().map(|id| id.as_str().into())));
    let mut found = BTreeMap::new();
    for row in rows(db, "fact", select).await? {
        let told = ToldBy { author: row.get("subject")?, recorded_at: row.get("recorded_at")? };
        let revision = row.get::<i32>("revision")?.into();
        found.insert((row.name::<FactKind>("kind")?, row.get("fact_id")?, revision), told);
    }
    Ok(found)
}
