//! Providers.
#![allow(unreachable_pub, reason = "sea-orm's macros write `pub` items beside a `pub` Model")]

use niva_choice_domain::Provider;
use niva_kit::page::PageRequest;
use niva_kit::{DbError, OpError, Tx, bulk};
use sea_orm::entity::prelude::*;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "provider")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub provider_id: String,
    pub name: String,
}

impl ActiveModelBehavior for ActiveModel {}

/// Inserts a provider unless its id is taken; whether it was inserted.
pub(crate) async fn insert(tx: &Tx<'_>, provider: &Provider) -> Result<bool, DbError> {
    let Provider { provider_id, name } = provider.clone();
    crate::store::insert_new::<ActiveModel, _>(tx, Model { provider_id, name }).await
}

pub(crate) async fn insert_all(tx: &Tx<'_>, providers: &[Provider]) -> Result<(), OpError> {
    let rows: Vec<_> = providers.iter().map(|p| [(&p.provider_id).into(), (&p.name).into()]).collect();
    crate::store::inserted(bulk::insert(tx, "provider", ["provider_id", "name"], rows).await)
}

/// Which of `ids` there are.
pub(crate) async fn existing(db: &impl ConnectionTrait, ids: &[&str]) -> Result<Vec<String>, DbError> {
    let mut found = Vec::new();
    for chunk in ids.chunks(crate::store::CHUNK) {
        let query = Entity::find().select_only().column(Column::ProviderId);
        let query = query.filter(Column::ProviderId.is_in(chunk.iter().copied()));
        found.extend(query.into_tuple::<String>().all(db).await?);
    }
    Ok(found)
}

/// A page in order of id.
pub(crate) async fn list(db: &impl ConnectionTrait, page: &PageRequest) -> Result<Vec<Provider>, DbError> {
    let mut query = Entity::find().order_by_asc(Column::ProviderId).limit(page.limit());
    if let Some(after) = &page.after {
        query = query.filter(Column::ProviderId.gt(after.as_str()));
    }
    let rows = query.all(db).await?;
    Ok(rows.into_iter().map(|Model { provider_id, name }| Provider { provider_id, name }).collect())
}
