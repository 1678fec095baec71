//! Merges as they now stand.

use std::collections::BTreeSet;

use niva_names::{PersonId, PersonMergeId};
use niva_proto::assessment::v1 as pb;
use niva_store::DbError;
use niva_store::page::PageRequest;
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Select,
};

use super::filter::Filter;
use crate::persons::store as persons;
use crate::store;
use entity::{Column, Entity};

impl persons::OfPerson for pb::PersonMerge {
    type Entity = Entity;
    const PERSON: Column = Column::FromPersonId;

    fn row(id: &PersonMergeId) -> Select<Entity> {
        Entity::find_by_id(id.clone())
    }
}

/// A page of ids, in order.
pub(super) async fn list(
    db: &impl ConnectionTrait,
    filter: &Filter,
    page: &PageRequest,
) -> Result<Vec<PersonMergeId>, DbError> {
    let condition = Condition::all()
        .add(store::listed(&filter.listed, Column::State, Column::RecordedAt))
        .add_option(filter.person_id.as_ref().map(|id| names(&[id])))
        .add(persons::reached(Column::FromPersonId, &filter.reached))
        .add_option(page.after.as_ref().map(|after| Column::PersonMergeId.gt(after.as_str())));
    let query = Entity::find().select_only().column(Column::PersonMergeId).filter(condition);
    Ok(query.order_by_asc(Column::PersonMergeId).limit(page.limit()).into_tuple().all(db).await?)
}

/// All merges, withdrawn ones too, of a person and of whoever was ever merged with that person.
pub(super) async fn ever_of(
    db: &impl ConnectionTrait,
    person: &PersonId,
) -> Result<BTreeSet<PersonMergeId>, DbError> {
    let (mut seen, mut next, mut found) = (BTreeSet::new(), vec![person.clone()], BTreeSet::new());
    while let Some(at) = next.pop() {
        if seen.insert(at.clone()) {
            for row in Entity::find().filter(names(&[&at])).all(db).await? {
                next.extend([row.from_person_id, row.into_person_id]);
                found.insert(row.person_merge_id);
            }
        }
    }
    Ok(found)
}

/// Merges of one of some records.
fn names(persons: &[&PersonId]) -> Condition {
    let ids = || persons.iter().map(|id| id.as_str());
    Condition::any().add(Column::FromPersonId.is_in(ids())).add(Column::IntoPersonId.is_in(ids()))
}

/// Merges: written by what all services share.
mod entity {
    #![allow(unreachable_pub, reason = "sea-orm's macros write `pub` items beside a `pub` Model")]

    use niva_names::{PersonId, PersonMergeId};
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "person_merge")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub person_merge_id: PersonMergeId,
        pub from_person_id: PersonId,
        pub into_person_id: PersonId,
        pub revision: i64,
        pub state: String,
        pub recorded_at: DateTimeUtc,
    }

    impl ActiveModelBehavior for ActiveModel {}
}
