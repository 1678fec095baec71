//! What is known of each case, in versions: as of any fact number, whatever arrived since.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use futures_util::future::BoxFuture;
use niva_facts::Author;
use niva_names::ServiceKey;
use niva_payment_domain::{Case, FactKind, Recorded};
use niva_store::bulk;
use niva_store::bulk::Cell;
use niva_store::{DbError, Tx};
use sea_orm::{ConnectionTrait, Value};

use super::CaseKey;
use crate::store::{KEYS, Row, STANDS, Where, binds, rows, statement};

/// Draws `count` fact numbers and answers the first. Until this transaction ends nobody else draws any, so whoever reads
/// the newest committed number has every fact up to it. Draw before reading what the facts are applied to: whatever the
/// transaction reads afterwards stands.
pub(crate) async fn draw_numbers(tx: &Tx<'_>, count: usize) -> Result<i64, DbError> {
    let count = i64::try_from(count).unwrap_or(0);
    let update = "UPDATE fact_counter SET last_number = last_number + $1 WHERE id = 1 RETURNING last_number";
    let row = tx.query_one_raw(statement(tx, update, [count.into()])).await?;
    let last: i64 = row.ok_or_else(counter_missing)?.try_get("", "last_number")?;
    Ok(last - count + 1)
}

/// The number of the newest fact: every fact up to it can be read.
pub(crate) async fn newest_number(db: &impl ConnectionTrait) -> Result<i64, DbError> {
    let row =
        db.query_one_raw(statement(db, "SELECT last_number FROM fact_counter WHERE id = 1", [])).await?;
    Ok(row.ok_or_else(counter_missing)?.try_get("", "last_number")?)
}

fn counter_missing() -> DbError {
    DbError::row("fact_counter", "last_number", "1", "the row is missing")
}

/// A case as it stood in one of its versions.
#[derive(Debug)]
pub(crate) struct CaseRow {
    pub(crate) key: String,
    /// The fact that made this version.
    pub(crate) fact_number: i64,
    /// The case as JSON: read by [`CaseRow::case`], which takes time, where there is time.
    doc: String,
}

impl CaseRow {
    pub(crate) fn case(&self) -> Result<Case, DbError> {
        serde_json::from_str(&self.doc)
            .map_err(|e| DbError::row("case_version", "doc", &self.key, e.to_string()))
    }

    fn read(row: &Row) -> Result<Self, DbError> {
        Ok(Self { key: row.get("case_key")?, fact_number: row.get("fact_number")?, doc: row.get("doc")? })
    }
}

/// Up to `limit` cases after a key as they stood at a fact number, in order of key.
pub(crate) async fn cases_as_of(
    db: &impl ConnectionTrait,
    number: i64,
    after: &str,
    limit: u32,
) -> Result<Vec<CaseRow>, DbError> {
    let sql = "SELECT case_key, fact_number, doc FROM case_version \
               WHERE case_key > $1 AND fact_number <= $2 AND until_fact_number > $2 ORDER BY case_key LIMIT $3";
    let values = [after.into(), number.into(), i64::from(limit).into()];
    rows(db, "case_version", statement(db, sql, values)).await?.iter().map(CaseRow::read).collect()
}

/// The cases of some keys as they stood at a fact number.
pub(crate) async fn cases_of_keys_as_of(
    db: &impl ConnectionTrait,
    number: i64,
    keys: &[&str],
) -> Result<BTreeMap<String, Case>, DbError> {
    let keys: Vec<&str> = keys.iter().copied().collect::<BTreeSet<_>>().into_iter().collect();
    let mut found = BTreeMap::new();
    for keys in keys.chunks(KEYS) {
        let sql = format!(
            "SELECT case_key, fact_number, doc FROM case_version \
             WHERE fact_number <= $1 AND until_fact_number > $1 AND case_key IN ({})",
            binds(2, keys.len())
        );
        let values = std::iter::once(Value::from(number)).chain(keys.iter().map(|key| (*key).into()));
        for row in rows(db, "case_version", statement(db, sql, values)).await? {
            let case = CaseRow::read(&row)?;
            found.insert(case.key.clone(), case.case()?);
        }
    }
    Ok(found)
}

/// The cases of these keys as they now stand; one that has not been heard of is new.
pub(crate) async fn current_cases(
    db: &impl ConnectionTrait,
    keys: &BTreeSet<CaseKey>,
) -> Result<BTreeMap<CaseKey, (Option<i64>, Case)>, DbError> {
    let mut cases: BTreeMap<_, _> =
        keys.iter().map(|key| (key.clone(), (None, Case::new(&key.person_id, key.service)))).collect();
    let keys: Vec<String> = keys.iter().map(ToString::to_string).collect();
    for keys in keys.chunks(KEYS) {
        let sql = format!(
            "SELECT case_key, fact_number, doc FROM case_version WHERE until_fact_number = {STANDS} AND case_key IN ({})",
            binds(1, keys.len())
        );
        let values = keys.iter().map(|key| key.as_str().into());
        for row in rows(db, "case_version", statement(db, sql, values)).await? {
            let case = CaseRow::read(&row)?;
            cases.insert(row.name("case_key")?, (Some(case.fact_number), case.case()?));
        }
    }
    Ok(cases)
}

/// Writes new versions of cases, which begin with fact `number`; `known` are those that have a version already.
pub(crate) fn write_versions<'t>(
    tx: &'t Tx<'t>,
    number: i64,
    known: &'t [String],
    cases: &'t [(String, &'t Case)],
) -> BoxFuture<'t, Result<(), DbError>> {
    Box::pin(async move {
        for keys in known.chunks(KEYS) {
            let sql = format!(
                "UPDATE case_version SET until_fact_number = $1 WHERE until_fact_number = {STANDS} AND case_key IN ({})",
                binds(2, keys.len())
            );
            let values = std::iter::once(Value::from(number));
            tx.execute_raw(statement(tx, sql, values.chain(keys.iter().map(|key| key.as_str().into()))))
                .await?;
        }
        let mut docs = Vec::with_capacity(cases.len());
        for (key, case) in cases {
            let doc = serde_json::to_string(case)
                .map_err(|e| DbError::row("case_version", "doc", key, e.to_string()))?;
            docs.push([Cell::from(key.as_str()), number.into(), STANDS.into(), doc.into()]);
        }
        bulk::insert(tx, "case_version", ["case_key", "fact_number", "until_fact_number", "doc"], docs)
            .await?;
        Ok(())
    })
}

/// Only rows of this person, or of this service, or both, in a table that has the case's key.
pub(crate) fn of_cases(at: &mut Where, person_id: Option<&str>, service: Option<ServiceKey>) {
    match (person_id, service) {
        (None, None) => {}
        (Some(person), Some(service)) => {
            at.equals("case_key", CaseKey { person_id: person.to_owned(), service }.to_string());
        }
        // A range, which an index finds: the keys that begin with the person. `}` follows `|`. A longer id may begin so.
        (Some(person), None) => {
            let (first, end) = (at.bind(format!("{person}|")), at.bind(format!("{person}}}")));
            let rest = at.bind(i32::try_from(person.chars().count() + 2).unwrap_or(i32::MAX));
            at.and(format!(
                "case_key >= {first} AND case_key < {end} AND SUBSTR(case_key, {rest}) NOT LIKE '%|%'"
            ));
        }
        (None, Some(service)) => {
            let end = format!("|{service}");
            let length = at.bind(i32::try_from(end.chars().count() - 1).unwrap_or(i32::MAX));
            let end = at.bind(end);
            at.and(format!("SUBSTR(case_key, LENGTH(case_key) - {length}) = {end}"));
        }
    }
}

/// Where the placements of these ids belong; ids that have not been heard of are left out.
pub(crate) async fn cases_of_placements(
    db: &impl ConnectionTrait,
    ids: &BTreeSet<&str>,
) -> Result<BTreeMap<String, CaseKey>, DbError> {
    let ids: Vec<&str> = ids.iter().copied().collect();
    let mut found = BTreeMap::new();
    for ids in ids.chunks(KEYS) {
        let sql = format!(
            "SELECT placement_id, case_key FROM placement WHERE placement_id IN ({})",
            binds(1, ids.len())
        );
        for row in rows(db, "placement", statement(db, sql, ids.iter().map(|id| (*id).into()))).await? {
            found.insert(row.get("placement_id")?, row.name("case_key")?);
        }
    }
    Ok(found)
}

/// A placement, where it belongs and where it is.
#[derive(Debug)]
pub(crate) struct PlacementRow {
    pub(crate) placement_id: String,
    pub(crate) case_key: String,
    pub(crate) unit_id: String,
}

/// Writes down placements that had not been heard of before fact `number`.
pub(crate) fn write_placements<'t>(
    tx: &'t Tx<'t>,
    number: i64,
    placements: &'t [PlacementRow],
) -> BoxFuture<'t, Result<(), DbError>> {
    Box::pin(async move {
        let cells = placements.iter().map(|p| {
            [
                Cell::from(p.placement_id.as_str()),
                p.case_key.as_str().into(),
                p.unit_id.as_str().into(),
                number.into(),
            ]
        });
        let cells: Vec<_> = cells.collect();
        bulk::insert(tx, "placement", ["placement_id", "case_key", "unit_id", "fact_number"], cells).await?;
        Ok(())
    })
}

/// Writes down that a placement is at another unit than before.
pub(crate) async fn move_placement(tx: &Tx<'_>, placement_id: &str, unit_id: &str) -> Result<(), DbError> {
    let sql = "UPDATE placement SET unit_id = $1 WHERE placement_id = $2";
    tx.execute_raw(statement(tx, sql, [unit_id.into(), placement_id.into()])).await?;
    Ok(())
}

/// How many placements were known at a fact number.
pub(crate) async fn placements_as_of(db: &impl ConnectionTrait, number: i64) -> Result<i64, DbError> {
    let sql = "SELECT COUNT(*) AS placements FROM placement WHERE fact_number <= $1";
    let found = rows(db, "placement", statement(db, sql, [number.into()])).await?;
    found.first().map_or(Ok(0), |row| row.get("placements"))
}

/// Whom a recorded fact is about.
#[derive(Debug)]
pub(crate) enum About {
    Case(String),
    Unit(String),
}

/// Writes down what arrived.
pub(crate) fn write_recorded<'t>(
    tx: &'t Tx<'t>,
    facts: &'t [(About, Recorded, Author)],
    now: DateTime<Utc>,
) -> BoxFuture<'t, Result<(), DbError>> {
    Box::pin(async move {
        let columns = [
            "number",
            "case_key",
            "unit_id",
            "placement_id",
            "kind",
            "fact_id",
            "revision",
            "withdrawn",
            "recorded_at",
            "author_subject",
            "author_role",
        ];
        let cells = facts.iter().map(|(about, fact, author)| {
            let (case, unit) = match about {
                About::Case(key) => (Some(key.as_str()), None),
                About::Unit(id) => (None, Some(id.as_str())),
            };
            [
                Cell::from(fact.number),
                case.into(),
                unit.into(),
                fact.placement_id.as_deref().into(),
                fact.kind.as_str().into(),
                fact.id.as_str().into(),
                fact.revision.into(),
                fact.withdrawn.into(),
                now.into(),
                author.subject.as_str().into(),
                author.role.as_str().into(),
            ]
        });
        let cells: Vec<_> = cells.collect();
        bulk::insert(tx, "fact", columns, cells).await?;
        Ok(())
    })
}

/// What was recorded of these cases after one fact number and up to another, by case.
pub(crate) async fn recorded_of_cases(
    db: &impl ConnectionTrait,
    keys: &[&str],
    between: (i64, i64),
) -> Result<BTreeMap<String, Vec<Recorded>>, DbError> {
    let mut found: BTreeMap<String, Vec<Recorded>> = BTreeMap::new();
    for keys in keys.chunks(KEYS) {
        let sql = format!(
            "SELECT number, case_key, placement_id, kind, fact_id, revision, withdrawn FROM fact \
             WHERE number > $1 AND number <= $2 AND case_key IN ({}) ORDER BY case_key, number",
            binds(3, keys.len())
        );
        let values = [Value::from(between.0), between.1.into()].into_iter();
        let select = statement(db, sql, values.chain(keys.iter().map(|key| (*key).into())));
        for row in rows(db, "fact", select).await? {
            found.entry(row.get("case_key")?).or_default().push(recorded(&row)?);
        }
    }
    Ok(found)
}

/// What was recorded of units after one fact number and up to another, by unit.
pub(crate) async fn recorded_of_units(
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
