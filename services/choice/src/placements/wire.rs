//! Placements on the wire.

use niva_base::Violations;
use niva_choice_domain::{Dates, Placement, PlacementState};
use niva_proto::choice::v1 as pb;
use niva_rpc::wire::read;
use niva_rpc::wire::write::date;

use crate::refused::field_of;
use crate::wire::Reader;

impl Reader<'_> {
    /// A placement as another system kept it; its state follows from its dates.
    pub(crate) fn placement(self, v: &mut Violations, given: &pb::Placement) -> Option<Placement> {
        let placement_id = read::id(v, "placement_id", &given.placement_id);
        let grant_id = read::id(v, "grant_id", &given.grant_id);
        let person_id = read::id(v, "person_id", &given.person_id);
        let service = read::service(v, "service", &given.service, self.city);
        let unit_id = read::id(v, "unit_id", &given.unit_id);
        let ordered_start = self.day(v, "ordered_start", given.ordered_start);
        let actual_start = self.optional_day(v, "actual_start", given.actual_start);
        let notice = self.optional_day(v, "notice_date", given.notice_date);
        let end = self.optional_day(v, "end_date", given.end_date);
        let dates =
            Dates { ordered_start: ordered_start?, actual_start: actual_start?, notice: notice?, end: end? };
        let state = match dates.state() {
            Ok(state) => Some(state),
            Err(wrong) => {
                for refusal in &wrong {
                    v.add(field_of(refusal), refusal.reason(), refusal.to_string());
                }
                None
            }
        };
        Some(Placement {
            placement_id: placement_id?,
            grant_id: grant_id?,
            person_id: person_id?,
            service: service?,
            unit_id: unit_id?,
            ordered_start: dates.ordered_start,
            state: state?,
            revision: 1,
        })
    }
}

pub(crate) fn placement(placement: &Placement) -> pb::Placement {
    use pb::placement::State;
    let state = match placement.state {
        PlacementState::Ordered => State::Ordered,
        PlacementState::Withdrawn => State::Withdrawn,
        PlacementState::Started { .. } => State::Started,
        PlacementState::NoShow { .. } => State::NoShow,
        PlacementState::Ended { .. } => State::Ended,
    };
    pb::Placement {
        placement_id: placement.placement_id.clone(),
        grant_id: placement.grant_id.clone(),
        person_id: placement.person_id.clone(),
        service: placement.service.into(),
        unit_id: placement.unit_id.clone(),
        state: state.into(),
        ordered_start: Some(date(placement.ordered_start)),
        actual_start: placement.state.actual_start().map(date),
        notice_date: placement.state.notice().map(date),
        end_date: placement.state.end().map(date),
        revision: placement.revision,
    }
}
