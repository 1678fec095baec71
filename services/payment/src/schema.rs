//! The tables of payment.

use niva_store::schema::Ddl;
use sea_orm_migration::{MigrationTrait, MigratorTrait};

/// The schema of the payment service's database.
#[derive(Debug)]
pub struct Migrator;

impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            niva_store::request::migration(),
            niva_feed::consumer_migration(),
            niva_store::facts::migration(),
            niva_imports::migration(),
            Ddl::boxed("payment_facts_1", facts, &["DROP TABLE fact_counter"]),
            Ddl::boxed("payment_runs_1", runs, &["DROP TABLE payment_run"]),
        ]
    }
}

/// On SQLite a table whose rows lie in the order of its key; PostgreSQL has none, and needs none.
macro_rules! by_key {
    ($postgres:expr, $sql:literal) => {
        if $postgres { $sql } else { concat!($sql, " WITHOUT ROWID") }
    };
}

/// What is known. Rows are added; the one thing that changes is where a version ends.
fn facts(postgres: bool) -> Vec<&'static str> {
    let mut ddl = vec![
        // One row: the number of the last fact. Whoever assigns numbers updates it, and so waits for whoever did before.
        "CREATE TABLE fact_counter (id INTEGER PRIMARY KEY CHECK (id = 1), last_number {int} NOT NULL)",
        "INSERT INTO fact_counter (id, last_number) VALUES (1, 0)",
        // What arrived.
        "CREATE TABLE fact (number {int} PRIMARY KEY, case_key TEXT, unit_id TEXT, placement_id TEXT, kind TEXT NOT NULL, \
         fact_id TEXT NOT NULL, revision {int} NOT NULL, withdrawn BOOLEAN NOT NULL, recorded_at {instant} NOT NULL)",
        "CREATE INDEX fact_case ON fact (case_key, number)",
        by_key!(
            postgres,
            "CREATE TABLE case_version (case_key TEXT NOT NULL, fact_number {int} NOT NULL, \
             until_fact_number {int} NOT NULL, doc TEXT NOT NULL, PRIMARY KEY (case_key, fact_number))"
        ),
        // One version stands (`STANDS`). Without it PostgreSQL reads the whole table to find a thousand cases, until it has
        // counted it.
        "CREATE UNIQUE INDEX case_version_stands ON case_version (case_key) \
         WHERE until_fact_number = 9223372036854775807",
        by_key!(
            postgres,
            "CREATE TABLE unit_version (unit_id TEXT NOT NULL, fact_number {int} NOT NULL, \
             until_fact_number {int} NOT NULL, doc TEXT NOT NULL, PRIMARY KEY (unit_id, fact_number))"
        ),
        by_key!(
            postgres,
            "CREATE TABLE placement (placement_id TEXT NOT NULL PRIMARY KEY, case_key TEXT NOT NULL, unit_id TEXT NOT NULL, \
             fact_number {int} NOT NULL)"
        ),
        // What stands now of the facts that payment is told itself; what they say is in their revisions.
        by_key!(
            postgres,
            "CREATE TABLE placement_fact (kind TEXT NOT NULL, fact_id {key} NOT NULL, placement_id TEXT NOT NULL, \
             person_id TEXT NOT NULL, first_day DATE NOT NULL, last_day DATE NOT NULL, \
             stands BOOLEAN NOT NULL, recorded_at {instant} NOT NULL, PRIMARY KEY (kind, fact_id))"
        ),
        "CREATE INDEX placement_fact_placement ON placement_fact (placement_id, kind)",
        "CREATE INDEX placement_fact_person ON placement_fact (person_id, kind)",
    ];
    if postgres {
        // Runs go through cases in the order of their bytes, whatever the database's language.
        ddl.push("ALTER TABLE case_version ALTER COLUMN case_key TYPE TEXT COLLATE \"C\"");
    }
    ddl
}

/// Runs and what they pay. Lines and holds are added and never changed. They have no foreign key to their run, which costs
/// a look for every row: they are written in the transaction that moves the run on, and not without it.
fn runs(postgres: bool) -> Vec<&'static str> {
    let mut ddl = vec![
        // `unsettled` is 1 while the run waits for calculation, approval or discard, else NULL: at most one run waits.
        "CREATE TABLE payment_run (run_no INTEGER PRIMARY KEY, payment_run_id TEXT NOT NULL UNIQUE, month INTEGER NOT NULL, \
         state TEXT NOT NULL, unsettled INTEGER UNIQUE CHECK (unsettled = 1), maker TEXT NOT NULL, \
         create_time {instant} NOT NULL, approver TEXT, approve_time {instant}, discarder TEXT, discard_reason TEXT, \
         discard_time {instant}, opening_month INTEGER NOT NULL, frozen_fact_number {int} NOT NULL, \
         baseline_run_no INTEGER REFERENCES payment_run (run_no), models_fingerprint TEXT NOT NULL, \
         cursor_case_key TEXT NOT NULL, tally TEXT NOT NULL, placements_total {int} NOT NULL, error TEXT)",
        by_key!(
            postgres,
            "CREATE TABLE payment_line (run_no INTEGER NOT NULL, line_no {int} NOT NULL, \
             case_key TEXT NOT NULL, placement_id TEXT NOT NULL, component TEXT NOT NULL, first_day DATE NOT NULL, \
             last_day DATE NOT NULL, model_id TEXT NOT NULL, level INTEGER, variant TEXT NOT NULL, regime TEXT NOT NULL, \
             unit TEXT NOT NULL, quantity {int} NOT NULL, unit_price {int} NOT NULL, amount {int} NOT NULL, \
             payer_district TEXT NOT NULL, provider_id TEXT NOT NULL, payee_district TEXT NOT NULL, unit_id TEXT NOT NULL, settlement TEXT NOT NULL, \
             reversal BOOLEAN NOT NULL, corrects_run_no INTEGER, corrects_line_no {int}, cause TEXT NOT NULL, \
             stands_on TEXT NOT NULL, \
             PRIMARY KEY (run_no, line_no))"
        ),
        "CREATE INDEX payment_line_case ON payment_line (case_key, run_no)",
        by_key!(
            postgres,
            "CREATE TABLE payment_hold (run_no INTEGER NOT NULL, hold_no {int} NOT NULL, \
             case_key TEXT NOT NULL, placement_id TEXT NOT NULL, unit_id TEXT NOT NULL, component TEXT NOT NULL, \
             first_day DATE NOT NULL, last_day DATE NOT NULL, reason TEXT NOT NULL, PRIMARY KEY (run_no, hold_no))"
        ),
        "CREATE INDEX payment_hold_case ON payment_hold (run_no, case_key)",
    ];
    if postgres {
        ddl.push("ALTER TABLE payment_line ALTER COLUMN case_key TYPE TEXT COLLATE \"C\"");
        ddl.push("ALTER TABLE payment_hold ALTER COLUMN case_key TYPE TEXT COLLATE \"C\"");
    }
    ddl
}
