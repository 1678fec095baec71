//! Units.

pub(crate) mod import;
mod reads;
pub(crate) mod store;
pub(crate) mod wire;

use niva_names::UnitId;
use std::sync::Arc;

use niva_access::{Reach, Scope};
use niva_base::OpError;
use niva_choice_domain::Unit;
use niva_facts::{Happened, Info, Telling};
use niva_feed::NewEvent;
use niva_proto::choice::v1 as pb;
use niva_rpc::answer;
use niva_rpc::wire::read;
use niva_store::{Tx, facts};
use pb::unit_service_server::UnitService;
use tonic::Request;

use crate::refused::{id_taken, refused};
use crate::{Answer, App, feed, providers, standing};

/// Units as tonic sees them.
pub(crate) struct Units(pub(crate) Arc<App>);

#[tonic::async_trait]
impl UnitService for Units {
    async fn record_unit(&self, request: Request<pb::RecordUnitRequest>) -> Answer<pb::RecordUnitResponse> {
        answer!(self.record(request))
    }

    async fn correct_unit(
        &self,
        request: Request<pb::CorrectUnitRequest>,
    ) -> Answer<pb::CorrectUnitResponse> {
        answer!(self.correct(request))
    }

    async fn withdraw_unit(
        &self,
        request: Request<pb::WithdrawUnitRequest>,
    ) -> Answer<pb::WithdrawUnitResponse> {
        answer!(self.withdraw(request))
    }

    async fn change_unit(&self, request: Request<pb::ChangeUnitRequest>) -> Answer<pb::ChangeUnitResponse> {
        answer!(self.change(request))
    }

    async fn set_unit_capacity(
        &self,
        request: Request<pb::SetUnitCapacityRequest>,
    ) -> Answer<pb::SetUnitCapacityResponse> {
        answer!(self.set_capacity(request))
    }

    async fn get_unit(&self, request: Request<pb::GetUnitRequest>) -> Answer<pb::GetUnitResponse> {
        answer!(self.get(request))
    }

    async fn list_units(&self, request: Request<pb::ListUnitsRequest>) -> Answer<pb::ListUnitsResponse> {
        answer!(self.list(request))
    }

    async fn list_unit_revisions(
        &self,
        request: Request<pb::ListUnitRevisionsRequest>,
    ) -> Answer<pb::ListUnitRevisionsResponse> {
        answer!(self.revisions(request))
    }

    async fn get_unit_occupancy(
        &self,
        request: Request<pb::GetUnitOccupancyRequest>,
    ) -> Answer<pb::GetUnitOccupancyResponse> {
        answer!(self.occupancy(request))
    }
}

impl Units {
    async fn record(
        &self,
        scope: &Scope,
        request: &pb::RecordUnitRequest,
    ) -> Result<pb::RecordUnitResponse, OpError> {
        let made = UnitId::from(self.0.secrets.id(scope.author(), request, "unit"));
        let unit = &self.0.reader().read_unit(request.unit.as_ref(), Some(&made))?;
        scope.own_name("unit.unit_id", unit.unit_id.as_str(), made.as_str())?;
        self.0
            .change(scope, request, |tx, told| {
                Box::pin(async move {
                    providers_stand(tx, unit).await?;
                    let info = Info::first(&unit.unit_id, told);
                    if !store::insert(tx, unit, &info).await? {
                        return Err(id_taken("unit", &unit.unit_id));
                    }
                    let (unit, event) = tell(tx, unit, &info).await?;
                    Ok((pb::RecordUnitResponse { unit: Some(unit), feed_position: 0 }, vec![event]))
                })
            })
            .await
    }

    async fn correct(
        &self,
        scope: &Scope,
        request: &pb::CorrectUnitRequest,
    ) -> Result<pb::CorrectUnitResponse, OpError> {
        let unit = &self.0.reader().read_unit(request.unit.as_ref(), None)?;
        self.0
            .change(scope, request, |tx, told| {
                Box::pin(async move {
                    let (before, info) = held(tx, scope, &unit.unit_id).await?;
                    let info = info.corrected(request.expected_revision, told)?;
                    if before.service != unit.service && store::is_in_use(tx, &unit.unit_id).await? {
                        return Err(in_use(&unit.unit_id, "its service stays"));
                    }
                    providers_stand(tx, unit).await?;
                    store::update(tx, unit, &info).await?;
                    let (unit, event) = tell(tx, unit, &info).await?;
                    Ok((pb::CorrectUnitResponse { unit: Some(unit), feed_position: 0 }, vec![event]))
                })
            })
            .await
    }

    async fn withdraw(
        &self,
        scope: &Scope,
        request: &pb::WithdrawUnitRequest,
    ) -> Result<pb::WithdrawUnitResponse, OpError> {
        let unit_id = &read::only_id("unit_id", &request.unit_id)?;
        self.0
            .change(scope, request, |tx, told| {
                Box::pin(async move {
                    let (unit, info) = held(tx, scope, unit_id).await?;
                    let info = info.withdrawn(request.expected_revision, told)?;
                    if store::is_in_use(tx, unit_id).await? {
                        return Err(in_use(unit_id, "withdraw them first"));
                    }
                    store::update(tx, &unit, &info).await?;
                    let (unit, event) = tell(tx, &unit, &info).await?;
                    Ok((pb::WithdrawUnitResponse { unit: Some(unit), feed_position: 0 }, vec![event]))
                })
            })
            .await
    }

    async fn change(
        &self,
        scope: &Scope,
        request: &pb::ChangeUnitRequest,
    ) -> Result<pb::ChangeUnitResponse, OpError> {
        let change = &self.0.reader().change(request)?;
        self.0
            .change(scope, request, |tx, told| {
                Box::pin(async move {
                    let (unit, events) = changed(tx, scope, change, told).await?;
                    Ok((pb::ChangeUnitResponse { unit: Some(unit), feed_position: 0 }, events))
                })
            })
            .await
    }

    async fn set_capacity(
        &self,
        scope: &Scope,
        request: &pb::SetUnitCapacityRequest,
    ) -> Result<pb::SetUnitCapacityResponse, OpError> {
        let change = &self.0.reader().capacity_change(request)?;
        self.0
            .change(scope, request, |tx, told| {
                Box::pin(async move {
                    let (unit, events) = changed(tx, scope, change, told).await?;
                    Ok((pb::SetUnitCapacityResponse { unit: Some(unit), feed_position: 0 }, events))
                })
            })
            .await
    }
}

/// Changes a unit from a day on. What is so already changes nothing.
async fn changed(
    tx: &Tx<'_>,
    scope: &Scope,
    change: &wire::Change,
    told: Telling,
) -> Result<(pb::Unit, Vec<NewEvent>), OpError> {
    let (unit, info) = held(tx, scope, &change.unit_id).await?;
    // The provider of the day alone changes what is to be from then on.
    let terms = unit.terms_near(change.from);
    let runs = terms.map(|terms| &terms.provider_id);
    if scope.provider().is_some_and(|own| Some(own) != runs) {
        let words = format!("unit {} is not your provider's on that day: ask its provider", unit.unit_id);
        return Err(OpError::denied("UNIT_NOT_YOURS", words));
    }
    let next = info.happened(told)?;
    match unit.change(change.from, &change.change).map_err(refused)? {
        Happened::Already(_) => Ok((standing(tx, &change.unit_id).await?.0, Vec::new())),
        Happened::Now(unit) => {
            providers_stand(tx, &unit).await?;
            store::update(tx, &unit, &next).await?;
            let (unit, event) = tell(tx, &unit, &next).await?;
            Ok((unit, vec![event]))
        }
    }
}

/// The unit, and which revision it is, held to the transaction's end; what the call does not reach is not there.
async fn held(tx: &Tx<'_>, scope: &Scope, id: &UnitId) -> Result<(Unit, Info), OpError> {
    let found = store::lock(tx, id).await?.filter(|unit| reaches(scope, unit));
    let unit = found.ok_or_else(|| OpError::not_found("unit", id))?;
    let (_, info) = standing::<pb::Unit>(tx, id).await?;
    Ok((unit, info))
}

/// Whether a call reaches a unit: it works in no district but the call's, or its provider runs or ran it.
fn reaches(scope: &Scope, unit: &Unit) -> bool {
    let mut terms = unit.periods.all().iter().map(|(_, terms)| terms);
    match scope.reach() {
        Reach::City => true,
        Reach::Districts(districts) => terms.all(|terms| districts.contains(&terms.district)),
        Reach::Provider(provider) => terms.any(|terms| terms.provider_id == *provider),
        Reach::Person(_) | Reach::Author(_) => false,
    }
}

/// Refuses a unit with a provider that there is not.
async fn providers_stand(tx: &Tx<'_>, unit: &Unit) -> Result<(), OpError> {
    let mut named: Vec<_> = unit.periods.all().iter().map(|(_, terms)| &terms.provider_id).collect();
    named.sort_unstable();
    named.dedup();
    let known = providers::store::hold(tx, &named).await?;
    match named.into_iter().find(|id| !known.iter().any(|known| known == *id)) {
        None => Ok(()),
        Some(id) => {
            let words = format!("there is no provider {id}: record it first");
            Err(OpError::precondition("PROVIDER_UNKNOWN", words))
        }
    }
}

/// Keeps a revision whose rows are written, and what others hear of it.
async fn tell(tx: &Tx<'_>, unit: &Unit, info: &Info) -> Result<(pb::Unit, NewEvent), OpError> {
    let unit = wire::write(unit, info);
    facts::append(tx, std::slice::from_ref(&unit)).await?;
    let event = feed::unit(&unit);
    Ok((unit, event))
}

fn in_use(id: &UnitId, so: &str) -> OpError {
    let words = format!("wishes, offers or placements that stand name unit {id}: {so}");
    OpError::precondition("UNIT_IN_USE", words)
}
