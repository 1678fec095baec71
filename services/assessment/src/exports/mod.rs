//! All that is known of a person, for that person.

use std::pin::Pin;
use std::sync::Arc;

use futures_util::{Stream, StreamExt, TryStreamExt, stream};
use niva_access::Scope;
use niva_audit::{Named, told_to};
use niva_base::OpError;
use niva_facts::Fact;
use niva_names::PersonId;
use niva_proto::assessment::v1 as pb;
use niva_rpc::status;
use niva_rpc::wire::read;
use niva_store::{Tx, facts, persons as same};
use pb::export_person_data_response::Fact as Exported;
use pb::export_service_server::ExportService;
use prost::Message;
use tonic::{Request, Response, Status};

use crate::merges::known as merged;
use crate::persons::store::{OfPerson, ids};
use crate::{Answer, App, identities, reached};

/// Exports as tonic sees them.
pub(crate) struct Exports(pub(crate) Arc<App>);

#[tonic::async_trait]
impl ExportService for Exports {
    type ExportPersonDataStream =
        Pin<Box<dyn Stream<Item = Result<pb::ExportPersonDataResponse, Status>> + Send>>;

    async fn export_person_data(
        &self,
        request: Request<pb::ExportPersonDataRequest>,
    ) -> Answer<Self::ExportPersonDataStream> {
        let scope = niva_rpc::scope(&request)?;
        let id = &read::only_id("person_id", &request.get_ref().person_id).map_err(status)?;
        // One life is read at once, as it stands at one moment: a few hundred facts at most.
        let facts = self.0.db.read(|tx| Box::pin(self.all(tx, scope, id))).await.map_err(status)?;
        let calls = told_to(&self.0.db, &Named, id).await.map_err(status)?;
        let told = stream::iter(facts).map(Ok).chain(calls.map_ok(Exported::AuditRecord));
        let messages = told.map_ok(|fact| pb::ExportPersonDataResponse { fact: Some(fact) });
        Ok(Response::new(messages.map_err(status).boxed()))
    }
}

impl Exports {
    async fn all(&self, tx: &Tx<'_>, scope: &Scope, id: &PersonId) -> Result<Vec<Exported>, OpError> {
        reached::<pb::Person>(tx, scope, id).await?;
        let mut found = Vec::new();
        for id in &same::same(tx, id).await? {
            found.extend(facts::all(tx, id).await?.into_iter().map(Exported::Person));
            let identities = identities::exported(&self.0, tx, scope, id).await?;
            found.extend(identities.into_iter().map(Exported::Identity));
            found.extend(of(tx, id, Exported::Application).await?);
            found.extend(of(tx, id, Exported::Grant).await?);
            found.extend(of(tx, id, Exported::Measurement).await?);
            found.extend(of(tx, id, Exported::LevelDecision).await?);
        }
        found.extend(merged::of(tx, id).await?.into_iter().map(Exported::PersonMerge));
        Ok(found)
    }
}

/// All revisions of all facts of a kind that a person has.
async fn of<M: OfPerson + Fact + Message + Default>(
    tx: &Tx<'_>,
    person: &PersonId,
    exported: fn(M) -> Exported,
) -> Result<Vec<Exported>, OpError> {
    let mut found = Vec::new();
    for id in ids::<M>(tx, person).await? {
        found.extend(facts::all::<M>(tx, &id).await?.into_iter().map(exported));
    }
    Ok(found)
}
