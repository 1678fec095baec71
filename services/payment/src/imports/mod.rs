//! Imports: many facts of placements at once, all of them or none.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use futures_util::StreamExt;
use futures_util::stream::BoxStream;
use niva_access::Scope;
use niva_base::OpError;
use niva_facts::Telling;
use niva_imports::{Effects, Numbered, Target, Upsert, compare};
use niva_jobs::Told;
use niva_names::ImportId;
use niva_proto::payment::v1 as pb;
use niva_rpc::wire::read;
use niva_rpc::{answer, scope, status};
use niva_store::Tx;
use pb::create_import_request::Record;
use pb::import_service_server::ImportService;
use tokio::task::JoinHandle;
use tonic::{Request, Response, Status, Streaming};

use crate::facts::ground::Ground;
use crate::facts::{Next, Plan, item, newest_of};
use crate::placement_fact::PlacementFact;
use crate::{Answer, App};

/// Imports as tonic sees them.
pub(crate) struct Imports(pub(crate) niva_imports::Imports<Facts>);

#[tonic::async_trait]
impl ImportService for Imports {
    type WatchImportStream = BoxStream<'static, Result<pb::WatchImportResponse, Status>>;

    async fn create_import(
        &self,
        request: Request<Streaming<pb::CreateImportRequest>>,
    ) -> Answer<pb::CreateImportResponse> {
        let scope = scope(&request)?.clone();
        let (import, _) = self.0.create(&scope, request.into_inner()).await?;
        Ok(Response::new(pb::CreateImportResponse { import: Some(import) }))
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

/// What records of an import do: the same as the rpcs that tell one fact.
pub(crate) struct Facts(pub(crate) Arc<App>);

#[async_trait]
impl Target for Facts {
    type Entry = pb::CreateImportRequest;

    /// No kind needs another: they are taken one after the other.
    fn rank(entry: &pb::CreateImportRequest) -> i32 {
        match &entry.record {
            None => 0,
            Some(Record::Schedule(_)) => 1,
            Some(Record::Occasion(_)) => 2,
            Some(Record::Absence(_)) => 3,
            Some(Record::Agreement(_)) => 4,
            Some(Record::Transition(_)) => 5,
            Some(Record::PremisesCost(_)) => 6,
            Some(Record::Visit(_)) => 7,
        }
    }

    async fn apply(
        &self,
        tx: &Tx<'_>,
        told: &Telling,
        entries: &[Numbered<pb::CreateImportRequest>],
        effects: &mut Effects,
    ) -> Result<(), OpError> {
        macro_rules! take {
            ($kind:ident) => {{
                let of = |entry: &pb::CreateImportRequest| match &entry.record {
                    Some(Record::$kind(fact)) => Some(fact.clone()),
                    _ => None,
                };
                self.take(tx, told, entries, of, effects).await
            }};
        }
        match entries.first().and_then(|first| first.entry.record.as_ref()) {
            Some(Record::Schedule(_)) => take!(Schedule),
            Some(Record::Occasion(_)) => take!(Occasion),
            Some(Record::Absence(_)) => take!(Absence),
            Some(Record::Agreement(_)) => take!(Agreement),
            Some(Record::Transition(_)) => take!(Transition),
            Some(Record::PremisesCost(_)) => take!(PremisesCost),
            Some(Record::Visit(_)) => take!(Visit),
            None => {
                for Numbered { number, .. } in entries {
                    effects.refuse(*number, "record", "FIELD_REQUIRED", "is required; give a fact");
                }
                Ok(())
            }
        }
    }

    fn committed(&self) {}
}

impl Facts {
    async fn take<M: PlacementFact>(
        &self,
        tx: &Tx<'_>,
        told: &Telling,
        entries: &[Numbered<pb::CreateImportRequest>],
        of: impl Fn(&pb::CreateImportRequest) -> Option<M>,
        effects: &mut Effects,
    ) -> Result<(), OpError> {
        let today = self.0.clock.today();
        let (mut given, mut said) = (Vec::with_capacity(entries.len()), Vec::with_capacity(entries.len()));
        for Numbered { number, entry } in entries {
            let path = M::KIND.to_owned();
            let read = effects.read(*number, |v| item(v, path, of(entry).as_ref(), None, today));
            if let Some(read) = read {
                said.push((*number, read.said));
                given.push(Numbered { number: *number, entry: read.fact });
            }
        }
        let locked = Ground::lock(tx, None).await?;
        let ids: Vec<&str> = given.iter().map(|given| given.entry.fact_id()).collect();
        let known: BTreeMap<String, M> = newest_of(tx, &ids).await?;
        if M::CARRIES {
            // What the service alone says of a fact: what is told again as it was changes nothing.
            for Numbered { entry, .. } in &mut given {
                let before = known.get(entry.fact_id());
                entry.carry(before);
            }
        }
        let mut said = said.into_iter().peekable();
        let mut next = Vec::new();
        for Numbered { number, entry } in compare(&known, told, given, effects)? {
            let (before, fact) = match entry {
                Upsert::Created(fact) => (None, fact),
                Upsert::Corrected { before, after } => (Some(before), after),
            };
            while said.next_if(|(other, _)| *other < number).is_some() {}
            next.extend(said.next().map(|(_, said)| Next { number, before, fact, said }));
        }
        let (plan, wrong) = Plan::of(&self.0, tx, locked, next).await?;
        for wrong in wrong {
            match wrong.error {
                OpError::Invalid(violations) => effects.refuse_all(wrong.number, violations),
                error => effects.refuse(wrong.number, wrong.field, error.reason(), error.to_string()),
            }
        }
        plan.carry_out(tx, told).await?;
        Ok(())
    }
}
