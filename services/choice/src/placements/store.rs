//! Placements.
#![allow(unreachable_pub, reason = "sea-orm's macros write `pub` items beside a `pub` Model")]

use std::collections::BTreeMap;

use niva_access::Scope;
use niva_base::OpError;
use niva_calendar::{Interval, NaiveDate};
use niva_choice_domain::{Beside, Dates, Grant, Placement};
use niva_facts::Info;
use niva_names::{DistrictId, GrantId, PersonId, PlacementId, ProviderId, ServiceInfo, ServiceKey, UnitId};
use niva_store::page::PageRequest;
use niva_store::{DbError, Tx, bulk, persons};
use sea_orm::entity::prelude::*;
use sea_orm::{Condition, IntoActiveModel, QueryOrder, QuerySelect};

use crate::store::says;
use crate::wire::Listed;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "placement")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub placement_id: PlacementId,
    pub grant_id: GrantId,
    pub person_id: PersonId,
    pub service: String,
    pub unit_id: UnitId,
    pub stage: String,
    pub ordered_start: Date,
    pub actual_start: Option<Date>,
    pub notice_date: Option<Date>,
    pub end_date: Option<Date>,
    pub last_day: Option<Date>,
    pub beside: String,
    pub beside_reason: String,
    pub state: String,
    pub recorded_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}

/// What a list of placements is filtered by; empty: everything.
pub(crate) struct Wanted {
    pub(crate) person_id: Option<PersonId>,
    pub(crate) unit_id: Option<UnitId>,
    pub(crate) stage: Option<&'static str>,
    /// Withdrawn ones alone.
    pub(crate) withdrawn: bool,
    pub(crate) service: Option<ServiceKey>,
    pub(crate) district: Option<DistrictId>,
    pub(crate) provider_id: Option<ProviderId>,
    pub(crate) days: Option<Interval>,
}

/// Inserts a placement with an id that the service has made.
pub(crate) async fn insert(tx: &Tx<'_>, placement: &Placement, info: &Info) -> Result<(), DbError> {
    row(placement, info).into_active_model().insert(tx).await?;
    Ok(())
}

/// Inserts a placement unless its id is taken; whether it was inserted.
pub(crate) async fn insert_new(tx: &Tx<'_>, placement: &Placement, info: &Info) -> Result<bool, DbError> {
    crate::store::insert_new::<ActiveModel, _>(tx, row(placement, info)).await
}

pub(crate) async fn insert_all(tx: &Tx<'_>, told: &[(Placement, Info)]) -> Result<(), OpError> {
    let columns = [
        "placement_id",
        "grant_id",
        "person_id",
        "service",
        "unit_id",
        "stage",
        "ordered_start",
        "actual_start",
        "notice_date",
        "end_date",
        "last_day",
        "beside",
        "beside_reason",
        "state",
        "recorded_at",
    ];
    let rows = told.iter().map(|(placement, info)| row(placement, info)).map(|r| {
        [
            String::from(r.placement_id).into(),
            String::from(r.grant_id).into(),
            String::from(r.person_id).into(),
            r.service.into(),
            String::from(r.unit_id).into(),
            r.stage.into(),
            r.ordered_start.into(),
            r.actual_start.into(),
            r.notice_date.into(),
            r.end_date.into(),
            r.last_day.into(),
            r.beside.into(),
            r.beside_reason.into(),
            r.state.into(),
            r.recorded_at.into(),
        ]
    });
    crate::store::inserted(bulk::insert(tx, "placement", columns, rows.collect::<Vec<_>>()).await)
}

/// Writes a placement over what [`lock`] read.
pub(crate) async fn update(tx: &Tx<'_>, placement: &Placement, info: &Info) -> Result<(), DbError> {
    row(placement, info).into_active_model().reset_all().update(tx).await?;
    Ok(())
}

/// The placement, also a withdrawn one; what the call does not reach is not there.
pub(crate) async fn find(
    db: &impl ConnectionTrait,
    scope: &Scope,
    id: &PlacementId,
) -> Result<Option<Placement>, DbError> {
    let found = Entity::find_by_id(id.clone()).filter(crate::store::reached("placement", scope));
    found.one(db).await?.map(placement).transpose()
}

/// Whether there is such a placement, whosever it is.
pub(crate) async fn is_taken(db: &impl ConnectionTrait, id: &PlacementId) -> Result<bool, DbError> {
    Ok(Entity::find_by_id(id.clone()).one(db).await?.is_some())
}

/// The placement, also a withdrawn one, held to the transaction's end.
pub(crate) async fn lock(tx: &Tx<'_>, id: &PlacementId) -> Result<Option<Placement>, DbError> {
    Entity::find_by_id(id.clone()).lock_exclusive().one(tx).await?.map(placement).transpose()
}

/// Those of `ids` that there are, also withdrawn ones, by id; held to the transaction's end.
pub(crate) async fn lock_all(
    tx: &Tx<'_>,
    ids: &[&PlacementId],
) -> Result<BTreeMap<PlacementId, Placement>, DbError> {
    let mut found = BTreeMap::new();
    for chunk in ids.chunks(crate::store::CHUNK) {
        let query = Entity::find().filter(Column::PlacementId.is_in(chunk.iter().map(|id| id.as_str())));
        for row in query.order_by_asc(Column::PlacementId).lock_exclusive().all(tx).await? {
            found.insert(row.placement_id.clone(), placement(row)?);
        }
    }
    Ok(found)
}

fn stand() -> Select<Entity> {
    Entity::find().filter(Column::State.eq("stands"))
}

/// Placements that hold a place at some units on `from` or later.
pub(crate) async fn holding(
    db: &impl ConnectionTrait,
    unit_ids: &[&UnitId],
    from: NaiveDate,
) -> Result<Vec<Placement>, DbError> {
    let mut found = Vec::new();
    for chunk in unit_ids.chunks(crate::store::CHUNK) {
        let query =
            stand().filter(Column::UnitId.is_in(chunk.iter().map(|id| id.as_str()))).filter(lasts(from));
        for row in query.all(db).await? {
            found.push(placement(row)?);
        }
    }
    Ok(found)
}

fn lasts(from: NaiveDate) -> Condition {
    Condition::any().add(Column::LastDay.is_null()).add(Column::LastDay.gte(from))
}

/// Placements that a person may have one of, with the grant's: ordered, or started and not ended.
pub(crate) async fn running_beside(
    db: &impl ConnectionTrait,
    grant: &Grant,
    service: &ServiceInfo,
) -> Result<Vec<Placement>, DbError> {
    let same = persons::same(db, &grant.person_id).await?;
    let person = (Column::PersonId, same.as_slice());
    let beside = crate::store::beside(person, Column::Service, Column::GrantId, grant, service);
    let query = stand().filter(beside).filter(Column::Stage.is_in(["ordered", "started"]));
    query.order_by_asc(Column::PlacementId).all(db).await?.into_iter().map(placement).collect()
}

/// All placements of a person in a service, by whichever record, except one.
pub(crate) async fn of_person(
    db: &impl ConnectionTrait,
    person_id: &PersonId,
    service: ServiceKey,
    except: Option<&PlacementId>,
) -> Result<Vec<Placement>, DbError> {
    let records = persons::same(db, person_id).await?;
    let person = Column::PersonId.is_in(records.iter().map(PersonId::as_str));
    let query = stand().filter(person).filter(Column::Service.eq(service.as_str()));
    let except = except.map(|id| Column::PlacementId.ne(id.as_str()));
    let query = query.filter(Condition::all().add_option(except)).order_by_asc(Column::PlacementId);
    query.all(db).await?.into_iter().map(placement).collect()
}

/// All placements of some people.
pub(crate) async fn of_people(
    db: &impl ConnectionTrait,
    person_ids: &[&PersonId],
) -> Result<Vec<Placement>, DbError> {
    let mut found = Vec::new();
    for chunk in person_ids.chunks(crate::store::CHUNK) {
        for row in stand().filter(Column::PersonId.is_in(chunk.iter().map(|id| id.as_str()))).all(db).await? {
            found.push(placement(row)?);
        }
    }
    Ok(found)
}

/// Ids of a page, in order, of what the caller may see.
pub(crate) async fn list(
    db: &impl ConnectionTrait,
    wanted: &Wanted,
    listed: &Listed,
    scope: &Scope,
    page: &PageRequest,
) -> Result<Vec<PlacementId>, DbError> {
    let mut query = Entity::find().select_only().column(Column::PlacementId);
    query = query.filter(crate::store::listed(Column::State, Column::RecordedAt, listed));
    query = query.filter(crate::store::reached("placement", scope));
    let withdrawn = wanted.withdrawn.then_some("withdrawn");
    // A withdrawn placement is at no stage any more.
    let state = wanted.stage.map(|_| "stands").or(withdrawn);
    let same = crate::store::same(db, wanted.person_id.as_ref()).await?;
    let condition = Condition::all()
        .add_option(same.map(|ids| Column::PersonId.is_in(ids)))
        .add_option(says(Column::UnitId, wanted.unit_id.as_ref()))
        .add_option(says(Column::Stage, wanted.stage))
        .add_option(says(Column::State, state))
        .add_option(says(Column::Service, wanted.service.as_ref().map(|service| service.as_str())))
        .add_option(wanted.district.as_ref().map(|board| crate::store::granted_by("placement", [board])))
        .add_option(wanted.provider_id.as_ref().map(crate::store::run_by));
    query = query.filter(condition);
    if let Some(days) = wanted.days {
        query = query.filter(Column::OrderedStart.lte(days.last)).filter(lasts(days.first));
    }
    if let Some(after) = &page.after {
        query = query.filter(Column::PlacementId.gt(after.as_str()));
    }
    Ok(query.order_by_asc(Column::PlacementId).limit(page.limit()).into_tuple().all(db).await?)
}

fn row(placement: &Placement, info: &Info) -> Model {
    Model {
        placement_id: placement.placement_id.clone(),
        grant_id: placement.grant_id.clone(),
        person_id: placement.person_id.clone(),
        service: placement.service.as_str().to_owned(),
        unit_id: placement.unit_id.clone(),
        stage: placement.state.as_str().to_owned(),
        ordered_start: placement.ordered_start,
        actual_start: placement.state.actual_start(),
        notice_date: placement.state.notice(),
        end_date: placement.state.end(),
        last_day: placement.occupies().end(),
        beside: placement.beside.as_str().to_owned(),
        beside_reason: placement.beside.reason().to_owned(),
        state: info.state.as_str().to_owned(),
        recorded_at: info.told.recorded_at,
    }
}

fn placement(row: Model) -> Result<Placement, DbError> {
    let bad = |column, problem: String| DbError::row("placement", column, row.placement_id.clone(), problem);
    let dates = Dates {
        ordered_start: row.ordered_start,
        actual_start: row.actual_start,
        notice: row.notice_date,
        end: row.end_date,
    };
    let state = match dates.state() {
        Ok(state) if row.stage == state.as_str() => state,
        Ok(state) => {
            return Err(bad("stage", format!("is `{}`, but its dates say `{}`", row.stage, state.as_str())));
        }
        Err(wrong) => {
            let words: Vec<_> = wrong.iter().map(ToString::to_string).collect();
            return Err(bad("stage", words.join("; ")));
        }
    };
    let reason = row.beside_reason;
    let beside = match row.beside.as_str() {
        "alone" => Beside::Alone,
        "switch" => Beside::Switch,
        "trial" => Beside::Trial { reason },
        "exception" => Beside::Exception { reason },
        other => {
            return Err(DbError::row("placement", "beside", row.placement_id, format!("`{other}` is none")));
        }
    };
    Ok(Placement {
        service: crate::store::service("placement", row.placement_id.as_str(), &row.service)?,
        placement_id: row.placement_id,
        grant_id: row.grant_id,
        person_id: row.person_id,
        unit_id: row.unit_id,
        ordered_start: row.ordered_start,
        state,
        beside,
    })
}
