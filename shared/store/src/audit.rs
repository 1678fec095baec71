//! Records of calls, written in the transaction of what they tell of. What reads, seals and verifies them is
//! `niva-audit`'s.

use std::collections::BTreeSet;

use chrono::SecondsFormat;
use niva_access::Record;
use niva_base::{Cause, OpError};
use sea_orm::{ConnectionTrait, Statement};
use sea_orm_migration::MigrationTrait;
use serde_json::json;

use crate::error::{DbError, Retryable};
use crate::schema::{AppendOnly, Migration};
use crate::tx::Tx;

/// Advisory lock ("niva-aud") that holds the order of records together on PostgreSQL, as a feed's does: who writes one
/// holds it shared from before its position is drawn to the end of the transaction, and the sealer takes it exclusively
/// for a moment to know that every position drawn so far is decided. SQLite has one writer at a time.
pub const ORDER_LOCK: i64 = 0x6e69_7661_2d61_7564;
/// Advisory lock ("niva-hol") that is held on PostgreSQL by whoever places or lifts a legal hold, or removes records, to
/// the end of the transaction.
pub const HOLD_LOCK: i64 = 0x6e69_7661_2d68_6f6c;

/// One statement whatever is written, so that a server plans it once and a change waits for one round trip.
const ON_POSTGRES: &str = "\
WITH held AS (SELECT pg_advisory_xact_lock_shared($2)), \
told AS (INSERT INTO audit_record (recorded_at, subject, role, scope, method, purpose, code, reason, trace_id, calls, \
persons, placements, left_out) \
SELECT r.recorded_at, r.subject, r.role, r.scope, r.method, r.purpose, r.code, r.reason, r.trace_id, r.calls, r.persons, \
r.placements, r.left_out FROM held, jsonb_to_recordset($1::jsonb) AS r (recorded_at timestamptz, subject text, role text, \
scope text, method text, purpose text, code text, reason text, trace_id text, calls bigint, persons text, \
placements text, left_out bigint) RETURNING position, persons, placements) \
INSERT INTO audit_about (kind, id, position) \
SELECT 'person', id, position FROM told, jsonb_array_elements_text(persons::jsonb) AS id UNION ALL \
SELECT 'placement', id, position FROM told, jsonb_array_elements_text(placements::jsonb) AS id";

const ON_SQLITE: &str = "\
INSERT INTO audit_record (recorded_at, subject, role, scope, method, purpose, code, reason, trace_id, calls, persons, \
placements, left_out) \
SELECT value ->> 'recorded_at', value ->> 'subject', value ->> 'role', value ->> 'scope', value ->> 'method', \
value ->> 'purpose', value ->> 'code', value ->> 'reason', value ->> 'trace_id', value ->> 'calls', value ->> 'persons', \
value ->> 'placements', value ->> 'left_out' FROM json_each($1) ORDER BY key";

const ABOUT_ON_SQLITE: &str = "\
INSERT INTO audit_about (kind, id, position) \
SELECT 'person', p.value, position FROM audit_record, json_each(persons) AS p WHERE position > $1 UNION ALL \
SELECT 'placement', p.value, position FROM audit_record, json_each(placements) AS p WHERE position > $1";

/// Writes records. Append late in a transaction: from here to its end the sealer waits for it.
///
/// # Errors
/// The database's.
pub async fn append(tx: &Tx<'_>, records: &[Record]) -> Result<(), DbError> {
    let rows = serde_json::Value::from(records.iter().map(row).collect::<Vec<_>>()).to_string();
    let backend = tx.get_database_backend();
    if tx.is_postgres() {
        let values = [rows.into(), ORDER_LOCK.into()];
        tx.execute_raw(Statement::from_sql_and_values(backend, ON_POSTGRES, values)).await?;
        return Ok(());
    }
    let done = tx.execute_raw(Statement::from_sql_and_values(backend, ON_SQLITE, [rows.into()])).await?;
    if records.iter().any(|record| !(record.about.persons.is_empty() && record.about.placements.is_empty())) {
        let written = i64::try_from(done.rows_affected()).unwrap_or(i64::MAX);
        let before = i64::try_from(done.last_insert_id()).unwrap_or(i64::MAX) - written;
        tx.execute_raw(Statement::from_sql_and_values(backend, ABOUT_ON_SQLITE, [before.into()])).await?;
    }
    Ok(())
}

/// Writes the record of a call that does something, last of all in its transaction.
///
/// # Errors
/// `CONFLICT`, when all of it may be tried again; else `AUDIT_UNAVAILABLE`.
pub async fn record(tx: &Tx<'_>, record: &Record) -> Result<(), OpError> {
    append(tx, std::slice::from_ref(record)).await.map_err(|error| match error {
        error if error.is_retryable() => error.into(),
        error => unrecorded(error),
    })
}

fn row(record: &Record) -> serde_json::Value {
    json!({
        // As the driver writes instants on SQLite, so that they sort.
        "recorded_at": record.time.to_rfc3339_opts(SecondsFormat::AutoSi, false),
        "subject": record.subject,
        "role": record.role,
        "scope": record.scope,
        "method": record.method,
        "purpose": record.purpose,
        "code": record.code,
        "reason": record.reason,
        "trace_id": record.trace_id,
        "calls": record.calls,
        "persons": list(&record.about.persons),
        "placements": list(&record.about.placements),
        "left_out": record.about.left_out,
    })
}

fn list(ids: &BTreeSet<String>) -> String {
    serde_json::Value::from_iter(ids.iter().map(String::as_str)).to_string()
}

/// What a call answers whose record cannot be written, and why it cannot: what nobody can account for is not done.
pub fn unrecorded(cause: impl Into<Cause>) -> OpError {
    let message =
        "no record of this call can be written, so nothing is done or shown; try again later".to_owned();
    OpError::Unavailable { reason: "AUDIT_UNAVAILABLE", message, cause: cause.into() }
}

/// Whether a record of a position was removed by a checkpoint, as SQL of the row that is deleted.
const REMOVED: &str = "(SELECT after_position FROM audit_checkpoint AS c WHERE c.last_position >= OLD.position \
                       ORDER BY c.last_position LIMIT 1) < OLD.position";
/// The same, and the call is a year old at least, whatever a checkpoint or a rule of retention says.
const REMOVED_RECORD: &str = "OLD.recorded_at < {year_ago} AND (SELECT after_position FROM audit_checkpoint AS c \
                              WHERE c.last_position >= OLD.position ORDER BY c.last_position LIMIT 1) < OLD.position";
const REMOVED_SEAL: &str = "(SELECT first_seal FROM audit_checkpoint AS c WHERE c.last_seal >= OLD.seal_no \
                            ORDER BY c.last_seal LIMIT 1) <= OLD.seal_no";
/// Whether a checkpoint says of the chain what the chain has, and of nothing that a hold keeps: SQL of the row that is added.
const LAWFUL: &str = "\
EXISTS (SELECT 1 FROM audit_seal AS s WHERE s.seal_no = NEW.last_seal AND s.last_position = NEW.last_position \
AND s.sha256 = NEW.last_sha256) \
AND NEW.last_seal < (SELECT seal_no FROM audit_head) \
AND NOT EXISTS (SELECT 1 FROM audit_kept AS k WHERE k.seal_no >= NEW.first_seal AND k.seal_no <= NEW.last_seal \
AND NOT EXISTS (SELECT 1 FROM audit_hold_step AS l WHERE l.legal_hold_id = k.legal_hold_id AND l.lifts)) \
AND NOT EXISTS (SELECT 1 FROM audit_hold_step AS h WHERE NOT h.lifts AND h.person_id = '' \
AND (h.since IS NULL OR h.since <= NEW.last_at) AND (h.until IS NULL OR h.until > NEW.first_at) \
AND NOT EXISTS (SELECT 1 FROM audit_hold_step AS l WHERE l.legal_hold_id = h.legal_hold_id AND l.lifts))";

/// The tables of the audit trail. Put all into the service's `Migrator`, one after the other.
#[must_use]
pub fn migrations() -> [Box<dyn MigrationTrait>; 3] {
    [
        Migration::boxed("audit_1", include_str!("../migrations/0001_audit.sql")),
        Migration::boxed("audit_retention_1", include_str!("../migrations/0002_audit_retention.sql")),
        AppendOnly::new("audit_append_only_1")
            .table_deleted_where("audit_record", REMOVED_RECORD)
            .table_deleted_where("audit_about", REMOVED)
            .table_deleted_where("audit_seal", REMOVED_SEAL)
            .table_added_where("audit_checkpoint", LAWFUL)
            .table("audit_hold_step")
            .table("audit_kept")
            .boxed(),
    ]
}
