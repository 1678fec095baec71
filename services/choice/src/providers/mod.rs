//! Providers.

pub(crate) mod import;
pub(crate) mod store;
pub(crate) mod wire;

use niva_names::{ProviderId, UnitId};
use std::sync::Arc;

use niva_access::Scope;
use niva_base::OpError;
use niva_choice_domain::Provider;
use niva_facts::Info;
use niva_feed::NewEvent;
use niva_proto::choice::v1 as pb;
use niva_rpc::answer;
use niva_rpc::wire::read;
use niva_store::{Tx, facts};
use pb::provider_service_server::ProviderService;
use tonic::Request;

use crate::refused::id_taken;
use crate::wire::Listed;
use crate::{Answer, App, feed, standing};

/// Providers as tonic sees them.
pub(crate) struct Providers(pub(crate) Arc<App>);

#[tonic::async_trait]
impl ProviderService for Providers {
    async fn record_provider(
        &self,
        request: Request<pb::RecordProviderRequest>,
    ) -> Answer<pb::RecordProviderResponse> {
        answer!(self.record(request))
    }

    async fn correct_provider(
        &self,
        request: Request<pb::CorrectProviderRequest>,
    ) -> Answer<pb::CorrectProviderResponse> {
        answer!(self.correct(request))
    }

    async fn withdraw_provider(
        &self,
        request: Request<pb::WithdrawProviderRequest>,
    ) -> Answer<pb::WithdrawProviderResponse> {
        answer!(self.withdraw(request))
    }

    async fn get_provider(
        &self,
        request: Request<pb::GetProviderRequest>,
    ) -> Answer<pb::GetProviderResponse> {
        answer!(self.get(request))
    }

    async fn list_providers(
        &self,
        request: Request<pb::ListProvidersRequest>,
    ) -> Answer<pb::ListProvidersResponse> {
        answer!(self.list(request))
    }

    async fn list_provider_revisions(
        &self,
        request: Request<pb::ListProviderRevisionsRequest>,
    ) -> Answer<pb::ListProviderRevisionsResponse> {
        answer!(self.revisions(request))
    }
}

impl Providers {
    async fn record(
        &self,
        scope: &Scope,
        request: &pb::RecordProviderRequest,
    ) -> Result<pb::RecordProviderResponse, OpError> {
        let made = ProviderId::from(self.0.secrets.id(scope.author(), request, "provider"));
        let provider = &wire::read(request.provider.as_ref(), Some(&made))?;
        self.0
            .change(scope, request, |tx, told| {
                Box::pin(async move {
                    let info = Info::first(&provider.provider_id, told);
                    if !store::insert(tx, provider, &info).await? {
                        return Err(id_taken("provider", &provider.provider_id));
                    }
                    let (provider, event) = tell(tx, provider, &info).await?;
                    Ok((
                        pb::RecordProviderResponse { provider: Some(provider), feed_position: 0 },
                        vec![event],
                    ))
                })
            })
            .await
    }

    async fn correct(
        &self,
        scope: &Scope,
        request: &pb::CorrectProviderRequest,
    ) -> Result<pb::CorrectProviderResponse, OpError> {
        let provider = &wire::read(request.provider.as_ref(), None)?;
        self.0
            .change(scope, request, |tx, told| {
                Box::pin(async move {
                    let id = &provider.provider_id;
                    store::lock(tx, id).await?.ok_or_else(|| OpError::not_found("provider", id))?;
                    let (_, info) = standing::<pb::Provider>(tx, id).await?;
                    let info = info.corrected(request.expected_revision, told)?;
                    store::update(tx, provider, &info).await?;
                    let (provider, event) = tell(tx, provider, &info).await?;
                    Ok((
                        pb::CorrectProviderResponse { provider: Some(provider), feed_position: 0 },
                        vec![event],
                    ))
                })
            })
            .await
    }

    async fn withdraw(
        &self,
        scope: &Scope,
        request: &pb::WithdrawProviderRequest,
    ) -> Result<pb::WithdrawProviderResponse, OpError> {
        let provider_id = &read::only_id("provider_id", &request.provider_id)?;
        self.0
            .change(scope, request, |tx, told| {
                Box::pin(async move {
                    let missing = || OpError::not_found("provider", provider_id);
                    let provider = store::lock(tx, provider_id).await?.ok_or_else(missing)?;
                    let (_, info) = standing::<pb::Provider>(tx, provider_id).await?;
                    let info = info.withdrawn(request.expected_revision, told)?;
                    if let Some(unit_id) = store::unit_of(tx, provider_id).await? {
                        return Err(in_use(provider_id, &unit_id));
                    }
                    store::update(tx, &provider, &info).await?;
                    let (provider, event) = tell(tx, &provider, &info).await?;
                    Ok((
                        pb::WithdrawProviderResponse { provider: Some(provider), feed_position: 0 },
                        vec![event],
                    ))
                })
            })
            .await
    }

    async fn get(
        &self,
        _: &Scope,
        request: &pb::GetProviderRequest,
    ) -> Result<pb::GetProviderResponse, OpError> {
        let (id, at) =
            read::id_as_of::<ProviderId>("provider_id", &request.provider_id, request.as_of.as_ref())?;
        let provider = self.0.read(&id, at).await?;
        Ok(pb::GetProviderResponse { provider: Some(provider) })
    }

    async fn list(
        &self,
        scope: &Scope,
        request: &pb::ListProvidersRequest,
    ) -> Result<pb::ListProvidersResponse, OpError> {
        let listed = Listed::read(request.recorded_since.as_ref(), request.include_withdrawn)?;
        let list = pb::ListProvidersRequest { page_size: 0, page_token: String::new(), ..request.clone() };
        let page = self.0.page(scope, &list, (request.page_size, &request.page_token))?;
        let ids = store::list(self.0.db.conn(), &listed, &page).await?;
        let (providers, next_page_token) = self.0.listed(&page, ids).await?;
        Ok(pb::ListProvidersResponse { providers, next_page_token })
    }

    async fn revisions(
        &self,
        scope: &Scope,
        request: &pb::ListProviderRevisionsRequest,
    ) -> Result<pb::ListProviderRevisionsResponse, OpError> {
        let id: ProviderId = read::only_id("provider_id", &request.provider_id)?;
        let page = self.0.revisions(scope, &id, (request.page_size, &request.page_token));
        let (providers, next_page_token) = page.await?;
        Ok(pb::ListProviderRevisionsResponse { providers, next_page_token })
    }
}

/// Keeps a revision whose row is written, and what others hear of it.
async fn tell(tx: &Tx<'_>, provider: &Provider, info: &Info) -> Result<(pb::Provider, NewEvent), OpError> {
    let provider = wire::write(provider, info);
    facts::append(tx, std::slice::from_ref(&provider)).await?;
    let event = feed::provider(&provider);
    Ok((provider, event))
}

fn in_use(provider_id: &ProviderId, unit_id: &UnitId) -> OpError {
    let words = format!("provider {provider_id} runs, or ran, unit {unit_id}: correct the unit first");
    OpError::precondition("PROVIDER_IN_USE", words).with("unit_id", unit_id)
}
