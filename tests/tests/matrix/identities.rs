//! Who people of the city are.

use niva_journeys::values::new_request;
use niva_journeys::world::{Role, World};
use niva_proto::assessment::v1::RecordPersonIdentityRequest;
use niva_testing::values::{identity, invented_coordination_number, invented_number};

use super::side::Side;

/// Who the first three are, the second by a coordination number; the fourth is nobody yet.
pub(super) async fn tell(world: &World, side: &mut Side, serial: u32) {
    let numbers =
        [invented_number(serial), invented_coordination_number(serial), invented_number(serial + 1)];
    for (n, number) in (1..).zip(&numbers) {
        let person_id = side.called(&format!("{n}"));
        record(world, &person_id, number).await;
    }
    let message = "niva.assessment.v1.PersonIdentity";
    side.put_message(message, &identity(&side.called("1"), &numbers[0]));
    let new = identity(&side.called("4"), &invented_number(serial + 2));
    side.put_message(&format!("{message}@RecordPersonIdentity"), &new);
    side.put("number", &numbers[0]);
    side.put("person_id@ReplacePersonNumber", &side.called("2"));
    side.put("number@ReplacePersonNumber", &invented_number(serial + 3));
}

pub(super) async fn record(world: &World, person_id: &str, number: &str) {
    let identity = Some(identity(person_id, number));
    let request = RecordPersonIdentityRequest { request_id: new_request(), identity, ..Default::default() };
    let mut officer = world.assessment(Role::CaseOfficer);
    officer.identities.record_person_identity(request).await.expect("an identity");
}
