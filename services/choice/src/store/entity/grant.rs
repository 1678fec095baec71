//! Grants as assessment last told of them.

use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "grant")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub grant_id: String,
    pub person_id: String,
    pub service: String,
    pub district: String,
    pub first_day: Date,
    /// Absent: without end.
    pub last_day: Option<Date>,
    pub revision: i64,
}

impl ActiveModelBehavior for ActiveModel {}
