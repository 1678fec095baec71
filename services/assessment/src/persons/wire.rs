//! Persons: messages to commands and back.

use niva_assessment_domain::Person;
use niva_calendar::NaiveDate;
use niva_kit::wire::{read, write};
use niva_kit::{OpError, Violations};
use niva_names::ServiceCatalogue;
use niva_proto::assessment::v1 as pb;

/// RegisterPerson: the id, if the caller gives one, and the district.
pub(super) fn new_person(
    request: &pb::RegisterPersonRequest,
    city: &ServiceCatalogue,
    today: NaiveDate,
) -> Result<(Option<String>, String), OpError> {
    let mut v = Violations::new();
    let id = read::optional_id(&mut v, "person_id", &request.person_id);
    let district = read::district(&mut v, "district", &request.district, city, Some(write::date(today)));
    v.finish_with(id.zip(district))
}

pub(super) fn person(person: &Person) -> pb::Person {
    pb::Person {
        person_id: person.person_id.clone(),
        district: person.district.clone(),
        create_time: Some(write::timestamp(person.create_time)),
    }
}
