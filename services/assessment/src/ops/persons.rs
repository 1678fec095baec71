//! Persons.

use niva_kit::auth::Caller;
use niva_kit::page::{PageRequest, filter_hash};
use niva_kit::wire::read;
use niva_kit::{OpError, Violations};
use niva_proto::assessment::v1 as pb;

use super::{Call, MAX_PAGE, in_district, taken};
use crate::store::persons::{self, Person};
use crate::{App, wire};

impl App {
    pub(crate) async fn register_person(
        &self,
        caller: &Caller,
        request: &pb::RegisterPersonRequest,
    ) -> Result<pb::RegisterPersonResponse, OpError> {
        let mut v = Violations::new();
        let id = read::optional_id(&mut v, "person_id", &request.person_id);
        let district = read::district(&mut v, "district", &request.district, &self.city);
        let (id, district) = v.finish_with(id.zip(district))?;
        in_district(caller, &district)?;
        let person = &Person {
            person_id: id.unwrap_or_else(|| self.ids.of(&request.request_id, "person")),
            district,
            create_time: self.clock.now(),
        };
        let call = Call { method: "RegisterPerson", caller, request_id: &request.request_id, request };
        self.change(&call, |tx| {
            Box::pin(async move {
                if !persons::insert(tx, person.clone()).await? {
                    return Err(taken("person", &person.person_id));
                }
                Ok((pb::RegisterPersonResponse { person: Some(wire::person(person)) }, Vec::new()))
            })
        })
        .await
    }

    pub(crate) async fn get_person(
        &self,
        caller: &Caller,
        request: &pb::GetPersonRequest,
    ) -> Result<pb::GetPersonResponse, OpError> {
        let id = read::only_id("person_id", &request.person_id)?;
        let person =
            persons::find(self.db.conn(), &id).await?.ok_or_else(|| OpError::not_found("person", &id))?;
        in_district(caller, &person.district)?;
        Ok(pb::GetPersonResponse { person: Some(wire::person(&person)) })
    }

    pub(crate) async fn list_persons(
        &self,
        caller: &Caller,
        request: &pb::ListPersonsRequest,
    ) -> Result<pb::ListPersonsResponse, OpError> {
        let filter = filter_hash(&["persons", &request.district]);
        let page = PageRequest::parse(request.page_size, &request.page_token, filter, MAX_PAGE)?;
        let rows = persons::list(self.db.conn(), &request.district, &caller.districts, &page).await?;
        let (rows, next_page_token) = page.cut(rows, |p| p.person_id.clone());
        Ok(pb::ListPersonsResponse { persons: rows.iter().map(wire::person).collect(), next_page_token })
    }
}
