//! Identities as they are kept, and what people are found by.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use niva_access::Scope;
use niva_base::OpError;
use niva_facts::Info;
use niva_names::PersonId;
use niva_store::{DbError, Tx};
use sea_orm::sea_query::{Expr, Query};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect, Select, Statement,
};

use super::sealed::SealedIdentity;
use crate::persons::store::{OfPerson, reached};
use crate::store;
use entity::{ActiveModel, Column, Entity, Model};

/// A person's own key, encrypted by a key of the file.
pub(super) struct Wrapped {
    pub(super) key_id: String,
    pub(super) key: Vec<u8>,
}

/// A hash that a person is found by, and the key of the file that made it.
pub(super) struct Found {
    pub(super) key_id: String,
    pub(super) hash: Vec<u8>,
}

impl OfPerson for SealedIdentity {
    type Entity = Entity;
    const PERSON: Column = Column::PersonId;

    fn row(id: &PersonId) -> Select<Entity> {
        Entity::find_by_id(id.clone())
    }
}

/// Inserts the row of a person who has none; whether it was inserted.
pub(super) async fn insert(
    tx: &Tx<'_>,
    person: &PersonId,
    key: Wrapped,
    info: &Info,
) -> Result<bool, DbError> {
    let row = Model {
        person_id: person.clone(),
        key_id: key.key_id,
        data_key: Some(key.key),
        revision: info.revision,
        state: info.state.as_str().to_owned(),
        recorded_at: info.told.recorded_at,
    };
    store::insert_new::<ActiveModel, _>(tx, row).await
}

/// How an identity stands now.
pub(super) async fn update(tx: &Tx<'_>, person: &PersonId, info: &Info) -> Result<(), DbError> {
    let newest = Entity::update_many()
        .col_expr(Column::Revision, info.revision.into())
        .col_expr(Column::State, info.state.as_str().into())
        .col_expr(Column::RecordedAt, info.told.recorded_at.into())
        .filter(Column::PersonId.eq(person.as_str()));
    newest.exec(tx).await?;
    Ok(())
}

/// A person's own key; `None`: nothing was told of who the person is.
pub(super) async fn key(db: &impl ConnectionTrait, person: &PersonId) -> Result<Option<Wrapped>, DbError> {
    let row = Entity::find_by_id(person.clone()).one(db).await?;
    Ok(row.and_then(|row| row.data_key.map(|key| Wrapped { key_id: row.key_id, key })))
}

/// [`key`], held to the transaction's end.
pub(super) async fn held_key(tx: &Tx<'_>, person: &PersonId) -> Result<Option<Wrapped>, DbError> {
    let row = Entity::find_by_id(person.clone()).lock_exclusive().one(tx).await?;
    Ok(row.and_then(|row| row.data_key.map(|key| Wrapped { key_id: row.key_id, key })))
}

/// A person's own key is encrypted by another key of the file.
pub(super) async fn rewrap(tx: &Tx<'_>, person: &PersonId, key: Wrapped) -> Result<(), DbError> {
    let renewed = Entity::update_many()
        .col_expr(Column::KeyId, key.key_id.into())
        .col_expr(Column::DataKey, key.key.into())
        .filter(Column::PersonId.eq(person.as_str()));
    renewed.exec(tx).await?;
    Ok(())
}

/// Destroys a person's own key, without which nothing that was told can be read, and what the person is found by.
pub(super) async fn erase(tx: &Tx<'_>, person: &PersonId) -> Result<(), DbError> {
    let of = number::Column::PersonId.eq(person.as_str());
    number::Entity::delete_many().filter(of).exec(tx).await?;
    let destroyed = Entity::update_many()
        .col_expr(Column::DataKey, Expr::value(Option::<Vec<u8>>::None))
        .filter(Column::PersonId.eq(person.as_str()));
    destroyed.exec(tx).await?;
    Ok(())
}

/// When something was told of a person last.
pub(super) async fn last_told(
    db: &impl ConnectionTrait,
    person: &PersonId,
) -> Result<Option<DateTime<Utc>>, DbError> {
    let mut last = None;
    for table in ["person", "identity", "application", "\"grant\"", "measurement", "level_decision"] {
        let sql =
            format!("SELECT recorded_at FROM {table} WHERE person_id = $1 ORDER BY recorded_at DESC LIMIT 1");
        let select = Statement::from_sql_and_values(db.get_database_backend(), sql, [person.as_str().into()]);
        if let Some(row) = db.query_one_raw(select).await? {
            last = last.max(Some(row.try_get("", "recorded_at")?));
        }
    }
    Ok(last)
}

/// Some whose own key is encrypted by one of these keys of the file.
pub(super) async fn behind(
    db: &impl ConnectionTrait,
    keys: Vec<&str>,
    limit: u64,
) -> Result<Vec<PersonId>, DbError> {
    let found = Entity::find().select_only().column(Column::PersonId).filter(Column::KeyId.is_in(keys));
    let found = found.filter(Column::DataKey.is_not_null()).limit(limit);
    Ok(found.into_tuple().all(db).await?)
}

/// Hashes by keys that are out of the file, of people whose own key is encrypted by the first.
fn stale(first: &str, known: Vec<&str>) -> Condition {
    let current =
        Query::select().column(Column::PersonId).from(Entity).and_where(Column::KeyId.eq(first)).to_owned();
    Condition::all()
        .add(number::Column::KeyId.is_not_in(known))
        .add(number::Column::PersonId.in_subquery(current))
}

/// Whether there are hashes that nobody looks for any more.
pub(super) async fn has_stale(
    db: &impl ConnectionTrait,
    first: &str,
    known: Vec<&str>,
) -> Result<bool, DbError> {
    Ok(number::Entity::find().filter(stale(first, known)).one(db).await?.is_some())
}

/// Takes them away: they would tell numbers to whoever has the key that was taken out.
pub(super) async fn forget_stale(tx: &Tx<'_>, first: &str, known: Vec<&str>) -> Result<(), OpError> {
    number::Entity::delete_many().filter(stale(first, known)).exec(tx).await.map_err(DbError::from)?;
    Ok(())
}

/// Lets a person be found by these hashes and no others; whether none is somebody else's.
pub(super) async fn find_by(tx: &Tx<'_>, person: &PersonId, hashes: Vec<Found>) -> Result<bool, DbError> {
    let before = number::Column::PersonId.eq(person.as_str());
    number::Entity::delete_many().filter(before).exec(tx).await?;
    let mut seen = BTreeSet::new();
    // In order, so that two who take the same do not wait for each other.
    let mut rows: Vec<_> = hashes
        .into_iter()
        .filter(|found| seen.insert(found.hash.clone()))
        .map(|Found { key_id, hash }| number::Model { number_hash: hash, key_id, person_id: person.clone() })
        .collect();
    rows.sort_by(|one, other| one.number_hash.cmp(&other.number_hash));
    for row in rows {
        if !store::insert_new::<number::ActiveModel, _>(tx, row).await? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// A key of the file by which something is encrypted or hashed and which is none of these.
pub(super) async fn unknown_key(
    db: &impl ConnectionTrait,
    known: Vec<&str>,
) -> Result<Option<String>, DbError> {
    let unknown = Entity::find().select_only().column(Column::KeyId).filter(Column::KeyId.is_not_in(known));
    Ok(unknown.filter(Column::DataKey.is_not_null()).into_tuple().one(db).await?)
}

/// Whom the call reaches of those with one of these hashes.
pub(super) async fn find(
    db: &impl ConnectionTrait,
    scope: &Scope,
    hashes: Vec<Vec<u8>>,
) -> Result<Option<PersonId>, DbError> {
    let found = number::Entity::find()
        .select_only()
        .column(number::Column::PersonId)
        .filter(number::Column::NumberHash.is_in(hashes))
        .filter(reached(number::Column::PersonId, scope));
    Ok(found.into_tuple().one(db).await?)
}

/// Identities: their keys, and how they stand.
mod entity {
    #![allow(unreachable_pub, reason = "sea-orm's macros write `pub` items beside a `pub` Model")]

    use niva_names::PersonId;
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "identity")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub person_id: PersonId,
        pub key_id: String,
        /// Absent: it was erased.
        pub(super) data_key: Option<Vec<u8>>,
        pub revision: i64,
        pub state: String,
        pub recorded_at: DateTimeUtc,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// What people are found by.
mod number {
    #![allow(unreachable_pub, reason = "sea-orm's macros write `pub` items beside a `pub` Model")]

    use niva_names::PersonId;
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "person_number")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub(super) number_hash: Vec<u8>,
        pub key_id: String,
        pub person_id: PersonId,
    }

    impl ActiveModelBehavior for ActiveModel {}
}
