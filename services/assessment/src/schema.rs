//! The schema: our tables and the kit's.

use niva_kit::schema::Ddl;
use niva_kit::{feed, request};
use sea_orm_migration::{MigrationTrait, MigratorTrait};

/// Migrations of the assessment service.
#[derive(Debug)]
pub struct Migrator;

impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![request::migration(), feed::migration(), tables()]
    }
}

/// `id`: the type of a key. Keys are compared byte by byte on both databases, so that pages come in the same order.
macro_rules! create {
    ($id:literal) => {
        vec![
            concat!(
                "CREATE TABLE person (person_id ", $id, " PRIMARY KEY, district TEXT NOT NULL, ",
                "create_time {instant} NOT NULL)"
            ),
            concat!(
                "CREATE TABLE \"grant\" (grant_id ", $id, " PRIMARY KEY, ",
                "person_id ", $id, " NOT NULL REFERENCES person (person_id), service TEXT NOT NULL, ",
                "district TEXT NOT NULL, first_day DATE NOT NULL, last_day DATE, scopes TEXT NOT NULL, ",
                "revision {int} NOT NULL, CHECK (last_day >= first_day))"
            ),
            concat!(
                "CREATE TABLE measurement (measurement_id ", $id, " PRIMARY KEY, ",
                "person_id ", $id, " NOT NULL REFERENCES person (person_id), service TEXT NOT NULL, ",
                "visit_date DATE NOT NULL, state TEXT NOT NULL CHECK (state IN ('open', 'decided')), ",
                "instrument_id TEXT, follow_up_date DATE, total INTEGER, stated_level INTEGER)"
            ),
            concat!(
                "CREATE TABLE measurement_score (",
                "measurement_id ", $id, " NOT NULL REFERENCES measurement (measurement_id), item_key ", $id,
                " NOT NULL, score INTEGER NOT NULL, PRIMARY KEY (measurement_id, item_key))"
            ),
            concat!(
                "CREATE TABLE level_decision (decision_number {int} PRIMARY KEY, ",
                "level_decision_id ", $id, " NOT NULL UNIQUE, ",
                "measurement_id ", $id, " NOT NULL UNIQUE REFERENCES measurement (measurement_id), ",
                "person_id ", $id, " NOT NULL REFERENCES person (person_id), service TEXT NOT NULL, ",
                "level INTEGER NOT NULL, points INTEGER, scale_model_id TEXT, valid_from DATE NOT NULL, ",
                "decide_time {instant} NOT NULL)"
            ),
            // One row. Whoever updates it holds it to the end of the transaction: numbers ascend in order of commit.
            "CREATE TABLE decision_counter (counter INTEGER PRIMARY KEY, newest {int} NOT NULL)",
            "INSERT INTO decision_counter (counter, newest) VALUES (1, 0)",
            "CREATE INDEX grant_by_person ON \"grant\" (person_id)",
            "CREATE INDEX measurement_by_person ON measurement (person_id)",
            "CREATE INDEX level_decision_by_person ON level_decision (person_id, decision_number)",
            "CREATE INDEX person_by_district ON person (district)",
        ]
    };
}

fn tables() -> Box<dyn MigrationTrait> {
    Ddl::boxed(
        "assessment_1",
        |postgres| if postgres { create!("TEXT COLLATE \"C\"") } else { create!("TEXT") },
        &[
            "DROP TABLE decision_counter",
            "DROP TABLE level_decision",
            "DROP TABLE measurement_score",
            "DROP TABLE measurement",
            "DROP TABLE \"grant\"",
            "DROP TABLE person",
        ],
    )
}
