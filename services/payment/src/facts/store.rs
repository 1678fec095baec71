//! Facts of placements that payment is told itself: their revisions, and which of them stand.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use niva_calendar::Interval;
use niva_facts::{Author, Info, State, Telling};
use niva_names::{FactId, PersonId, PlacementId, UnitId};
use niva_payment_domain::FactKind;
use niva_store::DbError;
use niva_store::page::PageRequest;
use sea_orm::{ConnectionTrait, DbBackend, Value};

use crate::cases::store::{Place, about, merges};
use crate::content;
use crate::placement_fact::PlacementFact;
use crate::store::{KEYS, NOT_OF_DAYS, OF_DAYS, OWN, Row, Where, binds, rows, statement};

/// A revision that nobody has told another after; withdrawn or not. Asked of each row by itself, whatever a database believes of the
/// table.
fn newest_of_its_fact(kind: FactKind) -> String {
    format!(
        "fact.revision = (SELECT MAX(later.revision) FROM fact AS later WHERE kind = '{kind}' AND {OWN} \
         AND later.fact_id = fact.fact_id)"
    )
}

/// Revisions of a table or a query that is called fact.
fn revisions_of(facts: &str) -> String {
    format!(
        "SELECT fact_id, revision, withdrawn, content, recorded_at, reason, subject, role, placement_id FROM {facts} \
         JOIN author ON author.author_no = fact.author_no JOIN placement ON placement.placement_no = fact.placement_no"
    )
}

/// Revisions of a kind of facts. The condition on the kinds is the index's.
fn revisions_where(kind: FactKind, condition: &str) -> String {
    format!("{} WHERE kind = '{kind}' AND {OWN} AND {condition}", revisions_of("fact"))
}

/// The newest revisions of some facts, looked up one by one whatever a database believes of the table: PostgreSQL counts
/// nothing of what a transaction writes before its end.
fn newest_where_one_by_one(kind: FactKind, ids: usize) -> String {
    let wanted: Vec<String> = (1..=ids).map(|n| format!("(${n})")).collect();
    revisions_of(&format!(
        "(VALUES {}) AS wanted (wanted_id) CROSS JOIN LATERAL (SELECT * FROM fact WHERE kind = '{kind}' AND {OWN} \
         AND fact_id = wanted_id ORDER BY revision DESC LIMIT 1) AS fact",
        wanted.join(", ")
    ))
}

async fn found<M: PlacementFact>(
    db: &impl ConnectionTrait,
    condition: &str,
    values: impl IntoIterator<Item = Value>,
) -> Result<Vec<M>, DbError> {
    read_all(db, revisions_where(M::FACT, condition), values).await
}

async fn read_all<M: PlacementFact>(
    db: &impl ConnectionTrait,
    sql: String,
    values: impl IntoIterator<Item = Value>,
) -> Result<Vec<M>, DbError> {
    rows(db, "fact", statement(db, sql, values)).await?.iter().map(message).collect()
}

fn message<M: PlacementFact>(row: &Row) -> Result<M, DbError> {
    let state = if row.get("withdrawn")? { State::Withdrawn } else { State::Stands };
    let author = Author { subject: row.get("subject")?, role: row.get("role")? };
    let told = Telling { author, recorded_at: row.get("recorded_at")?, reason: row.get("reason")? };
    let revision = row.get::<i32>("revision")?.into();
    let info = Info { fact_id: row.get("fact_id")?, revision, state, told };
    let content: Vec<u8> = row.get("content")?;
    content::message(&content, row.get("placement_id")?, &info)
        .map_err(|e| DbError::row("fact", "content", info.fact_id.as_str(), e.to_string()))
}

/// A fact as it stands: its newest revision, withdrawn or not.
pub(super) async fn newest<M: PlacementFact>(
    db: &impl ConnectionTrait,
    id: &M::Id,
) -> Result<Option<M>, DbError> {
    Ok(found(db, "fact_id = $1 ORDER BY revision DESC LIMIT 1", [id.as_ref().into()]).await?.pop())
}

/// A fact as it stood at a recorded time: its newest revision told by then.
pub(super) async fn as_of<M: PlacementFact>(
    db: &impl ConnectionTrait,
    id: &M::Id,
    at: DateTime<Utc>,
) -> Result<Option<M>, DbError> {
    let told_by_then = "fact_id = $1 AND recorded_at <= $2 ORDER BY revision DESC LIMIT 1";
    Ok(found(db, told_by_then, [id.as_ref().into(), at.into()]).await?.pop())
}

/// The newest revisions of some facts, by id; ids that are not there are left out.
pub(crate) async fn newest_of<M: PlacementFact>(
    db: &impl ConnectionTrait,
    ids: &[M::Id],
) -> Result<BTreeMap<M::Id, M>, DbError> {
    let mut newest = BTreeMap::new();
    for ids in ids.chunks(KEYS) {
        let sql = if db.get_database_backend() == DbBackend::Postgres {
            newest_where_one_by_one(M::FACT, ids.len())
        } else {
            // Revisions in order: a later one takes the earlier one's place.
            let condition = format!("fact_id IN ({}) ORDER BY fact_id, revision", binds(1, ids.len()));
            revisions_where(M::FACT, &condition)
        };
        for fact in read_all::<M>(db, sql, ids.iter().map(|id| id.as_ref().into())).await? {
            newest.insert(fact.id(), fact);
        }
    }
    Ok(newest)
}

/// A page of a fact's revisions, the first first. The page's key is the revision.
pub(super) async fn revisions<M: PlacementFact>(
    db: &impl ConnectionTrait,
    id: &M::Id,
    page: &PageRequest,
) -> Result<Vec<M>, DbError> {
    let after: i64 = page.after.as_deref().and_then(|after| after.parse().ok()).unwrap_or(0);
    let limit = i64::try_from(page.limit()).unwrap_or(i64::MAX);
    let condition = "fact_id = $1 AND revision > $2 ORDER BY revision LIMIT $3";
    found(db, condition, [id.as_ref().into(), after.into(), limit.into()]).await
}

/// All revisions of all facts of a kind that some records have, which are one person's; in the order of facts, the first first.
pub(crate) async fn told_of<M: PlacementFact>(
    db: &impl ConnectionTrait,
    persons: &[PersonId],
) -> Result<Vec<M>, DbError> {
    let mut at = Where::default();
    about(&mut at, persons, None);
    let (own, values) = at.finish();
    // By the case, which the facts' index has; of the placement's case, where the placement is told of now.
    let cases = format!("case_no IN (SELECT case_no FROM care_case AS of_person WHERE {own})");
    found(db, &format!("{} AND {cases} ORDER BY fact_id, revision", of_case(M::FACT, None)), values).await
}

/// Who told the revisions of a fact after one of them; after 0, all.
pub(super) async fn authors_since<M: PlacementFact>(
    db: &impl ConnectionTrait,
    id: &M::Id,
    revision: i64,
) -> Result<Vec<String>, DbError> {
    let sql = format!(
        "SELECT DISTINCT subject FROM fact JOIN author ON author.author_no = fact.author_no \
         WHERE kind = '{}' AND {OWN} AND fact_id = $1 AND revision > $2",
        M::FACT
    );
    let found = rows(db, "fact", statement(db, sql, [id.as_ref().into(), revision.into()])).await?;
    found.iter().map(|row| row.get("subject")).collect()
}

/// A fact that stands for a placement.
#[derive(Debug)]
pub(super) struct Standing {
    pub(super) fact_id: FactId,
    pub(super) placement_id: PlacementId,
    pub(super) days: Interval,
}

/// The facts of a kind that stand for some placements and have one of some days.
pub(super) async fn standing<'p>(
    db: &impl ConnectionTrait,
    kind: FactKind,
    places: impl Iterator<Item = &'p Place>,
    days: Interval,
) -> Result<Vec<Standing>, DbError> {
    let places: Vec<&Place> = places.collect();
    let mut found = Vec::new();
    for places in places.chunks(KEYS) {
        let sql = standing_one_by_one(db.get_database_backend(), kind, places.len());
        let days = [Value::from(days.first), days.last.into()].into_iter();
        let numbers = places.iter().flat_map(|at| [Value::from(at.case_no), at.placement_no.into()]);
        for row in rows(db, "fact", statement(db, sql, days.chain(numbers))).await? {
            found.push(read(&row)?);
        }
    }
    Ok(found)
}

/// Placement by placement, whatever a database believes of the table: PostgreSQL counts nothing of what a transaction writes before
/// its end, and then reads all facts of a case for those of a day.
fn standing_one_by_one(database: DbBackend, kind: FactKind, places: usize) -> String {
    let (cast, each, end) = match database {
        DbBackend::Postgres => {
            ("::integer", "CROSS JOIN LATERAL (SELECT * FROM fact WHERE", "OFFSET 0) AS fact")
        }
        _ => ("", "CROSS JOIN fact WHERE", ""),
    };
    let row = |n: usize| format!("(${}{cast}, ${}{cast})", 2 * n + 3, 2 * n + 4);
    let wanted: Vec<String> = (0..places).map(row).collect();
    format!(
        "WITH wanted (wanted_case, wanted_no) AS (VALUES {}) SELECT fact_id, first_day, last_day, \
         (SELECT placement_id FROM placement WHERE placement.placement_no = wanted_no) AS placement_id \
         FROM wanted {each} kind = '{kind}' AND {} AND case_no = wanted_case AND fact.placement_no = wanted_no \
         AND NOT withdrawn AND last_day >= $1 AND first_day <= $2 AND {} {end}",
        wanted.join(", "),
        of_case(kind, Some(1)),
        newest_of_its_fact(kind),
    )
}

/// What an index of a case's facts asks for; of days from the value at a place on, where one is given. No fact of days is found by
/// another day than it may change the payment of.
fn of_case(kind: FactKind, from: Option<usize>) -> String {
    match from {
        Some(from) if kind.is_of_days() => format!("{OF_DAYS} AND touched_last >= ${from}"),
        _ if kind.is_of_days() => OF_DAYS.to_owned(),
        _ => NOT_OF_DAYS.to_owned(),
    }
}

fn read(row: &Row) -> Result<Standing, DbError> {
    let fact_id: FactId = row.get("fact_id")?;
    let (first, last): (NaiveDate, NaiveDate) = (row.get("first_day")?, row.get("last_day")?);
    let days = Interval::new(first, last)
        .ok_or_else(|| DbError::row("fact", "last_day", fact_id.as_str(), "is before first_day"))?;
    Ok(Standing { fact_id, placement_id: row.get("placement_id")?, days })
}

/// Which facts of a kind are asked for.
#[derive(Debug, Default)]
pub(super) struct Filter<'a> {
    pub(super) placement_id: Option<&'a PlacementId>,
    pub(super) person_id: Option<&'a PersonId>,
    pub(super) days: Option<Interval>,
    pub(super) recorded_since: Option<DateTime<Utc>>,
    pub(super) withdrawn_too: bool,
    /// Only of placements at these units on these days.
    pub(super) units: Option<&'a [(UnitId, Interval)]>,
}

/// A page of ids, in order.
pub(super) async fn list<M: PlacementFact>(
    db: &impl ConnectionTrait,
    filter: &Filter<'_>,
    page: &PageRequest,
) -> Result<Vec<M::Id>, DbError> {
    let (mut at, mut tables, kind) = (Where::default(), "fact", M::FACT);
    at.and(format!("kind = '{kind}'"));
    at.and(newest_of_its_fact(kind));
    if let Some(days) = filter.days {
        let (first, last) = (at.bind(days.first), at.bind(days.last));
        at.and(format!("fact.last_day >= {first} AND first_day <= {last}"));
        if kind.is_of_days() {
            at.and(format!("touched_last >= {first}"));
        }
    }
    if filter.placement_id.is_none() && filter.person_id.is_none() {
        at.and(OWN);
    } else {
        at.and(of_case(kind, None));
    }
    if let Some(id) = filter.placement_id {
        let id = at.bind(id.as_str());
        let number = format!("(SELECT placement_no FROM placement WHERE placement_id = {id})");
        let case = "SELECT case_no FROM care_case JOIN placement ON placement.case_key = care_case.case_key";
        at.and(format!("fact.placement_no = {number} AND fact.case_no = ({case} WHERE placement_id = {id})"));
    }
    if let Some(person) = filter.person_id {
        tables = "fact JOIN care_case ON care_case.case_no = fact.case_no";
        let same: Vec<_> = merges::as_of(db, i64::MAX).await?.same(person).into_iter().collect();
        about(&mut at, &same, None);
    }
    if let Some(since) = filter.recorded_since {
        let since = at.bind(since);
        at.and(format!("recorded_at >= {since}"));
    }
    if let Some(after) = &page.after {
        let after = at.bind(after.as_str());
        at.and(format!("fact_id > {after}"));
    }
    if !filter.withdrawn_too {
        at.and("NOT withdrawn");
    }
    if let Some(units) = filter.units {
        let one = at_one_of(&mut at, units);
        at.and(one);
    }
    let limit = at.bind(i64::try_from(page.limit()).unwrap_or(i64::MAX));
    let (conditions, values) = at.finish();
    let sql = format!("SELECT fact_id FROM {tables} WHERE {conditions} ORDER BY fact_id LIMIT {limit}");
    let found = rows(db, "fact", statement(db, sql, values)).await?;
    found.iter().map(|row| Ok(row.get::<String>("fact_id")?.into())).collect()
}

/// At one of some units on its days.
fn at_one_of(at: &mut Where, units: &[(UnitId, Interval)]) -> String {
    let at_one = units.iter().map(|(unit_id, days)| {
        let (unit, first, last) = (at.bind(unit_id.as_str()), at.bind(days.first), at.bind(days.last));
        format!("unit_id = {unit} AND first_day BETWEEN {first} AND {last}")
    });
    let at_one: Vec<String> = at_one.collect();
    let at_one = if at_one.is_empty() { "1 = 0".to_owned() } else { at_one.join(" OR ") };
    format!(
        "EXISTS (SELECT 1 FROM placement WHERE placement.placement_no = fact.placement_no AND ({at_one}))"
    )
}
