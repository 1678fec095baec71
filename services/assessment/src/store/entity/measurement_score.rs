//! Scores given to the items of measurements.

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
