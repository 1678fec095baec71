//! Measurements; their scores are in `measurement_score`.

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
