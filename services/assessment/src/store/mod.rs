//! Queries; the only place that knows sea-orm.

pub(crate) mod decisions;
pub(crate) mod entity;
pub(crate) mod grants;
pub(crate) mod measurements;
pub(crate) mod persons;
mod schema;

use niva_kit::{DbError, OpError, Tx};
use sea_orm::sea_query::{Expr, ExprTrait, Query, SelectStatement};
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel};

use entity::person;
pub use schema::Migrator;

/// Rows in one INSERT and keys in one lookup: below 65 535 (SQLite: 32 766) binds at up to 12 columns.
const CHUNK: usize = 1_000;

/// Inserts one row unless its key is taken; whether it was inserted.
async fn insert_new<A, M>(tx: &Tx<'_>, row: M) -> Result<bool, DbError>
where
    A: ActiveModelTrait,
    M: IntoActiveModel<A>,
{
    let insert = A::Entity::insert(row.into_active_model()).on_conflict_do_nothing();
    Ok(matches!(insert.exec_without_returning(tx).await?, sea_orm::TryInsertResult::Inserted(1)))
}

/// Inserts rows whose keys were found free in this transaction.
async fn insert_all<A>(tx: &Tx<'_>, rows: impl IntoIterator<Item = A>) -> Result<(), OpError>
where
    A: ActiveModelTrait,
{
    let mut rows = rows.into_iter().peekable();
    while rows.peek().is_some() {
        let chunk: Vec<A> = rows.by_ref().take(CHUNK).collect();
        let expected = chunk.len() as u64;
        let insert = A::Entity::insert_many(chunk).on_conflict_do_nothing();
        match insert.exec_without_returning(tx).await.map_err(DbError::from)? {
            sea_orm::TryInsertResult::Inserted(inserted) if inserted == expected => {}
            _ => {
                return Err(OpError::Aborted {
                    reason: "CONFLICT",
                    message: "somebody else recorded some of these ids at the same time; try again"
                        .to_owned(),
                });
            }
        }
    }
    Ok(())
}

/// Ids of people in some districts, as a subquery.
fn people_in(districts: &[String]) -> SelectStatement {
    Query::select()
        .column(person::Column::PersonId)
        .from(person::Entity)
        .and_where(person::Column::District.is_in(districts.iter().map(String::as_str)))
        .to_owned()
}

/// Whether a person lives in one of the districts; no districts: anywhere.
fn seen(column: impl ColumnTrait, districts: &[String]) -> sea_orm::Condition {
    let all = sea_orm::Condition::all();
    if districts.is_empty() {
        all
    } else {
        all.add(Expr::col(column.as_column_ref()).in_subquery(people_in(districts)))
    }
}
