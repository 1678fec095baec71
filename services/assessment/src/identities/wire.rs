//! Identities: messages to values and back. What is wrong is told without repeating it.

use niva_assessment_domain::{Identity, PersonNumber};
use niva_base::{OpError, Violations};
use niva_calendar::NaiveDate;
use niva_facts::{Fact, Info};
use niva_names::PersonId;
use niva_proto::assessment::v1 as pb;
use niva_rpc::wire::{read, write};

use super::keys::Ring;

/// The longest name.
const MAX_NAME: usize = 200;

/// An identity as a caller tells of one.
pub(super) fn told(given: Option<&pb::PersonIdentity>, today: NaiveDate) -> Result<Identity, OpError> {
    let mut v = Violations::new();
    let given = v.required("identity", given);
    let identity = given.and_then(|given| v.nested("identity", |v| identity(v, given, today)));
    v.finish_with(identity)
}

/// ReplacePersonNumber: the person, the number, and from when it is the person's.
pub(super) fn replaced(
    request: &pb::ReplacePersonNumberRequest,
    today: NaiveDate,
) -> Result<(PersonId, PersonNumber, NaiveDate), OpError> {
    let mut v = Violations::new();
    let id = read::id(&mut v, "person_id", &request.person_id);
    let number = number(&mut v, "number", &request.number, today);
    let first = read::date(&mut v, "valid_from", request.valid_from);
    let read = id.zip(number).zip(first).map(|((id, number), first)| (id, number, first));
    v.finish_with(read)
}

/// FindPerson.
pub(super) fn sought(request: &pb::FindPersonRequest, today: NaiveDate) -> Result<PersonNumber, OpError> {
    let mut v = Violations::new();
    let number = number(&mut v, "number", &request.number, today);
    v.finish_with(number)
}

/// An identity as it was kept.
pub(super) fn stored(given: &pb::PersonIdentity, today: NaiveDate) -> Result<Identity, OpError> {
    let mut v = Violations::new();
    let read = identity(&mut v, given, today);
    v.finish_with(read).map_err(|e| OpError::internal(format!("identity of {}: {e}", given.person_id)))
}

fn identity(v: &mut Violations, given: &pb::PersonIdentity, today: NaiveDate) -> Option<Identity> {
    let person_id = read::id(v, "person_id", &given.person_id);
    let now = number(v, "number", &given.number, today);
    let given_name = name(v, "given_name", &given.given_name);
    let family_name = name(v, "family_name", &given.family_name);
    let mut former_numbers = Some(Vec::new());
    for (at, former) in given.former_numbers.iter().enumerate() {
        let read = v.nested(&format!("former_numbers[{at}]"), |v| {
            let before = number(v, "number", &former.number, today);
            before.zip(read::optional_date(v, "last", former.last))
        });
        former_numbers = former_numbers.zip(read).map(|(mut all, read)| {
            all.push(read);
            all
        });
    }
    Some(Identity {
        person_id: person_id?,
        number: now?,
        given_name: given_name?,
        family_name: family_name?,
        is_protected: given.is_protected,
        former_numbers: former_numbers?,
    })
}

fn number(v: &mut Violations, field: &str, value: &str, today: NaiveDate) -> Option<PersonNumber> {
    let value = v.text(field, value)?;
    v.check(field, "NUMBER_INVALID", PersonNumber::parse(&value, today))
}

fn name(v: &mut Violations, field: &str, value: &str) -> Option<String> {
    let value = v.text(field, value)?;
    let sound = value.chars().count() <= MAX_NAME && !value.chars().any(char::is_control);
    let words = format!("is no name: give at most {MAX_NAME} characters on one line");
    v.require(sound, field, "NAME_INVALID", words).then_some(value)
}

/// An identity as a message, whole.
pub(super) fn message(identity: &Identity, info: Option<&Info>) -> pb::PersonIdentity {
    let former = identity.former_numbers.iter().map(|(number, last)| pb::FormerNumber {
        number: number.reveal().to_owned(),
        last: last.map(write::date),
    });
    let mut message = pb::PersonIdentity {
        person_id: identity.person_id.to_string(),
        number: identity.number.reveal().to_owned(),
        given_name: identity.given_name.clone(),
        family_name: identity.family_name.clone(),
        is_protected: identity.is_protected,
        former_numbers: former.collect(),
        is_withheld: false,
        info: None,
    };
    message.set_info(info);
    message
}

/// What is told of an identity that is not shown: whose it is, that it is protected, and who told it when.
pub(super) fn withheld(identity: pb::PersonIdentity) -> pb::PersonIdentity {
    let mut info = identity.info;
    if let Some(info) = &mut info {
        info.reason.clear();
    }
    pb::PersonIdentity {
        person_id: identity.person_id,
        is_protected: identity.is_protected,
        is_withheld: true,
        info,
        ..pb::PersonIdentity::default()
    }
}

/// A changing request as far as it may be compared with a later one: secrets are hashed by a key of the file.
pub(super) trait Hidden: Sized {
    /// The same request without a secret.
    fn hidden(&self, ring: &Ring) -> Self;
}

impl Hidden for pb::PersonIdentity {
    fn hidden(&self, ring: &Ring) -> Self {
        let former = self
            .former_numbers
            .iter()
            .map(|former| pb::FormerNumber { number: ring.hidden(&former.number), last: former.last });
        Self {
            number: ring.hidden(&self.number),
            given_name: ring.hidden(&self.given_name),
            family_name: ring.hidden(&self.family_name),
            former_numbers: former.collect(),
            ..self.clone()
        }
    }
}

impl Hidden for pb::RecordPersonIdentityRequest {
    fn hidden(&self, ring: &Ring) -> Self {
        Self { identity: self.identity.as_ref().map(|identity| identity.hidden(ring)), ..self.clone() }
    }
}

impl Hidden for pb::ReplacePersonNumberRequest {
    fn hidden(&self, ring: &Ring) -> Self {
        Self { number: ring.hidden(&self.number), ..self.clone() }
    }
}

impl Hidden for pb::CorrectPersonIdentityRequest {
    fn hidden(&self, ring: &Ring) -> Self {
        let identity = self.identity.as_ref().map(|identity| identity.hidden(ring));
        Self { identity, reason: ring.hidden(&self.reason), ..self.clone() }
    }
}

impl Hidden for pb::WithdrawPersonIdentityRequest {
    fn hidden(&self, ring: &Ring) -> Self {
        Self { reason: ring.hidden(&self.reason), ..self.clone() }
    }
}
