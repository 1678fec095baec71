//! Imports: many facts at once, all of them or none, whatever their number, with every error told.
//!
//! An import is a resource. Its entries are first set aside in the database, a part at a time, so that a million of them
//! need no memory; then they take effect in one transaction, by rank (persons before their grants, whatever the order in
//! the stream). What is refused is kept by entry and read page by page. An import that a crash broke off goes on at the
//! next start; one whose stream broke off has never been.
//!
//! It is an upsert by id: the same content changes nothing, other content is a correction with the import's reason.

mod effects;
mod job;
mod receive;
mod store;
mod upsert;

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use async_trait::async_trait;
use niva_access::Scope;
use niva_base::{Clock, OpError};
use niva_facts::{Entry, Telling};
use niva_names::ImportId;
use niva_proto::common::v1 as pb;
use niva_rpc::wire::write::timestamp;
use niva_store::{Database, Secrets, Tx};
use prost::Message;

pub use effects::{Effects, Numbered};
pub use store::migration;
pub use upsert::{Upsert, upsert};

/// Most entries of one import.
pub const MAX_ENTRIES: i64 = 1_000_000;
/// Most bytes of one import, as its messages are encoded.
pub const MAX_BYTES: u64 = 1 << 30;
/// Most bytes of one entry.
pub const MAX_ENTRY_BYTES: usize = 64 << 10;
/// Entries that are set aside, and take effect, at a time: together with [`PART_BYTES`] what an import holds in memory.
pub const PART: usize = 1_000;
/// Bytes after which a part is full.
pub const PART_BYTES: usize = 4 << 20;
/// Most errors that are kept; the rest is counted.
pub const MAX_ERRORS: usize = 10_000;
/// Most errors on a page.
const MAX_PAGE: u32 = 1_000;

/// What a service does with the entries of an import.
#[async_trait]
pub trait Target: Send + Sync + 'static {
    /// A message of the stream.
    type Entry: Entry + Message + Default + 'static;

    /// Its place among the kinds of entries: those of a lower rank take effect before any of a higher one.
    fn rank(entry: &Self::Entry) -> i32;

    /// Lets entries of one rank take effect, in their order, and notes what came of each and what is wrong. What is refused
    /// needs no undoing: then the whole import is rolled back.
    ///
    /// # Errors
    /// The database's, and defects. What is wrong with an entry is no error but noted.
    async fn apply(
        &self,
        tx: &Tx<'_>,
        told: &Telling,
        entries: &[Numbered<Self::Entry>],
        effects: &mut Effects,
    ) -> Result<(), OpError>;

    /// The import has been committed: wake who waits for its facts.
    fn committed(&self);
}

/// The imports of one service. Cheap to clone.
pub struct Imports<T> {
    inner: Arc<Inner<T>>,
}

impl<T> Clone for Imports<T> {
    fn clone(&self) -> Self {
        Self { inner: Arc::clone(&self.inner) }
    }
}

struct Inner<T> {
    db: Database,
    clock: Clock,
    secrets: Secrets,
    target: T,
    /// Entries that have taken effect in the import that this process works on.
    done: AtomicI64,
    /// One at a time: they would wait for each other anyway.
    turn: tokio::sync::Mutex<()>,
}

impl<T: Target> Imports<T> {
    /// The imports kept in this database; [`migration`] made its tables.
    #[must_use]
    pub fn new(db: Database, clock: Clock, secrets: Secrets, target: T) -> Self {
        let inner = Inner {
            db,
            clock,
            secrets,
            target,
            done: AtomicI64::new(0),
            turn: tokio::sync::Mutex::default(),
        };
        Self { inner: Arc::new(inner) }
    }

    /// Reads an import.
    ///
    /// # Errors
    /// `NOT_FOUND`; the database's.
    pub async fn get(&self, import_id: &ImportId) -> Result<pb::Import, OpError> {
        let found = store::find(self.inner.db.conn(), import_id).await?;
        Ok(self.message(&found.ok_or_else(|| OpError::not_found("import", import_id))?))
    }

    /// A page of what is wrong with an import, in order of its entries, and the next page's token.
    ///
    /// # Errors
    /// `NOT_FOUND`, `PAGE_TOKEN_INVALID`, `PAGE_SIZE_NEGATIVE`; the database's.
    pub async fn errors(
        &self,
        scope: &Scope,
        import_id: &ImportId,
        asked: (i32, &str),
    ) -> Result<(Vec<pb::ImportError>, String), OpError> {
        let page = self.inner.secrets.page(
            scope.author(),
            asked,
            &["import_errors", import_id.as_str()],
            MAX_PAGE,
        )?;
        let db = self.inner.db.conn();
        store::find(db, import_id).await?.ok_or_else(|| OpError::not_found("import", import_id))?;
        let errors = store::errors(db, import_id, &page).await?;
        let (errors, next) = page.cut(errors, |(place, _)| place.to_string());
        Ok((errors.into_iter().map(|(_, error)| error).collect(), next))
    }

    fn message(&self, row: &store::Row) -> pb::Import {
        let state = match row.state {
            store::State::Receiving | store::State::Running => pb::job::State::Running,
            store::State::Done => pb::job::State::Done,
            store::State::Failed => pb::job::State::Failed,
        };
        let running = row.state == store::State::Running;
        pb::Import {
            import_id: row.import_id.to_string(),
            job: Some(pb::Job {
                job_id: row.import_id.to_string(),
                kind: "import".to_owned(),
                state: state.into(),
                done: if running { self.inner.done.load(Ordering::Relaxed) } else { row.records },
                total: row.records,
                create_time: Some(timestamp(row.told.recorded_at)),
                end_time: row.ended_at.map(timestamp),
                author: Some(pb::Author {
                    subject: row.told.author.subject.clone(),
                    role: row.told.author.role.clone(),
                }),
                error: row.error.clone(),
            }),
            validate_only: row.validate_only,
            reason: row.told.reason.clone(),
            records: row.records,
            created: row.counts.created,
            corrected: row.counts.corrected,
            unchanged: row.counts.unchanged,
            refused: row.counts.refused,
        }
    }
}

#[cfg(test)]
mod tests;
