//! What the keys of the city mean, told by every part: its services and its district boards.

use std::sync::Arc;

use niva_access::{Policy, Scope};
use niva_base::{OpError, Violations};
use niva_names::{AreaOfChoice, District, Law, OccasionKind, ServiceCatalogue, ServiceInfo};
use niva_proto::catalogue::v1 as pb;
use niva_proto::common::v1::Money;
use niva_rpc::wire::{read, write};
use niva_store::Secrets;
use pb::catalogue_service_server::{CatalogueService, CatalogueServiceServer};
use tonic::{Request, Response, Status};

/// Most rows on a page.
const MAX_PAGE: u32 = 100;

/// The gRPC service, to add to a part's routes.
#[must_use]
pub fn server(
    catalogue: Arc<ServiceCatalogue>,
    secrets: Secrets,
) -> CatalogueServiceServer<impl CatalogueService> {
    niva_rpc::bounded!(CatalogueServiceServer::new(City { catalogue, secrets }))
}

/// Who may call it.
#[must_use]
pub fn policy() -> Policy {
    niva_rpc::policy("niva.catalogue.v1")
}

/// The city's catalogue as tonic sees it.
struct City {
    catalogue: Arc<ServiceCatalogue>,
    secrets: Secrets,
}

#[tonic::async_trait]
impl CatalogueService for City {
    async fn list_services(
        &self,
        request: Request<pb::ListServicesRequest>,
    ) -> Result<Response<pb::ListServicesResponse>, Status> {
        niva_rpc::answer!(self.services(request))
    }

    async fn list_districts(
        &self,
        request: Request<pb::ListDistrictsRequest>,
    ) -> Result<Response<pb::ListDistrictsResponse>, Status> {
        niva_rpc::answer!(self.districts(request))
    }
}

impl City {
    async fn services(
        &self,
        scope: &Scope,
        request: &pb::ListServicesRequest,
    ) -> Result<pb::ListServicesResponse, OpError> {
        let asked = (request.page_size, request.page_token.as_str());
        let page = self.secrets.page(scope.author(), asked, &["services"], MAX_PAGE)?;
        let (services, next_page_token) = page.of(self.catalogue.services().iter().map(service))?;
        Ok(pb::ListServicesResponse { city: self.catalogue.city.clone(), services, next_page_token })
    }

    async fn districts(
        &self,
        scope: &Scope,
        request: &pb::ListDistrictsRequest,
    ) -> Result<pb::ListDistrictsResponse, OpError> {
        let mut v = Violations::new();
        let day = read::optional_date(&mut v, "day", request.day);
        let day = v.finish_with(day)?;
        let asked = (request.page_size, request.page_token.as_str());
        let valid_on = day.map(|day| day.to_string()).unwrap_or_default();
        let page = self.secrets.page(scope.author(), asked, &["districts", &valid_on], MAX_PAGE)?;
        let there = |d: &&District| day.is_none_or(|day| d.is_valid_on(day));
        let (districts, next_page_token) =
            page.of(self.catalogue.districts().iter().filter(there).map(district))?;
        Ok(pb::ListDistrictsResponse { city: self.catalogue.city.clone(), districts, next_page_token })
    }
}

fn service(info: &ServiceInfo) -> pb::Service {
    let law = match info.law {
        Law::Sol => pb::Law::Sol,
        Law::Lss => pb::Law::Lss,
    };
    let area = match info.area_of_choice {
        AreaOfChoice::City => pb::AreaOfChoice::City,
        AreaOfChoice::OwnDistrict => pb::AreaOfChoice::OwnDistrict,
    };
    let occasion = |kind: &OccasionKind| match kind {
        OccasionKind::EveningNight => pb::OccasionKind::EveningNight.into(),
    };
    pb::Service {
        service: info.key.into(),
        name_sv: info.name_sv.clone(),
        name_en: info.name_en.clone(),
        law: law.into(),
        exclusive: info.exclusive,
        area_of_choice: area.into(),
        measured_by: info.measured_by.clone().unwrap_or_default(),
        paid_by_sessions: info.paid_by_sessions,
        occasions: info.occasions.iter().map(occasion).collect(),
        premises_costs: info.premises_costs,
        source: Some(write::source(&info.source)),
        premises_limit: info.premises_limit_sek.map(|sek| Money { ore: i64::from(sek) * 100 }),
    }
}

fn district(district: &District) -> pb::District {
    pb::District {
        district: district.id.to_string(),
        name: district.name.clone(),
        valid_from: district.valid_from.map(write::date),
        valid_to: district.valid_to.map(write::date),
        successor: district.successor.as_ref().map(ToString::to_string).unwrap_or_default(),
        note: district.note.clone().unwrap_or_default(),
        source: Some(write::source(&district.source)),
    }
}
