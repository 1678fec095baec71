//! Which ids are one person's: records that were merged, for queries of a service that knows people by id.
//!
//! What was told of a record stays told of its id. Whoever asks for a person asks for all ids of that person ([`same`]), so that
//! a merge, and its withdrawal, changes nothing but what stands here.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use niva_names::{Merge, Merges, PersonId, PersonMergeId};
use sea_orm::sea_query::{Expr, ExprTrait, Query, SelectStatement};
use sea_orm::{ConnectionTrait, QueryResult, Statement, Value};
use sea_orm_migration::MigrationTrait;

use crate::bulk::{self, Cell};
use crate::error::DbError;
use crate::schema::Migration;
use crate::tx::Tx;

/// Ids in one query: below the 32 766 binds that SQLite takes.
const CHUNK: usize = 1_000;

/// Keeps a merge as it is now known, and what follows from it. One that is older than what is known changes nothing.
///
/// # Errors
/// The database's.
pub async fn put(tx: &Tx<'_>, merge: &Merge, recorded_at: DateTime<Utc>) -> Result<(), DbError> {
    let sql = "INSERT INTO person_merge \
               (person_merge_id, from_person_id, into_person_id, revision, state, recorded_at) \
               VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (person_merge_id) DO UPDATE SET \
               revision = excluded.revision, state = excluded.state, recorded_at = excluded.recorded_at \
               WHERE excluded.revision > person_merge.revision";
    let state = if merge.stands { "stands" } else { "withdrawn" };
    let values: [Value; 6] = [
        merge.id.as_str().into(),
        merge.from.as_str().into(),
        merge.into.as_str().into(),
        merge.revision.into(),
        state.into(),
        recorded_at.into(),
    ];
    tx.execute_raw(statement(tx, sql, values)).await?;
    regroup(tx, merge).await
}

/// Writes anew which ids are one person's with the two of a merge.
async fn regroup(tx: &Tx<'_>, merge: &Merge) -> Result<(), DbError> {
    let mut affected = BTreeSet::new();
    for person in [&merge.from, &merge.into] {
        affected.extend(same(tx, person).await?);
    }
    let merges = standing(tx, &affected).await?;
    let affected: Vec<&PersonId> = affected.iter().collect();
    for ids in affected.chunks(CHUNK) {
        let sql = format!("DELETE FROM same_person WHERE person_id IN ({})", binds(ids.len()));
        tx.execute_raw(statement(tx, sql, ids.iter().map(|id| id.as_str().into()))).await?;
    }
    let mut rows = Vec::new();
    for person in affected {
        let stays = merges.survivor(person);
        for other in merges.same(person).iter().filter(|other| *other != person) {
            rows.push([
                Cell::from(person.as_str()),
                Cell::from(other.as_str().to_owned()),
                (other == stays).into(),
            ]);
        }
    }
    bulk::insert(tx, "same_person", ["person_id", "other_id", "stays"], rows).await?;
    Ok(())
}

/// The merges that stand of some records.
async fn standing(db: &impl ConnectionTrait, persons: &BTreeSet<PersonId>) -> Result<Merges, DbError> {
    let persons: Vec<&PersonId> = persons.iter().collect();
    let mut found = Merges::default();
    for ids in persons.chunks(CHUNK) {
        let sql = format!(
            "SELECT person_merge_id, from_person_id, into_person_id, revision FROM person_merge \
             WHERE state = 'stands' AND from_person_id IN ({})",
            binds(ids.len())
        );
        for row in rows(db, &sql, ids.iter().map(|id| id.as_str().into())).await? {
            found.tell(Merge {
                id: row.try_get::<PersonMergeId>("", "person_merge_id")?,
                revision: row.try_get("", "revision")?,
                from: row.try_get("", "from_person_id")?,
                into: row.try_get("", "into_person_id")?,
                stands: true,
            });
        }
    }
    Ok(found)
}

/// All ids of the person who has this one, itself first.
///
/// # Errors
/// The database's.
pub async fn same(db: &impl ConnectionTrait, person: &PersonId) -> Result<Vec<PersonId>, DbError> {
    let mut found = vec![person.clone()];
    let sql = "SELECT other_id FROM same_person WHERE person_id = $1 ORDER BY 1";
    for row in rows(db, sql, [person.as_str().into()]).await? {
        found.push(row.try_get("", "other_id")?);
    }
    Ok(found)
}

/// [`same`] of some people: by id the others, of those who have any.
///
/// # Errors
/// The database's.
pub async fn others_of<'p>(
    db: &impl ConnectionTrait,
    persons: impl IntoIterator<Item = &'p PersonId>,
) -> Result<BTreeMap<PersonId, Vec<PersonId>>, DbError> {
    let persons: Vec<&PersonId> = persons.into_iter().collect();
    let mut found: BTreeMap<PersonId, Vec<PersonId>> = BTreeMap::new();
    for ids in persons.chunks(CHUNK) {
        let sql = format!(
            "SELECT person_id, other_id FROM same_person WHERE person_id IN ({}) ORDER BY 1, 2",
            binds(ids.len())
        );
        for row in rows(db, &sql, ids.iter().map(|id| id.as_str().into())).await? {
            found.entry(row.try_get("", "person_id")?).or_default().push(row.try_get("", "other_id")?);
        }
    }
    Ok(found)
}

/// The record that stays of a person whose record was merged into another; `None`: it was not.
///
/// # Errors
/// The database's.
pub async fn merged_into(db: &impl ConnectionTrait, person: &PersonId) -> Result<Option<PersonId>, DbError> {
    let sql = "SELECT other_id FROM same_person WHERE person_id = $1 AND stays";
    let found = rows(db, sql, [person.as_str().into()]).await?;
    Ok(found.first().map(|row| row.try_get("", "other_id")).transpose()?)
}

/// [`merged_into`] of some people: of those who were.
///
/// # Errors
/// The database's.
pub async fn merged<'p>(
    db: &impl ConnectionTrait,
    persons: impl IntoIterator<Item = &'p PersonId>,
) -> Result<BTreeMap<PersonId, PersonId>, DbError> {
    let persons: Vec<&PersonId> = persons.into_iter().collect();
    let mut found = BTreeMap::new();
    for ids in persons.chunks(CHUNK) {
        let sql = format!(
            "SELECT person_id, other_id FROM same_person WHERE stays AND person_id IN ({})",
            binds(ids.len())
        );
        for row in rows(db, &sql, ids.iter().map(|id| id.as_str().into())).await? {
            found.insert(row.try_get("", "person_id")?, row.try_get("", "other_id")?);
        }
    }
    Ok(found)
}

/// The other ids of people of whom `of` is true by one of their ids, as a subquery; `of` speaks of the column that it is given.
pub fn others_in(of: impl FnOnce(Expr) -> Expr) -> SelectStatement {
    let person = Expr::col(("same_person", "person_id"));
    Query::select().column("other_id").from("same_person").and_where(of(person)).to_owned()
}

/// That a column names a person, by whichever id.
pub fn is(column: Expr, person: &PersonId) -> Expr {
    let others = others_in(|same| same.eq(person.as_str()));
    column.clone().eq(person.as_str()).or(column.in_subquery(others))
}

/// Migration of the tables, for a service's `Migrator`.
#[must_use]
pub fn migration() -> Box<dyn MigrationTrait> {
    Migration::boxed("person_merge_1", include_str!("../migrations/0001_person_merge.sql"))
}

fn binds(count: usize) -> String {
    (1..=count).map(|n| format!("${n}")).collect::<Vec<_>>().join(", ")
}

fn statement(
    db: &impl ConnectionTrait,
    sql: impl Into<String>,
    values: impl IntoIterator<Item = Value>,
) -> Statement {
    Statement::from_sql_and_values(db.get_database_backend(), sql, values)
}

async fn rows(
    db: &impl ConnectionTrait,
    sql: &str,
    values: impl IntoIterator<Item = Value>,
) -> Result<Vec<QueryResult>, DbError> {
    Ok(db.query_all_raw(statement(db, sql, values)).await?)
}
