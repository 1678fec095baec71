//! All that choice has of a person, for that person.

mod store;

use std::pin::Pin;
use std::sync::Arc;

use futures_util::{Stream, StreamExt, TryStreamExt, stream};
use niva_access::Scope;
use niva_audit::{Named, told_to};
use niva_base::OpError;
use niva_facts::Fact;
use niva_names::PersonId;
use niva_proto::choice::v1 as pb;
use niva_rpc::status;
use niva_rpc::wire::read;
use niva_store::{Tx, facts, persons};
use pb::export_person_data_response::Fact as Exported;
use pb::export_service_server::ExportService;
use prost::Message;
use tonic::{Request, Response, Status};

use crate::{Answer, App, grants};

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
        let facts = self.0.db.read(|tx| Box::pin(all(tx, scope, id))).await.map_err(status)?;
        let calls = told_to(&self.0.db, &Named, id).await.map_err(status)?;
        let told = stream::iter(facts).map(Ok).chain(calls.map_ok(Exported::AuditRecord));
        let messages = told.map_ok(|fact| pb::ExportPersonDataResponse { fact: Some(fact) });
        Ok(Response::new(messages.map_err(status).boxed()))
    }
}

async fn all(tx: &Tx<'_>, scope: &Scope, id: &PersonId) -> Result<Vec<Exported>, OpError> {
    let same = persons::same(tx, id).await?;
    if !grants::store::are_reached(tx, scope, &same).await? {
        return Err(OpError::not_found("person", id));
    }
    let mut found = Vec::new();
    of(tx, store::wishes(tx, &same).await?, Exported::Wish, &mut found).await?;
    of(tx, store::offers(tx, &same).await?, Exported::Offer, &mut found).await?;
    of(tx, store::placements(tx, &same).await?, Exported::Placement, &mut found).await?;
    Ok(found)
}

/// All revisions of some facts.
async fn of<M: Fact + Message + Default>(
    tx: &Tx<'_>,
    ids: Vec<M::Id>,
    exported: fn(M) -> Exported,
    found: &mut Vec<Exported>,
) -> Result<(), OpError> {
    for id in ids {
        found.extend(facts::all::<M>(tx, &id).await?.into_iter().map(exported));
    }
    Ok(())
}
