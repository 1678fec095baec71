//! Persons: messages to values and back.

use niva_access::Scope;
use niva_assessment_domain::{LssGroup, Person};
use niva_base::{OpError, Violations};
use niva_calendar::NaiveDate;
use niva_facts::{Fact, Info};
use niva_names::{DistrictId, PersonId, ServiceCatalogue};
use niva_proto::assessment::v1 as pb;
use niva_rpc::wire::{read, write};
use niva_store::Secrets;
use niva_store::page::PageRequest;

use crate::persons::Filter;
use crate::wire::{district, fact_id, listed, page, periods};

/// A person as a caller tells of one; `made` is the id of one who is recorded without.
pub(super) fn told(
    given: Option<&pb::Person>,
    made: Option<PersonId>,
    city: &ServiceCatalogue,
) -> Result<Person, OpError> {
    let mut v = Violations::new();
    let given = v.required("person", given);
    let person = given.and_then(|given| v.nested("person", |v| person(v, given, made, Some(city))));
    v.finish_with(person)
}

/// MovePerson: the person, and where from when.
pub(crate) fn moved(
    request: &pb::MovePersonRequest,
    city: &ServiceCatalogue,
) -> Result<(PersonId, Residence), OpError> {
    let mut v = Violations::new();
    let id = read::id(&mut v, "person_id", &request.person_id);
    let given = v.required("residence", request.residence.as_ref());
    let residence = given.and_then(|given| v.nested("residence", |v| residence(v, given, Some(city))));
    v.finish_with(id.zip(residence))
}

/// AssignLssGroup: the person, and which group from when.
pub(crate) fn assigned(
    request: &pb::AssignLssGroupRequest,
) -> Result<(PersonId, (NaiveDate, Option<LssGroup>)), OpError> {
    let mut v = Violations::new();
    let id = read::id(&mut v, "person_id", &request.person_id);
    let given = v.required("lss_group", request.lss_group.as_ref());
    let group = given.and_then(|given| v.nested("lss_group", |v| lss_group(v, given)));
    v.finish_with(id.zip(group))
}

/// RecordDeath: the person and the day.
pub(super) fn died(request: &pb::RecordDeathRequest) -> Result<(PersonId, NaiveDate), OpError> {
    let mut v = Violations::new();
    let id = read::id(&mut v, "person_id", &request.person_id);
    let death = read::date(&mut v, "death_date", request.death_date);
    v.finish_with(id.zip(death))
}

/// ListPersons.
pub(super) fn filter(
    request: &pb::ListPersonsRequest,
    (scope, secrets): (&Scope, &Secrets),
    today: NaiveDate,
) -> Result<(PageRequest, Filter), OpError> {
    let mut v = Violations::new();
    let day = read::optional_date(&mut v, "day", request.day);
    let listed = listed(&mut v, request.recorded_since, request.include_withdrawn);
    let (day, listed) = v.finish_with(day.zip(listed))?;
    let district = read::filter_id(&request.district);
    let lives = district.map(|district| (district, day.unwrap_or(today)));
    let asked = pb::ListPersonsRequest { page_size: 0, page_token: String::new(), ..request.clone() };
    let page = page(secrets, scope, "persons", &asked, (request.page_size, &request.page_token))?;
    Ok((page, Filter { lives, reached: scope.clone(), listed }))
}

/// A person as stored.
pub(crate) fn stored(given: &pb::Person) -> Result<Person, OpError> {
    let mut v = Violations::new();
    let read = person(&mut v, given, None, None);
    v.finish_with(read).map_err(|e| OpError::internal(format!("person {}: {e}", given.person_id)))
}

/// A person; the districts must be the city's, if one is given.
pub(crate) fn person(
    v: &mut Violations,
    given: &pb::Person,
    made: Option<PersonId>,
    city: Option<&ServiceCatalogue>,
) -> Option<Person> {
    let person_id = fact_id(v, "person_id", &given.person_id, made);
    let residences = periods(v, "residences", &given.residences, "RESIDENCE_TWICE", |v, period| {
        residence(v, period, city)
    })
    .and_then(|residences| v.required("residences", Some(residences).filter(|r| !r.is_empty())));
    let lss_groups = periods(v, "lss_groups", &given.lss_groups, "LSS_GROUP_TWICE", lss_group);
    let death_date = read::optional_date(v, "death_date", given.death_date);
    Some(Person {
        person_id: person_id?,
        residences: residences?,
        lss_groups: lss_groups?,
        death_date: death_date?,
    })
}

/// Where a person lives, and from when.
pub(super) type Residence = (Option<NaiveDate>, Option<DistrictId>);

fn residence(
    v: &mut Violations,
    given: &pb::ResidencePeriod,
    city: Option<&ServiceCatalogue>,
) -> Option<Residence> {
    let first = read::optional_date(v, "valid_from", given.valid_from);
    let district = match given.district.trim() {
        "" => Some(None),
        board => district(v, "district", board, city, given.valid_from).map(Some),
    };
    first.zip(district)
}

/// A group of LSS, and from when.
fn lss_group(v: &mut Violations, given: &pb::LssGroupPeriod) -> Option<(NaiveDate, Option<LssGroup>)> {
    let first = read::date(v, "valid_from", given.valid_from);
    let group = match pb::LssGroup::try_from(given.group) {
        Ok(pb::LssGroup::Unspecified) => Some(None),
        Ok(pb::LssGroup::LssGroup1) => Some(Some(LssGroup::One)),
        Ok(pb::LssGroup::LssGroup2) => Some(Some(LssGroup::Two)),
        Ok(pb::LssGroup::LssGroup3) => Some(Some(LssGroup::Three)),
        Err(_) => {
            let words = format!("{} is no group of LSS: 1, 2 or 3, or 0 for none", given.group);
            v.add("group", "LSS_GROUP_UNKNOWN", words);
            None
        }
    };
    first.zip(group)
}

/// A person as a message.
pub(crate) fn message(person: &Person, info: Option<&Info>) -> pb::Person {
    let residences = person.residences.iter().map(|(first, district)| pb::ResidencePeriod {
        valid_from: first.map(write::date),
        district: district.as_ref().map(String::from).unwrap_or_default(),
    });
    let groups = person.lss_groups.iter().map(|(first, group)| pb::LssGroupPeriod {
        valid_from: Some(write::date(*first)),
        group: match group {
            None => pb::LssGroup::Unspecified,
            Some(LssGroup::One) => pb::LssGroup::LssGroup1,
            Some(LssGroup::Two) => pb::LssGroup::LssGroup2,
            Some(LssGroup::Three) => pb::LssGroup::LssGroup3,
        }
        .into(),
    });
    let mut message = pb::Person {
        person_id: person.person_id.to_string(),
        residences: residences.collect(),
        lss_groups: groups.collect(),
        death_date: person.death_date.map(write::date),
        info: None,
    };
    message.set_info(info);
    message
}
