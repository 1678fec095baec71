//! Wishes.
#![allow(unreachable_pub, reason = "sea-orm's macros write `pub` items beside a `pub` Model")]

use niva_access::Scope;
use niva_choice_domain::Wish;
use niva_facts::Info;
use niva_names::{GrantId, PersonId, UnitId, WishId};
use niva_store::page::PageRequest;
use niva_store::{DbError, Tx};
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{Expr, ExprTrait, Query};
use sea_orm::{Condition, IntoActiveModel, QueryOrder, QuerySelect};

use crate::store::says;
use crate::wire::Listed;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "wish")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub wish_id: WishId,
    pub grant_id: GrantId,
    pub person_id: PersonId,
    pub state: String,
    pub recorded_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}

mod ranked {
    use niva_names::{UnitId, WishId};
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "wish_unit")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub wish_id: WishId,
        /// 0 is the best.
        #[sea_orm(primary_key, auto_increment = false)]
        pub rank: i32,
        pub unit_id: UnitId,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// What a list of wishes is filtered by; empty: everything.
pub(crate) struct Wanted {
    pub(crate) grant_id: Option<GrantId>,
    pub(crate) person_id: Option<PersonId>,
    pub(crate) unit_id: Option<UnitId>,
}

/// Inserts a wish unless its id is taken; whether it was inserted.
pub(crate) async fn insert(tx: &Tx<'_>, wish: &Wish, info: &Info) -> Result<bool, DbError> {
    let inserted = crate::store::insert_new::<ActiveModel, _>(tx, row(wish, info)).await?;
    if inserted {
        insert_units(tx, wish).await?;
    }
    Ok(inserted)
}

/// Writes a wish over what [`lock`] read.
pub(crate) async fn update(tx: &Tx<'_>, wish: &Wish, info: &Info) -> Result<(), DbError> {
    row(wish, info).into_active_model().reset_all().update(tx).await?;
    ranked::Entity::delete_many().filter(ranked::Column::WishId.eq(wish.wish_id.as_str())).exec(tx).await?;
    insert_units(tx, wish).await
}

async fn insert_units(tx: &Tx<'_>, wish: &Wish) -> Result<(), DbError> {
    let rows = (0..).zip(&wish.unit_ids).map(|(rank, unit_id)| {
        let (wish_id, unit_id) = (wish.wish_id.clone(), unit_id.clone());
        ranked::Model { wish_id, rank, unit_id }.into_active_model()
    });
    ranked::Entity::insert_many(rows).exec_without_returning(tx).await?;
    Ok(())
}

/// The wish, also a withdrawn one, held to the transaction's end.
pub(crate) async fn lock(tx: &Tx<'_>, id: &WishId) -> Result<Option<Wish>, DbError> {
    let row = Entity::find_by_id(id.clone()).lock_exclusive().one(tx).await?;
    with_units(tx, row).await
}

/// The wish, also a withdrawn one; what the call does not reach is not there.
pub(crate) async fn find(
    db: &impl ConnectionTrait,
    scope: &Scope,
    id: &WishId,
) -> Result<Option<Wish>, DbError> {
    let row = Entity::find_by_id(id.clone()).filter(reached(scope)).one(db).await?;
    with_units(db, row).await
}

/// Wishes under grants that a call reaches.
fn reached(scope: &Scope) -> Condition {
    let grants = Query::select()
        .column("grant_id")
        .from("grant")
        .cond_where(crate::grants::store::reached(scope))
        .to_owned();
    Condition::all().add(Expr::col(Column::GrantId).in_subquery(grants))
}

/// The wish that stands for a grant.
pub(crate) async fn of_grant(db: &impl ConnectionTrait, grant_id: &GrantId) -> Result<Option<Wish>, DbError> {
    let query =
        Entity::find().filter(Column::GrantId.eq(grant_id.as_str())).filter(Column::State.eq("stands"));
    with_units(db, query.one(db).await?).await
}

/// Ids of a page, in order, of what the caller may see.
pub(crate) async fn list(
    db: &impl ConnectionTrait,
    wanted: &Wanted,
    listed: &Listed,
    scope: &Scope,
    page: &PageRequest,
) -> Result<Vec<WishId>, DbError> {
    let mut query = Entity::find().select_only().column(Column::WishId);
    query = query.filter(crate::store::listed(Column::State, Column::RecordedAt, listed));
    query = query.filter(reached(scope));
    let same = crate::store::same(db, wanted.person_id.as_ref()).await?;
    let condition = Condition::all()
        .add_option(says(Column::GrantId, wanted.grant_id.as_ref()))
        .add_option(same.map(|ids| Column::PersonId.is_in(ids)));
    query = query.filter(condition);
    if let Some(unit_id) = &wanted.unit_id {
        let naming = Query::select()
            .column(ranked::Column::WishId)
            .from(ranked::Entity)
            .and_where(Expr::col(ranked::Column::UnitId).eq(unit_id.as_str()))
            .to_owned();
        query = query.filter(Expr::col(Column::WishId).in_subquery(naming));
    }
    if let Some(after) = &page.after {
        query = query.filter(Column::WishId.gt(after.as_str()));
    }
    Ok(query.order_by_asc(Column::WishId).limit(page.limit()).into_tuple().all(db).await?)
}

async fn with_units(db: &impl ConnectionTrait, row: Option<Model>) -> Result<Option<Wish>, DbError> {
    let Some(row) = row else { return Ok(None) };
    let query = ranked::Entity::find().filter(ranked::Column::WishId.eq(row.wish_id.as_str()));
    let ranked = query.order_by_asc(ranked::Column::Rank).all(db).await?;
    let unit_ids = ranked.into_iter().map(|row| row.unit_id).collect();
    Ok(Some(Wish { wish_id: row.wish_id, grant_id: row.grant_id, person_id: row.person_id, unit_ids }))
}

fn row(wish: &Wish, info: &Info) -> Model {
    Model {
        wish_id: wish.wish_id.clone(),
        grant_id: wish.grant_id.clone(),
        person_id: wish.person_id.clone(),
        state: info.state.as_str().to_owned(),
        recorded_at: info.told.recorded_at,
    }
}
