//! Grants: decisions that give people the right to services.

pub(crate) mod store;
pub(crate) mod wire;

use std::collections::BTreeMap;
use std::sync::Arc;

use niva_assessment_domain::{Change, Grant, GrantRefused};
use niva_kit::auth::Caller;
use niva_kit::page::{PageRequest, filter_hash};
use niva_kit::request::Call;
use niva_kit::wire::read;
use niva_kit::{OpError, Tx};
use niva_proto::assessment::v1 as pb;
use pb::grant_service_server::GrantService;
use tonic::Request;

use crate::persons::store as persons;
use crate::{Answer, App, MAX_PAGE, Told, feed, id_taken, in_district, person_unknown};

/// Grants as tonic sees them.
pub(crate) struct Grants(pub(crate) Arc<App>);

#[tonic::async_trait]
impl GrantService for Grants {
    async fn record_grant(
        &self,
        request: Request<pb::RecordGrantRequest>,
    ) -> Answer<pb::RecordGrantResponse> {
        answer!(self.record(request))
    }

    async fn change_grant_scope(
        &self,
        request: Request<pb::ChangeGrantScopeRequest>,
    ) -> Answer<pb::ChangeGrantScopeResponse> {
        answer!(self.change_scope(request))
    }

    async fn end_grant(&self, request: Request<pb::EndGrantRequest>) -> Answer<pb::EndGrantResponse> {
        answer!(self.end(request))
    }

    async fn get_grant(&self, request: Request<pb::GetGrantRequest>) -> Answer<pb::GetGrantResponse> {
        answer!(self.get(request))
    }

    async fn list_grants(&self, request: Request<pb::ListGrantsRequest>) -> Answer<pb::ListGrantsResponse> {
        answer!(self.list(request))
    }
}

impl Grants {
    async fn record(
        &self,
        caller: &Caller,
        request: &pb::RecordGrantRequest,
    ) -> Result<pb::RecordGrantResponse, OpError> {
        let new = wire::new_grant(request, &self.0.city)?;
        in_district(caller, &new.district)?;
        let grant = &Grant {
            grant_id: new.grant_id.unwrap_or_else(|| self.0.ids.of(&request.request_id, "grant")),
            person_id: new.person_id,
            service: new.service,
            district: new.district,
            valid: new.valid,
            scopes: new.scope.map(|scope| (new.valid.first, scope)).into_iter().collect::<BTreeMap<_, _>>(),
            revision: 1,
        };
        let call = Call { method: "RecordGrant", caller, request_id: &request.request_id, request };
        self.0
            .change(&call, |tx| {
                Box::pin(async move {
                    if persons::find(tx, &grant.person_id).await?.is_none() {
                        return Err(person_unknown(&grant.person_id));
                    }
                    if !store::insert(tx, grant).await? {
                        return Err(id_taken("grant", &grant.grant_id));
                    }
                    let grant = wire::grant(grant);
                    let event = feed::grant_event(&grant);
                    Ok((pb::RecordGrantResponse { grant: Some(grant) }, vec![event]))
                })
            })
            .await
    }

    async fn change_scope(
        &self,
        caller: &Caller,
        request: &pb::ChangeGrantScopeRequest,
    ) -> Result<pb::ChangeGrantScopeResponse, OpError> {
        let (id, first, scope) = &wire::new_scope(request)?;
        let call = Call { method: "ChangeGrantScope", caller, request_id: &request.request_id, request };
        self.0
            .change(&call, |tx| {
                Box::pin(async move {
                    let grant = held(tx, caller, id).await?;
                    let (grant, events) =
                        save(tx, grant.change_scope(*first, *scope).map_err(|e| refused(&e))?).await?;
                    Ok((pb::ChangeGrantScopeResponse { grant: Some(grant) }, events))
                })
            })
            .await
    }

    async fn end(
        &self,
        caller: &Caller,
        request: &pb::EndGrantRequest,
    ) -> Result<pb::EndGrantResponse, OpError> {
        let (id, last) = &wire::end_grant(request)?;
        let call = Call { method: "EndGrant", caller, request_id: &request.request_id, request };
        self.0
            .change(&call, |tx| {
                Box::pin(async move {
                    let grant = held(tx, caller, id).await?;
                    let (grant, events) = save(tx, grant.end(*last).map_err(|e| refused(&e))?).await?;
                    Ok((pb::EndGrantResponse { grant: Some(grant) }, events))
                })
            })
            .await
    }

    async fn get(
        &self,
        caller: &Caller,
        request: &pb::GetGrantRequest,
    ) -> Result<pb::GetGrantResponse, OpError> {
        let id = read::only_id("grant_id", &request.grant_id)?;
        let grant =
            store::find(self.0.db.conn(), &id).await?.ok_or_else(|| OpError::not_found("grant", &id))?;
        in_district(caller, &grant.district)?;
        Ok(pb::GetGrantResponse { grant: Some(wire::grant(&grant)) })
    }

    async fn list(
        &self,
        caller: &Caller,
        request: &pb::ListGrantsRequest,
    ) -> Result<pb::ListGrantsResponse, OpError> {
        let filter = filter_hash(&["grants", &request.person_id]);
        let page = PageRequest::parse(request.page_size, &request.page_token, filter, MAX_PAGE)?;
        let rows = store::list(self.0.db.conn(), &request.person_id, &caller.districts, &page).await?;
        let (rows, next_page_token) = page.cut(rows, |g| g.grant_id.clone());
        Ok(pb::ListGrantsResponse { grants: rows.iter().map(wire::grant).collect(), next_page_token })
    }
}

async fn held(tx: &Tx<'_>, caller: &Caller, id: &str) -> Result<Grant, OpError> {
    let grant = store::lock(tx, id).await?.ok_or_else(|| OpError::not_found("grant", id))?;
    in_district(caller, &grant.district)?;
    Ok(grant)
}

async fn save(tx: &Tx<'_>, change: Change<Grant>) -> Result<Told<pb::Grant>, OpError> {
    match change {
        Change::Already(grant) => Ok((wire::grant(&grant), Vec::new())),
        Change::Now(grant) => {
            store::update(tx, &grant).await?;
            let grant = wire::grant(&grant);
            let event = feed::grant_event(&grant);
            Ok((grant, vec![event]))
        }
    }
}

fn refused(error: &GrantRefused) -> OpError {
    match error {
        GrantRefused::OutsideGrant { .. } => {
            OpError::invalid("valid_from", "OUTSIDE_GRANT", error.to_string())
        }
        GrantRefused::EndBeforeStart { .. } => {
            OpError::invalid("last", "END_BEFORE_START", error.to_string())
        }
    }
}
