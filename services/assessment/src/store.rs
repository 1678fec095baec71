//! What the stores of all resources share.

use niva_base::OpError;
use niva_names::PersonId;
use niva_store::{DbError, Tx, persons};
use sea_orm::{
    ActiveModelBehavior, ActiveModelTrait, ColumnTrait, Condition, ConnectionTrait, EntityTrait,
    IntoActiveModel,
};

use crate::Listed;

/// Rows in one INSERT and keys in one lookup: below 65 535 (SQLite: 32 766) binds at up to 12 columns.
pub(crate) const CHUNK: usize = 1_000;

/// Inserts one row unless its key is taken; whether it was inserted.
pub(crate) async fn insert_new<A, M>(tx: &Tx<'_>, row: M) -> Result<bool, DbError>
where
    A: ActiveModelTrait,
    M: IntoActiveModel<A>,
{
    let insert = A::Entity::insert(row.into_active_model()).on_conflict_do_nothing();
    Ok(matches!(insert.exec_without_returning(tx).await?, sea_orm::TryInsertResult::Inserted(1)))
}

/// Inserts rows whose keys were found free in this transaction.
pub(crate) async fn insert_all<A>(tx: &Tx<'_>, rows: impl IntoIterator<Item = A>) -> Result<(), OpError>
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

/// Writes a row over the one with its key.
pub(crate) async fn update<A, M>(tx: &Tx<'_>, row: M) -> Result<(), OpError>
where
    A: ActiveModelTrait + ActiveModelBehavior + Send,
    M: IntoActiveModel<A>,
    <A::Entity as EntityTrait>::Model: IntoActiveModel<A>,
{
    row.into_active_model().reset_all().update(tx).await.map_err(DbError::from)?;
    Ok(())
}

/// Whether a list tells of a fact, by the columns that every fact's table has.
pub(crate) fn listed(listed: &Listed, state: impl ColumnTrait, recorded_at: impl ColumnTrait) -> Condition {
    let stands = (!listed.withdrawn).then(|| state.eq("stands"));
    Condition::all().add_option(stands).add_option(listed.since.map(|since| recorded_at.gte(since)))
}

/// All ids of the person whom a list asks for, if it asks.
pub(crate) async fn same(
    db: &impl ConnectionTrait,
    person: Option<&PersonId>,
) -> Result<Option<Vec<String>>, DbError> {
    let Some(person) = person else { return Ok(None) };
    Ok(Some(persons::same(db, person).await?.into_iter().map(String::from).collect()))
}
