//! What the stores of several resources have in common.

use niva_base::OpError;
use niva_choice_domain::Grant;
use niva_names::{NoServiceKey, ServiceInfo, ServiceKey};
use niva_store::{Database, DbError, Tx};
use sea_orm::sea_query::{Expr, ExprTrait, Query};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, ConnectionTrait, EntityTrait, IntoActiveModel, Statement,
};
use sea_orm_migration::MigratorTrait;

use crate::schema::Migrator;
use crate::sight::Sight;
use crate::wire::Listed;

/// Keys in one lookup: below 65 535 (SQLite: 32 766) binds.
pub(crate) const CHUNK: usize = 5_000;

/// What a row names in a column, which the schema says there is.
pub(crate) fn of_row<T>(
    table: &'static str,
    column: &'static str,
    row: &str,
    named: Option<T>,
) -> Result<T, OpError> {
    Ok(named.ok_or_else(|| DbError::row(table, column, row, "names what there is not"))?)
}

/// Inserts one row unless its key is taken; whether it was inserted.
pub(crate) async fn insert_new<A, M>(tx: &Tx<'_>, row: M) -> Result<bool, DbError>
where
    A: ActiveModelTrait,
    M: IntoActiveModel<A>,
{
    let insert = A::Entity::insert(row.into_active_model()).on_conflict_do_nothing();
    Ok(matches!(insert.exec_without_returning(tx).await?, sea_orm::TryInsertResult::Inserted(1)))
}

/// Rows of facts that a list tells of.
pub(crate) fn listed(state: impl ColumnTrait, recorded_at: impl ColumnTrait, listed: &Listed) -> Condition {
    let standing = (!listed.withdrawn).then(|| state.eq("stands"));
    let since = listed.since.map(|since| recorded_at.gte(since));
    standing.into_iter().chain(since).fold(Condition::all(), Condition::add)
}

/// A key that was free when this transaction looked was taken by another since.
pub(crate) fn inserted(result: Result<u64, DbError>) -> Result<(), OpError> {
    match result {
        Err(error) if error.is_unique_violation() => Err(OpError::Aborted {
            reason: "CONFLICT",
            message: "somebody else recorded some of these ids at the same time; try again".to_owned(),
        }),
        result => Ok(result.map(|_| ())?),
    }
}

pub(crate) fn service(table: &'static str, row: &str, name: &str) -> Result<ServiceKey, DbError> {
    name.parse().map_err(|e: NoServiceKey| DbError::row(table, "service", row, e))
}

/// What a person can have one of: placements and offers of the same service, or under the same grant where the service
/// is not exclusive.
pub(crate) fn beside(
    person: impl ColumnTrait,
    service: impl ColumnTrait,
    of: impl ColumnTrait,
    grant: &Grant,
    info: &ServiceInfo,
) -> Condition {
    if info.exclusive {
        return Condition::all()
            .add(person.eq(grant.person_id.as_str()))
            .add(service.eq(grant.service.as_str()));
    }
    Condition::all().add(of.eq(grant.grant_id.as_str()))
}

/// Rows that the caller may see: under grants of their districts, at units of their provider.
pub(crate) fn seen(of_grant: impl ColumnTrait, at_unit: impl ColumnTrait, sight: &Sight<'_>) -> Condition {
    let mut all = Condition::all();
    if !sight.districts.is_empty() {
        let grants = Query::select()
            .column("grant_id")
            .from("grant")
            .and_where(Expr::col("district").is_in(sight.districts.iter().map(String::as_str)))
            .to_owned();
        all = all.add(Expr::col(of_grant.as_column_ref()).in_subquery(grants));
    }
    if let Some(provider) = sight.provider {
        let units = Query::select()
            .column("unit_id")
            .from("unit_period")
            .and_where(Expr::col("provider_id").eq(provider))
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
