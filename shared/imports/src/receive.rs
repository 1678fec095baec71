//! Setting an import aside: its stream, a part at a time, until it ends.

use std::time::Duration;

use futures_util::{Stream, StreamExt};
use niva_access::Scope;
use niva_base::{OpError, Violations, new_id};
use niva_facts::{Entry, Telling};
use niva_names::ImportId;
use niva_proto::common::v1 as pb;
use niva_rpc::status;
use niva_store::{DbError, audit, request};
use prost::Message;
use sha2::{Digest, Sha256};
use tokio::sync::watch;
use tonic::Status;

use crate::store::{self, Row, entries};
use crate::{Imports, MAX_BYTES, MAX_ENTRIES, MAX_ENTRY_BYTES, PART, PART_BYTES, Target};

/// How often an import that another process lets take effect is looked at.
const LOOK: Duration = Duration::from_millis(250);

/// How an import's stream ended.
enum Received {
    /// All of it is here.
    New,
    /// It came before: that import's id.
    Before(ImportId),
    /// Somebody stopped it: what came is thrown away, and what would come is not wanted.
    Cancelled,
}

/// What the first message says of the whole import.
struct Head {
    request_id: String,
    validate_only: bool,
    told: Telling,
}

/// An import that is being received.
struct Receiving<'a, T> {
    imports: &'a Imports<T>,
    import_id: &'a ImportId,
    head: Option<Head>,
    part: Vec<entries::Aside>,
    part_bytes: usize,
    records: i64,
    bytes: u64,
    hash: Sha256,
}

impl<T: Target> Imports<T> {
    /// Takes an import's stream and waits until it has taken effect: the import as it ended, and the feed's position that it
    /// reached. The same request id with the same content gets the earlier import. Where the server stops first, the import
    /// as it stands: it goes on when the server is back.
    ///
    /// # Errors
    /// The stream's; `FIELD_REQUIRED` for one without records, `REQUEST_ID_REPEATED`, `IMPORT_TOO_LARGE`,
    /// `REQUEST_ID_REUSED`, `REQUEST_ID_TOO_LONG`; the database's. Then nothing is left of it. What is wrong with single
    /// entries is no error here: the import has failed, and [`Imports::errors`] tells why.
    pub async fn create(
        &self,
        scope: &Scope,
        messages: impl Stream<Item = Result<T::Entry, Status>> + Send,
    ) -> Result<(pb::Import, i64), Status> {
        let import_id = ImportId::from(new_id());
        let taken = self.receive(scope, &import_id, messages).await;
        let import_id = match taken {
            Ok(Received::Before(earlier)) => {
                self.forget(&import_id).await.map_err(status)?;
                earlier
            }
            Ok(Received::New | Received::Cancelled) => import_id,
            Err(error) => {
                // What is left of it is cleaned up by the next start, should this fail too.
                if let Err(error) = self.forget(&import_id).await {
                    tracing::warn!(%error, "cannot forget an import that broke off");
                }
                return Err(error);
            }
        };
        // The worker's from here on: the caller may go away, the import goes on.
        self.inner.signals.wake();
        let row = self.ended(&import_id).await.map_err(status)?;
        Ok((self.message(&row), row.feed_position))
    }

    /// The import when it has ended, or the server stops.
    async fn ended(&self, import_id: &ImportId) -> Result<Row, OpError> {
        let mut progress = self.inner.signals.progress();
        loop {
            let row = store::find(self.inner.db.conn(), import_id).await?;
            let row = row.ok_or_else(|| OpError::not_found("import", import_id))?;
            if row.state.has_ended() {
                return Ok(row);
            }
            tokio::select! {
                () = self.inner.shutdown.cancelled() => return Ok(row),
                // Each part tells of progress: it is not looked at more often than now and then.
                () = tokio::time::sleep(LOOK) => {}
                () = self.left(&mut progress, import_id) => {}
            }
        }
    }

    /// Waits until this process is at an import no more.
    async fn left(&self, progress: &mut watch::Receiver<()>, import_id: &ImportId) {
        loop {
            // The sender lives as long as this.
            if progress.changed().await.is_err() || self.inner.desk.done(import_id).is_none() {
                return;
            }
        }
    }

    async fn receive(
        &self,
        scope: &Scope,
        import_id: &ImportId,
        messages: impl Stream<Item = Result<T::Entry, Status>> + Send,
    ) -> Result<Received, Status> {
        let mut receiving = Receiving {
            imports: self,
            import_id,
            head: None,
            part: Vec::new(),
            part_bytes: 0,
            records: 0,
            bytes: 0,
            hash: Sha256::new(),
        };
        let mut messages = std::pin::pin!(messages);
        while let Some(message) = messages.next().await {
            receiving.take(scope, &message?).map_err(status)?;
            let full = receiving.part.len() >= PART || receiving.part_bytes >= PART_BYTES;
            if full && !receiving.set_aside(scope).await.map_err(status)? {
                return Ok(Received::Cancelled);
            }
        }
        receiving.finish(scope).await.map_err(status)
    }

    async fn forget(&self, import_id: &ImportId) -> Result<(), OpError> {
        self.inner
            .db
            .write(|tx| Box::pin(async move { store::forget(tx, import_id).await }))
            .await
            .map_err(|error: DbError| error.into())
    }
}

impl<T: Target> Receiving<'_, T> {
    fn take(&mut self, scope: &Scope, message: &T::Entry) -> Result<(), OpError> {
        if self.head.is_none() {
            request::check(message.request_id())?;
            let told = Telling {
                author: scope.author().clone(),
                recorded_at: self.imports.inner.clock.now(),
                reason: message.reason().trim().to_owned(),
            };
            check_reason(&told.reason)?;
            self.head = Some(Head {
                request_id: message.request_id().to_owned(),
                validate_only: message.validate_only(),
                told,
            });
        } else if !message.request_id().is_empty() {
            let words = "stands in the first message only: an import has one";
            return Err(OpError::invalid("request_id", "REQUEST_ID_REPEATED", words));
        }
        let content = message.encode_to_vec();
        if content.len() > MAX_ENTRY_BYTES {
            let words = format!("record {} is longer than {MAX_ENTRY_BYTES} bytes: shorten it", self.records);
            return Err(OpError::invalid("record", "IMPORT_TOO_LARGE", words));
        }
        self.bytes += content.len() as u64;
        if self.records == MAX_ENTRIES || self.bytes > MAX_BYTES {
            let words =
                format!("more than {MAX_ENTRIES} records or {} MiB: split the import", MAX_BYTES >> 20);
            return Err(OpError::invalid("record", "IMPORT_TOO_LARGE", words));
        }
        self.hash.update((content.len() as u64).to_be_bytes());
        self.hash.update(&content);
        self.part_bytes += content.len();
        self.part.push(entries::Aside {
            rank: T::rank(message),
            number: self.records,
            origin: message.origin().to_owned(),
            content,
        });
        self.records += 1;
        Ok(())
    }

    /// Sets aside what has come, and keeps whom it is about. `false`: somebody has stopped the import.
    async fn set_aside(&mut self, scope: &Scope) -> Result<bool, OpError> {
        let Some(head) = &self.head else { return Ok(true) };
        let first = self.records == i64::try_from(self.part.len()).unwrap_or(i64::MAX);
        let (import_id, part) = (self.import_id, &self.part);
        let record = &scope.call().done(part.iter().map(|aside| aside.content.as_slice()), &[]);
        let done: Result<bool, OpError> = self
            .imports
            .inner
            .db
            .write(|tx| {
                Box::pin(async move {
                    if first {
                        store::begin(tx, import_id, head.validate_only, &head.told).await?;
                    } else if !store::receiving(tx, import_id).await? {
                        return Ok(false);
                    }
                    entries::set_aside(tx, import_id, part).await?;
                    audit::record(tx, record).await?;
                    Ok(true)
                })
            })
            .await;
        let goes_on = done?;
        self.part.clear();
        self.part_bytes = 0;
        Ok(goes_on)
    }

    async fn finish(mut self, scope: &Scope) -> Result<Received, OpError> {
        if !self.set_aside(scope).await? {
            return Ok(Received::Cancelled);
        }
        let Some(head) = &self.head else {
            let words = "the import is empty: send at least one record";
            return Err(OpError::invalid("record", "FIELD_REQUIRED", words));
        };
        let hash = &self.hash.finalize().to_vec();
        let (import_id, records) = (self.import_id, self.records);
        self.imports
            .inner
            .db
            .write(|tx| {
                Box::pin(async move {
                    // Rehearsals claim nothing, and may come again.
                    let request_id = &head.request_id;
                    let earlier = store::by_request(tx, &scope.author().subject, request_id).await?;
                    match earlier {
                        Some(earlier) if earlier.content_hash == *hash => {
                            Ok(Received::Before(earlier.import_id))
                        }
                        Some(_) => Err(request::reused(request_id)),
                        None => {
                            let claim = (!head.validate_only).then_some(request_id.as_str());
                            let here = store::received(tx, import_id, claim, hash.clone(), records);
                            Ok(if here.await? { Received::New } else { Received::Cancelled })
                        }
                    }
                })
            })
            .await
    }
}

/// An import may do without a reason as long as it corrects nothing.
fn check_reason(reason: &str) -> Result<(), OpError> {
    let mut v = Violations::new();
    let fits = reason.chars().count() <= niva_facts::MAX_REASON;
    v.require(fits, "reason", "REASON_MISSING", "is longer than 500 characters: say why in short");
    v.finish()
}
