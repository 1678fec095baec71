//! Providers.

pub(crate) mod store;
pub(crate) mod wire;

use std::sync::Arc;

use niva_choice_domain::Provider;
use niva_kit::auth::Caller;
use niva_kit::page::{PageRequest, filter_hash};
use niva_kit::request::Call;
use niva_kit::wire::read;
use niva_kit::{OpError, Violations};
use niva_proto::choice::v1 as pb;
use pb::provider_service_server::ProviderService;
use tonic::Request;

use crate::refused::id_taken;
use crate::wire::Reader;
use crate::{Answer, App, MAX_PAGE, feed};

/// Providers as tonic sees them.
pub(crate) struct Providers(pub(crate) Arc<App>);

#[tonic::async_trait]
impl ProviderService for Providers {
    async fn create_provider(
        &self,
        request: Request<pb::CreateProviderRequest>,
    ) -> Answer<pb::CreateProviderResponse> {
        answer!(self.create(request))
    }

    async fn list_providers(
        &self,
        request: Request<pb::ListProvidersRequest>,
    ) -> Answer<pb::ListProvidersResponse> {
        answer!(self.list(request))
    }
}

impl Providers {
    async fn create(
        &self,
        caller: &Caller,
        request: &pb::CreateProviderRequest,
    ) -> Result<pb::CreateProviderResponse, OpError> {
        let mut v = Violations::new();
        let id = read::optional_id(&mut v, "provider_id", &request.provider_id);
        let name = Reader::name(&mut v, "name", &request.name);
        let (id, name) = v.finish_with(id.zip(name))?;
        let provider = &Provider {
            provider_id: id.unwrap_or_else(|| self.0.ids.of(&request.request_id, "provider")),
            name,
        };
        let call = Call { method: "CreateProvider", caller, request_id: &request.request_id, request };
        self.0
            .change(&call, |tx| {
                Box::pin(async move {
                    if !store::insert(tx, provider).await? {
                        return Err(id_taken("provider", &provider.provider_id));
                    }
                    let provider = wire::provider(provider);
                    let event = feed::provider(&provider);
                    Ok((pb::CreateProviderResponse { provider: Some(provider) }, vec![event]))
                })
            })
            .await
    }

    async fn list(
        &self,
        _caller: &Caller,
        request: &pb::ListProvidersRequest,
    ) -> Result<pb::ListProvidersResponse, OpError> {
        let filter = filter_hash(&["providers"]);
        let page = PageRequest::parse(request.page_size, &request.page_token, filter, MAX_PAGE)?;
        let rows = store::list(self.0.db.conn(), &page).await?;
        let (rows, next_page_token) = page.cut(rows, |p| p.provider_id.clone());
        let providers = rows.iter().map(wire::provider).collect();
        Ok(pb::ListProvidersResponse { providers, next_page_token })
    }
}
