//! Stopping an import before it has taken effect.

use niva_access::Scope;
use niva_base::OpError;
use niva_facts::Changing;
use niva_jobs::Cancel;
use niva_names::ImportId;
use niva_proto::common::v1 as pb;
use niva_store::{Tx, request};
use prost::Message;

use crate::state::{State, Stop};
use crate::store::{self, Row};
use crate::{Imports, Target};

impl<T: Target> Imports<T> {
    /// Stops an import. While its records come in, it ends here and now; while they take effect, whoever is at it rolls
    /// everything back after the part at hand. Done once for a request id; `answer` makes the answer that is kept.
    ///
    /// # Errors
    /// `NOT_FOUND`, `IMPORT_STATE`; those of [`request::change`].
    pub async fn cancel<Q, R>(
        &self,
        scope: &Scope,
        request: &Q,
        import_id: &ImportId,
        answer: impl Fn(pb::Import) -> R + Send + Sync,
    ) -> Result<R, OpError>
    where
        Q: Changing + Message,
        R: Message + Default + 'static,
    {
        let (author, now) = (scope.author(), self.inner.clock.now());
        let cancel = &Cancel { by: author.clone(), at: now };
        if let Some(earlier) = request::earlier(&self.inner.db, author, request).await? {
            return Ok(earlier);
        }
        let row = self.found(scope, import_id).await?;
        let stop = stop(&row)?;
        if request.validate_only() {
            return Ok(answer(self.message(&Row { cancel_asked: true, ..row })));
        }
        if stop == Stop::Asked {
            // Before it is written: on SQLite whoever lets the import take effect is the one who writes until it is told.
            self.inner.desk.cancel(import_id, cancel.clone());
        }
        let answer = &answer;
        let done = request::change(&self.inner.db, scope, request, now, |tx, _| {
            Box::pin(async move {
                let row = self.stopped(tx, scope, import_id, cancel).await?;
                Ok(answer(self.message(&row)))
            })
        });
        let done = done.await?;
        self.inner.signals.wake();
        self.inner.signals.progressed();
        Ok(done)
    }

    async fn stopped(
        &self,
        tx: &Tx<'_>,
        scope: &Scope,
        import_id: &ImportId,
        cancel: &Cancel,
    ) -> Result<Row, OpError> {
        let find = async || {
            let found = store::find_within(tx, scope, import_id).await?;
            found.ok_or_else(|| OpError::not_found("import", import_id))
        };
        let mut row = find().await?;
        if row.state == State::Receiving {
            store::cancelled(tx, import_id, State::Receiving, cancel.at).await?;
            // Its stream may have ended in between.
            row = find().await?;
        }
        if stop(&row)? == Stop::Asked || row.state == State::Cancelled {
            store::ask_to_cancel(tx, import_id, cancel).await?;
            row.cancel_asked = true;
        }
        Ok(row)
    }
}

/// What the wish to stop an import does.
fn stop(row: &Row) -> Result<Stop, OpError> {
    row.state.stop().ok_or_else(|| {
        let state = row.state.as_str();
        let words =
            format!("import {} is {state}: only one that has not ended can be cancelled", row.import_id);
        OpError::precondition("IMPORT_STATE", words).with("state", state)
    })
}
