//! Compensation models: read back, each amount with its source.

mod archive;
mod store;
mod wire;

use std::sync::Arc;

use niva_access::Scope;
use niva_base::{OpError, Violations};
use niva_models::Model;
use niva_names::ModelId;
use niva_proto::payment::v1 as pb;
use niva_rpc::answer;
use niva_rpc::wire::read;
use pb::model_service_server::ModelService;
use tonic::Request;

pub(crate) use self::archive::{Archive, NotKept};
use crate::{Answer, App};

/// Most models, and most amounts, on a page.
const MAX_MODELS: u32 = 100;
const MAX_RATES: u32 = 1_000;

/// Models as tonic sees them.
pub(crate) struct Models(pub(crate) Arc<App>);

#[tonic::async_trait]
impl ModelService for Models {
    async fn list_models(&self, request: Request<pb::ListModelsRequest>) -> Answer<pb::ListModelsResponse> {
        answer!(self.list(request))
    }

    async fn get_model(&self, request: Request<pb::GetModelRequest>) -> Answer<pb::GetModelResponse> {
        answer!(self.get(request))
    }

    async fn list_rates(&self, request: Request<pb::ListRatesRequest>) -> Answer<pb::ListRatesResponse> {
        answer!(self.rates(request))
    }
}

impl Models {
    async fn list(
        &self,
        scope: &Scope,
        request: &pb::ListModelsRequest,
    ) -> Result<pb::ListModelsResponse, OpError> {
        let mut v = Violations::new();
        let service = read::optional_service(&mut v, "service", &request.service, &self.0.city);
        let service = v.finish_with(service)?;
        let asked = (request.page_size, request.page_token.as_str());
        let page = self.0.secrets.page(scope.author(), asked, &["models", &request.service], MAX_MODELS)?;
        let models = self.0.catalogue.models.iter();
        let models = models.filter(|model| service.is_none_or(|service| model.terms(service).is_some()));
        let (models, next_page_token) = page.of(models.map(wire::model))?;
        Ok(pb::ListModelsResponse { models, next_page_token })
    }

    async fn get(&self, _: &Scope, request: &pb::GetModelRequest) -> Result<pb::GetModelResponse, OpError> {
        let id: ModelId = read::only_id("model_id", &request.model_id)?;
        Ok(pb::GetModelResponse { model: Some(wire::model(self.find(&id)?)) })
    }

    async fn rates(
        &self,
        scope: &Scope,
        request: &pb::ListRatesRequest,
    ) -> Result<pb::ListRatesResponse, OpError> {
        let mut v = Violations::new();
        let service = read::optional_service(&mut v, "service", &request.service, &self.0.city);
        let day = read::optional_date(&mut v, "day", request.day);
        let (service, day) = v.finish_with(service.zip(day))?;
        if !request.model_id.is_empty() {
            self.find(&request.model_id.as_str().into())?;
        }
        let on = day.map(|day| day.to_string()).unwrap_or_default();
        let asked = (request.page_size, request.page_token.as_str());
        let list = ["rates", &request.model_id, &request.service, &on];
        let page = self.0.secrets.page(scope.author(), asked, &list, MAX_RATES)?;
        let catalogue = &self.0.catalogue;
        let models =
            catalogue.models.iter().filter(|m| request.model_id.is_empty() || m.id == request.model_id);
        let terms = models.flat_map(|model| model.services.iter().map(move |terms| (model, terms)));
        let wanted = terms.filter(|(model, terms)| {
            service.is_none_or(|service| terms.service == service)
                && day.is_none_or(|day| {
                    catalogue.on(terms.service, day).is_some_and(|in_force| in_force.model.id == model.id)
                })
        });
        let (rates, next_page_token) = page.of(wanted.flat_map(|(model, terms)| wire::rates(model, terms)))?;
        Ok(pb::ListRatesResponse { rates, next_page_token })
    }

    fn find(&self, id: &ModelId) -> Result<&Model, OpError> {
        self.0.catalogue.model(id).ok_or_else(|| OpError::not_found("model", id))
    }
}
