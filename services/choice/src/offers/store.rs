//! Offers.
#![allow(unreachable_pub, reason = "sea-orm's macros write `pub` items beside a `pub` Model")]

use niva_calendar::NaiveDate;
use niva_choice_domain::{Grant, Offer, OfferState};
use niva_names::ServiceInfo;
use niva_store::page::PageRequest;
use niva_store::{DbError, Tx};
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder,
    QuerySelect,
};

use crate::sight::Sight;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "offer")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub offer_id: String,
    pub grant_id: String,
    pub person_id: String,
    pub service: String,
    pub unit_id: String,
    pub offer_date: Date,
    pub answer_by: Date,
    pub state: String,
    /// Of an accepted offer.
    pub placement_id: Option<String>,
}

impl ActiveModelBehavior for ActiveModel {}

/// Inserts an offer with a new id.
pub(crate) async fn insert(tx: &Tx<'_>, offer: &Offer) -> Result<(), DbError> {
    row(offer).into_active_model().insert(tx).await?;
    Ok(())
}

/// Writes an answered offer over what [`lock`] read.
pub(crate) async fn update(tx: &Tx<'_>, offer: &Offer) -> Result<(), DbError> {
    row(offer).into_active_model().reset_all().update(tx).await?;
    Ok(())
}

pub(crate) async fn find(db: &impl ConnectionTrait, id: &str) -> Result<Option<Offer>, DbError> {
    Entity::find_by_id(id.to_owned()).one(db).await?.map(offer).transpose()
}

/// The offer, held to the transaction's end.
pub(crate) async fn lock(tx: &Tx<'_>, id: &str) -> Result<Option<Offer>, DbError> {
    Entity::find_by_id(id.to_owned()).lock_exclusive().one(tx).await?.map(offer).transpose()
}

/// Open offers at some units.
pub(crate) async fn open_at(db: &impl ConnectionTrait, unit_ids: &[&str]) -> Result<Vec<Offer>, DbError> {
    let mut found = Vec::new();
    for chunk in unit_ids.chunks(crate::store::CHUNK) {
        let query = Entity::find().filter(Column::UnitId.is_in(chunk.iter().copied()));
        for row in query.filter(Column::State.eq("open")).all(db).await? {
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
    let beside = crate::store::beside(Column::PersonId, Column::Service, Column::GrantId, grant, service);
    let query = Entity::find().filter(beside).filter(Column::State.eq("open"));
    query.order_by_asc(Column::OfferId).all(db).await?.into_iter().map(offer).collect()
}

/// Lets open offers lapse whose deadline has passed: all of them, or one. Whoever comes second finds them lapsed.
pub(crate) async fn lapse(tx: &Tx<'_>, today: NaiveDate, only: Option<&str>) -> Result<Vec<Offer>, DbError> {
    let mut update = Entity::update_many()
        .col_expr(Column::State, Expr::value("lapsed"))
        .filter(Column::State.eq("open"))
        .filter(Column::AnswerBy.lt(today));
    if let Some(id) = only {
        update = update.filter(Column::OfferId.eq(id));
    }
    let mut lapsed: Vec<Offer> =
        update.exec_with_returning(tx).await?.into_iter().map(offer).collect::<Result<_, _>>()?;
    lapsed.sort_by(|a, b| a.offer_id.cmp(&b.offer_id));
    Ok(lapsed)
}

/// A page in order of id, of one person and state where given, of what the caller may see.
pub(crate) async fn list(
    db: &impl ConnectionTrait,
    person: &str,
    state: Option<&'static str>,
    sight: &Sight<'_>,
    page: &PageRequest,
) -> Result<Vec<Offer>, DbError> {
    let mut query = Entity::find().order_by_asc(Column::OfferId).limit(page.limit());
    query = query.filter(crate::store::seen(Column::GrantId, Column::UnitId, sight));
    if !person.is_empty() {
        query = query.filter(Column::PersonId.eq(person));
    }
    if let Some(state) = state {
        query = query.filter(Column::State.eq(state));
    }
    if let Some(after) = &page.after {
        query = query.filter(Column::OfferId.gt(after.as_str()));
    }
    query.all(db).await?.into_iter().map(offer).collect()
}

fn row(offer: &Offer) -> Model {
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
        state: offer.state.as_str().to_owned(),
        placement_id,
    }
}

fn offer(row: Model) -> Result<Offer, DbError> {
    let state = match (row.state.as_str(), row.placement_id) {
        ("open", None) => OfferState::Open,
        ("accepted", Some(placement_id)) => OfferState::Accepted { placement_id },
        ("declined", None) => OfferState::Declined,
        ("lapsed", None) => OfferState::Lapsed,
        (other, _) => {
            return Err(DbError::row("offer", "state", row.offer_id, format!("`{other}` is no state")));
        }
    };
    Ok(Offer {
        service: crate::store::service("offer", &row.offer_id, &row.service)?,
        offer_id: row.offer_id,
        grant_id: row.grant_id,
        person_id: row.person_id,
        unit_id: row.unit_id,
        offer_date: row.offer_date,
        answer_by: row.answer_by,
        state,
    })
}
