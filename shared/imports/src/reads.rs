//! Reading imports.

use chrono::DateTime;
use futures_util::{Stream, StreamExt};
use niva_access::Scope;
use niva_base::OpError;
use niva_jobs::{Job, Seen, Told, watch};
use niva_names::ImportId;
use niva_proto::common::v1 as pb;
use niva_rpc::status;
use niva_rpc::wire::read;
use tonic::Status;

use crate::state::State;
use crate::store::{self, Row, entries};
use crate::{Imports, MAX_PAGE, Target, Watched};

/// How far an import has come.
type Place = (State, bool, bool, Option<i64>);

impl<T: Target> Imports<T> {
    /// Reads an import.
    ///
    /// # Errors
    /// `NOT_FOUND`; the database's.
    pub async fn get(&self, scope: &Scope, import_id: &ImportId) -> Result<pb::Import, OpError> {
        Ok(self.message(&self.found(scope, import_id).await?))
    }

    /// A page of imports in the order they were made, in one state where one is asked for (not 0), and the next page's token.
    ///
    /// # Errors
    /// `FIELD_INVALID`, `PAGE_TOKEN_INVALID`, `PAGE_SIZE_NEGATIVE`; the database's.
    pub async fn list(
        &self,
        scope: &Scope,
        state: i32,
        asked: (i32, &str),
    ) -> Result<(Vec<pb::Import>, String), OpError> {
        let states: Vec<State> = match pb::job::State::try_from(state) {
            Ok(pb::job::State::Unspecified) => State::ALL.to_vec(),
            Ok(state) => State::called(state).collect(),
            Err(_) => {
                return Err(OpError::invalid("state", "FIELD_INVALID", "is none of the states of a job"));
            }
        };
        let page =
            self.inner.secrets.page(scope.author(), asked, &["imports", &state.to_string()], MAX_PAGE)?;
        let after = page.after.as_deref().map(place).transpose()?;
        let found = store::list(self.inner.db.conn(), scope, states.into_iter(), after, page.limit()).await?;
        let key = |row: &Row| format!("{} {}", row.told.recorded_at.timestamp_micros(), row.import_id);
        let (found, next) = page.cut(found, key);
        Ok((found.iter().map(|row| self.message(row)).collect(), next))
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
        self.found(scope, import_id).await?;
        let errors = entries::errors(self.inner.db.conn(), import_id, &page).await?;
        let (errors, next) = page.cut(errors, |(place, _)| place.to_string());
        Ok((errors.into_iter().map(|(_, error)| error).collect(), next))
    }

    /// An import's progress: at once, whenever it has come further, and when it has ended; then the end.
    ///
    /// # Errors
    /// `NOT_FOUND`; the database's.
    pub async fn watch(
        &self,
        scope: &Scope,
        import_id: &ImportId,
    ) -> Result<impl Stream<Item = Result<Told<pb::Import>, OpError>> + Send + 'static + use<T>, OpError>
    {
        let progress = self.inner.signals.progress();
        let first = self.seen(&self.found(scope, import_id).await?);
        let (imports, scope, id) = (self.clone(), scope.clone(), import_id.clone());
        let look = move || {
            let (imports, scope, id) = (imports.clone(), scope.clone(), id.clone());
            async move { Ok(imports.seen(&imports.found(&scope, &id).await?)) }
        };
        Ok(watch(progress, self.inner.shutdown.clone(), first, look))
    }

    /// [`Imports::watch`] as messages, of the id that a request names.
    ///
    /// # Errors
    /// Those of [`Imports::watch`]; `FIELD_REQUIRED`, `FIELD_INVALID`.
    pub async fn watched<M: Send + 'static>(
        &self,
        scope: &Scope,
        given: &str,
        message: impl Fn(pb::Import, i32) -> M + Send + 'static,
    ) -> Result<Watched<M>, Status> {
        let id = read::only_id("import_id", given).map_err(status)?;
        let told = self.watch(scope, &id).await.map_err(status)?;
        let told = told.map(move |told| {
            let Told { item, end } = told.map_err(status)?;
            Ok(message(item, end.into()))
        });
        Ok(told.boxed())
    }

    pub(crate) async fn found(&self, scope: &Scope, import_id: &ImportId) -> Result<Row, OpError> {
        let found = store::find_within(self.inner.db.conn(), scope, import_id).await?;
        found.ok_or_else(|| OpError::not_found("import", import_id))
    }

    fn seen(&self, row: &Row) -> Seen<pb::Import, Place> {
        let done = self.inner.desk.done(&row.import_id);
        let place = (row.state, row.started_at.is_some(), row.cancel_asked, done);
        Seen { item: self.message(row), place, ended: row.state.has_ended() }
    }

    pub(crate) fn message(&self, row: &Row) -> pb::Import {
        let done = match row.state {
            State::Done | State::Failed => row.records,
            State::Receiving | State::Cancelled => 0,
            State::Running => self.inner.desk.done(&row.import_id).unwrap_or_default(),
        };
        let job = Job {
            id: row.import_id.as_str().into(),
            kind: "import",
            state: row.state.of_job(),
            done,
            total: row.records,
            author: &row.told.author,
            created: row.told.recorded_at,
            started: row.started_at,
            ended: row.ended_at,
            error: &row.error,
            cancel_asked: row.cancel_asked,
        };
        pb::Import {
            import_id: row.import_id.to_string(),
            job: Some(job.into()),
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

/// The place of an import in the list, from a page's token.
fn place(text: &str) -> Result<(DateTime<chrono::Utc>, &str), OpError> {
    let read = text
        .split_once(' ')
        .and_then(|(made, id)| Some((DateTime::from_timestamp_micros(made.parse().ok()?)?, id)));
    let words = "is not from the page before of the same list; start again without a token";
    read.ok_or_else(|| OpError::invalid("page_token", "PAGE_TOKEN_INVALID", words))
}
