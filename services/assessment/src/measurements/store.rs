//! Measurements and their scores.

use std::collections::BTreeMap;

use niva_assessment_domain::{Basis, Decided, Measurement, Open, Sheet, Visit};
use niva_kit::page::PageRequest;
use niva_kit::{DbError, OpError, Tx};
use niva_models::Level;
use sea_orm::sea_query::OnConflict;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
};

use crate::persons::store as persons;
use crate::store;
use entity::{ActiveModel, Column, Entity, Model};

const OPEN: &str = "open";
const DECIDED: &str = "decided";

/// Inserts a measurement without scores unless its id is taken; whether it was inserted.
pub(crate) async fn insert(tx: &Tx<'_>, measurement: &Measurement) -> Result<bool, DbError> {
    store::insert_new::<ActiveModel, _>(tx, row(measurement)).await
}

/// Inserts imported measurements, which have no scores.
pub(crate) async fn insert_all(tx: &Tx<'_>, measurements: &[Measurement]) -> Result<(), OpError> {
    store::insert_all(tx, measurements.iter().map(row).map(ActiveModel::from)).await
}

/// Writes the score of one item, given for the first time or again.
pub(crate) async fn put_score(tx: &Tx<'_>, id: &str, item: &str, points: u16) -> Result<(), DbError> {
    let row =
        score::Model { measurement_id: id.to_owned(), item_key: item.to_owned(), score: i32::from(points) };
    let replace = OnConflict::columns([score::Column::MeasurementId, score::Column::ItemKey])
        .update_column(score::Column::Score)
        .to_owned();
    score::Entity::insert(score::ActiveModel::from(row))
        .on_conflict(replace)
        .exec_without_returning(tx)
        .await?;
    Ok(())
}

/// Notes that a level was decided from an open measurement.
pub(crate) async fn set_decided(tx: &Tx<'_>, id: &str) -> Result<(), OpError> {
    let update = Entity::update_many()
        .set(ActiveModel { state: Set(DECIDED.to_owned()), ..ActiveModel::default() })
        .filter(Column::MeasurementId.eq(id))
        .filter(Column::State.eq(OPEN));
    match update.exec(tx).await.map_err(DbError::from)?.rows_affected {
        1 => Ok(()),
        _ => Err(OpError::internal("a measurement was decided that was not open")),
    }
}

pub(crate) async fn find(db: &impl ConnectionTrait, id: &str) -> Result<Option<Measurement>, DbError> {
    one(db, Entity::find_by_id(id.to_owned()).one(db).await?).await
}

/// The measurement, held to the transaction's end.
pub(crate) async fn lock(tx: &Tx<'_>, id: &str) -> Result<Option<Measurement>, DbError> {
    one(tx, Entity::find_by_id(id.to_owned()).lock_exclusive().one(tx).await?).await
}

/// Which of `ids` are taken.
pub(crate) async fn taken(db: &impl ConnectionTrait, ids: &[&str]) -> Result<Vec<String>, DbError> {
    let mut found = Vec::new();
    for chunk in ids.chunks(store::CHUNK) {
        let query = Entity::find().select_only().column(Column::MeasurementId);
        let query = query.filter(Column::MeasurementId.is_in(chunk.iter().copied()));
        found.extend(query.into_tuple::<String>().all(db).await?);
    }
    Ok(found)
}

/// A page in order of id, of one person (empty: any) among those that the caller sees.
pub(crate) async fn list(
    db: &impl ConnectionTrait,
    person: &str,
    seen: &[String],
    page: &PageRequest,
) -> Result<Vec<Measurement>, DbError> {
    let mut query = Entity::find().order_by_asc(Column::MeasurementId).limit(page.limit());
    query = query.filter(persons::seen(Column::PersonId, seen));
    if !person.is_empty() {
        query = query.filter(Column::PersonId.eq(person));
    }
    if let Some(after) = &page.after {
        query = query.filter(Column::MeasurementId.gt(after.as_str()));
    }
    with_scores(db, query.all(db).await?).await
}

async fn one(db: &impl ConnectionTrait, row: Option<Model>) -> Result<Option<Measurement>, DbError> {
    Ok(with_scores(db, row.into_iter().collect()).await?.pop())
}

async fn with_scores(db: &impl ConnectionTrait, rows: Vec<Model>) -> Result<Vec<Measurement>, DbError> {
    let scored = rows.iter().filter(|r| r.instrument_id.is_some()).map(|r| r.measurement_id.as_str());
    let mut scores: BTreeMap<String, BTreeMap<String, u16>> = BTreeMap::new();
    for chunk in scored.collect::<Vec<_>>().chunks(store::CHUNK) {
        let query = score::Entity::find().filter(score::Column::MeasurementId.is_in(chunk.iter().copied()));
        for s in query.all(db).await? {
            let points = u16::try_from(s.score)
                .map_err(|e| DbError::row("measurement_score", "score", &s.measurement_id, e))?;
            scores.entry(s.measurement_id).or_default().insert(s.item_key, points);
        }
    }
    rows.into_iter()
        .map(|row| {
            let scores = scores.remove(&row.measurement_id).unwrap_or_default();
            measurement(row, scores)
        })
        .collect()
}

fn row(measurement: &Measurement) -> Model {
    let visit = measurement.visit();
    let sheet = measurement.sheet();
    let (total, stated_level) = match measurement {
        Measurement::Decided(Decided { basis: Basis::Total(total), .. }) => (Some(i32::from(*total)), None),
        Measurement::Decided(Decided { basis: Basis::Stated(level), .. }) => (None, Some(i32::from(level.0))),
        _ => (None, None),
    };
    Model {
        measurement_id: visit.measurement_id.clone(),
        person_id: visit.person_id.clone(),
        service: visit.service.as_str().to_owned(),
        visit_date: visit.visit_date,
        state: if matches!(measurement, Measurement::Open(_)) { OPEN } else { DECIDED }.to_owned(),
        instrument_id: sheet.map(|s| s.instrument_id.clone()),
        follow_up_date: sheet.map(|s| s.follow_up_date),
        total,
        stated_level,
    }
}

fn measurement(row: Model, scores: BTreeMap<String, u16>) -> Result<Measurement, DbError> {
    let id = row.measurement_id.clone();
    let bad = |column, problem: String| DbError::row("measurement", column, &id, problem);
    let visit = Visit {
        service: row.service.parse().map_err(|e: niva_names::NoServiceKey| bad("service", e.to_string()))?,
        visit_date: row.visit_date,
        measurement_id: row.measurement_id,
        person_id: row.person_id,
    };
    let scored = row.instrument_id.zip(row.follow_up_date);
    let sheet = scored.map(|(instrument_id, follow_up_date)| Sheet { instrument_id, follow_up_date, scores });
    match (row.state.as_str(), sheet, row.total, row.stated_level) {
        (OPEN, Some(sheet), None, None) => Ok(Measurement::Open(Open { visit, sheet })),
        (DECIDED, Some(sheet), None, None) => {
            Ok(Measurement::Decided(Decided { visit, basis: Basis::Scored(sheet) }))
        }
        (DECIDED, None, Some(total), None) => {
            let total = u16::try_from(total).map_err(|e| bad("total", e.to_string()))?;
            Ok(Measurement::Decided(Decided { visit, basis: Basis::Total(total) }))
        }
        (DECIDED, None, None, Some(level)) => {
            let level = u8::try_from(level).map_err(|e| bad("stated_level", e.to_string()))?;
            Ok(Measurement::Decided(Decided { visit, basis: Basis::Stated(Level(level)) }))
        }
        _ => Err(bad("state", "does not fit the columns that are filled".to_owned())),
    }
}

/// Measurements; their scores are in `measurement_score`.
mod entity {
    #![allow(unreachable_pub, reason = "sea-orm's macros write `pub` items beside a `pub` Model")]

    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "measurement")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub measurement_id: String,
        pub person_id: String,
        pub service: String,
        pub visit_date: Date,
        /// `open` or `decided`.
        pub state: String,
        /// Present when scored with an instrument.
        pub instrument_id: Option<String>,
        /// Present when scored with an instrument.
        pub follow_up_date: Option<Date>,
        /// Present when imported as a total.
        pub total: Option<i32>,
        /// Present when imported as a stated level.
        pub stated_level: Option<i32>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// Scores given to the items of measurements.
mod score {
    #![allow(unreachable_pub, reason = "sea-orm's macros write `pub` items beside a `pub` Model")]

    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "measurement_score")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub measurement_id: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub item_key: String,
        pub score: i32,
    }

    impl ActiveModelBehavior for ActiveModel {}
}
