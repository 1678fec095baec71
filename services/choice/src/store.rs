//! What the stores of several resources have in common.

use niva_access::{Reach, Scope};
use niva_base::OpError;
use niva_choice_domain::Grant;
use niva_names::{DistrictId, NoServiceKey, ProviderId, ServiceInfo, ServiceKey};
use niva_store::{DbError, Tx};
use sea_orm::sea_query::{Expr, ExprTrait, Query};
use sea_orm::{ActiveModelTrait, ColumnTrait, Condition, EntityTrait, IntoActiveModel};

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

/// That a column says what a list asks for, if it asks.
pub(crate) fn says(column: impl ColumnTrait, wanted: Option<impl AsRef<str>>) -> Option<Expr> {
    wanted.map(|wanted| column.eq(wanted.as_ref()))
}

/// A key that was free when this transaction looked was taken by another since: a new transaction sees it.
pub(crate) fn inserted(result: Result<u64, DbError>) -> Result<(), OpError> {
    match result {
        Err(error) if error.is_unique_violation() => Err(OpError::Conflict(error.into())),
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

/// Rows of `table` that a call reaches: of people to whom one of its districts has granted the service; placements on days
/// that its provider runs the unit, and nothing else of a provider's; the person's own.
pub(crate) fn reached(table: &'static str, scope: &Scope) -> Condition {
    let all = Condition::all();
    match scope.reach() {
        Reach::City => all,
        Reach::Districts(districts) => all.add(granted_by(table, districts)),
        Reach::Provider(provider) if table == "placement" => all.add(run_by(provider)),
        Reach::Provider(_) | Reach::Author(_) => all.add(Expr::cust("1 = 0")),
        Reach::Person(person) => all.add(Expr::col((table, "person_id")).eq(person.as_str())),
    }
}

/// Rows of `table` about people to whom one of some districts has granted the service.
pub(crate) fn granted_by<'a>(
    table: &'static str,
    districts: impl IntoIterator<Item = &'a DistrictId>,
) -> Expr {
    let of = |column| Expr::col(("grant", column)).equals((table, column));
    let grants = Query::select()
        .expr(Expr::value(1))
        .from("grant")
        .and_where(of("person_id"))
        .and_where(of("service"))
        .and_where(Expr::col(("grant", "district")).is_in(districts.into_iter().map(DistrictId::as_str)))
        .to_owned();
    Expr::exists(grants)
}

/// Placements on days of which a provider runs the unit: who came before it or after it is not its own.
pub(crate) fn run_by(provider: &ProviderId) -> Expr {
    let period = |column| Expr::col(("unit_period", column));
    let placement = |column| Expr::col(("placement", column));
    let begins = placement("last_day").is_null().or(period("valid_from").lte(placement("last_day")));
    let lasts = period("last_day").is_null().or(period("last_day").gte(placement("ordered_start")));
    let periods = Query::select()
        .expr(Expr::value(1))
        .from("unit_period")
        .and_where(period("unit_id").equals(("placement", "unit_id")))
        .and_where(period("provider_id").eq(provider.as_str()))
        .and_where(begins)
        .and_where(lasts)
        .to_owned();
    Expr::exists(periods)
}
