//! Grants as assessment tells them.

use niva_choice_domain::Grant;
use niva_kit::Violations;
use niva_kit::wire::read;
use niva_proto::assessment::v1 as pb;

/// A grant as the feed tells it.
pub(crate) fn grant(v: &mut Violations, told: &pb::Grant) -> Option<Grant> {
    let grant_id = read::id(v, "grant_id", &told.grant_id);
    let person_id = read::id(v, "person_id", &told.person_id);
    let service = read::service_key(v, "service", &told.service);
    let district = v.text("district", &told.district);
    // What was granted stands, however far ahead it ends.
    let valid = read::interval(v, "valid", told.valid);
    Some(Grant {
        grant_id: grant_id?,
        person_id: person_id?,
        service: service?,
        district: district?,
        valid: valid?,
        revision: told.revision,
    })
}
