//! A legal hold on a person of the city.

use niva_journeys::values::new_request;
use niva_journeys::world::{Part, Role, World};
use niva_proto::audit::v1 as audit;

use super::side::Side;

pub(super) async fn tell(world: &World, side: &mut Side) {
    let mut holds = audit::Clients::new(world.channel_with(Part::Choice, Role::Auditor)).legal_holds;
    let (request_id, person_id, reason) = (new_request(), side.called("1"), "a lawsuit".to_owned());
    let request = audit::PlaceLegalHoldRequest { request_id, person_id, reason, ..Default::default() };
    let placed = holds.place_legal_hold(request).await.expect("a hold").into_inner();
    side.put("legal_hold_id", &placed.legal_hold.expect("a hold").legal_hold_id);
}
