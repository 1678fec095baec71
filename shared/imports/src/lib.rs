//! Imports: many facts at once, all of them or none, whatever their number, with every error told.
//!
//! An import is a resource. Its entries are first set aside in the database, a part at a time, so that a million of them
//! need no memory; then they take effect in one transaction, by rank (persons before their grants, whatever the order in
//! the stream). What is refused is kept by entry and read page by page. An import that a crash broke off goes on at the
//! next start, or in another process; one whose stream broke off has never been. It can be watched, and stopped before it
//! has taken effect.
//!
//! It is an upsert by id: the same content changes nothing, other content is a correction with the import's reason.

mod cancel;
mod effects;
mod job;
mod reads;
mod receive;
mod service;
mod state;
mod store;
mod upsert;

use std::sync::Arc;

use async_trait::async_trait;
use futures_util::stream::BoxStream;
use niva_base::{Clock, OpError};
use niva_facts::{Entry, Telling};
use niva_jobs::{Desk, Signals};
use niva_names::ImportId;
use niva_store::{Database, Secrets, Tx};
use prost::Message;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

pub use effects::{Effects, Numbered};
pub use store::migration;
pub use upsert::{Upsert, compare, upsert};

/// Most entries of one import.
pub const MAX_ENTRIES: i64 = 1_000_000;
/// Most bytes of one import, as its messages are encoded.
pub const MAX_BYTES: u64 = 1 << 30;
/// Most bytes of one entry.
pub const MAX_ENTRY_BYTES: usize = 64 << 10;
/// Entries that are set aside, and take effect where their service says nothing else, at a time: together with [`PART_BYTES`] what an
/// import holds in memory.
pub const PART: usize = 1_000;
/// Bytes after which a part is full.
pub const PART_BYTES: usize = 4 << 20;
/// Most errors that are kept; the rest is counted.
pub const MAX_ERRORS: usize = 10_000;
/// Most imports or errors on a page.
const MAX_PAGE: u32 = 1_000;

/// What a service does with the entries of an import.
#[async_trait]
pub trait Target: Send + Sync + 'static {
    /// A message of the stream.
    type Entry: Entry + Message + Default + 'static;

    /// Entries that take effect at a time.
    const AT_ONCE: usize = PART;

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

/// What an rpc of [`service!`] answers.
pub type Answer<T> = Result<tonic::Response<T>, tonic::Status>;
/// The messages that tell of an import's progress.
pub type Watched<M> = BoxStream<'static, Result<M, tonic::Status>>;

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
    signals: Signals,
    /// What the worker of this process is at.
    desk: Desk<ImportId>,
    shutdown: CancellationToken,
}

impl<T: Target> Imports<T> {
    /// The imports kept in this database ([`migration`] made its tables), and the worker that lets them take effect until
    /// `shutdown`: what a crash broke off goes on at once.
    #[must_use]
    pub fn start(
        db: Database,
        clock: Clock,
        secrets: Secrets,
        target: T,
        shutdown: CancellationToken,
    ) -> (Self, JoinHandle<()>) {
        let imports = Self::new(db, clock, secrets, target, shutdown.clone());
        let (worker, signals) = (imports.clone(), imports.inner.signals.clone());
        let work = tokio::spawn(async move {
            if let Err(error) = worker.forget_broken_off().await {
                let error = niva_base::chain(&error);
                tracing::warn!(error, "imports that broke off are not forgotten before the next start");
            }
            if let Err(error) = niva_jobs::spawn(worker, signals, shutdown).await {
                tracing::error!(%error, "the job of imports ended badly");
            }
        });
        (imports, work)
    }

    fn new(db: Database, clock: Clock, secrets: Secrets, target: T, shutdown: CancellationToken) -> Self {
        let (signals, desk) = Default::default();
        Self { inner: Arc::new(Inner { db, clock, secrets, target, signals, desk, shutdown }) }
    }
}

#[cfg(test)]
mod tests;
