//! Units as they now stand. Earlier states are in the feed.

use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "unit")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub unit_id: String,
    pub provider_id: String,
    pub name: String,
    pub service: String,
    pub district: String,
    /// JSON: regimes by days.
    pub regimes: String,
    /// JSON: places by days.
    pub capacities: String,
    pub revision: i64,
}

impl ActiveModelBehavior for ActiveModel {}
