//! Units.
#![allow(unreachable_pub, reason = "sea-orm's macros write `pub` items beside a `pub` Model")]

use std::collections::BTreeMap;

use niva_choice_domain::Unit;
use niva_kit::page::PageRequest;
use niva_kit::{DbError, OpError, Tx, bulk};
use niva_names::ServiceKey;
use sea_orm::entity::prelude::*;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder,
    QuerySelect,
};

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "unit")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub unit_id: String,
    pub provider_id: String,
    pub name: String,
    pub service: String,
    pub district: String,
    /// JSON: regimes by days.
    pub regimes: String,
    /// JSON: places by days.
    pub capacities: String,
    pub revision: i64,
}

impl ActiveModelBehavior for ActiveModel {}

/// Inserts a unit unless its id is taken; whether it was inserted.
pub(crate) async fn insert(tx: &Tx<'_>, unit: &Unit) -> Result<bool, OpError> {
    Ok(crate::store::insert_new::<ActiveModel, _>(tx, row(unit)?).await?)
}

pub(crate) async fn insert_all(tx: &Tx<'_>, units: &[Unit]) -> Result<(), OpError> {
    let columns =
        ["unit_id", "provider_id", "name", "service", "district", "regimes", "capacities", "revision"];
    let rows = units.iter().map(row).collect::<Result<Vec<_>, _>>()?;
    let rows = rows.into_iter().map(|u| {
        [
            u.unit_id.into(),
            u.provider_id.into(),
            u.name.into(),
            u.service.into(),
            u.district.into(),
            u.regimes.into(),
            u.capacities.into(),
            u.revision.into(),
        ]
    });
    crate::store::inserted(bulk::insert(tx, "unit", columns, rows).await)
}

/// Writes a changed unit over what [`lock`] read.
pub(crate) async fn update(tx: &Tx<'_>, unit: &Unit) -> Result<(), OpError> {
    row(unit)?.into_active_model().reset_all().update(tx).await.map_err(DbError::from)?;
    Ok(())
}

pub(crate) async fn find(db: &impl ConnectionTrait, id: &str) -> Result<Option<Unit>, DbError> {
    Entity::find_by_id(id.to_owned()).one(db).await?.map(unit).transpose()
}

/// The unit, held to the transaction's end: whoever gives one of its places away holds it, so that a place is given
/// once.
pub(crate) async fn lock(tx: &Tx<'_>, id: &str) -> Result<Option<Unit>, DbError> {
    Entity::find_by_id(id.to_owned()).lock_exclusive().one(tx).await?.map(unit).transpose()
}

/// Those of `ids` that there are, held to the transaction's end; in order of id, so that two who hold many never wait
/// for each other.
pub(crate) async fn lock_all(tx: &Tx<'_>, ids: &[&str]) -> Result<BTreeMap<String, Unit>, DbError> {
    let mut found = BTreeMap::new();
    for chunk in ids.chunks(crate::store::CHUNK) {
        let query = Entity::find().filter(Column::UnitId.is_in(chunk.iter().copied()));
        for row in query.order_by_asc(Column::UnitId).lock_exclusive().all(tx).await? {
            found.insert(row.unit_id.clone(), unit(row)?);
        }
    }
    Ok(found)
}

/// Those of `ids` that there are.
pub(crate) async fn find_all(
    db: &impl ConnectionTrait,
    ids: &[String],
) -> Result<BTreeMap<String, Unit>, DbError> {
    let query = Entity::find().filter(Column::UnitId.is_in(ids.iter().map(String::as_str)));
    query.all(db).await?.into_iter().map(|row| Ok((row.unit_id.clone(), unit(row)?))).collect()
}

/// A page in order of id, of one service and district where given.
pub(crate) async fn list(
    db: &impl ConnectionTrait,
    service: Option<ServiceKey>,
    district: &str,
    page: &PageRequest,
) -> Result<Vec<Unit>, DbError> {
    let mut query = Entity::find().order_by_asc(Column::UnitId).limit(page.limit());
    if let Some(service) = service {
        query = query.filter(Column::Service.eq(service.as_str()));
    }
    if !district.is_empty() {
        query = query.filter(Column::District.eq(district));
    }
    if let Some(after) = &page.after {
        query = query.filter(Column::UnitId.gt(after.as_str()));
    }
    query.all(db).await?.into_iter().map(unit).collect()
}

fn row(unit: &Unit) -> Result<Model, OpError> {
    Ok(Model {
        unit_id: unit.unit_id.clone(),
        provider_id: unit.provider_id.clone(),
        name: unit.name.clone(),
        service: unit.service.as_str().to_owned(),
        district: unit.district.clone(),
        regimes: serde_json::to_string(&unit.regimes).map_err(OpError::internal)?,
        capacities: serde_json::to_string(&unit.capacities).map_err(OpError::internal)?,
        revision: unit.revision,
    })
}

fn unit(row: Model) -> Result<Unit, DbError> {
    let bad = |column, problem: serde_json::Error| DbError::row("unit", column, row.unit_id.clone(), problem);
    Ok(Unit {
        service: crate::store::service("unit", &row.unit_id, &row.service)?,
        regimes: serde_json::from_str(&row.regimes).map_err(|e| bad("regimes", e))?,
        capacities: serde_json::from_str(&row.capacities).map_err(|e| bad("capacities", e))?,
        unit_id: row.unit_id,
        provider_id: row.provider_id,
        name: row.name,
        district: row.district,
        revision: row.revision,
    })
}
