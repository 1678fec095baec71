//! Units.

pub(crate) mod store;
pub(crate) mod wire;

use std::sync::Arc;

use niva_choice_domain::{Done, Unit};
use niva_kit::auth::Caller;
use niva_kit::page::{PageRequest, filter_hash};
use niva_kit::request::Call;
use niva_kit::wire::read;
use niva_kit::{OpError, Tx, Violations};
use niva_proto::choice::v1 as pb;
use pb::unit_service_server::UnitService;
use tonic::Request;

use crate::refused::{id_taken, refused};
use crate::sight::Sight;
use crate::{Answer, App, MAX_PAGE, Told, feed, providers};

/// Units as tonic sees them.
pub(crate) struct Units(pub(crate) Arc<App>);

#[tonic::async_trait]
impl UnitService for Units {
    async fn create_unit(&self, request: Request<pb::CreateUnitRequest>) -> Answer<pb::CreateUnitResponse> {
        answer!(self.create(request))
    }

    async fn set_unit_capacity(
        &self,
        request: Request<pb::SetUnitCapacityRequest>,
    ) -> Answer<pb::SetUnitCapacityResponse> {
        answer!(self.set_capacity(request))
    }

    async fn change_unit_regime(
        &self,
        request: Request<pb::ChangeUnitRegimeRequest>,
    ) -> Answer<pb::ChangeUnitRegimeResponse> {
        answer!(self.change_regime(request))
    }

    async fn get_unit(&self, request: Request<pb::GetUnitRequest>) -> Answer<pb::GetUnitResponse> {
        answer!(self.get(request))
    }

    async fn list_units(&self, request: Request<pb::ListUnitsRequest>) -> Answer<pb::ListUnitsResponse> {
        answer!(self.list(request))
    }
}

impl Units {
    async fn create(
        &self,
        caller: &Caller,
        request: &pb::CreateUnitRequest,
    ) -> Result<pb::CreateUnitResponse, OpError> {
        let mut v = Violations::new();
        let given = v.required("unit", request.unit.as_ref());
        let new = given.and_then(|unit| v.nested("unit", |v| self.0.reader().unit(v, unit)));
        let mut new = v.finish_with(new)?;
        let id = new.unit_id.take().unwrap_or_else(|| self.0.ids.of(&request.request_id, "unit"));
        let unit = &new.with_id(id);
        Sight::of(caller).district(&unit.district)?;
        let call = Call { method: "CreateUnit", caller, request_id: &request.request_id, request };
        self.0
            .change(&call, |tx| {
                Box::pin(async move {
                    if providers::store::existing(tx, &[unit.provider_id.as_str()]).await?.is_empty() {
                        let words = format!("there is no provider {}: create it first", unit.provider_id);
                        return Err(OpError::precondition("PROVIDER_UNKNOWN", words));
                    }
                    if !store::insert(tx, unit).await? {
                        return Err(id_taken("unit", &unit.unit_id));
                    }
                    let unit = wire::unit(unit);
                    let event = feed::unit(&unit);
                    Ok((pb::CreateUnitResponse { unit: Some(unit) }, vec![event]))
                })
            })
            .await
    }

    async fn set_capacity(
        &self,
        caller: &Caller,
        request: &pb::SetUnitCapacityRequest,
    ) -> Result<pb::SetUnitCapacityResponse, OpError> {
        let mut v = Violations::new();
        let change = self.0.reader().capacity_change(&mut v, request);
        let change = &v.finish_with(change)?;
        let call = Call { method: "SetUnitCapacity", caller, request_id: &request.request_id, request };
        self.0
            .change(&call, |tx| {
                Box::pin(async move {
                    let unit = held(tx, caller, &change.unit_id).await?;
                    let (unit, events) = save(tx, unit.set_capacity(change.from, change.places)).await?;
                    Ok((pb::SetUnitCapacityResponse { unit: Some(unit) }, events))
                })
            })
            .await
    }

    async fn change_regime(
        &self,
        caller: &Caller,
        request: &pb::ChangeUnitRegimeRequest,
    ) -> Result<pb::ChangeUnitRegimeResponse, OpError> {
        let mut v = Violations::new();
        let change = self.0.reader().regime_change(&mut v, request);
        let change = &v.finish_with(change)?;
        let call = Call { method: "ChangeUnitRegime", caller, request_id: &request.request_id, request };
        self.0
            .change(&call, |tx| {
                Box::pin(async move {
                    let unit = held(tx, caller, &change.unit_id).await?;
                    let changed = unit.change_regime(change.from, change.regime).map_err(refused)?;
                    let (unit, events) = save(tx, changed).await?;
                    Ok((pb::ChangeUnitRegimeResponse { unit: Some(unit) }, events))
                })
            })
            .await
    }

    async fn get(
        &self,
        _caller: &Caller,
        request: &pb::GetUnitRequest,
    ) -> Result<pb::GetUnitResponse, OpError> {
        let id = read::only_id("unit_id", &request.unit_id)?;
        let unit =
            store::find(self.0.db.conn(), &id).await?.ok_or_else(|| OpError::not_found("unit", &id))?;
        Ok(pb::GetUnitResponse { unit: Some(wire::unit(&unit)) })
    }

    async fn list(
        &self,
        _caller: &Caller,
        request: &pb::ListUnitsRequest,
    ) -> Result<pb::ListUnitsResponse, OpError> {
        let mut v = Violations::new();
        let service = read::optional_service(&mut v, "service", &request.service, &self.0.city);
        let service = v.finish_with(service)?;
        let filter = filter_hash(&["units", service.as_ref().map_or("", |s| s.as_str()), &request.district]);
        let page = PageRequest::parse(request.page_size, &request.page_token, filter, MAX_PAGE)?;
        let rows = store::list(self.0.db.conn(), service, &request.district, &page).await?;
        let (rows, next_page_token) = page.cut(rows, |u| u.unit_id.clone());
        Ok(pb::ListUnitsResponse { units: rows.iter().map(wire::unit).collect(), next_page_token })
    }
}

async fn held(tx: &Tx<'_>, caller: &Caller, id: &str) -> Result<Unit, OpError> {
    let unit = store::lock(tx, id).await?.ok_or_else(|| OpError::not_found("unit", id))?;
    let sight = Sight::of(caller);
    sight.district(&unit.district)?;
    sight.unit(&unit)?;
    Ok(unit)
}

async fn save(tx: &Tx<'_>, change: Done<Unit>) -> Result<Told<pb::Unit>, OpError> {
    match change {
        Done::Already(unit) => Ok((wire::unit(&unit), Vec::new())),
        Done::Now(unit) => {
            store::update(tx, &unit).await?;
            let unit = wire::unit(&unit);
            let event = feed::unit(&unit);
            Ok((unit, vec![event]))
        }
    }
}
