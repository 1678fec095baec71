//! Wishes.
#![allow(unreachable_pub, reason = "sea-orm's macros write `pub` items beside a `pub` Model")]

use chrono::{DateTime, Utc};
use niva_base::OpError;
use niva_choice_domain::Wish;
use niva_store::{DbError, Tx};
use sea_orm::entity::prelude::*;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder};

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "wish")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub grant_id: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub version: i32,
    /// 0 is the best.
    #[sea_orm(primary_key, auto_increment = false)]
    pub rank: i32,
    pub unit_id: String,
    pub recorded_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}

pub(crate) async fn insert(tx: &Tx<'_>, wish: &Wish, now: DateTime<Utc>) -> Result<(), OpError> {
    let rows = (0..).zip(&wish.unit_ids).map(|(rank, unit_id)| {
        let (grant_id, unit_id) = (wish.grant_id.clone(), unit_id.clone());
        Model { grant_id, version: wish.version, rank, unit_id, recorded_at: now }.into_active_model()
    });
    Entity::insert_many(rows).exec_without_returning(tx).await.map_err(DbError::from)?;
    Ok(())
}

/// The newest wishes for a grant.
pub(crate) async fn newest(db: &impl ConnectionTrait, grant_id: &str) -> Result<Option<Wish>, DbError> {
    let query = Entity::find().filter(Column::GrantId.eq(grant_id));
    let Some(first) = query.clone().order_by_desc(Column::Version).one(db).await? else { return Ok(None) };
    let rows = query.filter(Column::Version.eq(first.version)).order_by_asc(Column::Rank).all(db).await?;
    let unit_ids = rows.into_iter().map(|row| row.unit_id).collect();
    Ok(Some(Wish { grant_id: first.grant_id, unit_ids, version: first.version }))
}
