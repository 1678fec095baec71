//! Persons.

use std::collections::BTreeMap;

use niva_assessment_domain::Person;
use niva_kit::page::PageRequest;
use niva_kit::{DbError, OpError, Tx};
use sea_orm::sea_query::{Expr, ExprTrait, Query, SelectStatement};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use crate::store;
use entity::{ActiveModel, Column, Entity, Model};

pub(crate) async fn insert(tx: &Tx<'_>, person: &Person) -> Result<bool, DbError> {
    store::insert_new::<ActiveModel, _>(tx, row(person)).await
}

pub(crate) async fn insert_all(tx: &Tx<'_>, persons: &[Person]) -> Result<(), OpError> {
    store::insert_all(tx, persons.iter().map(row).map(ActiveModel::from)).await
}

pub(crate) async fn find(db: &impl ConnectionTrait, id: &str) -> Result<Option<Person>, DbError> {
    Ok(Entity::find_by_id(id.to_owned()).one(db).await?.map(person))
}

/// The districts of those of `ids` that exist, by id.
pub(crate) async fn districts(
    db: &impl ConnectionTrait,
    ids: &[&str],
) -> Result<BTreeMap<String, String>, DbError> {
    let mut found = BTreeMap::new();
    for chunk in ids.chunks(store::CHUNK) {
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
    Ok(query.all(db).await?.into_iter().map(person).collect())
}

fn row(person: &Person) -> Model {
    Model {
        person_id: person.person_id.clone(),
        district: person.district.clone(),
        create_time: person.create_time,
    }
}

fn person(row: Model) -> Person {
    Person { person_id: row.person_id, district: row.district, create_time: row.create_time }
}

/// Ids of people in some districts, as a subquery.
fn people_in(districts: &[String]) -> SelectStatement {
    Query::select()
        .column(Column::PersonId)
        .from(Entity)
        .and_where(Column::District.is_in(districts.iter().map(String::as_str)))
        .to_owned()
}

/// Whether a person lives in one of the districts; no districts: anywhere.
pub(crate) fn seen(column: impl ColumnTrait, districts: &[String]) -> sea_orm::Condition {
    let all = sea_orm::Condition::all();
    if districts.is_empty() {
        all
    } else {
        all.add(Expr::col(column.as_column_ref()).in_subquery(people_in(districts)))
    }
}

/// A person, known outside this service by an opaque id only.
mod entity {
    #![allow(unreachable_pub, reason = "sea-orm's macros write `pub` items beside a `pub` Model")]

    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "person")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub person_id: String,
        pub district: String,
        pub create_time: DateTimeUtc,
    }

    impl ActiveModelBehavior for ActiveModel {}
}
