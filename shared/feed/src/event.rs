//! What a producer tells: events, appended to its log in the transaction of the change that they tell of.

use niva_facts::Telling;
use niva_store::schema::Migration;
use niva_store::{DbError, Tx};
use sea_orm::{ConnectionTrait, Statement, Value};
use sea_orm_migration::MigrationTrait;

/// Advisory lock ("niva-feed") that holds the order of the log together on PostgreSQL. Positions are drawn before
/// they are committed, so a reader of "everything after my cursor" would skip rows that commit late. Writers hold this
/// lock shared from before they draw positions to their end; a reader takes it exclusively for a moment and so knows
/// that every position drawn so far is decided. SQLite has one writer at a time and needs nothing.
pub(crate) const ORDER_LOCK: i64 = 0x6e69_7661_6665_6564;

/// Rows in one INSERT: below 65 535 binds, and beyond a few hundred nothing is gained.
const CHUNK: usize = 1_000;

/// An event to append.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewEvent {
    /// What happened, for people who look at the table: `level_decided`.
    pub kind: &'static str,
    /// Id of what it happened to.
    pub key: String,
    /// The encoded event message of the feed's contract.
    pub payload: Vec<u8>,
    /// Whether a reader that does not know the kind may pass over it.
    pub ignorable: bool,
}

impl NewEvent {
    /// An event with a message of the contract as payload.
    pub fn new(kind: &'static str, key: impl Into<String>, message: &impl prost::Message) -> Self {
        Self { kind, key: key.into(), payload: message.encode_to_vec(), ignorable: false }
    }
}

/// Appends events in order, in the transaction of the change that they tell of, and answers the position of the last (0
/// without events). After the commit call [`FeedLog::notify`](crate::FeedLog::notify). Append late in a transaction: from here to its end,
/// readers wait for it.
///
/// # Errors
/// The database's.
pub async fn append(tx: &Tx<'_>, events: Vec<NewEvent>, told: &Telling) -> Result<i64, DbError> {
    let mut last = 0;
    if events.is_empty() {
        return Ok(last);
    }
    if tx.is_postgres() {
        tx.execute_unprepared(&format!("SELECT pg_advisory_xact_lock_shared({ORDER_LOCK})")).await?;
    }
    let trace = niva_telemetry::trace_id();
    let mut events = events.into_iter().peekable();
    while events.peek().is_some() {
        let mut sql = "INSERT INTO feed_event (kind, key, payload, ignorable, recorded_at, author_subject, \
                       author_role, trace_id) VALUES"
            .to_owned();
        let mut values: Vec<Value> = Vec::new();
        for event in events.by_ref().take(CHUNK) {
            let n = values.len();
            let binds: Vec<String> = (n + 1..=n + 8).map(|n| format!("${n}")).collect();
            sql.push_str(if n == 0 { " (" } else { ", (" });
            sql.push_str(&binds.join(", "));
            sql.push(')');
            let Telling { author, recorded_at, .. } = told;
            values.extend([
                event.kind.into(),
                event.key.into(),
                event.payload.into(),
                event.ignorable.into(),
                (*recorded_at).into(),
                author.subject.as_str().into(),
                author.role.as_str().into(),
                trace.as_str().into(),
            ]);
        }
        sql.push_str(" RETURNING position");
        let insert = Statement::from_sql_and_values(tx.get_database_backend(), sql, values);
        for row in tx.query_all_raw(insert).await? {
            last = last.max(row.try_get("", "position")?);
        }
    }
    Ok(last)
}

/// The table `feed_event`. Put it into a producing service's `Migrator`.
#[must_use]
pub fn migration() -> Box<dyn MigrationTrait> {
    Migration::boxed("feed_event_1", include_str!("../migrations/0001_log.sql"))
}
