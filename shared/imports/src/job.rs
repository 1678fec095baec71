//! Letting an import take effect: everything in one transaction, or nothing.

use std::sync::atomic::Ordering;

use chrono::Duration;
use niva_base::{OpError, chain};
use niva_names::ImportId;
use niva_store::{DbError, Retryable, Tx};
use prost::Message;

use crate::effects::Effects;
use crate::store::{self, Row, State};
use crate::{Imports, Numbered, PART, Target};

/// A stream that has not ended within this time never will: its process died.
const BROKEN_OFF_AFTER: Duration = Duration::days(1);

/// How an import's transaction ends without a commit.
enum RolledBack {
    Failed(OpError),
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

impl<T: Target> Imports<T> {
    /// Goes on with imports that a crash broke off, and forgets those whose stream never ended. At the start of the
    /// service.
    ///
    /// # Errors
    /// The database's.
    pub async fn resume(&self) -> Result<(), OpError> {
        let db = &self.inner.db;
        let before = self.inner.clock.now() - BROKEN_OFF_AFTER;
        for import_id in &store::broken_off(db.conn(), before).await? {
            let done: Result<(), DbError> =
                db.write(|tx| Box::pin(async move { store::forget(tx, import_id).await })).await;
            done?;
        }
        for import_id in store::running(db.conn()).await? {
            self.run(&import_id).await?;
        }
        Ok(())
    }

    /// Runs an import to its end; nothing when it has ended.
    pub(crate) async fn run(&self, import_id: &ImportId) -> Result<(), OpError> {
        let _turn = self.inner.turn.lock().await;
        self.inner.done.store(0, Ordering::Relaxed);
        let done = self.inner.db.write(|tx| Box::pin(self.take_effect(tx, import_id))).await;
        match done {
            Ok(()) => {
                self.inner.target.committed();
                Ok(())
            }
            Err(RolledBack::Kept(kept)) => self.end(&kept.0, &kept.1).await,
            // Retried by whoever asks again, or at the next start.
            Err(RolledBack::Failed(error @ (OpError::Conflict(_) | OpError::Unavailable { .. }))) => {
                Err(error)
            }
            Err(RolledBack::Failed(error)) => {
                tracing::error!(import = %import_id, error = chain(&error), "an import failed");
                let row = store::find(self.inner.db.conn(), import_id).await?;
                let row = row.ok_or_else(|| OpError::not_found("import", import_id))?;
                self.fail(&row).await?;
                Err(error)
            }
        }
    }

    async fn take_effect(&self, tx: &Tx<'_>, import_id: &ImportId) -> Result<(), RolledBack> {
        let Some(row) = store::hold(tx, import_id).await? else { return Ok(()) };
        let (mut effects, mut after, mut position) = (Effects::default(), (i32::MIN, -1), 0);
        loop {
            let part = store::entries(tx, import_id, after, PART).await?;
            let Some(last) = part.last() else { break };
            after = (last.rank, last.number);
            let count = i64::try_from(part.len()).unwrap_or(i64::MAX);
            effects.origins = part.iter().map(|entry| (entry.number, entry.origin.clone())).collect();
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
            self.inner.done.fetch_add(count, Ordering::Relaxed);
        }
        if row.validate_only || !effects.is_sound() {
            return Err(RolledBack::Kept(Box::new((row, effects))));
        }
        let now = self.inner.clock.now();
        store::end(tx, import_id, State::Done, effects.counts, "", position, now).await?;
        Ok(())
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
                        store::refuse(tx, id, effects).await?;
                        store::end(tx, id, state, effects.counts, error, 0, now).await?;
                    }
                    Ok(())
                })
            })
            .await
            .map_err(|error: DbError| error.into())
    }

    /// A defect of ours: told as the import's error.
    async fn fail(&self, row: &Row) -> Result<(), OpError> {
        let now = self.inner.clock.now();
        let (id, words) = (&row.import_id, "internal error; the log tells more");
        self.inner
            .db
            .write(|tx| {
                Box::pin(async move {
                    store::end(tx, id, State::Failed, Effects::default().counts, words, 0, now).await
                })
            })
            .await
            .map_err(|error: DbError| error.into())
    }
}
