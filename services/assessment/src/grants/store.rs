//! Grants.

use std::collections::BTreeMap;

use niva_assessment_domain::Grant;
use niva_calendar::{Interval, NaiveDate};
use niva_kit::page::PageRequest;
use niva_kit::{DbError, OpError, Tx};
use niva_names::ServiceKey;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder,
    QuerySelect,
};

use crate::store;
use entity::{ActiveModel, Column, Entity, Model};

/// Inserts a grant unless its id is taken; whether it was inserted.
pub(crate) async fn insert(tx: &Tx<'_>, grant: &Grant) -> Result<bool, OpError> {
    Ok(store::insert_new::<ActiveModel, _>(tx, row(grant)?).await?)
}

pub(crate) async fn insert_all(tx: &Tx<'_>, grants: &[Grant]) -> Result<(), OpError> {
    let rows = grants.iter().map(row).collect::<Result<Vec<_>, _>>()?;
    store::insert_all(tx, rows.into_iter().map(ActiveModel::from)).await
}

/// Writes a changed grant over what [`lock`] read.
pub(crate) async fn update(tx: &Tx<'_>, grant: &Grant) -> Result<(), OpError> {
    row(grant)?.into_active_model().reset_all().update(tx).await.map_err(DbError::from)?;
    Ok(())
}

pub(crate) async fn find(db: &impl ConnectionTrait, id: &str) -> Result<Option<Grant>, DbError> {
    Entity::find_by_id(id.to_owned()).one(db).await?.map(grant).transpose()
}

/// The grant, held to the transaction's end.
pub(crate) async fn lock(tx: &Tx<'_>, id: &str) -> Result<Option<Grant>, DbError> {
    Entity::find_by_id(id.to_owned()).lock_exclusive().one(tx).await?.map(grant).transpose()
}

/// Which of `ids` are taken.
pub(crate) async fn taken(db: &impl ConnectionTrait, ids: &[&str]) -> Result<Vec<String>, DbError> {
    let mut found = Vec::new();
    for chunk in ids.chunks(store::CHUNK) {
        let query = Entity::find().select_only().column(Column::GrantId);
        let query = query.filter(Column::GrantId.is_in(chunk.iter().copied()));
        found.extend(query.into_tuple::<String>().all(db).await?);
    }
    Ok(found)
}

/// The last day on which each of some people has a grant of each service.
pub(crate) async fn last_days(
    db: &impl ConnectionTrait,
    persons: &[&str],
) -> Result<BTreeMap<(String, ServiceKey), NaiveDate>, DbError> {
    let mut found = BTreeMap::new();
    for chunk in persons.chunks(store::CHUNK) {
        let rows = Entity::find().filter(Column::PersonId.is_in(chunk.iter().copied())).all(db).await?;
        for grant in rows.into_iter().map(grant) {
            let grant = grant?;
            let last = found.entry((grant.person_id, grant.service)).or_insert(grant.valid.last);
            *last = grant.valid.last.max(*last);
        }
    }
    Ok(found)
}

/// A page in order of id, of one person (empty: any), of the districts that the caller sees.
pub(crate) async fn list(
    db: &impl ConnectionTrait,
    person: &str,
    seen: &[String],
    page: &PageRequest,
) -> Result<Vec<Grant>, DbError> {
    let mut query = Entity::find().order_by_asc(Column::GrantId).limit(page.limit());
    if !person.is_empty() {
        query = query.filter(Column::PersonId.eq(person));
    }
    if !seen.is_empty() {
        query = query.filter(Column::District.is_in(seen.iter().map(String::as_str)));
    }
    if let Some(after) = &page.after {
        query = query.filter(Column::GrantId.gt(after.as_str()));
    }
    query.all(db).await?.into_iter().map(grant).collect()
}

fn row(grant: &Grant) -> Result<Model, OpError> {
    Ok(Model {
        grant_id: grant.grant_id.clone(),
        person_id: grant.person_id.clone(),
        service: grant.service.as_str().to_owned(),
        district: grant.district.clone(),
        first_day: grant.valid.first,
        last_day: grant.valid.end(),
        scopes: serde_json::to_string(&grant.scopes).map_err(OpError::internal)?,
        revision: grant.revision,
    })
}

fn grant(row: Model) -> Result<Grant, DbError> {
    let bad = |column, problem: String| DbError::row("grant", column, row.grant_id.clone(), problem);
    Ok(Grant {
        service: row.service.parse().map_err(|e: niva_names::NoServiceKey| bad("service", e.to_string()))?,
        valid: Interval::between(row.first_day, row.last_day)
            .ok_or_else(|| bad("last_day", "is before first_day".to_owned()))?,
        scopes: serde_json::from_str(&row.scopes).map_err(|e| bad("scopes", e.to_string()))?,
        grant_id: row.grant_id,
        person_id: row.person_id,
        district: row.district,
        revision: row.revision,
    })
}

/// Grants as they now stand. Earlier states are in the feed.
mod entity {
    #![allow(unreachable_pub, reason = "sea-orm's macros write `pub` items beside a `pub` Model")]

    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "grant")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub grant_id: String,
        pub person_id: String,
        pub service: String,
        pub district: String,
        pub first_day: Date,
        /// Absent: without end.
        pub last_day: Option<Date>,
        /// JSON: scopes by first day.
        pub scopes: String,
        pub revision: i64,
    }

    impl ActiveModelBehavior for ActiveModel {}
}
