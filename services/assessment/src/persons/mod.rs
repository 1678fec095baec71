//! Persons.

pub(crate) mod store;
mod wire;

use std::sync::Arc;

use niva_assessment_domain::Person;
use niva_kit::OpError;
use niva_kit::auth::Caller;
use niva_kit::page::{PageRequest, filter_hash};
use niva_kit::request::Call;
use niva_kit::wire::read;
use niva_proto::assessment::v1 as pb;
use pb::person_service_server::PersonService;
use tonic::Request;

use crate::{Answer, App, MAX_PAGE, id_taken, in_district};

/// Persons as tonic sees them.
pub(crate) struct Persons(pub(crate) Arc<App>);

#[tonic::async_trait]
impl PersonService for Persons {
    async fn register_person(
        &self,
        request: Request<pb::RegisterPersonRequest>,
    ) -> Answer<pb::RegisterPersonResponse> {
        answer!(self.register(request))
    }

    async fn get_person(&self, request: Request<pb::GetPersonRequest>) -> Answer<pb::GetPersonResponse> {
        answer!(self.get(request))
    }

    async fn list_persons(
        &self,
        request: Request<pb::ListPersonsRequest>,
    ) -> Answer<pb::ListPersonsResponse> {
        answer!(self.list(request))
    }
}

impl Persons {
    async fn register(
        &self,
        caller: &Caller,
        request: &pb::RegisterPersonRequest,
    ) -> Result<pb::RegisterPersonResponse, OpError> {
        let (id, district) = wire::new_person(request, &self.0.city, self.0.clock.today())?;
        in_district(caller, &district)?;
        let person = &Person {
            person_id: id.unwrap_or_else(|| self.0.ids.of(&request.request_id, "person")),
            district,
            create_time: self.0.clock.now(),
        };
        let call = Call { method: "RegisterPerson", caller, request_id: &request.request_id, request };
        self.0
            .change(&call, |tx| {
                Box::pin(async move {
                    if !store::insert(tx, person).await? {
                        return Err(id_taken("person", &person.person_id));
                    }
                    Ok((pb::RegisterPersonResponse { person: Some(wire::person(person)) }, Vec::new()))
                })
            })
            .await
    }

    async fn get(
        &self,
        caller: &Caller,
        request: &pb::GetPersonRequest,
    ) -> Result<pb::GetPersonResponse, OpError> {
        let id = read::only_id("person_id", &request.person_id)?;
        let found = store::find(self.0.db.conn(), &id).await?;
        let person = found.ok_or_else(|| OpError::not_found("person", &id))?;
        in_district(caller, &person.district)?;
        Ok(pb::GetPersonResponse { person: Some(wire::person(&person)) })
    }

    async fn list(
        &self,
        caller: &Caller,
        request: &pb::ListPersonsRequest,
    ) -> Result<pb::ListPersonsResponse, OpError> {
        let filter = filter_hash(&["persons", &request.district]);
        let page = PageRequest::parse(request.page_size, &request.page_token, filter, MAX_PAGE)?;
        let rows = store::list(self.0.db.conn(), &request.district, &caller.districts, &page).await?;
        let (rows, next_page_token) = page.cut(rows, |p| p.person_id.clone());
        Ok(pb::ListPersonsResponse { persons: rows.iter().map(wire::person).collect(), next_page_token })
    }
}
