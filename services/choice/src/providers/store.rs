//! Providers.
#![allow(unreachable_pub, reason = "sea-orm's macros write `pub` items beside a `pub` Model")]

use niva_base::OpError;
use niva_choice_domain::Provider;
use niva_facts::Info;
use niva_names::{ProviderId, UnitId};
use niva_store::page::PageRequest;
use niva_store::{DbError, Tx, bulk};
use sea_orm::entity::prelude::*;
use sea_orm::{IntoActiveModel, QueryOrder, QuerySelect, Statement};

use crate::wire::Listed;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "provider")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub provider_id: ProviderId,
    pub name: String,
    pub state: String,
    pub recorded_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}

/// Inserts a provider unless its id is taken; whether it was inserted.
pub(crate) async fn insert(tx: &Tx<'_>, provider: &Provider, info: &Info) -> Result<bool, DbError> {
    crate::store::insert_new::<ActiveModel, _>(tx, row(provider, info)).await
}

pub(crate) async fn insert_all(tx: &Tx<'_>, told: &[(Provider, Info)]) -> Result<(), OpError> {
    let columns = ["provider_id", "name", "state", "recorded_at"];
    let rows = told.iter().map(|(provider, info)| row(provider, info));
    let rows = rows
        .map(|r| [String::from(r.provider_id).into(), r.name.into(), r.state.into(), r.recorded_at.into()]);
    crate::store::inserted(bulk::insert(tx, "provider", columns, rows.collect::<Vec<_>>()).await)
}

/// Writes a provider over what [`lock`] read.
pub(crate) async fn update(tx: &Tx<'_>, provider: &Provider, info: &Info) -> Result<(), DbError> {
    row(provider, info).into_active_model().reset_all().update(tx).await?;
    Ok(())
}

/// The provider, also a withdrawn one, held to the transaction's end.
pub(crate) async fn lock(tx: &Tx<'_>, id: &ProviderId) -> Result<Option<Provider>, DbError> {
    let row = Entity::find_by_id(id.clone()).lock_exclusive().one(tx).await?;
    Ok(row.map(|Model { provider_id, name, .. }| Provider { provider_id, name }))
}

/// Which of `ids` stand. They are held to the transaction's end, so that none is withdrawn meanwhile.
pub(crate) async fn hold(tx: &Tx<'_>, ids: &[&ProviderId]) -> Result<Vec<ProviderId>, DbError> {
    let mut found = Vec::new();
    for chunk in ids.chunks(crate::store::CHUNK) {
        let query =
            Entity::find().select_only().column(Column::ProviderId).filter(Column::State.eq("stands"));
        let query = query.filter(Column::ProviderId.is_in(chunk.iter().map(|id| id.as_str())));
        let query = query.order_by_asc(Column::ProviderId).lock_shared();
        found.extend(query.into_tuple::<ProviderId>().all(tx).await?);
    }
    Ok(found)
}

/// A unit that stands and has the provider in one of its periods.
pub(crate) async fn unit_of(tx: &Tx<'_>, provider_id: &ProviderId) -> Result<Option<UnitId>, DbError> {
    let sql = "SELECT unit.unit_id AS unit_id FROM unit JOIN unit_period ON unit_period.unit_id = unit.unit_id \
               WHERE unit_period.provider_id = $1 AND unit.state = 'stands' ORDER BY unit.unit_id LIMIT 1";
    let select =
        Statement::from_sql_and_values(tx.get_database_backend(), sql, [provider_id.as_str().into()]);
    Ok(tx.query_one_raw(select).await?.map(|row| row.try_get("", "unit_id")).transpose()?)
}

/// Ids of a page, in order.
pub(crate) async fn list(
    db: &impl ConnectionTrait,
    listed: &Listed,
    page: &PageRequest,
) -> Result<Vec<ProviderId>, DbError> {
    let mut query = Entity::find().select_only().column(Column::ProviderId);
    query = query.filter(crate::store::listed(Column::State, Column::RecordedAt, listed));
    if let Some(after) = &page.after {
        query = query.filter(Column::ProviderId.gt(after.as_str()));
    }
    let query = query.order_by_asc(Column::ProviderId).limit(page.limit());
    Ok(query.into_tuple().all(db).await?)
}

fn row(provider: &Provider, info: &Info) -> Model {
    let Provider { provider_id, name } = provider.clone();
    Model { provider_id, name, state: info.state.as_str().to_owned(), recorded_at: info.told.recorded_at }
}
