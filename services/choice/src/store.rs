//! What the stores of several resources have in common.

use niva_access::{Reach, Scope};
use niva_base::OpError;
use niva_choice_domain::Grant;
use niva_names::{DistrictId, NoServiceKey, PersonId, ProviderId, ServiceInfo, ServiceKey};
use niva_store::{DbError, Tx, persons};
use sea_orm::sea_query::{Expr, ExprTrait, Query};
use sea_orm::{ActiveModelTrait, ColumnTrait, Condition, ConnectionTrait, EntityTrait, IntoActiveModel};

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
    (person, same): (impl ColumnTrait, &[PersonId]),
    service: impl ColumnTrait,
    of: impl ColumnTrait,
    grant: &Grant,
    info: &ServiceInfo,
) -> Condition {
    if info.exclusive {
        return Condition::all()
            .add(person.is_in(same.iter().map(PersonId::as_str)))
            .add(service.eq(grant.service.as_str()));
    }
    Condition::all().add(of.eq(grant.grant_id.as_str()))
}

/// All ids of the person whom a list asks for, if it asks.
pub(crate) async fn same(
    db: &impl ConnectionTrait,
    person: Option<&PersonId>,
) -> Result<Option<Vec<String>>, DbError> {
    let Some(person) = person else { return Ok(None) };
    Ok(Some(persons::same(db, person).await?.into_iter().map(String::from).collect()))
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
        Reach::Person(person) => all.add(persons::is(Expr::col((table, "person_id")), person)),
    }
}

/// Rows of `table` about people to whom one of some districts has granted the service, by whichever record.
pub(crate) fn granted_by<'a>(
    table: &'static str,
    districts: impl IntoIterator<Item = &'a DistrictId>,
) -> Expr {
    granted_beside(table, "granted", districts)
}

/// [`granted_by`], in which the grants go by a name of their own.
pub(crate) fn granted_beside<'a>(
    table: &'static str,
    name: &'static str,
    districts: impl IntoIterator<Item = &'a DistrictId>,
) -> Expr {
    let mut grants = Query::select()
        .expr(Expr::value(1))
        .from_as("grant", name)
        .and_where(Expr::col((name, "service")).equals((table, "service")))
        .and_where(Expr::col((name, "district")).is_in(districts.into_iter().map(DistrictId::as_str)))
        .to_owned();
    let mut of_others = grants.clone();
    of_others
        .from("same_person")
        .and_where(Expr::col(("same_person", "person_id")).equals((table, "person_id")))
        .and_where(Expr::col((name, "person_id")).equals(("same_person", "other_id")));
    grants.and_where(Expr::col((name, "person_id")).equals((table, "person_id")));
    Expr::exists(grants).or(Expr::exists(of_others))
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
