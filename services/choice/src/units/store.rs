//! Units.
#![allow(unreachable_pub, reason = "sea-orm's macros write `pub` items beside a `pub` Model")]

use std::collections::BTreeMap;

use niva_base::OpError;
use niva_calendar::{NaiveDate, day_before};
use niva_choice_domain::{Periods, Refusal, Unit, UnitTerms};
use niva_facts::Info;
use niva_models::Regime;
use niva_names::{DistrictId, ProviderId, ServiceKey, UnitId, UnknownName};
use niva_store::page::PageRequest;
use niva_store::{DbError, Tx, bulk};
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{Expr, ExprTrait, Query};
use sea_orm::{Condition, IntoActiveModel, QueryOrder, QuerySelect, Statement};

use crate::store::says;
use crate::wire::Listed;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "unit")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub unit_id: UnitId,
    pub name: String,
    pub service: String,
    pub state: String,
    pub recorded_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}

mod period {
    use niva_names::{DistrictId, ProviderId, UnitId};
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "unit_period")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub unit_id: UnitId,
        #[sea_orm(primary_key, auto_increment = false)]
        pub valid_from: Date,
        pub last_day: Option<Date>,
        pub provider_id: ProviderId,
        pub district: DistrictId,
        pub regime: String,
        pub capacity: i64,
        pub orientation: String,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// What a list of units is filtered by: terms of a day, and the service.
pub(crate) struct Wanted {
    pub(crate) service: Option<ServiceKey>,
    pub(crate) district: Option<DistrictId>,
    pub(crate) provider_id: Option<ProviderId>,
    pub(crate) day: NaiveDate,
}

/// Inserts a unit unless its id is taken; whether it was inserted.
pub(crate) async fn insert(tx: &Tx<'_>, unit: &Unit, info: &Info) -> Result<bool, OpError> {
    let inserted = crate::store::insert_new::<ActiveModel, _>(tx, row(unit, info)).await?;
    if inserted {
        insert_periods(tx, std::iter::once(unit)).await?;
    }
    Ok(inserted)
}

pub(crate) async fn insert_all(tx: &Tx<'_>, told: &[(Unit, Info)]) -> Result<(), OpError> {
    let columns = ["unit_id", "name", "service", "state", "recorded_at"];
    let rows = told.iter().map(|(unit, info)| row(unit, info)).map(|r| {
        [
            String::from(r.unit_id).into(),
            r.name.into(),
            r.service.into(),
            r.state.into(),
            r.recorded_at.into(),
        ]
    });
    crate::store::inserted(bulk::insert(tx, "unit", columns, rows.collect::<Vec<_>>()).await)?;
    insert_periods(tx, told.iter().map(|(unit, _)| unit)).await
}

async fn insert_periods(tx: &Tx<'_>, units: impl Iterator<Item = &Unit>) -> Result<(), OpError> {
    let columns =
        ["unit_id", "valid_from", "last_day", "provider_id", "district", "regime", "capacity", "orientation"];
    let mut rows = Vec::new();
    for unit in units {
        let all = unit.periods.all();
        let ends = all.iter().skip(1).map(|(next, _)| Some(day_before(*next))).chain([None]);
        rows.extend(all.iter().zip(ends).map(|((from, terms), last)| {
            [
                bulk::Cell::from(unit.unit_id.as_str()),
                (*from).into(),
                last.into(),
                terms.provider_id.as_str().into(),
                terms.district.as_str().into(),
                terms.regime.as_str().into(),
                i64::from(terms.capacity).into(),
                (&terms.orientation).into(),
            ]
        }));
    }
    bulk::insert(tx, "unit_period", columns, rows).await?;
    Ok(())
}

/// Writes a unit over what [`lock`] read.
pub(crate) async fn update(tx: &Tx<'_>, unit: &Unit, info: &Info) -> Result<(), OpError> {
    row(unit, info).into_active_model().reset_all().update(tx).await.map_err(DbError::from)?;
    let old = period::Entity::delete_many().filter(period::Column::UnitId.eq(unit.unit_id.as_str()));
    old.exec(tx).await.map_err(DbError::from)?;
    insert_periods(tx, std::iter::once(unit)).await
}

/// The unit, also a withdrawn one, held to the transaction's end.
pub(crate) async fn lock(tx: &Tx<'_>, id: &UnitId) -> Result<Option<Unit>, DbError> {
    let row = Entity::find_by_id(id.clone()).lock_exclusive().one(tx).await?;
    Ok(with_periods(tx, row.into_iter().collect()).await?.remove(id))
}

/// The unit, if it stands, held to the transaction's end: whoever gives one of its places away holds it, so that a place
/// is given once.
pub(crate) async fn hold(tx: &Tx<'_>, id: &UnitId) -> Result<Option<Unit>, DbError> {
    Ok(hold_all(tx, &[id]).await?.remove(id))
}

/// Those of `ids` that stand, held to the transaction's end; in order of id, so that two who hold many never wait for
/// each other.
pub(crate) async fn hold_all(tx: &Tx<'_>, ids: &[&UnitId]) -> Result<BTreeMap<UnitId, Unit>, DbError> {
    let mut rows = Vec::new();
    for chunk in ids.chunks(crate::store::CHUNK) {
        let query = Entity::find().filter(Column::UnitId.is_in(chunk.iter().map(|id| id.as_str())));
        let query = query.filter(Column::State.eq("stands")).order_by_asc(Column::UnitId);
        rows.extend(query.lock_exclusive().all(tx).await?);
    }
    with_periods(tx, rows).await
}

/// The unit, also a withdrawn one.
pub(crate) async fn find(db: &impl ConnectionTrait, id: &UnitId) -> Result<Option<Unit>, DbError> {
    let row = Entity::find_by_id(id.clone()).one(db).await?;
    Ok(with_periods(db, row.into_iter().collect()).await?.remove(id))
}

/// Those of `ids` that stand.
pub(crate) async fn find_all(
    db: &impl ConnectionTrait,
    ids: &[UnitId],
) -> Result<BTreeMap<UnitId, Unit>, DbError> {
    let query = Entity::find().filter(Column::UnitId.is_in(ids.iter().map(UnitId::as_str)));
    with_periods(db, query.filter(Column::State.eq("stands")).all(db).await?).await
}

/// Whether a wish, an offer or a placement that stands names the unit.
pub(crate) async fn is_in_use(tx: &Tx<'_>, id: &UnitId) -> Result<bool, DbError> {
    let sql = "SELECT 1 AS used WHERE EXISTS (SELECT 1 FROM placement WHERE unit_id = $1 AND state = 'stands') \
               OR EXISTS (SELECT 1 FROM offer WHERE unit_id = $1 AND state = 'stands' AND answer = 'open') \
               OR EXISTS (SELECT 1 FROM wish JOIN wish_unit ON wish_unit.wish_id = wish.wish_id \
               WHERE wish_unit.unit_id = $1 AND wish.state = 'stands')";
    let select = Statement::from_sql_and_values(tx.get_database_backend(), sql, [id.as_str().into()]);
    Ok(tx.query_one_raw(select).await?.is_some())
}

/// Ids of a page, in order.
pub(crate) async fn list(
    db: &impl ConnectionTrait,
    wanted: &Wanted,
    listed: &Listed,
    page: &PageRequest,
) -> Result<Vec<UnitId>, DbError> {
    let mut query = Entity::find().select_only().column(Column::UnitId);
    query = query.filter(crate::store::listed(Column::State, Column::RecordedAt, listed));
    if let Some(service) = wanted.service {
        query = query.filter(Column::Service.eq(service.as_str()));
    }
    if wanted.district.is_some() || wanted.provider_id.is_some() {
        use period::Column as P;
        let ended = Condition::any().add(P::LastDay.is_null()).add(P::LastDay.gte(wanted.day));
        let on = Condition::all()
            .add(P::ValidFrom.lte(wanted.day))
            .add(ended)
            .add_option(says(P::District, wanted.district.as_ref()))
            .add_option(says(P::ProviderId, wanted.provider_id.as_ref()));
        let units = Query::select().column(P::UnitId).from(period::Entity).cond_where(on).to_owned();
        query = query.filter(Expr::col(Column::UnitId).in_subquery(units));
    }
    if let Some(after) = &page.after {
        query = query.filter(Column::UnitId.gt(after.as_str()));
    }
    Ok(query.order_by_asc(Column::UnitId).limit(page.limit()).into_tuple().all(db).await?)
}

async fn with_periods(
    db: &impl ConnectionTrait,
    rows: Vec<Model>,
) -> Result<BTreeMap<UnitId, Unit>, DbError> {
    let mut periods: BTreeMap<UnitId, Vec<(NaiveDate, UnitTerms)>> = BTreeMap::new();
    let ids: Vec<_> = rows.iter().map(|row| &row.unit_id).collect();
    for chunk in ids.chunks(crate::store::CHUNK) {
        let query =
            period::Entity::find().filter(period::Column::UnitId.is_in(chunk.iter().map(|id| id.as_str())));
        for row in query.all(db).await? {
            let unit_id = row.unit_id.clone();
            periods.entry(unit_id).or_default().push((row.valid_from, terms(row)?));
        }
    }
    let unit = |row: Model| {
        let wrong = |wrong: Vec<Refusal>| {
            let words: Vec<_> = wrong.iter().map(ToString::to_string).collect();
            DbError::row("unit_period", "valid_from", row.unit_id.clone(), words.join("; "))
        };
        let periods = Periods::new(periods.remove(&row.unit_id).unwrap_or_default()).map_err(wrong)?;
        let service = crate::store::service("unit", row.unit_id.as_str(), &row.service)?;
        Ok((row.unit_id.clone(), Unit { unit_id: row.unit_id, name: row.name, service, periods }))
    };
    rows.into_iter().map(unit).collect()
}

fn terms(row: period::Model) -> Result<UnitTerms, DbError> {
    let bad = |column, problem: String| DbError::row("unit_period", column, row.unit_id.clone(), problem);
    let regime: Regime = row.regime.parse().map_err(|e: UnknownName| bad("regime", e.to_string()))?;
    let capacity = u32::try_from(row.capacity).map_err(|e| bad("capacity", e.to_string()))?;
    let period::Model { provider_id, district, orientation, .. } = row;
    Ok(UnitTerms { provider_id, district, regime, capacity, orientation })
}

fn row(unit: &Unit, info: &Info) -> Model {
    Model {
        unit_id: unit.unit_id.clone(),
        name: unit.name.clone(),
        service: unit.service.as_str().to_owned(),
        state: info.state.as_str().to_owned(),
        recorded_at: info.told.recorded_at,
    }
}
