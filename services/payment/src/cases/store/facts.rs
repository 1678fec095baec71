//! Facts as rows: each revision once, with what it says and the days whose payment it may have changed.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use futures_util::future::BoxFuture;
use niva_calendar::{Interval, NaiveDate};
use niva_facts::Author;
use niva_payment_domain::{Case, Content, Fact, FactKind, Record, Recorded};
use niva_store::bulk;
use niva_store::bulk::Cell;
use niva_store::{DbError, Tx};
use sea_orm::{ConnectionTrait, DbBackend, Value};
use serde::de::DeserializeOwned;
use serde_json::Error as Json;

use super::CaseRow;
use crate::cases::CaseKey;
use crate::store::{KEYS, Row, binds, rows, statement};

/// Facts of their own days alone, as the indexes name them ([`FactKind::is_of_days`]).
const OF_DAYS: &str = "kind IN ('occasion', 'visit')";
const NOT_OF_DAYS: &str = "kind NOT IN ('occasion', 'visit')";

/// A fact that arrived.
#[derive(Debug)]
pub(crate) struct Arrived {
    pub(crate) about: About,
    pub(crate) recorded: Recorded,
    /// The days whose payment it may have changed; `None` for a unit's.
    pub(crate) touched: Option<Interval>,
    /// What it says ([`written`]); empty for a unit's, which has versions.
    pub(crate) content: String,
    pub(crate) author: Author,
}

/// Whom a fact is about.
#[derive(Debug, Clone)]
pub(crate) enum About {
    Case(i64),
    Unit(String),
}

const COLUMNS: [&str; 13] = [
    "number",
    "case_no",
    "unit_id",
    "placement_id",
    "kind",
    "fact_id",
    "revision",
    "withdrawn",
    "first_day",
    "last_day",
    "content",
    "recorded_at",
    "author_subject",
];

/// Writes down what arrived.
pub(crate) fn write<'t>(
    tx: &'t Tx<'t>,
    facts: &'t [Arrived],
    now: DateTime<Utc>,
) -> BoxFuture<'t, Result<(), DbError>> {
    Box::pin(async move {
        let cells = facts.iter().map(|Arrived { about, recorded, touched, content, author }| {
            let (case, unit) = match about {
                About::Case(no) => (Some(*no), None),
                About::Unit(id) => (None, Some(id.as_str())),
            };
            [
                Cell::from(recorded.number),
                case.into(),
                unit.into(),
                recorded.placement_id.as_deref().into(),
                recorded.kind.as_str().into(),
                recorded.id.as_str().into(),
                recorded.revision.into(),
                recorded.withdrawn.into(),
                touched.map(|days| days.first).into(),
                touched.map(|days| days.last).into(),
                content.as_str().into(),
                now.into(),
                author.subject.as_str().into(),
            ]
        });
        bulk::insert(tx, "fact", COLUMNS, cells.collect::<Vec<_>>()).await?;
        Ok(())
    })
}

/// What a fact says, for its row: the kind and the placement have columns of their own.
pub(crate) fn written(content: &Content) -> Result<String, Json> {
    match content {
        Content::Grant(grant) => serde_json::to_string(grant),
        Content::Level(decision) => serde_json::to_string(decision),
        Content::Placement(dates) | Content::PlacementOfAnother(dates) => serde_json::to_string(dates),
        Content::Record { record, .. } => match record {
            Record::Schedule(schedule) => serde_json::to_string(schedule),
            Record::Occasion(occasion) => serde_json::to_string(occasion),
            Record::Agreement(agreement) => serde_json::to_string(agreement),
            Record::Transition(transition) => serde_json::to_string(transition),
            Record::Visit(day) => serde_json::to_string(day),
            Record::Absence(days) => serde_json::to_string(days),
            Record::Special(special) => serde_json::to_string(special),
            Record::PremisesCost(cost) => serde_json::to_string(cost),
        },
    }
}

/// What was [`written`]; `None` for a kind that is no case's.
fn read_content(kind: FactKind, placement_id: &str, text: &str) -> Result<Option<Content>, Json> {
    fn of<T: DeserializeOwned>(text: &str, record: impl FnOnce(T) -> Record) -> Result<Record, Json> {
        serde_json::from_str(text).map(record)
    }
    let record = match kind {
        FactKind::Grant => return serde_json::from_str(text).map(|grant| Some(Content::Grant(grant))),
        FactKind::LevelDecision => {
            return serde_json::from_str(text).map(|level| Some(Content::Level(level)));
        }
        FactKind::Placement => {
            return serde_json::from_str(text).map(|dates| Some(Content::Placement(dates)));
        }
        FactKind::PlacementOfAnother => {
            return serde_json::from_str(text).map(|dates| Some(Content::PlacementOfAnother(dates)));
        }
        FactKind::Unit | FactKind::Model | FactKind::Measurement => return Ok(None),
        FactKind::WeeklySchedule => of(text, Record::Schedule),
        FactKind::Occasion => of(text, Record::Occasion),
        FactKind::Agreement => of(text, Record::Agreement),
        FactKind::Transition => of(text, Record::Transition),
        FactKind::Visit => of(text, Record::Visit),
        FactKind::Absence => of(text, Record::Absence),
        FactKind::PremisesCost => of(text, Record::PremisesCost),
        FactKind::Special => of(text, Record::Special),
    };
    record.map(|record| Some(Content::Record { placement_id: placement_id.to_owned(), record }))
}

/// A fact of a case, as it arrived.
#[derive(Debug, Clone)]
pub(crate) struct Told {
    pub(crate) recorded: Recorded,
    content: String,
}

impl Told {
    /// Takes it in.
    pub(crate) fn apply(&self, case: &mut Case) -> Result<(), DbError> {
        let Recorded { number, placement_id, kind, id, revision, withdrawn } = &self.recorded;
        let bad = |problem: String| DbError::row("fact", "content", number.to_string(), problem);
        let content = read_content(*kind, placement_id.as_deref().unwrap_or_default(), &self.content);
        let content = content.map_err(|e| bad(e.to_string()))?;
        let content = content.ok_or_else(|| bad(format!("a {kind} is no fact of a case")))?;
        case.apply(&Fact { id: id.clone(), revision: *revision, withdrawn: *withdrawn, content });
        Ok(())
    }
}

/// A case made of facts.
pub(crate) fn case_of<'f>(key: &CaseKey, facts: impl IntoIterator<Item = &'f Told>) -> Result<Case, DbError> {
    let mut case = Case::new(&key.person_id, key.service);
    for fact in facts {
        fact.apply(&mut case)?;
    }
    Ok(case)
}

const TOLD: &str = "number, case_no, placement_id, kind, fact_id, revision, withdrawn, content";

/// The facts of some cases up to a number, by case and in the order that they arrived, without those of days.
pub(crate) async fn of_cases(
    db: &impl ConnectionTrait,
    cases: &[i64],
    through: i64,
) -> Result<BTreeMap<i64, Vec<Told>>, DbError> {
    let mut found = BTreeMap::new();
    for cases in cases.chunks(KEYS) {
        let sql = format!(
            "SELECT {TOLD} FROM fact WHERE number <= $1 AND {NOT_OF_DAYS} AND case_no IN ({}) ORDER BY case_no, number",
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
    cases: &[(i64, NaiveDate)],
    through: i64,
) -> Result<BTreeMap<i64, Vec<Told>>, DbError> {
    let postgres = db.get_database_backend() == DbBackend::Postgres;
    let columns = TOLD.replace("case_no", "wanted_no AS case_no");
    let mut found = BTreeMap::new();
    for cases in cases.chunks(KEYS) {
        let casts = if postgres { ("::bigint", "::date") } else { ("", "") };
        let row = |n: usize| format!("(${}{}, ${}{})", 2 * n + 2, casts.0, 2 * n + 3, casts.1);
        let wanted: Vec<String> = (0..cases.len()).map(row).collect();
        // Case by case, whatever a database believes of the table.
        let sql = if postgres {
            format!(
                "SELECT {columns} FROM (VALUES {}) AS wanted (wanted_no, wanted_day) CROSS JOIN LATERAL \
                 (SELECT * FROM fact WHERE {OF_DAYS} AND case_no = wanted_no AND last_day >= wanted_day \
                 AND number <= $1) AS fact ORDER BY wanted_no, number",
                wanted.join(", ")
            )
        } else {
            format!(
                "WITH wanted (wanted_no, wanted_day) AS (VALUES {}) SELECT {columns} FROM wanted CROSS JOIN fact \
                 WHERE {OF_DAYS} AND case_no = wanted_no AND last_day >= wanted_day AND number <= $1 \
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

fn gather(rows: &[Row], found: &mut BTreeMap<i64, Vec<Told>>) -> Result<(), DbError> {
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
    cases: &[i64],
    between: (i64, i64),
) -> Result<BTreeMap<i64, Vec<News>>, DbError> {
    let mut found: BTreeMap<i64, Vec<News>> = BTreeMap::new();
    for cases in cases.chunks(KEYS) {
        let part = |kinds: &str| {
            format!(
                "SELECT number, case_no, placement_id, kind, fact_id, revision, withdrawn, first_day, last_day FROM fact \
                 WHERE number > $1 AND number <= $2 AND {kinds} AND case_no IN ({})",
                binds(3, cases.len())
            )
        };
        let sql = format!("{} UNION ALL {} ORDER BY case_no, number", part(NOT_OF_DAYS), part(OF_DAYS));
        let values = [Value::from(between.0), between.1.into()].into_iter();
        let select = statement(db, sql, values.chain(cases.iter().map(|no| (*no).into())));
        for row in rows(db, "fact", select).await? {
            let (first, last): (NaiveDate, NaiveDate) = (row.get("first_day")?, row.get("last_day")?);
            let recorded = recorded(&row)?;
            let touched = Interval::new(first, last).ok_or_else(|| {
                DbError::row("fact", "last_day", recorded.number.to_string(), "is before first_day")
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
) -> Result<BTreeMap<String, Vec<Recorded>>, DbError> {
    let sql = "SELECT number, unit_id, placement_id, kind, fact_id, revision, withdrawn FROM fact \
               WHERE number > $1 AND number <= $2 AND unit_id IS NOT NULL ORDER BY number";
    let mut found: BTreeMap<String, Vec<Recorded>> = BTreeMap::new();
    for row in rows(db, "fact", statement(db, sql, [between.0.into(), between.1.into()])).await? {
        found.entry(row.get("unit_id")?).or_default().push(recorded(&row)?);
    }
    Ok(found)
}

fn recorded(row: &Row) -> Result<Recorded, DbError> {
    Ok(Recorded {
        number: row.get("number")?,
        placement_id: row.get("placement_id")?,
        kind: row.name::<FactKind>("kind")?,
        id: row.get("fact_id")?,
        revision: row.get("revision")?,
        withdrawn: row.get("withdrawn")?,
    })
}

/// Cases as they stood at a fact number, by key, with their facts of days from `days` on; `None`: without those.
pub(crate) async fn cases_as_of(
    db: &impl ConnectionTrait,
    keys: &BTreeSet<&str>,
    through: i64,
    days: Option<NaiveDate>,
) -> Result<BTreeMap<String, Case>, DbError> {
    let known: BTreeMap<String, CaseRow> = super::of_keys(db, keys.iter().copied()).await?;
    let numbers: Vec<i64> = known.values().map(|row| row.case_no).collect();
    let facts = of_cases(db, &numbers, through).await?;
    let of_days = match days {
        Some(since) => {
            of_days(db, &numbers.iter().map(|no| (*no, since)).collect::<Vec<_>>(), through).await?
        }
        None => BTreeMap::new(),
    };
    let mut cases = BTreeMap::new();
    for (key, row) in known {
        let of = |facts: &'_ BTreeMap<i64, Vec<Told>>| facts.get(&row.case_no).cloned().unwrap_or_default();
        let (facts, days) = (of(&facts), of(&of_days));
        let parsed = key
            .parse()
            .map_err(|e: crate::cases::NoCase| DbError::row("care_case", "case_key", &key, e.to_string()))?;
        if !facts.is_empty() || !days.is_empty() {
            cases.insert(key, case_of(&parsed, facts.iter().chain(&days))?);
        }
    }
    Ok(cases)
}

/// Cases as they stand, without their facts of days; those that have not been heard of are left out.
pub(crate) async fn current<'k>(
    db: &impl ConnectionTrait,
    keys: impl Iterator<Item = &'k CaseKey>,
    newest: i64,
) -> Result<BTreeMap<CaseKey, Case>, DbError> {
    let keys: BTreeMap<String, &CaseKey> = keys.map(|key| (key.to_string(), key)).collect();
    let texts = keys.keys().map(String::as_str).collect();
    let cases = cases_as_of(db, &texts, newest, None).await?;
    Ok(cases.into_iter().filter_map(|(text, case)| Some(((*keys.get(&text)?).clone(), case))).collect())
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
    (case_key, unit_id): (&str, &str),
    ids: &BTreeSet<&str>,
    through: i64,
) -> Result<BTreeMap<(FactKind, String, i64), ToldBy>, DbError> {
    let known = super::of_keys(db, [case_key]).await?;
    let case_no = known.get(case_key).map_or(0, |row| row.case_no);
    let part = |whose: &str| {
        format!(
            "SELECT kind, fact_id, revision, author_subject, recorded_at FROM fact \
             WHERE {whose} AND number <= $3 AND fact_id IN ({})",
            binds(4, ids.len())
        )
    };
    let of_case = |kinds: &str| part(&format!("case_no = $1 AND {kinds}"));
    let sql =
        format!("{} UNION ALL {} UNION ALL {}", of_case(NOT_OF_DAYS), of_case(OF_DAYS), part("unit_id = $2"));
    let values = [Value::from(case_no), unit_id.into(), through.into()].into_iter();
    let select = statement(db, sql, values.chain(ids.iter().map(|id| (*id).into())));
    let mut found = BTreeMap::new();
    for row in rows(db, "fact", select).await? {
        let told = ToldBy { author: row.get("author_subject")?, recorded_at: row.get("recorded_at")? };
        found.insert((row.name::<FactKind>("kind")?, row.get("fact_id")?, row.get("revision")?), told);
    }
    Ok(found)
}
