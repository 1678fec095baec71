//! Level decisions: inserted, never changed.

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
