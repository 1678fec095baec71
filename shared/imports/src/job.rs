//! Letting an import take effect: everything in one transaction, or nothing.

use async_trait::async_trait;
use chrono::Duration;
use niva_base::{OpError, chain};
use niva_jobs::{Cancel, Found, Seat, Work, Worked};
use niva_names::ImportId;
use niva_store::{DbError, Retryable, Tx};
use prost::Message;

use crate::effects::Effects;
use crate::state::State;
use crate::store::{self, Row, entries};
use crate::{Imports, Numbered, PART_BYTES, Target};

/// A stream that has not ended within this time never will: its process died.
const BROKEN_OFF_AFTER: Duration = Duration::days(1);

/// How an import's transaction ends without a commit.
enum RolledBack {
    Failed(OpError),
    /// Somebody wants it to stop: this process was told who, or the database says so.
    Cancelled(Option<Cancel>),
    /// Something is wrong with entries, or the import was only to be checked.
    Kept(Box<(Row, Effects)>),
}

impl From<DbError> for RolledBack {
    fn from(error: DbError) -> Self {
        Self::Failed(error.into())
    }
}

impl From<OpError> for RolledBack {
    fn from(error: OpError) -> Self {
        Self::Failed(error)
    }
}

impl Retryable for RolledBack {
    fn is_retryable(&self) -> bool {
        matches!(self, Self::Failed(error) if error.is_retryable())
    }
}

/// The worker lets imports take effect one after the other: together they would wait for each other anyway.
#[async_trait]
impl<T: Target> Work for Imports<T> {
    /// Ids of imports that are to take effect, the oldest first.
    type Job = Vec<ImportId>;
    /// A process that is at an import holds its row.
    type Place = ();

    async fn find(&self) -> Result<Option<Found<Vec<ImportId>, ()>>, OpError> {
        let running = store::running(self.inner.db.conn()).await?;
        Ok(Some(running).filter(|ids| !ids.is_empty()).map(|job| Found { job, place: None }))
    }

    async fn work(&self, ids: Vec<ImportId>) -> Worked {
        for id in &ids {
            match self.run(id).await {
                // Another process is at it.
                Ok(false) => {}
                Ok(true) => return Worked::Ended,
                Err(error) => {
                    tracing::warn!(
                        import = id.as_str(),
                        error = chain(&error),
                        "an import waits, it is tried again"
                    );
                    return Worked::Later;
                }
            }
        }
        Worked::Later
    }
}

impl<T: Target> Imports<T> {
    /// Forgets imports whose stream never ended. At the start of the service: what has been received goes on by itself.
    ///
    /// # Errors
    /// The database's.
    pub(crate) async fn forget_broken_off(&self) -> Result<(), OpError> {
        let db = &self.inner.db;
        let before = self.inner.clock.now() - BROKEN_OFF_AFTER;
        for import_id in &store::broken_off(db.conn(), before).await? {
            let done: Result<(), DbError> =
                db.write(|tx| Box::pin(async move { store::forget(tx, import_id).await })).await;
            done?;
        }
        Ok(())
    }

    /// Runs an import to its end. `false`: it has ended, or another process is at it.
    ///
    /// # Errors
    /// What another try may mend. A defect is told as the import's error.
    pub(crate) async fn run(&self, import_id: &ImportId) -> Result<bool, OpError> {
        let (db, now) = (&self.inner.db, self.inner.clock.now());
        // First of all: who wants to stop it before it writes anything waits for its turn to write, or finds it here.
        let seat = self.inner.desk.sit(import_id);
        let started: Result<bool, DbError> =
            db.write(|tx| Box::pin(async move { store::start(tx, import_id, now).await })).await;
        if !started? {
            return Ok(false);
        }
        self.inner.signals.progressed();
        let at = &seat;
        let done = db.write(|tx| Box::pin(self.take_effect(tx, at, import_id))).await;
        let ended = match done {
            Ok(()) => {
                self.inner.target.committed();
                Ok(())
            }
            Err(RolledBack::Kept(kept)) => self.end(&kept.0, &kept.1).await,
            Err(RolledBack::Cancelled(cancel)) => self.cancelled(import_id, cancel.as_ref()).await,
            Err(RolledBack::Failed(error @ (OpError::Conflict(_) | OpError::Unavailable { .. }))) => {
                Err(error)
            }
            Err(RolledBack::Failed(error)) => {
                tracing::error!(import = import_id.as_str(), error = chain(&error), "an import failed");
                self.fail(import_id).await
            }
        };
        drop(seat);
        self.inner.signals.progressed();
        ended.map(|()| true)
    }

    async fn take_effect(
        &self,
        tx: &Tx<'_>,
        seat: &Seat<'_, ImportId>,
        import_id: &ImportId,
    ) -> Result<(), RolledBack> {
        let Some(row) = store::hold(tx, import_id).await? else { return Ok(()) };
        let (mut effects, mut after, mut position) = (Effects::default(), (i32::MIN, -1), 0);
        seat.restart();
        loop {
            let cancel = seat.cancelled();
            if cancel.is_some() || store::cancel_asked(tx, import_id).await? {
                return Err(RolledBack::Cancelled(cancel));
            }
            let part = entries::entries(tx, import_id, after, (T::AT_ONCE, PART_BYTES)).await?;
            let Some(last) = part.last() else { break };
            after = (last.rank, last.number);
            let count = i64::try_from(part.len()).unwrap_or(i64::MAX);
            effects.next_part(part.iter().map(|entry| (entry.number, entry.origin.clone())).collect());
            // One rank at a time.
            for entries in part.chunk_by(|a, b| a.rank == b.rank) {
                let read = entries.iter().map(|aside| {
                    T::Entry::decode(aside.content.as_slice())
                        .map(|entry| Numbered { number: aside.number, entry })
                        .map_err(OpError::internal)
                });
                let entries: Vec<_> = read.collect::<Result<_, _>>()?;
                self.inner.target.apply(tx, &row.told, &entries, &mut effects).await?;
            }
            // Appended as it goes, so that a large import needs no memory: readers wait until it ends.
            let events = std::mem::take(&mut effects.events);
            if effects.is_sound() && !row.validate_only {
                position = niva_feed::append(tx, events, &row.told).await?.max(position);
            }
            seat.advance(count);
            self.inner.signals.progressed();
        }
        if row.validate_only || !effects.is_sound() {
            return Err(RolledBack::Kept(Box::new((row, effects))));
        }
        let now = self.inner.clock.now();
        store::end(tx, import_id, State::Done, effects.counts, "", position, now).await?;
        Ok(())
    }

    /// Keeps that an import was stopped, and by whom where the database does not know it yet.
    async fn cancelled(&self, import_id: &ImportId, cancel: Option<&Cancel>) -> Result<(), OpError> {
        let now = self.inner.clock.now();
        tracing::info!(import = import_id.as_str(), "an import was cancelled");
        let done: Result<(), DbError> = self
            .inner
            .db
            .write(|tx| {
                Box::pin(async move {
                    if store::cancelled(tx, import_id, State::Running, now).await?
                        && let Some(cancel) = cancel
                    {
                        store::ask_to_cancel(tx, import_id, cancel).await?;
                    }
                    Ok(())
                })
            })
            .await;
        Ok(done?)
    }

    /// Keeps how an import ended that changed nothing.
    async fn end(&self, row: &Row, effects: &Effects) -> Result<(), OpError> {
        let now = self.inner.clock.now();
        let refused = effects.counts.refused;
        let (state, error) = if refused == 0 {
            (State::Done, String::new())
        } else {
            let words = format!("{refused} of {} records are refused, so none has taken effect", row.records);
            (State::Failed, words)
        };
        let (id, error) = (&row.import_id, error.as_str());
        self.inner
            .db
            .write(|tx| {
                Box::pin(async move {
                    if store::hold(tx, id).await?.is_some() {
                        entries::refuse(tx, id, effects).await?;
                        store::end(tx, id, state, effects.counts, error, 0, now).await?;
                    }
                    Ok(())
                })
            })
            .await
            .map_err(|error: DbError| error.into())
    }

    /// A defect of ours: told as the import's error.
    async fn fail(&self, id: &ImportId) -> Result<(), OpError> {
        let now = self.inner.clock.now();
        let words = "internal error; the log tells more";
        self.inner
            .db
            .write(|tx| {
                Box::pin(async move {
                    if store::hold(tx, id).await?.is_some() {
                        store::end(tx, id, State::Failed, Effects::default().counts, words, 0, now).await?;
                    }
                    Ok(())
                })
            })
            .await
            .map_err(|error: DbError| error.into())
    }
}
