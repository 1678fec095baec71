//! The schema: our tables and the kit's.

use niva_kit::schema::Ddl;
use niva_kit::{feed, request};
use sea_orm_migration::{MigrationTrait, MigratorTrait};

/// Migrations of the choice service.
#[derive(Debug)]
pub struct Migrator;

impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![request::migration(), feed::migration(), feed::consumer_migration(), tables()]
    }
}

/// `id`: the type of a key. Keys are compared byte by byte on both databases, so that pages come in the same order.
macro_rules! create {
    ($id:literal) => {
        vec![
            concat!("CREATE TABLE provider (provider_id ", $id, " PRIMARY KEY, name TEXT NOT NULL)"),
            concat!(
                "CREATE TABLE unit (unit_id ", $id, " PRIMARY KEY, ",
                "provider_id ", $id, " NOT NULL REFERENCES provider (provider_id), name TEXT NOT NULL, ",
                "service TEXT NOT NULL, district TEXT NOT NULL, regimes TEXT NOT NULL, capacities TEXT NOT NULL, ",
                "revision {int} NOT NULL)"
            ),
            // What the feed of assessment told: no key to a person, who is another service's.
            concat!(
                "CREATE TABLE \"grant\" (grant_id ", $id, " PRIMARY KEY, person_id ", $id, " NOT NULL, ",
                "service TEXT NOT NULL, district TEXT NOT NULL, first_day DATE NOT NULL, last_day DATE, ",
                "revision {int} NOT NULL)"
            ),
            // Replaced wishes stay: version and rank tell which.
            concat!(
                "CREATE TABLE wish (grant_id ", $id, " NOT NULL REFERENCES \"grant\" (grant_id), ",
                "version INTEGER NOT NULL, rank INTEGER NOT NULL, ",
                "unit_id ", $id, " NOT NULL REFERENCES unit (unit_id), recorded_at {instant} NOT NULL, ",
                "PRIMARY KEY (grant_id, version, rank), UNIQUE (grant_id, version, unit_id))"
            ),
            concat!(
                "CREATE TABLE placement (placement_id ", $id, " PRIMARY KEY, ",
                "grant_id ", $id, " NOT NULL REFERENCES \"grant\" (grant_id), person_id ", $id, " NOT NULL, ",
                "service TEXT NOT NULL, unit_id ", $id, " NOT NULL REFERENCES unit (unit_id), ",
                "state TEXT NOT NULL CHECK (state IN ('ordered', 'withdrawn', 'started', 'no_show', 'ended')), ",
                "ordered_start DATE NOT NULL, actual_start DATE, notice_date DATE, end_date DATE, ",
                "revision {int} NOT NULL, CHECK (actual_start >= ordered_start), ",
                "CHECK (notice_date >= ordered_start), CHECK (end_date >= actual_start), ",
                "CHECK ((end_date IS NOT NULL) = (state = 'ended')))"
            ),
            concat!(
                "CREATE TABLE offer (offer_id ", $id, " PRIMARY KEY, ",
                "grant_id ", $id, " NOT NULL REFERENCES \"grant\" (grant_id), person_id ", $id, " NOT NULL, ",
                "service TEXT NOT NULL, unit_id ", $id, " NOT NULL REFERENCES unit (unit_id), ",
                "offer_date DATE NOT NULL, answer_by DATE NOT NULL, ",
                "state TEXT NOT NULL CHECK (state IN ('open', 'accepted', 'declined', 'lapsed')), ",
                "placement_id ", $id, " UNIQUE REFERENCES placement (placement_id), ",
                "CHECK ((placement_id IS NOT NULL) = (state = 'accepted')))"
            ),
            "CREATE INDEX grant_by_person ON \"grant\" (person_id, service)",
            "CREATE INDEX wish_by_unit ON wish (unit_id)",
            "CREATE INDEX placement_by_unit ON placement (unit_id)",
            "CREATE INDEX placement_by_person ON placement (person_id)",
            "CREATE INDEX placement_by_grant ON placement (grant_id)",
            "CREATE INDEX offer_by_person ON offer (person_id)",
            "CREATE INDEX open_offer_by_unit ON offer (unit_id) WHERE state = 'open'",
            "CREATE INDEX open_offer_by_deadline ON offer (answer_by) WHERE state = 'open'",
            "CREATE UNIQUE INDEX one_open_offer ON offer (grant_id) WHERE state = 'open'",
        ]
    };
}

fn tables() -> Box<dyn MigrationTrait> {
    Ddl::boxed(
        "choice_1",
        |postgres| if postgres { create!("TEXT COLLATE \"C\"") } else { create!("TEXT") },
        &[
            "DROP TABLE offer",
            "DROP TABLE placement",
            "DROP TABLE wish",
            "DROP TABLE \"grant\"",
            "DROP TABLE unit",
            "DROP TABLE provider",
        ],
    )
}
