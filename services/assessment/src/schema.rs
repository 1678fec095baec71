//! The schema: our tables and the kit's.

use niva_kit::schema::Ddl;
use niva_kit::{facts, feed, request};
use sea_orm_migration::{MigrationTrait, MigratorTrait};

/// Migrations of the assessment service.
#[derive(Debug)]
pub struct Migrator;

impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![request::migration(), feed::migration(), facts::migration(), niva_imports::migration(), tables()]
    }
}

fn tables() -> Box<dyn MigrationTrait> {
    Ddl::boxed(
        "assessment_1",
        |_| include_str!("../migrations/tables.sql").split(";\n").filter(|s| !s.trim().is_empty()).collect(),
        &[
            "DROP TABLE decision_counter",
            "DROP TABLE level_decision",
            "DROP TABLE measurement",
            "DROP TABLE \"grant\"",
            "DROP TABLE application",
            "DROP TABLE residence",
            "DROP TABLE person",
        ],
    )
}
