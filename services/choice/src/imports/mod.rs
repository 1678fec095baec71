//! Imports: all records in one transaction, or none and every error at once.

mod check;
mod wire;

use std::sync::Arc;

use niva_access::Scope;
use niva_base::OpError;
use niva_choice_domain::{Placement, Provider, Unit};
use niva_facts::{Info, Telling};
use niva_proto::choice::v1 as pb;
use niva_rpc::answer;
use niva_rpc::import::{Findings, Import};
use niva_store::request::ChangeCall as Call;
use niva_store::{Tx, facts};
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
        let caller = niva_rpc::caller(&request)?.clone();
        let import = Import::gather(request.into_inner()).await?;
        answer(self.import(&caller, import).await)
    }
}

impl Imports {
    async fn import(
        &self,
        scope: &Scope,
        import: Import<pb::ImportChoiceRequest>,
    ) -> Result<pb::ImportChoiceResponse, OpError> {
        let (request_id, request) = (import.request_id(), import.content());
        let call = Call { method: "ImportChoice", caller, request_id, request };
        let records = import.records();
        let told =
            &Telling { author: caller.author(), recorded_at: self.0.clock.now(), reason: String::new() };
        self.0
            .feed
            .once(&call, self.0.clock.now(), |tx| {
                Box::pin(async move {
                    let mut findings = Findings::default();
                    let accepted = check::check(tx, self.0.reader(), caller, records, &mut findings).await?;
                    findings.finish(records)?;
                    save(tx, &accepted, told).await
                })
            })
            .await
    }
}

async fn save(
    tx: &Tx<'_>,
    accepted: &Accepted,
    told: &Telling,
) -> Result<Told<pb::ImportChoiceResponse>, OpError> {
    let count = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
    let answer = pb::ImportChoiceResponse {
        providers: count(accepted.providers.len()),
        units: count(accepted.units.len()),
        placements: count(accepted.placements.len()),
    };
    let first = |id: &str| Info::first(id, told.clone());
    let told: Vec<_> = accepted.providers.iter().map(|p| (p.clone(), first(&p.provider_id))).collect();
    providers::store::insert_all(tx, &told).await?;
    let providers: Vec<_> = told.iter().map(|(p, info)| providers::wire::write(p, info)).collect();
    facts::append(tx, &providers).await?;
    let told: Vec<_> = accepted.units.iter().map(|u| (u.clone(), first(&u.unit_id))).collect();
    units::store::insert_all(tx, &told).await?;
    let units: Vec<_> = told.iter().map(|(u, info)| units::wire::write(u, info)).collect();
    facts::append(tx, &units).await?;
    let told: Vec<_> = accepted.placements.iter().map(|p| (p.clone(), first(&p.placement_id))).collect();
    placements::store::insert_all(tx, &told).await?;
    let placements: Vec<_> = told.iter().map(|(p, info)| placements::wire::write(p, info)).collect();
    facts::append(tx, &placements).await?;
    let events = providers.iter().map(feed::provider).chain(units.iter().map(feed::unit));
    Ok((answer, events.chain(placements.iter().map(feed::placement)).collect()))
}
