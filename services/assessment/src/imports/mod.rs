//! Imports: what another system knows, all of it or nothing.

use std::sync::Arc;

use async_trait::async_trait;
use futures_util::StreamExt;
use futures_util::stream::BoxStream;
use niva_access::Scope;
use niva_base::{OpError, Violations};
use niva_calendar::Datelike;
use niva_facts::Telling;
use niva_imports::{Effects, Numbered, Target};
use niva_jobs::Told;
use niva_names::ImportId;
use niva_proto::assessment::v1 as pb;
use niva_rpc::wire::read;
use niva_rpc::{answer, scope, status};
use niva_store::Tx;
use pb::create_import_request::Record;
use pb::import_service_server::ImportService;
use tokio::task::JoinHandle;
use tonic::{Request, Response, Status, Streaming};

use crate::{Answer, App, applications, grants, level_decisions, measurements, persons};

/// Imports as tonic sees them.
pub(crate) struct Imports(pub(crate) niva_imports::Imports<Facts>);

/// What the records of an import become.
pub(crate) struct Facts(pub(crate) Arc<App>);

#[tonic::async_trait]
impl ImportService for Imports {
    type WatchImportStream = BoxStream<'static, Result<pb::WatchImportResponse, Status>>;

    async fn create_import(
        &self,
        request: Request<Streaming<pb::CreateImportRequest>>,
    ) -> Answer<pb::CreateImportResponse> {
        let scope = scope(&request)?.clone();
        let (import, feed_position) = self.0.create(&scope, request.into_inner()).await?;
        Ok(Response::new(pb::CreateImportResponse { import: Some(import), feed_position }))
    }

    async fn get_import(&self, request: Request<pb::GetImportRequest>) -> Answer<pb::GetImportResponse> {
        answer!(self.get(request))
    }

    async fn list_imports(
        &self,
        request: Request<pb::ListImportsRequest>,
    ) -> Answer<pb::ListImportsResponse> {
        answer!(self.list(request))
    }

    async fn watch_import(
        &self,
        request: Request<pb::WatchImportRequest>,
    ) -> Answer<Self::WatchImportStream> {
        let id: ImportId = read::only_id("import_id", &request.get_ref().import_id).map_err(status)?;
        let told = self.0.watch(scope(&request)?, id.as_str()).await.map_err(status)?;
        let told = told.map(|told| {
            let Told { item, end } = told.map_err(status)?;
            Ok(pb::WatchImportResponse { import: Some(item), end: end.into() })
        });
        Ok(Response::new(told.boxed()))
    }

    async fn cancel_import(
        &self,
        request: Request<pb::CancelImportRequest>,
    ) -> Answer<pb::CancelImportResponse> {
        answer!(self.cancel(request))
    }

    async fn list_import_errors(
        &self,
        request: Request<pb::ListImportErrorsRequest>,
    ) -> Answer<pb::ListImportErrorsResponse> {
        answer!(self.errors(request))
    }
}

impl Imports {
    async fn get(
        &self,
        scope: &Scope,
        request: &pb::GetImportRequest,
    ) -> Result<pb::GetImportResponse, OpError> {
        let id: ImportId = read::only_id("import_id", &request.import_id)?;
        Ok(pb::GetImportResponse { import: Some(self.0.get(scope, id.as_str()).await?) })
    }

    async fn list(
        &self,
        scope: &Scope,
        request: &pb::ListImportsRequest,
    ) -> Result<pb::ListImportsResponse, OpError> {
        let asked = (request.page_size, request.page_token.as_str());
        let (imports, next_page_token) = self.0.list(scope, request.state, asked).await?;
        Ok(pb::ListImportsResponse { imports, next_page_token })
    }

    async fn cancel(
        &self,
        scope: &Scope,
        request: &pb::CancelImportRequest,
    ) -> Result<pb::CancelImportResponse, OpError> {
        let id: ImportId = read::only_id("import_id", &request.import_id)?;
        let answer = |import| pb::CancelImportResponse { import: Some(import) };
        self.0.cancel(scope, request, id.as_str(), answer).await
    }

    async fn errors(
        &self,
        scope: &Scope,
        request: &pb::ListImportErrorsRequest,
    ) -> Result<pb::ListImportErrorsResponse, OpError> {
        let id: ImportId = read::only_id("import_id", &request.import_id)?;
        let asked = (request.page_size, request.page_token.as_str());
        let (errors, next_page_token) = self.0.errors(scope, id.as_str(), asked).await?;
        Ok(pb::ListImportErrorsResponse { errors, next_page_token })
    }
}

/// Starts the imports of the service, and the worker that lets them take effect.
pub(crate) fn start(app: &Arc<App>) -> (niva_imports::Imports<Facts>, JoinHandle<()>) {
    let (db, clock, secrets) = (app.db.clone(), app.clock.clone(), app.secrets.clone());
    niva_imports::Imports::start(db, clock, secrets, Facts(Arc::clone(app)), app.shutdown.clone())
}

#[async_trait]
impl Target for Facts {
    type Entry = pb::CreateImportRequest;

    /// Persons, applications, grants by the month they begin (a grant is ended before the one that follows it begins),
    /// measurements, decisions.
    fn rank(entry: &pb::CreateImportRequest) -> i32 {
        match &entry.record {
            None | Some(Record::Person(_)) => 0,
            Some(Record::Application(_)) => 1,
            Some(Record::Grant(grant)) => {
                let first = grant.valid.and_then(|valid| valid.first);
                let first = read::optional_date(&mut Violations::new(), "first", first).flatten();
                first.map_or(2, |day| 2 + day.year() * 12 + i32::try_from(day.month0()).unwrap_or_default())
            }
            Some(Record::Measurement(_)) => i32::MAX - 1,
            Some(Record::LevelDecision(_)) => i32::MAX,
        }
    }

    async fn apply(
        &self,
        tx: &Tx<'_>,
        told: &Telling,
        entries: &[Numbered<pb::CreateImportRequest>],
        effects: &mut Effects,
    ) -> Result<(), OpError> {
        let (mut people, mut asked, mut granted) = (Vec::new(), Vec::new(), Vec::new());
        let (mut measured, mut decided) = (Vec::new(), Vec::new());
        for Numbered { number, entry } in entries {
            let number = *number;
            match &entry.record {
                None => effects.refuse(number, "record", "FIELD_REQUIRED", "is required; give a value"),
                Some(Record::Person(entry)) => people.push(Numbered { number, entry }),
                Some(Record::Application(entry)) => asked.push(Numbered { number, entry }),
                Some(Record::Grant(entry)) => granted.push(Numbered { number, entry }),
                Some(Record::Measurement(entry)) => measured.push(Numbered { number, entry }),
                Some(Record::LevelDecision(entry)) => decided.push(Numbered { number, entry }),
            }
        }
        persons::import::apply(&self.0, tx, told, people, effects).await?;
        applications::import::apply(&self.0, tx, told, asked, effects).await?;
        grants::import::apply(&self.0, tx, told, granted, effects).await?;
        let corrected = measurements::import::apply(&self.0, tx, told, measured, effects).await?;
        level_decisions::import::follow(&self.0, tx, told, &corrected, effects).await?;
        level_decisions::import::apply(&self.0, tx, told, decided, effects).await
    }

    fn committed(&self) {
        self.0.feed.notify();
    }
}
