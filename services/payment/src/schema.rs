//! The tables of payment.

use niva_store::schema::{AppendOnly, Migration};
use sea_orm_migration::{MigrationTrait, MigratorTrait};

/// The schema of the payment service's database.
#[derive(Debug)]
pub struct Migrator;

impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        let own = vec![
            niva_store::request::migration(),
            niva_feed::consumer_migration(),
            niva_imports::migration(),
            Migration::boxed("payment_facts_1", include_str!("../migrations/0001_facts.sql")),
            Migration::boxed("payment_runs_1", include_str!("../migrations/0002_runs.sql")),
            Migration::boxed(
                "payment_placement_case_1",
                include_str!("../migrations/0003_placement_case.sql"),
            ),
            niva_store::facts::migration(),
            Migration::boxed("payment_orders_1", include_str!("../migrations/0004_orders.sql")),
            Migration::boxed("payment_postings_1", include_str!("../migrations/0005_postings.sql")),
            Migration::boxed("payment_files_1", include_str!("../migrations/0006_files.sql")),
            AppendOnly::new("payment_append_only_1")
                .table("author")
                .table("fact")
                .table("fact_revision")
                .table("payment_line")
                .table("payment_hold")
                .table("payment_order")
                .table("payment_order_step")
                .table("payment_posting")
                .table("payment_file")
                .table("payment_file_part")
                .table("payment_file_order")
                .table("archived_text")
                .table("archived_models")
                .table_when("payment_run", "OLD.state IN ('approved', 'discarded', 'cancelled')")
                .boxed(),
        ];
        own.into_iter().chain(niva_store::audit::migrations()).collect()
    }
}
