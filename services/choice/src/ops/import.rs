//! ImportChoice: all records in one transaction, or none and every error at once.

mod check;

use niva_choice_domain::{Placement, Provider, Unit};
use niva_kit::auth::Caller;
use niva_kit::import::{Findings, Import};
use niva_kit::{OpError, Tx};
use niva_proto::choice::v1 as pb;

use super::{Done, placement_event, provider_event, unit_event};
use crate::store::{placements, providers, units};
use crate::{App, wire};

/// Records that are right, in their order.
#[derive(Default)]
struct Accepted {
    providers: Vec<Provider>,
    units: Vec<Unit>,
    placements: Vec<Placement>,
}

impl App {
    pub(crate) async fn import_choice(
        &self,
        caller: &Caller,
        import: Import<pb::ImportChoiceRequest>,
    ) -> Result<pb::ImportChoiceResponse, OpError> {
        let call = import.call("ImportChoice", caller);
        let records = import.records();
        self.change(&call, |tx| {
            Box::pin(async move {
                let mut findings = Findings::default();
                let accepted = check::check(tx, self.reader(), caller, records, &mut findings).await?;
                findings.finish(records)?;
                save(tx, &accepted).await
            })
        })
        .await
    }
}

async fn save(tx: &Tx<'_>, accepted: &Accepted) -> Result<Done<pb::ImportChoiceResponse>, OpError> {
    let Accepted { providers, units, placements } = accepted;
    let count = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
    let answer = pb::ImportChoiceResponse {
        providers: count(providers.len()),
        units: count(units.len()),
        placements: count(placements.len()),
    };
    providers::insert_all(tx, providers).await?;
    units::insert_all(tx, units).await?;
    placements::insert_all(tx, placements).await?;
    let providers = providers.iter().map(|p| provider_event(&wire::provider(p)));
    let units = units.iter().map(|u| unit_event(&wire::unit(u)));
    let placements = placements.iter().map(|p| placement_event(&wire::placement(p)));
    Ok((answer, providers.chain(units).chain(placements).collect()))
}
