//! Grants as assessment tells them.

use niva_base::Violations;
use niva_choice_domain::Grant;
use niva_proto::assessment::v1 as pb;
use niva_proto::common::v1::fact_info::State;
use niva_rpc::wire::read;

/// A grant as the feed tells it, and whether it was withdrawn.
pub(crate) fn grant(v: &mut Violations, told: &pb::Grant) -> Option<(Grant, bool)> {
    let grant_id = read::id(v, "grant_id", &told.grant_id);
    let person_id = read::id(v, "person_id", &told.person_id);
    let service = read::service_key(v, "service", &told.service);
    let district = v.text("district", &told.district);
    // What was granted stands, however far ahead it ends.
    let valid = read::interval(v, "valid", told.valid);
    let info = v.required("info", told.info.as_ref());
    let grant = Grant {
        grant_id: grant_id?,
        person_id: person_id?,
        service: service?,
        district: district?,
        valid: valid?,
        revision: info?.revision,
    };
    Some((grant, info?.state() == State::Withdrawn))
}
