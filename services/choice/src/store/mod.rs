//! Queries; the only place that knows sea-orm.

pub(crate) mod entity;
pub(crate) mod grants;
pub(crate) mod offers;
pub(crate) mod placements;
pub(crate) mod providers;
mod schema;
pub(crate) mod units;
pub(crate) mod wishes;

use chrono::{DateTime, Utc};
use niva_choice_domain::{Grant, exclusive};
use niva_kit::{Database, DbError, OpError, Tx};
use niva_models::Service;
use sea_orm::sea_query::{Expr, ExprTrait, Query};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, ConnectionTrait, EntityTrait, IntoActiveModel, Statement,
};
use sea_orm_migration::MigratorTrait;

use crate::sight::Sight;
use entity::{grant, unit};
pub use schema::Migrator;

/// Keys in one lookup: below 65 535 (SQLite: 32 766) binds.
const CHUNK: usize = 5_000;

/// Inserts one row unless its key is taken; whether it was inserted.
async fn insert_new<A, M>(tx: &Tx<'_>, row: M) -> Result<bool, DbError>
where
    A: ActiveModelTrait,
    M: IntoActiveModel<A>,
{
    let insert = A::Entity::insert(row.into_active_model()).on_conflict_do_nothing();
    Ok(matches!(insert.exec_without_returning(tx).await?, sea_orm::TryInsertResult::Inserted(1)))
}

/// A key that was free when this transaction looked was taken by another since.
fn inserted(result: Result<u64, DbError>) -> Result<(), OpError> {
    match result {
        Err(error) if error.is_unique_violation() => Err(OpError::Aborted {
            reason: "CONFLICT",
            message: "somebody else recorded some of these ids at the same time; try again".to_owned(),
        }),
        result => Ok(result.map(|_| ())?),
    }
}

fn service(table: &'static str, row: &str, name: &str) -> Result<Service, DbError> {
    name.parse().map_err(|e: niva_models::UnknownName| DbError::row(table, "service", row, e))
}

/// What a person can have one of: placements and offers of the same service, or under the same grant where the service
/// is not exclusive.
fn beside(
    person: impl ColumnTrait,
    service: impl ColumnTrait,
    of: impl ColumnTrait,
    grant: &Grant,
) -> Condition {
    if exclusive(grant.service) {
        return Condition::all()
            .add(person.eq(grant.person_id.as_str()))
            .add(service.eq(grant.service.as_str()));
    }
    Condition::all().add(of.eq(grant.grant_id.as_str()))
}

/// Rows that the caller may see: under grants of their districts, at units of their provider.
fn seen(of_grant: impl ColumnTrait, at_unit: impl ColumnTrait, sight: &Sight<'_>) -> Condition {
    let mut all = Condition::all();
    if !sight.districts.is_empty() {
        let grants = Query::select()
            .column(grant::Column::GrantId)
            .from(grant::Entity)
            .and_where(grant::Column::District.is_in(sight.districts.iter().map(String::as_str)))
            .to_owned();
        all = all.add(Expr::col(of_grant.as_column_ref()).in_subquery(grants));
    }
    if let Some(provider) = sight.provider {
        let units = Query::select()
            .column(unit::Column::UnitId)
            .from(unit::Entity)
            .and_where(unit::Column::ProviderId.eq(provider))
            .to_owned();
        all = all.add(Expr::col(at_unit.as_column_ref()).in_subquery(units));
    }
    all
}

/// The first migration that is not applied.
pub(crate) async fn pending_migration(db: &Database) -> Option<String> {
    let sql = "SELECT version FROM seaql_migrations";
    let select = Statement::from_string(db.conn().get_database_backend(), sql);
    // Without the table nothing is applied.
    let rows = db.conn().query_all_raw(select).await.unwrap_or_default();
    let applied: Vec<String> = rows.iter().filter_map(|row| row.try_get("", "version").ok()).collect();
    let all = Migrator::migrations();
    all.iter().map(|m| m.name().to_owned()).find(|name| !applied.contains(name))
}

/// When the cursor of a feed last moved.
pub(crate) async fn cursor_moved(
    db: &impl ConnectionTrait,
    feed: &str,
) -> Result<Option<DateTime<Utc>>, DbError> {
    let sql = "SELECT updated_at FROM feed_cursor WHERE feed = $1";
    let select = Statement::from_sql_and_values(db.get_database_backend(), sql, [feed.into()]);
    Ok(db.query_one_raw(select).await?.map(|row| row.try_get("", "updated_at")).transpose()?)
}
