//! Providers and units.

use niva_choice_domain::{Done as Rule, Provider, Unit};
use niva_kit::auth::Caller;
use niva_kit::page::{PageRequest, filter_hash};
use niva_kit::wire::read;
use niva_kit::{OpError, Tx, Violations};
use niva_proto::choice::v1 as pb;

use super::{Call, Done, MAX_PAGE, provider_event, refused, taken, unit_event};
use crate::sight::Sight;
use crate::store::{providers, units};
use crate::wire::Reader;
use crate::{App, wire};

impl App {
    pub(crate) async fn create_provider(
        &self,
        caller: &Caller,
        request: &pb::CreateProviderRequest,
    ) -> Result<pb::CreateProviderResponse, OpError> {
        let mut v = Violations::new();
        let id = read::optional_id(&mut v, "provider_id", &request.provider_id);
        let name = Reader::name(&mut v, "name", &request.name);
        let (id, name) = v.finish_with(id.zip(name))?;
        let provider = &Provider {
            provider_id: id.unwrap_or_else(|| self.ids.of(&request.request_id, "provider")),
            name,
        };
        let call = Call { method: "CreateProvider", caller, request_id: &request.request_id, request };
        self.change(&call, |tx| {
            Box::pin(async move {
                if !providers::insert(tx, provider).await? {
                    return Err(taken("provider", &provider.provider_id));
                }
                let provider = wire::provider(provider);
                let event = provider_event(&provider);
                Ok((pb::CreateProviderResponse { provider: Some(provider) }, vec![event]))
            })
        })
        .await
    }

    pub(crate) async fn list_providers(
        &self,
        _caller: &Caller,
        request: &pb::ListProvidersRequest,
    ) -> Result<pb::ListProvidersResponse, OpError> {
        let filter = filter_hash(&["providers"]);
        let page = PageRequest::parse(request.page_size, &request.page_token, filter, MAX_PAGE)?;
        let (rows, next_page_token) =
            page.cut(providers::list(self.db.conn(), &page).await?, |p| p.provider_id.clone());
        Ok(pb::ListProvidersResponse {
            providers: rows.iter().map(wire::provider).collect(),
            next_page_token,
        })
    }

    pub(crate) async fn create_unit(
        &self,
        caller: &Caller,
        request: &pb::CreateUnitRequest,
    ) -> Result<pb::CreateUnitResponse, OpError> {
        let mut v = Violations::new();
        let given = v.required("unit", request.unit.as_ref());
        let new = given.and_then(|unit| v.nested("unit", |v| self.reader().unit(v, unit)));
        let mut new = v.finish_with(new)?;
        let id = new.unit_id.take().unwrap_or_else(|| self.ids.of(&request.request_id, "unit"));
        let unit = &new.with_id(id);
        Sight::of(caller).district(&unit.district)?;
        let call = Call { method: "CreateUnit", caller, request_id: &request.request_id, request };
        self.change(&call, |tx| {
            Box::pin(async move {
                if providers::existing(tx, &[unit.provider_id.as_str()]).await?.is_empty() {
                    let words = format!("there is no provider {}: create it first", unit.provider_id);
                    return Err(OpError::precondition("PROVIDER_UNKNOWN", words));
                }
                if !units::insert(tx, unit).await? {
                    return Err(taken("unit", &unit.unit_id));
                }
                let unit = wire::unit(unit);
                let event = unit_event(&unit);
                Ok((pb::CreateUnitResponse { unit: Some(unit) }, vec![event]))
            })
        })
        .await
    }

    pub(crate) async fn set_unit_capacity(
        &self,
        caller: &Caller,
        request: &pb::SetUnitCapacityRequest,
    ) -> Result<pb::SetUnitCapacityResponse, OpError> {
        let mut v = Violations::new();
        let change = self.reader().capacity_change(&mut v, request);
        let change = &v.finish_with(change)?;
        let call = Call { method: "SetUnitCapacity", caller, request_id: &request.request_id, request };
        self.change(&call, |tx| {
            Box::pin(async move {
                let unit = held(tx, caller, &change.unit_id).await?;
                let (unit, events) = save(tx, unit.set_capacity(change.from, change.places)).await?;
                Ok((pb::SetUnitCapacityResponse { unit: Some(unit) }, events))
            })
        })
        .await
    }

    pub(crate) async fn change_unit_regime(
        &self,
        caller: &Caller,
        request: &pb::ChangeUnitRegimeRequest,
    ) -> Result<pb::ChangeUnitRegimeResponse, OpError> {
        let mut v = Violations::new();
        let change = self.reader().regime_change(&mut v, request);
        let change = &v.finish_with(change)?;
        let call = Call { method: "ChangeUnitRegime", caller, request_id: &request.request_id, request };
        self.change(&call, |tx| {
            Box::pin(async move {
                let unit = held(tx, caller, &change.unit_id).await?;
                let changed = unit.change_regime(change.from, change.regime).map_err(refused)?;
                let (unit, events) = save(tx, changed).await?;
                Ok((pb::ChangeUnitRegimeResponse { unit: Some(unit) }, events))
            })
        })
        .await
    }

    pub(crate) async fn get_unit(
        &self,
        _caller: &Caller,
        request: &pb::GetUnitRequest,
    ) -> Result<pb::GetUnitResponse, OpError> {
        let id = read::only_id("unit_id", &request.unit_id)?;
        let unit = units::find(self.db.conn(), &id).await?.ok_or_else(|| OpError::not_found("unit", &id))?;
        Ok(pb::GetUnitResponse { unit: Some(wire::unit(&unit)) })
    }

    pub(crate) async fn list_units(
        &self,
        _caller: &Caller,
        request: &pb::ListUnitsRequest,
    ) -> Result<pb::ListUnitsResponse, OpError> {
        let mut v = Violations::new();
        let service = read::optional_service(&mut v, "service", request.service);
        let service = v.finish_with(service)?;
        let filter = filter_hash(&["units", service.map_or("", |s| s.as_str()), &request.district]);
        let page = PageRequest::parse(request.page_size, &request.page_token, filter, MAX_PAGE)?;
        let rows = units::list(self.db.conn(), service, &request.district, &page).await?;
        let (rows, next_page_token) = page.cut(rows, |u| u.unit_id.clone());
        Ok(pb::ListUnitsResponse { units: rows.iter().map(wire::unit).collect(), next_page_token })
    }
}

async fn held(tx: &Tx<'_>, caller: &Caller, id: &str) -> Result<Unit, OpError> {
    let unit = units::lock(tx, id).await?.ok_or_else(|| OpError::not_found("unit", id))?;
    let sight = Sight::of(caller);
    sight.district(&unit.district)?;
    sight.unit(&unit)?;
    Ok(unit)
}

async fn save(tx: &Tx<'_>, change: Rule<Unit>) -> Result<Done<pb::Unit>, OpError> {
    match change {
        Rule::Already(unit) => Ok((wire::unit(&unit), Vec::new())),
        Rule::Now(unit) => {
            units::update(tx, &unit).await?;
            let unit = wire::unit(&unit);
            let event = unit_event(&unit);
            Ok((unit, vec![event]))
        }
    }
}
