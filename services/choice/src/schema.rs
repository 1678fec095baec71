//! The schema: our tables and the kit's.

use niva_store::schema::Ddl;
use niva_store::{facts, request};
use sea_orm_migration::{MigrationTrait, MigratorTrait};

/// Migrations of the choice service.
#[derive(Debug)]
pub struct Migrator;

impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        let tables = Ddl::boxed(
            "choice_1",
            |_| vec![include_str!("../migrations/1.sql")],
            &[
                "DROP TABLE offer",
                "DROP TABLE placement",
                "DROP TABLE wish_unit",
                "DROP TABLE wish",
                "DROP TABLE \"grant\"",
                "DROP TABLE unit_period",
                "DROP TABLE unit",
                "DROP TABLE provider",
            ],
        );
        vec![
            request::migration(),
            niva_feed::migration(),
            niva_feed::consumer_migration(),
            facts::migration(),
            tables,
        ]
    }
}
