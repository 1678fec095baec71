//! Persons.

use std::collections::BTreeMap;

use niva_kit::page::PageRequest;
use niva_kit::{DbError, OpError, Tx};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

pub(crate) use super::entity::person::Model as Person;
use super::entity::person::{ActiveModel, Column, Entity};

pub(crate) async fn insert(tx: &Tx<'_>, person: Person) -> Result<bool, DbError> {
    super::insert_new::<ActiveModel, _>(tx, person).await
}

pub(crate) async fn insert_all(tx: &Tx<'_>, persons: Vec<Person>) -> Result<(), OpError> {
    super::insert_all(tx, persons.into_iter().map(ActiveModel::from)).await
}

pub(crate) async fn find(db: &impl ConnectionTrait, id: &str) -> Result<Option<Person>, DbError> {
    Ok(Entity::find_by_id(id.to_owned()).one(db).await?)
}

/// The districts of those of `ids` that exist, by id.
pub(crate) async fn districts(
    db: &impl ConnectionTrait,
    ids: &[&str],
) -> Result<BTreeMap<String, String>, DbError> {
    let mut found = BTreeMap::new();
    for chunk in ids.chunks(super::CHUNK) {
        let rows = Entity::find().filter(Column::PersonId.is_in(chunk.iter().copied())).all(db).await?;
        found.extend(rows.into_iter().map(|p| (p.person_id, p.district)));
    }
    Ok(found)
}

/// A page in order of id, of people in one district (empty: any) among those that the caller sees.
pub(crate) async fn list(
    db: &impl ConnectionTrait,
    district: &str,
    seen: &[String],
    page: &PageRequest,
) -> Result<Vec<Person>, DbError> {
    let mut query = Entity::find().order_by_asc(Column::PersonId).limit(page.limit());
    if !district.is_empty() {
        query = query.filter(Column::District.eq(district));
    }
    if !seen.is_empty() {
        query = query.filter(Column::District.is_in(seen.iter().map(String::as_str)));
    }
    if let Some(after) = &page.after {
        query = query.filter(Column::PersonId.gt(after.as_str()));
    }
    Ok(query.all(db).await?)
}
