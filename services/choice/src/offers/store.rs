//! Offers.
#![allow(unreachable_pub, reason = "sea-orm's macros write `pub` items beside a `pub` Model")]

use niva_access::Scope;
use niva_calendar::{Interval, NaiveDate};
use niva_choice_domain::{Grant, Offer, OfferState};
use niva_facts::Info;
use niva_names::{GrantId, OfferId, PersonId, PlacementId, ServiceInfo, ServiceKey, UnitId};
use niva_store::page::PageRequest;
use niva_store::{DbError, Tx, persons};
use sea_orm::entity::prelude::*;
use sea_orm::{Condition, IntoActiveModel, QueryOrder, QuerySelect};

use crate::store::says;
use crate::wire::Listed;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "offer")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub offer_id: OfferId,
    pub grant_id: GrantId,
    pub person_id: PersonId,
    pub service: String,
    pub unit_id: UnitId,
    pub offer_date: Date,
    pub answer_by: Date,
    pub answer: String,
    /// Of an accepted offer.
    pub placement_id: Option<PlacementId>,
    pub state: String,
    pub recorded_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}

/// What a list of offers is filtered by; empty: everything.
pub(crate) struct Wanted {
    pub(crate) person_id: Option<PersonId>,
    pub(crate) answer: Option<&'static str>,
    pub(crate) grant_id: Option<GrantId>,
    pub(crate) unit_id: Option<UnitId>,
    pub(crate) service: Option<ServiceKey>,
    pub(crate) made: Option<Interval>,
}

/// Inserts an offer with a new id.
pub(crate) async fn insert(tx: &Tx<'_>, offer: &Offer, info: &Info) -> Result<(), DbError> {
    row(offer, info).into_active_model().insert(tx).await?;
    Ok(())
}

/// Writes an offer over what [`lock`] read.
pub(crate) async fn update(tx: &Tx<'_>, offer: &Offer, info: &Info) -> Result<(), DbError> {
    row(offer, info).into_active_model().reset_all().update(tx).await?;
    Ok(())
}

/// The offer, also a withdrawn one; what the call does not reach is not there.
pub(crate) async fn find(
    db: &impl ConnectionTrait,
    scope: &Scope,
    id: &OfferId,
) -> Result<Option<Offer>, DbError> {
    let found = Entity::find_by_id(id.clone()).filter(crate::store::reached("offer", scope));
    found.one(db).await?.map(offer).transpose()
}

/// The offer, also a withdrawn one, held to the transaction's end.
pub(crate) async fn lock(tx: &Tx<'_>, id: &OfferId) -> Result<Option<Offer>, DbError> {
    Entity::find_by_id(id.clone()).lock_exclusive().one(tx).await?.map(offer).transpose()
}

fn open() -> Select<Entity> {
    Entity::find().filter(Column::Answer.eq("open")).filter(Column::State.eq("stands"))
}

/// Open offers at some units.
pub(crate) async fn open_at(db: &impl ConnectionTrait, unit_ids: &[&UnitId]) -> Result<Vec<Offer>, DbError> {
    let mut found = Vec::new();
    for chunk in unit_ids.chunks(crate::store::CHUNK) {
        for row in open().filter(Column::UnitId.is_in(chunk.iter().map(|id| id.as_str()))).all(db).await? {
            found.push(offer(row)?);
        }
    }
    Ok(found)
}

/// Open offers that a person may have one of, with the grant's.
pub(crate) async fn open_beside(
    db: &impl ConnectionTrait,
    grant: &Grant,
    service: &ServiceInfo,
) -> Result<Vec<Offer>, DbError> {
    let same = persons::same(db, &grant.person_id).await?;
    let person = (Column::PersonId, same.as_slice());
    let beside = crate::store::beside(person, Column::Service, Column::GrantId, grant, service);
    let query = open().filter(beside).order_by_asc(Column::OfferId);
    query.all(db).await?.into_iter().map(offer).collect()
}

/// Which of the offers whose deadline has passed.
#[derive(Clone, Copy)]
pub(crate) enum Overdue<'a> {
    /// All of them.
    All,
    /// The one with this id.
    One(&'a OfferId),
    /// Those that a call reaches.
    Reached(&'a Scope),
}

/// Open offers whose deadline has passed, held to the transaction's end.
pub(crate) async fn overdue(
    tx: &Tx<'_>,
    today: NaiveDate,
    which: Overdue<'_>,
) -> Result<Vec<Offer>, DbError> {
    let query = open().filter(Column::AnswerBy.lt(today));
    let query = match which {
        Overdue::All => query,
        Overdue::One(id) => query.filter(Column::OfferId.eq(id.as_str())),
        Overdue::Reached(scope) => query.filter(crate::store::reached("offer", scope)),
    };
    let rows = query.order_by_asc(Column::OfferId).lock_exclusive().all(tx).await?;
    rows.into_iter().map(offer).collect()
}

/// Ids of a page, in order, of what the caller may see.
pub(crate) async fn list(
    db: &impl ConnectionTrait,
    wanted: &Wanted,
    listed: &Listed,
    scope: &Scope,
    page: &PageRequest,
) -> Result<Vec<OfferId>, DbError> {
    let mut query = Entity::find().select_only().column(Column::OfferId);
    query = query.filter(crate::store::listed(Column::State, Column::RecordedAt, listed));
    query = query.filter(crate::store::reached("offer", scope));
    let same = crate::store::same(db, wanted.person_id.as_ref()).await?;
    let condition = Condition::all()
        .add_option(same.map(|ids| Column::PersonId.is_in(ids)))
        .add_option(says(Column::Answer, wanted.answer))
        .add_option(says(Column::GrantId, wanted.grant_id.as_ref()))
        .add_option(says(Column::UnitId, wanted.unit_id.as_ref()))
        .add_option(says(Column::Service, wanted.service.as_ref().map(|service| service.as_str())));
    query = query.filter(condition);
    if let Some(made) = wanted.made {
        query = query.filter(Column::OfferDate.between(made.first, made.last));
    }
    if let Some(after) = &page.after {
        query = query.filter(Column::OfferId.gt(after.as_str()));
    }
    Ok(query.order_by_asc(Column::OfferId).limit(page.limit()).into_tuple().all(db).await?)
}

fn row(offer: &Offer, info: &Info) -> Model {
    let placement_id = match &offer.state {
        OfferState::Accepted { placement_id } => Some(placement_id.clone()),
        OfferState::Open | OfferState::Declined | OfferState::Lapsed => None,
    };
    Model {
        offer_id: offer.offer_id.clone(),
        grant_id: offer.grant_id.clone(),
        person_id: offer.person_id.clone(),
        service: offer.service.as_str().to_owned(),
        unit_id: offer.unit_id.clone(),
        offer_date: offer.offer_date,
        answer_by: offer.answer_by,
        answer: offer.state.as_str().to_owned(),
        placement_id,
        state: info.state.as_str().to_owned(),
        recorded_at: info.told.recorded_at,
    }
}

fn offer(row: Model) -> Result<Offer, DbError> {
    let state = match (row.answer.as_str(), row.placement_id) {
        ("open", None) => OfferState::Open,
        ("accepted", Some(placement_id)) => OfferState::Accepted { placement_id },
        ("declined", None) => OfferState::Declined,
        ("lapsed", None) => OfferState::Lapsed,
        (other, _) => {
            return Err(DbError::row("offer", "answer", row.offer_id, format!("`{other}` is none")));
        }
    };
    Ok(Offer {
        service: crate::store::service("offer", row.offer_id.as_str(), &row.service)?,
        offer_id: row.offer_id,
        grant_id: row.grant_id,
        person_id: row.person_id,
        unit_id: row.unit_id,
        offer_date: row.offer_date,
        answer_by: row.answer_by,
        state,
    })
}
