//! What stands now of the facts of placements, as far as lists and overlaps ask. What they say is in their revisions.

use std::collections::BTreeSet;

use chrono::{DateTime, NaiveDate, Utc};
use niva_calendar::Interval;
use niva_store::bulk;
use niva_store::bulk::Cell;
use niva_store::page::PageRequest;
use niva_store::{DbError, Tx};
use sea_orm::{ConnectionTrait, Value};

use crate::store::{KEYS, Row as Found, binds, rows, statement};

const COLUMNS: [&str; 8] =
    ["kind", "fact_id", "placement_id", "person_id", "first_day", "last_day", "stands", "recorded_at"];

/// A fact of a placement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) fact_id: String,
    pub(super) placement_id: String,
    pub(super) person_id: String,
    pub(super) days: Interval,
    pub(super) stands: bool,
    pub(super) recorded_at: DateTime<Utc>,
}

/// Which facts of a kind are asked for.
#[derive(Debug, Default)]
pub(super) struct Filter<'a> {
    pub(super) placement_id: &'a str,
    pub(super) person_id: &'a str,
    pub(super) days: Option<Interval>,
    pub(super) recorded_since: Option<DateTime<Utc>>,
    pub(super) withdrawn_too: bool,
    /// Only of placements at these units on these days.
    pub(super) units: Option<&'a [(String, Interval)]>,
}

/// Writes how facts of a kind now stand, over what stood before.
pub(super) async fn put(tx: &Tx<'_>, kind: &'static str, facts: &[Row]) -> Result<(), DbError> {
    for facts in facts.chunks(KEYS) {
        let sql =
            format!("DELETE FROM placement_fact WHERE kind = $1 AND fact_id IN ({})", binds(2, facts.len()));
        let values = std::iter::once(Value::from(kind));
        let values = values.chain(facts.iter().map(|fact| fact.fact_id.as_str().into()));
        tx.execute_raw(statement(tx, sql, values)).await?;
    }
    let cells = facts.iter().map(|fact| {
        [
            Cell::from(kind),
            fact.fact_id.as_str().into(),
            fact.placement_id.as_str().into(),
            fact.person_id.as_str().into(),
            fact.days.first.into(),
            fact.days.last.into(),
            fact.stands.into(),
            fact.recorded_at.into(),
        ]
    });
    bulk::insert(tx, "placement_fact", COLUMNS, cells.collect::<Vec<_>>()).await?;
    Ok(())
}

/// The facts of a kind that stand for some placements and have one of some days.
pub(super) async fn standing(
    db: &impl ConnectionTrait,
    kind: &str,
    placements: &BTreeSet<&str>,
    days: Interval,
) -> Result<Vec<Row>, DbError> {
    let placements: Vec<&str> = placements.iter().copied().collect();
    let mut found = Vec::new();
    for ids in placements.chunks(KEYS) {
        let sql = format!(
            "SELECT {} FROM placement_fact WHERE kind = $1 AND stands AND first_day <= $2 AND last_day >= $3 \
             AND placement_id IN ({})",
            COLUMNS.join(", "),
            binds(4, ids.len())
        );
        let values = [Value::from(kind), days.last.into(), days.first.into()].into_iter();
        let values = values.chain(ids.iter().map(|id| (*id).into()));
        for row in rows(db, "placement_fact", statement(db, sql, values)).await? {
            found.push(read(&row)?);
        }
    }
    Ok(found)
}

/// A page of ids, in order.
pub(super) async fn list(
    db: &impl ConnectionTrait,
    kind: &str,
    filter: &Filter<'_>,
    page: &PageRequest,
) -> Result<Vec<String>, DbError> {
    let mut sql = "SELECT fact_id FROM placement_fact AS fact WHERE kind = $1".to_owned();
    let mut values: Vec<Value> = vec![kind.into()];
    let mut add = |condition: &str, value: Value| {
        values.push(value);
        sql.push_str(&format!(" AND {condition} ${}", values.len()));
    };
    for (column, asked) in [("placement_id =", filter.placement_id), ("person_id =", filter.person_id)] {
        if !asked.is_empty() {
            add(column, asked.into());
        }
    }
    if let Some(days) = filter.days {
        add("first_day <=", days.last.into());
        add("last_day >=", days.first.into());
    }
    if let Some(since) = filter.recorded_since {
        add("recorded_at >=", since.into());
    }
    if let Some(after) = &page.after {
        add("fact_id >", after.as_str().into());
    }
    if !filter.withdrawn_too {
        sql.push_str(" AND stands");
    }
    if let Some(units) = filter.units {
        let mut at_one = Vec::with_capacity(units.len());
        for (unit_id, days) in units {
            let n = values.len();
            values.extend([unit_id.as_str().into(), days.first.into(), days.last.into()]);
            at_one.push(format!("unit_id = ${} AND first_day BETWEEN ${} AND ${}", n + 1, n + 2, n + 3));
        }
        let at_one = if at_one.is_empty() { "1 = 0".to_owned() } else { at_one.join(" OR ") };
        sql.push_str(&format!(
            " AND EXISTS (SELECT 1 FROM placement WHERE placement.placement_id = fact.placement_id AND ({at_one}))"
        ));
    }
    values.push(i64::try_from(page.limit()).unwrap_or(i64::MAX).into());
    sql.push_str(&format!(" ORDER BY fact_id LIMIT ${}", values.len()));
    let found = rows(db, "placement_fact", statement(db, sql, values)).await?;
    found.iter().map(|row| row.get("fact_id")).collect()
}

fn read(row: &Found) -> Result<Row, DbError> {
    let fact_id: String = row.get("fact_id")?;
    let (first, last): (NaiveDate, NaiveDate) = (row.get("first_day")?, row.get("last_day")?);
    let days = Interval::new(first, last)
        .ok_or_else(|| DbError::row("placement_fact", "last_day", fact_id.as_str(), "is before first_day"))?;
    Ok(Row {
        fact_id,
        placement_id: row.get("placement_id")?,
        person_id: row.get("person_id")?,
        days,
        stands: row.get("stands")?,
        recorded_at: row.get("recorded_at")?,
    })
}
