//! Grants, as assessment told of them.
#![allow(unreachable_pub, reason = "sea-orm's macros write `pub` items beside a `pub` Model")]

use std::collections::BTreeMap;

use niva_calendar::Interval;
use niva_choice_domain::Grant;
use niva_store::{DbError, Tx};
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{Alias, Expr, ExprTrait, OnConflict};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect,
};

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
    pub revision: i64,
    /// As if it had never been granted.
    pub withdrawn: bool,
}

impl ActiveModelBehavior for ActiveModel {}

/// Rows in one INSERT.
const ROWS: usize = 1_000;

/// Keeps the higher revision of what is known and what is told: whatever the order, and however often.
pub(crate) async fn apply(tx: &Tx<'_>, told: impl IntoIterator<Item = (Grant, bool)>) -> Result<(), DbError> {
    // One statement cannot write the same row twice.
    let mut newest: BTreeMap<String, (Grant, bool)> = BTreeMap::new();
    for (grant, withdrawn) in told {
        match newest.get(&grant.grant_id) {
            Some((known, _)) if known.revision >= grant.revision => {}
            _ => {
                newest.insert(grant.grant_id.clone(), (grant, withdrawn));
            }
        }
    }
    let mut rows = newest.into_values().map(row).peekable();
    while rows.peek().is_some() {
        let chunk: Vec<_> = rows.by_ref().take(ROWS).map(IntoActiveModel::into_active_model).collect();
        let newer =
            Expr::col((Alias::new("excluded"), Column::Revision)).gt(Expr::col((Entity, Column::Revision)));
        let replace = OnConflict::column(Column::GrantId)
            .update_columns([
                Column::PersonId,
                Column::Service,
                Column::District,
                Column::FirstDay,
                Column::LastDay,
                Column::Revision,
                Column::Withdrawn,
            ])
            .action_and_where(newer)
            .to_owned();
        Entity::insert_many(chunk).on_conflict(replace).exec_without_returning(tx).await?;
    }
    Ok(())
}

pub(crate) async fn find(db: &impl ConnectionTrait, id: &str) -> Result<Option<Grant>, DbError> {
    standing().filter(Column::GrantId.eq(id)).one(db).await?.map(grant).transpose()
}

/// The grant, and with it every grant of the same person and service, held to the transaction's end: whoever offers or
/// orders holds them, so that a person has one offer and one order of a service at a time.
pub(crate) async fn lock(tx: &Tx<'_>, id: &str) -> Result<Option<Grant>, DbError> {
    let Some(grant) = find(tx, id).await? else { return Ok(None) };
    let query = standing()
        .filter(Column::PersonId.eq(grant.person_id.as_str()))
        .filter(Column::Service.eq(grant.service.as_str()));
    let rows = query.order_by_asc(Column::GrantId).lock_exclusive().all(tx).await?;
    // As it stands now that it is held.
    rows.into_iter().find(|row| row.grant_id == id).map(self::grant).transpose()
}

/// Those of `ids` that are known.
pub(crate) async fn find_all(
    db: &impl ConnectionTrait,
    ids: &[&str],
) -> Result<BTreeMap<String, Grant>, DbError> {
    let mut found = BTreeMap::new();
    for chunk in ids.chunks(crate::store::CHUNK) {
        for row in standing().filter(Column::GrantId.is_in(chunk.iter().copied())).all(db).await? {
            found.insert(row.grant_id.clone(), grant(row)?);
        }
    }
    Ok(found)
}

fn standing() -> Select<Entity> {
    Entity::find().filter(Column::Withdrawn.eq(false))
}

fn row((grant, withdrawn): (Grant, bool)) -> Model {
    Model {
        service: grant.service.as_str().to_owned(),
        first_day: grant.valid.first,
        last_day: grant.valid.end(),
        grant_id: grant.grant_id,
        person_id: grant.person_id,
        district: grant.district,
        revision: grant.revision,
        withdrawn,
    }
}

fn grant(row: Model) -> Result<Grant, DbError> {
    Ok(Grant {
        service: crate::store::service("grant", &row.grant_id, &row.service)?,
        valid: Interval::between(row.first_day, row.last_day)
            .ok_or_else(|| DbError::row("grant", "last_day", row.grant_id.clone(), "is before first_day"))?,
        grant_id: row.grant_id,
        person_id: row.person_id,
        district: row.district,
        revision: row.revision,
    })
}
