//! Cases: who they are, and what can still matter of each.

mod authors;
pub(crate) mod facts;
pub(crate) mod merges;

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::BoxFuture;
use niva_calendar::{Month, NaiveDate};
use niva_names::{CaseId, CaseNo, PersonId, PlacementId, PlacementNo, RunNo, ServiceKey, UnitId};
use niva_payment_domain::Case;
use niva_store::bulk;
use niva_store::bulk::Cell;
use niva_store::{DbError, Tx};
use sea_orm::{ConnectionTrait, Value};

use super::CaseKey;
use crate::store::{KEYS, Row, Where, binds, rows, statement};

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

/// The number after the last of a table: whoever gives one has drawn numbers of facts, so that nobody else gives any.
pub(crate) async fn next_number(
    tx: &Tx<'_>,
    table: &'static str,
    column: &'static str,
) -> Result<i32, DbError> {
    let found =
        rows(tx, table, statement(tx, format!("SELECT MAX({column}) AS last FROM {table}"), [])).await?;
    let last: Option<i32> = found.first().map_or(Ok(None), |row| row.get("last"))?;
    Ok(last.unwrap_or(0) + 1)
}

/// A case as it is kept: what can still matter of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CaseRow {
    pub(crate) key: CaseId,
    /// Names it among facts.
    pub(crate) case_no: CaseNo,
    /// Its newest fact.
    pub(crate) fact_number: i64,
    /// What is kept is enough for days from this one on; `None`: for all.
    pub(crate) since: Option<NaiveDate>,
    /// The last day on which anything can be owed or held by itself; `None`: there is none.
    pub(crate) last_day: Option<NaiveDate>,
    /// The last day that a fact of days is about; `None`: there is no such fact.
    pub(crate) day_through: Option<NaiveDate>,
    /// The case, without facts of days: [`FORM`], then bytes of `postcard`. Read by [`CaseRow::case`], which takes time, where there
    /// is time.
    pub(crate) doc: Vec<u8>,
}

const COLUMNS: [&str; 8] =
    ["case_key", "case_no", "service", "fact_number", "since", "last_day", "day_through", "doc"];

/// How a case is kept, as the first byte says. It goes up whenever what [`Case`] holds changes: one that is kept in another form
/// is made from its facts again.
const FORM: u8 = 1;

impl CaseRow {
    /// It is kept as this version keeps it.
    pub(crate) fn is_readable(&self) -> bool {
        self.doc.first() == Some(&FORM)
    }

    pub(crate) fn case(&self) -> Result<Case, DbError> {
        postcard::from_bytes(self.doc.get(1..).unwrap_or_default())
            .map_err(|e| DbError::row("care_case", "doc", self.key.as_str(), e.to_string()))
    }

    /// The case as bytes.
    pub(crate) fn doc_of(key: &CaseId, case: &Case) -> Result<Vec<u8>, DbError> {
        postcard::to_extend(case, vec![FORM])
            .map_err(|e| DbError::row("care_case", "doc", key.as_str(), e.to_string()))
    }

    fn read(row: &Row) -> Result<Self, DbError> {
        Ok(Self {
            key: row.get("case_key")?,
            case_no: row.get("case_no")?,
            fact_number: row.get("fact_number")?,
            since: row.get("since")?,
            last_day: row.get("last_day")?,
            day_through: row.get("day_through")?,
            doc: row.get("doc")?,
        })
    }
}

/// Which cases a run has to look at.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Candidates<'a> {
    /// Those that anything can be owed to from this day on,
    pub(crate) live_from: NaiveDate,
    /// those that something was told of after this fact,
    pub(crate) told_after: i64,
    /// those that this run held something of,
    pub(crate) held_in: RunNo,
    /// those that were ever placed at one of these units, if anything can be owed to them from this day on,
    pub(crate) at_units: Option<(NaiveDate, &'a [&'a UnitId])>,
    /// those of these services,
    pub(crate) of_services: &'a [ServiceKey],
    /// and these.
    pub(crate) others: &'a [CaseId],
}

/// Up to `limit` cases after a key, in order of key; `which`: none of the others.
pub(crate) async fn page(
    db: &impl ConnectionTrait,
    which: Option<Candidates<'_>>,
    after: &CaseId,
    limit: u32,
) -> Result<Vec<CaseRow>, DbError> {
    let mut values: Vec<Value> = vec![after.as_str().into()];
    let mut sql = format!("SELECT {} FROM care_case WHERE case_key > $1", COLUMNS.join(", "));
    if let Some(which) = which {
        values.extend([which.live_from.into(), which.told_after.into(), which.held_in.into()]);
        sql.push_str(
            " AND (last_day >= $2 OR fact_number > $3 \
             OR case_key IN (SELECT case_key FROM payment_hold WHERE run_no = $4)",
        );
        if let Some((first, at_units)) = which.at_units {
            let (from, units) = (values.len() + 1, binds(values.len() + 2, at_units.len()));
            sql.push_str(&format!(
                " OR last_day >= ${from} AND case_key IN (SELECT case_key FROM placement WHERE unit_id IN ({units}))"
            ));
            values.push(first.into());
            values.extend(at_units.iter().map(|unit| Value::from(unit.as_str())));
        }
        if !which.of_services.is_empty() {
            sql.push_str(&format!(" OR service IN ({})", binds(values.len() + 1, which.of_services.len())));
            values.extend(which.of_services.iter().map(|service| Value::from(service.as_str())));
        }
        for others in which.others.chunks(KEYS) {
            sql.push_str(&format!(" OR case_key IN ({})", binds(values.len() + 1, others.len())));
            values.extend(others.iter().map(|key| Value::from(key.as_str())));
        }
        sql.push(')');
    }
    values.push(i64::from(limit).into());
    sql.push_str(&format!(" ORDER BY case_key LIMIT ${}", values.len()));
    rows(db, "care_case", statement(db, sql, values)).await?.iter().map(CaseRow::read).collect()
}

/// The cases of some keys; those that have not been heard of are left out.
pub(crate) async fn of_keys<'k>(
    db: &impl ConnectionTrait,
    keys: impl IntoIterator<Item = &'k CaseId>,
) -> Result<BTreeMap<CaseId, CaseRow>, DbError> {
    let keys: Vec<&CaseId> = keys.into_iter().collect::<BTreeSet<_>>().into_iter().collect();
    let mut found = BTreeMap::new();
    for keys in keys.chunks(KEYS) {
        let sql = format!(
            "SELECT {} FROM care_case WHERE case_key IN ({})",
            COLUMNS.join(", "),
            binds(1, keys.len())
        );
        for row in
            rows(db, "care_case", statement(db, sql, keys.iter().map(|key| key.as_str().into()))).await?
        {
            let row = CaseRow::read(&row)?;
            found.insert(row.key.clone(), row);
        }
    }
    Ok(found)
}

/// Writes cases as they now stand, in the place of what was kept of them.
pub(crate) fn write<'t>(
    tx: &'t Tx<'t>,
    known: &'t [&'t CaseId],
    cases: &'t [(CaseKey, CaseRow)],
) -> BoxFuture<'t, Result<(), DbError>> {
    Box::pin(async move {
        for keys in known.chunks(KEYS) {
            let sql = format!("DELETE FROM care_case WHERE case_key IN ({})", binds(1, keys.len()));
            tx.execute_raw(statement(tx, sql, keys.iter().map(|key| key.as_str().into()))).await?;
        }
        let cells = cases.iter().map(|(key, row)| {
            [
                Cell::from(row.key.as_str()),
                row.case_no.0.into(),
                key.service.as_str().into(),
                row.fact_number.into(),
                row.since.into(),
                row.last_day.into(),
                row.day_through.into(),
                row.doc.as_slice().into(),
            ]
        });
        bulk::insert(tx, "care_case", COLUMNS, cells.collect::<Vec<_>>()).await?;
        Ok(())
    })
}

/// Only rows of a person, by whichever of these ids, or of this service, or both, in a table that has the case's key.
pub(crate) fn about(at: &mut Where, persons: &[PersonId], service: Option<ServiceKey>) {
    match (persons, service) {
        ([], None) => {}
        ([], Some(service)) => {
            let end = format!("|{service}");
            let length = at.bind(i32::try_from(end.chars().count() - 1).unwrap_or(i32::MAX));
            let end = at.bind(end);
            at.and(format!("SUBSTR(case_key, LENGTH(case_key) - {length}) = {end}"));
        }
        (persons, service) => {
            let of: Vec<String> = persons.iter().map(|person| of_person(at, person, service)).collect();
            at.and(format!("({})", of.join(" OR ")));
        }
    }
}

fn of_person(at: &mut Where, person: &PersonId, service: Option<ServiceKey>) -> String {
    if let Some(service) = service {
        return format!("case_key = {}", at.bind(CaseKey { person_id: person.clone(), service }.to_string()));
    }
    // A range, which an index finds: the keys that begin with the person. `}` follows `|`. A longer id may begin so.
    let (first, end) = (at.bind(format!("{person}|")), at.bind(format!("{person}}}")));
    let rest = at.bind(i32::try_from(person.as_str().chars().count() + 2).unwrap_or(i32::MAX));
    format!("case_key >= {first} AND case_key < {end} AND SUBSTR(case_key, {rest}) NOT LIKE '%|%'")
}

/// A placement that was heard of.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    /// Names it among facts.
    pub(crate) placement_no: PlacementNo,
    pub(crate) case_no: CaseNo,
    pub(crate) key: CaseKey,
}

/// The placements of these ids; ids that have not been heard of are left out.
pub(crate) async fn places(
    db: &impl ConnectionTrait,
    ids: &BTreeSet<PlacementId>,
) -> Result<BTreeMap<PlacementId, Place>, DbError> {
    let ids: Vec<&PlacementId> = ids.iter().collect();
    let mut found = BTreeMap::new();
    for ids in ids.chunks(KEYS) {
        let sql = format!(
            "SELECT placement_id, placement_no, case_no, placement.case_key FROM placement \
             JOIN care_case ON care_case.case_key = placement.case_key WHERE placement_id IN ({})",
            binds(1, ids.len())
        );
        for row in rows(db, "placement", statement(db, sql, ids.iter().map(|id| id.as_str().into()))).await? {
            let (placement_no, case_no) = (row.get("placement_no")?, row.get("case_no")?);
            found.insert(
                row.get("placement_id")?,
                Place { placement_no, case_no, key: row.name("case_key")? },
            );
        }
    }
    Ok(found)
}

/// The cases that placements of these ids were told of beside the one where each belongs.
pub(crate) async fn of_others(
    db: &impl ConnectionTrait,
    ids: &BTreeSet<PlacementId>,
) -> Result<BTreeMap<PlacementId, BTreeSet<CaseKey>>, DbError> {
    let ids: Vec<&PlacementId> = ids.iter().collect();
    let mut found: BTreeMap<PlacementId, BTreeSet<CaseKey>> = BTreeMap::new();
    for ids in ids.chunks(KEYS) {
        let sql = format!(
            "SELECT fact_id, case_key FROM fact JOIN care_case ON care_case.case_no = fact.case_no \
             WHERE kind = 'placement_of_another' AND fact_id IN ({})",
            binds(1, ids.len())
        );
        for row in rows(db, "fact", statement(db, sql, ids.iter().map(|id| id.as_str().into()))).await? {
            found.entry(row.get("fact_id")?).or_default().insert(row.name("case_key")?);
        }
    }
    Ok(found)
}

/// The placements of a person, in every service, with their cases and units.
pub(crate) async fn placements_of(
    db: &impl ConnectionTrait,
    person_id: &PersonId,
) -> Result<Vec<PlacementRow>, DbError> {
    let mut at = Where::default();
    about(&mut at, std::slice::from_ref(person_id), None);
    let (conditions, values) = at.finish();
    let sql =
        format!("SELECT placement_id, placement_no, case_key, unit_id FROM placement WHERE {conditions}");
    let found = rows(db, "placement", statement(db, sql, values)).await?;
    let read = |row: &Row| {
        let (placement_id, placement_no) = (row.get("placement_id")?, row.get("placement_no")?);
        let (case_key, unit_id) = (row.get("case_key")?, row.get("unit_id")?);
        Ok(PlacementRow { placement_id, placement_no, case_key, unit_id })
    };
    found.iter().map(read).collect()
}

/// A placement, where it belongs and where it is.
#[derive(Debug)]
pub(crate) struct PlacementRow {
    pub(crate) placement_id: PlacementId,
    pub(crate) placement_no: PlacementNo,
    pub(crate) case_key: CaseId,
    pub(crate) unit_id: UnitId,
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
                p.placement_no.0.into(),
                p.case_key.as_str().into(),
                p.unit_id.as_str().into(),
                number.into(),
            ]
        });
        let cells: Vec<_> = cells.collect();
        let columns = ["placement_id", "placement_no", "case_key", "unit_id", "fact_number"];
        bulk::insert(tx, "placement", columns, cells).await?;
        Ok(())
    })
}

/// Writes down that a placement is at another unit than before.
pub(crate) async fn move_placement(
    tx: &Tx<'_>,
    placement_id: &PlacementId,
    unit_id: &UnitId,
) -> Result<(), DbError> {
    let sql = "UPDATE placement SET unit_id = $1 WHERE placement_id = $2";
    tx.execute_raw(statement(tx, sql, [unit_id.as_str().into(), placement_id.as_str().into()])).await?;
    Ok(())
}

/// How many placements were known at a fact number.
pub(crate) async fn placements_as_of(db: &impl ConnectionTrait, number: i64) -> Result<i64, DbError> {
    let sql = "SELECT COUNT(*) AS placements FROM placement WHERE fact_number <= $1";
    let found = rows(db, "placement", statement(db, sql, [number.into()])).await?;
    found.first().map_or(Ok(0), |row| row.get("placements"))
}

/// The units that cases were placed at, of some units: by case, after one key and up to another.
pub(crate) async fn at_units(
    db: &impl ConnectionTrait,
    units: &[&UnitId],
    between: (&CaseId, &CaseId),
) -> Result<BTreeMap<CaseId, BTreeSet<UnitId>>, DbError> {
    let mut found: BTreeMap<CaseId, BTreeSet<UnitId>> = BTreeMap::new();
    for units in units.chunks(KEYS) {
        let sql = format!(
            "SELECT case_key, unit_id FROM placement WHERE case_key > $1 AND case_key <= $2 AND unit_id IN ({})",
            binds(3, units.len())
        );
        let values = [Value::from(between.0.as_str()), between.1.as_str().into()].into_iter();
        let values = values.chain(units.iter().map(|unit| unit.as_str().into()));
        for row in rows(db, "placement", statement(db, sql, values)).await? {
            found.entry(row.get("case_key")?).or_default().insert(row.get("unit_id")?);
        }
    }
    Ok(found)
}

/// The month of the last approved run; `None`: nothing was paid yet.
pub(crate) async fn paid_through(db: &impl ConnectionTrait) -> Result<Option<Month>, DbError> {
    let sql = "SELECT MAX(month) AS month FROM payment_run WHERE state = 'approved'";
    let found = rows(db, "payment_run", statement(db, sql, [])).await?;
    let month: Option<i32> = found.first().map_or(Ok(None), |row| row.get("month"))?;
    let month = month.map(Month::from_index).transpose();
    month.map_err(|e| DbError::row("payment_run", "month", "of the last approved run", e.to_string()))
}
