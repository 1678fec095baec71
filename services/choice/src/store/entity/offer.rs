//! Offers.

use sea_orm::entity::prelude::*;

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
