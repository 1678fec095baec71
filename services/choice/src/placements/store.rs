//! Placements.
#![allow(unreachable_pub, reason = "sea-orm's macros write `pub` items beside a `pub` Model")]

use niva_base::OpError;
use niva_calendar::NaiveDate;
use niva_choice_domain::{Dates, Grant, Placement, PlacementState, Unit};
use niva_names::ServiceInfo;
use niva_store::page::PageRequest;
use niva_store::{DbError, Tx, bulk};
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::ExprTrait;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter,
    QueryOrder, QuerySelect,
};

use crate::sight::Sight;
use crate::store::of_row;
use crate::{grants, units};

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "placement")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub placement_id: String,
    pub grant_id: String,
    pub person_id: String,
    pub service: String,
    pub unit_id: String,
    pub state: String,
    pub ordered_start: Date,
    pub actual_start: Option<Date>,
    pub notice_date: Option<Date>,
    pub end_date: Option<Date>,
    pub revision: i64,
}

impl ActiveModelBehavior for ActiveModel {}

/// Inserts a placement with a new id.
pub(crate) async fn insert(tx: &Tx<'_>, placement: &Placement) -> Result<(), DbError> {
    row(placement).into_active_model().insert(tx).await?;
    Ok(())
}

pub(crate) async fn insert_all(tx: &Tx<'_>, placements: &[Placement]) -> Result<(), OpError> {
    let columns = [
        "placement_id",
        "grant_id",
        "person_id",
        "service",
        "unit_id",
        "state",
        "ordered_start",
        "actual_start",
        "notice_date",
        "end_date",
        "revision",
    ];
    let rows = placements.iter().map(|p| {
        [
            (&p.placement_id).into(),
            (&p.grant_id).into(),
            (&p.person_id).into(),
            p.service.as_str().into(),
            (&p.unit_id).into(),
            p.state.as_str().into(),
            p.ordered_start.into(),
            p.state.actual_start().into(),
            p.state.notice().into(),
            p.state.end().into(),
            p.revision.into(),
        ]
    });
    let rows: Vec<_> = rows.collect();
    crate::store::inserted(bulk::insert(tx, "placement", columns, rows).await)
}

/// Writes a changed placement over what [`lock`] read.
pub(crate) async fn update(tx: &Tx<'_>, placement: &Placement) -> Result<(), DbError> {
    row(placement).into_active_model().reset_all().update(tx).await?;
    Ok(())
}

pub(crate) async fn find(db: &impl ConnectionTrait, id: &str) -> Result<Option<Placement>, DbError> {
    Entity::find_by_id(id.to_owned()).one(db).await?.map(placement).transpose()
}

/// The placement, held to the transaction's end.
pub(crate) async fn lock(tx: &Tx<'_>, id: &str) -> Result<Option<Placement>, DbError> {
    Entity::find_by_id(id.to_owned()).lock_exclusive().one(tx).await?.map(placement).transpose()
}

/// The grant and the unit of a placement.
pub(crate) async fn grant_and_unit(
    db: &impl ConnectionTrait,
    placement: &Placement,
) -> Result<(Grant, Unit), OpError> {
    let id = &placement.placement_id;
    let grant = of_row("placement", "grant_id", id, grants::store::find(db, &placement.grant_id).await?)?;
    let unit = of_row("placement", "unit_id", id, units::store::find(db, &placement.unit_id).await?)?;
    Ok((grant, unit))
}

/// Which of `ids` are taken.
pub(crate) async fn taken(db: &impl ConnectionTrait, ids: &[&str]) -> Result<Vec<String>, DbError> {
    let mut found = Vec::new();
    for chunk in ids.chunks(crate::store::CHUNK) {
        let query = Entity::find().select_only().column(Column::PlacementId);
        let query = query.filter(Column::PlacementId.is_in(chunk.iter().copied()));
        found.extend(query.into_tuple::<String>().all(db).await?);
    }
    Ok(found)
}

/// Placements that hold a place at some units on `from` or later, and perhaps some that don't.
pub(crate) async fn holding(
    db: &impl ConnectionTrait,
    unit_ids: &[&str],
    from: NaiveDate,
) -> Result<Vec<Placement>, DbError> {
    let holds = Condition::any()
        .add(Column::State.is_in(["ordered", "started"]))
        .add(Column::State.eq("ended").and(Column::EndDate.gte(from)))
        .add(Column::State.eq("no_show").and(Column::NoticeDate.gte(from)));
    let mut found = Vec::new();
    for chunk in unit_ids.chunks(crate::store::CHUNK) {
        let query = Entity::find().filter(Column::UnitId.is_in(chunk.iter().copied())).filter(holds.clone());
        for row in query.all(db).await? {
            found.push(placement(row)?);
        }
    }
    Ok(found)
}

/// Placements that a person may have one of, with the grant's.
pub(crate) async fn running_beside(
    db: &impl ConnectionTrait,
    grant: &Grant,
    service: &ServiceInfo,
) -> Result<Vec<Placement>, DbError> {
    let beside = crate::store::beside(Column::PersonId, Column::Service, Column::GrantId, grant, service);
    let query = Entity::find().filter(beside).filter(Column::State.is_in(["ordered", "started"]));
    query.order_by_asc(Column::PlacementId).all(db).await?.into_iter().map(placement).collect()
}

/// A page in order of id, of one person and unit where given, of what the caller may see.
pub(crate) async fn list(
    db: &impl ConnectionTrait,
    person: &str,
    unit: &str,
    sight: &Sight<'_>,
    page: &PageRequest,
) -> Result<Vec<Placement>, DbError> {
    let mut query = Entity::find().order_by_asc(Column::PlacementId).limit(page.limit());
    query = query.filter(crate::store::seen(Column::GrantId, Column::UnitId, sight));
    if !person.is_empty() {
        query = query.filter(Column::PersonId.eq(person));
    }
    if !unit.is_empty() {
        query = query.filter(Column::UnitId.eq(unit));
    }
    if let Some(after) = &page.after {
        query = query.filter(Column::PlacementId.gt(after.as_str()));
    }
    query.all(db).await?.into_iter().map(placement).collect()
}

fn row(placement: &Placement) -> Model {
    Model {
        placement_id: placement.placement_id.clone(),
        grant_id: placement.grant_id.clone(),
        person_id: placement.person_id.clone(),
        service: placement.service.as_str().to_owned(),
        unit_id: placement.unit_id.clone(),
        state: placement.state.as_str().to_owned(),
        ordered_start: placement.ordered_start,
        actual_start: placement.state.actual_start(),
        notice_date: placement.state.notice(),
        end_date: placement.state.end(),
        revision: placement.revision,
    }
}

fn placement(row: Model) -> Result<Placement, DbError> {
    let bad = |problem: String| DbError::row("placement", "state", row.placement_id.clone(), problem);
    let dates = Dates {
        ordered_start: row.ordered_start,
        actual_start: row.actual_start,
        notice: row.notice_date,
        end: row.end_date,
    };
    let state = match dates.state() {
        // An order that was withdrawn has the dates of one that was not.
        Ok(PlacementState::Ordered) if row.state == "withdrawn" => PlacementState::Withdrawn,
        Ok(state) if row.state == state.as_str() => state,
        Ok(state) => return Err(bad(format!("is `{}`, but its dates say `{}`", row.state, state.as_str()))),
        Err(wrong) => {
            let words: Vec<_> = wrong.iter().map(ToString::to_string).collect();
            return Err(bad(words.join("; ")));
        }
    };
    Ok(Placement {
        service: crate::store::service("placement", &row.placement_id, &row.service)?,
        placement_id: row.placement_id,
        grant_id: row.grant_id,
        person_id: row.person_id,
        unit_id: row.unit_id,
        ordered_start: row.ordered_start,
        state,
        revision: row.revision,
    })
}
