//! The schema: our tables and the shared crates'.

use niva_store::schema::{AppendOnly, Migration};
use niva_store::{facts, persons, request};
use sea_orm_migration::{MigrationTrait, MigratorTrait};

/// Migrations of the choice service.
#[derive(Debug)]
pub struct Migrator;

impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        let own = vec![
            request::migration(),
            niva_feed::migration(),
            niva_feed::consumer_migration(),
            facts::migration(),
            niva_imports::migration(),
            Migration::boxed("choice_1", include_str!("../migrations/0001_tables.sql")),
            AppendOnly::new("choice_append_only_1").table("fact_revision").table("feed_event").boxed(),
            persons::migration(),
        ];
        own.into_iter().chain(niva_store::audit::migrations()).collect()
    }
}
