//! Level decisions: inserted, never changed.

use niva_assessment_domain::{LevelBasis, LevelDecision};
use niva_kit::page::PageRequest;
use niva_kit::{DbError, OpError, Tx};
use niva_models::Level;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Statement};

use crate::persons::store as persons;
use crate::store;
use entity::{ActiveModel, Column, Entity, Model};

/// Takes the next `count` decision numbers and answers the first of them. Others who decide wait from here to the end of
/// this transaction: take them late.
pub(crate) async fn take_numbers(tx: &Tx<'_>, count: usize) -> Result<i64, OpError> {
    let count = i64::try_from(count).map_err(OpError::internal)?;
    let update = Statement::from_sql_and_values(
        tx.get_database_backend(),
        "UPDATE decision_counter SET newest = newest + $1 WHERE counter = 1 RETURNING newest",
        [count.into()],
    );
    let row = tx.query_one_raw(update).await.map_err(DbError::from)?;
    let row = row.ok_or_else(|| OpError::internal("decision_counter has no row"))?;
    Ok(row.try_get::<i64>("", "newest").map_err(DbError::from)? - count + 1)
}

pub(crate) async fn insert_all(tx: &Tx<'_>, decisions: &[LevelDecision]) -> Result<(), OpError> {
    store::insert_all(tx, decisions.iter().map(row).map(ActiveModel::from)).await
}

/// A page in order of number, of one person (empty: any) among those that the caller sees.
pub(crate) async fn list(
    db: &impl ConnectionTrait,
    person: &str,
    seen: &[String],
    after: i64,
    page: &PageRequest,
) -> Result<Vec<LevelDecision>, DbError> {
    let mut query = Entity::find().order_by_asc(Column::DecisionNumber).limit(page.limit());
    query = query.filter(Column::DecisionNumber.gt(after)).filter(persons::seen(Column::PersonId, seen));
    if !person.is_empty() {
        query = query.filter(Column::PersonId.eq(person));
    }
    query.all(db).await?.into_iter().map(decision).collect()
}

fn row(decision: &LevelDecision) -> Model {
    let (points, scale_model_id) = match &decision.basis {
        LevelBasis::Measured { points, scale_model_id } => {
            (Some(i32::from(*points)), Some(scale_model_id.clone()))
        }
        LevelBasis::Stated => (None, None),
    };
    Model {
        decision_number: decision.decision_number,
        level_decision_id: decision.level_decision_id.clone(),
        measurement_id: decision.measurement_id.clone(),
        person_id: decision.person_id.clone(),
        service: decision.service.as_str().to_owned(),
        level: i32::from(decision.level.0),
        points,
        scale_model_id,
        valid_from: decision.valid_from,
        decide_time: decision.decide_time,
    }
}

fn decision(row: Model) -> Result<LevelDecision, DbError> {
    let bad =
        |column, problem: String| DbError::row("level_decision", column, &row.level_decision_id, problem);
    let basis = match (row.points, row.scale_model_id.clone()) {
        (None, None) => LevelBasis::Stated,
        (Some(points), Some(scale_model_id)) => {
            let points = u16::try_from(points).map_err(|e| bad("points", e.to_string()))?;
            LevelBasis::Measured { points, scale_model_id }
        }
        _ => return Err(bad("points", "stands without scale_model_id, or the other way round".to_owned())),
    };
    Ok(LevelDecision {
        service: row.service.parse().map_err(|e: niva_names::NoServiceKey| bad("service", e.to_string()))?,
        level: Level(u8::try_from(row.level).map_err(|e| bad("level", e.to_string()))?),
        basis,
        level_decision_id: row.level_decision_id,
        decision_number: row.decision_number,
        measurement_id: row.measurement_id,
        person_id: row.person_id,
        valid_from: row.valid_from,
        decide_time: row.decide_time,
    })
}

/// Level decisions: inserted, never changed.
mod entity {
    #![allow(unreachable_pub, reason = "sea-orm's macros write `pub` items beside a `pub` Model")]

    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "level_decision")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub decision_number: i64,
        #[sea_orm(unique)]
        pub level_decision_id: String,
        #[sea_orm(unique)]
        pub measurement_id: String,
        pub person_id: String,
        pub service: String,
        pub level: i32,
        /// Absent for a stated level.
        pub points: Option<i32>,
        /// Absent for a stated level.
        pub scale_model_id: Option<String>,
        pub valid_from: Date,
        pub decide_time: DateTimeUtc,
    }

    impl ActiveModelBehavior for ActiveModel {}
}
