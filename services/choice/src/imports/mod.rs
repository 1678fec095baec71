//! Imports: all records in one transaction, or none and every error at once.

mod check;
mod wire;

use std::sync::Arc;

use niva_choice_domain::{Placement, Provider, Unit};
use niva_kit::auth::{self, Caller};
use niva_kit::import::{Findings, Import};
use niva_kit::request::Call;
use niva_kit::rpc::answer;
use niva_kit::{OpError, Tx};
use niva_proto::choice::v1 as pb;
use pb::import_service_server::ImportService;
use tonic::{Request, Streaming};

use crate::{Answer, App, Told, feed, placements, providers, units};

/// Imports as tonic sees them.
pub(crate) struct Imports(pub(crate) Arc<App>);

/// Records that are right, in their order.
#[derive(Default)]
struct Accepted {
    providers: Vec<Provider>,
    units: Vec<Unit>,
    placements: Vec<Placement>,
}

#[tonic::async_trait]
impl ImportService for Imports {
    async fn import_choice(
        &self,
        request: Request<Streaming<pb::ImportChoiceRequest>>,
    ) -> Answer<pb::ImportChoiceResponse> {
        let caller = auth::caller(&request)?.clone();
        let import = Import::gather(request.into_inner()).await?;
        answer(self.import(&caller, import).await)
    }
}

impl Imports {
    async fn import(
        &self,
        caller: &Caller,
        import: Import<pb::ImportChoiceRequest>,
    ) -> Result<pb::ImportChoiceResponse, OpError> {
        let (request_id, request) = (import.request_id(), import.content());
        let call = Call { method: "ImportChoice", caller, request_id, request };
        let records = import.records();
        self.0
            .change(&call, |tx| {
                Box::pin(async move {
                    let mut findings = Findings::default();
                    let accepted = check::check(tx, self.0.reader(), caller, records, &mut findings).await?;
                    findings.finish(records)?;
                    save(tx, &accepted).await
                })
            })
            .await
    }
}

async fn save(tx: &Tx<'_>, accepted: &Accepted) -> Result<Told<pb::ImportChoiceResponse>, OpError> {
    let count = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
    let answer = pb::ImportChoiceResponse {
        providers: count(accepted.providers.len()),
        units: count(accepted.units.len()),
        placements: count(accepted.placements.len()),
    };
    providers::store::insert_all(tx, &accepted.providers).await?;
    units::store::insert_all(tx, &accepted.units).await?;
    placements::store::insert_all(tx, &accepted.placements).await?;
    let providers = accepted.providers.iter().map(|p| feed::provider(&providers::wire::provider(p)));
    let units = accepted.units.iter().map(|u| feed::unit(&units::wire::unit(u)));
    let placements = accepted.placements.iter().map(|p| feed::placement(&placements::wire::placement(p)));
    Ok((answer, providers.chain(units).chain(placements).collect()))
}
