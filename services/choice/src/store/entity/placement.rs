//! Placements as they now stand. Earlier states are in the feed.

use sea_orm::entity::prelude::*;

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
