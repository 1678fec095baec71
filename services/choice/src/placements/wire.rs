//! Placements on the wire.

use niva_base::{OpError, Violations};
use niva_choice_domain::{Beside, Dates, Grant, Placement, PlacementState, Refusal};
use niva_facts::{Fact, Info};
use niva_names::{GrantId, PlacementId};
use niva_proto::choice::v1 as pb;
use niva_rpc::wire::read;
use niva_rpc::wire::write::date;

use crate::refused::field_of;
use crate::wire::{Reader, id_or};

/// Longest reason for standing beside another, in characters.
const MAX_REASON: usize = 500;

impl Reader<'_> {
    /// A placement that must be given; `made` is its id where none is.
    pub(crate) fn read_placement(
        self,
        given: Option<&pb::Placement>,
        made: Option<&PlacementId>,
    ) -> Result<Placement, OpError> {
        let mut v = Violations::new();
        let given = v.required("placement", given);
        let placement = given.and_then(|given| v.nested("placement", |v| self.placement(v, given, made)));
        v.finish_with(placement)
    }

    /// A placement in a message; its state follows from its dates. Without a grant its id is empty.
    pub(crate) fn placement(
        self,
        v: &mut Violations,
        given: &pb::Placement,
        made: Option<&PlacementId>,
    ) -> Option<Placement> {
        let placement_id = id_or(v, "placement_id", &given.placement_id, made);
        let grant_id = read::optional_id(v, "grant_id", &given.grant_id);
        let person_id = read::id(v, "person_id", &given.person_id);
        let service = read::service(v, "service", &given.service, self.city);
        let unit_id = read::id(v, "unit_id", &given.unit_id);
        let ordered_start = self.day(v, "ordered_start", given.ordered_start);
        let actual_start = self.optional_day(v, "actual_start", given.actual_start);
        let notice = self.optional_day(v, "notice_date", given.notice_date);
        let end = self.optional_day(v, "end_date", given.end_date);
        let beside = beside(v, given);
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
            grant_id: grant_id?.unwrap_or_else(|| GrantId::none().clone()),
            person_id: person_id?,
            service: service?,
            unit_id: unit_id?,
            ordered_start: dates.ordered_start,
            state: state?,
            beside: beside?,
        })
    }
}

fn beside(v: &mut Violations, given: &pb::Placement) -> Option<Beside> {
    use pb::placement::Beside as B;
    let Ok(kind) = B::try_from(given.beside) else {
        v.add("beside", "FIELD_INVALID", "is no way to stand beside another placement");
        return None;
    };
    let words = format!("is longer than {MAX_REASON} characters: shorten it");
    let short = given.beside_reason.chars().count() <= MAX_REASON;
    v.require(short, "beside_reason", "FIELD_INVALID", words).then_some(())?;
    match kind {
        B::Unspecified => Some(Beside::Alone),
        B::Switch => Some(Beside::Switch),
        B::Trial => v.text("beside_reason", &given.beside_reason).map(|reason| Beside::Trial { reason }),
        B::Exception => {
            v.text("beside_reason", &given.beside_reason).map(|reason| Beside::Exception { reason })
        }
    }
}

/// The stage to list (`None`: any), and whether withdrawn ones alone are asked for.
pub(crate) fn state(value: i32) -> Result<(Option<&'static str>, bool), OpError> {
    use pb::placement::State;
    match State::try_from(value) {
        Ok(State::Unspecified) => Ok((None, false)),
        Ok(State::Withdrawn) => Ok((None, true)),
        Ok(State::Ordered) => Ok((Some("ordered"), false)),
        Ok(State::Started) => Ok((Some("started"), false)),
        Ok(State::NoShow) => Ok((Some("no_show"), false)),
        Ok(State::Ended) => Ok((Some("ended"), false)),
        Err(_) => Err(OpError::invalid("state", "FIELD_INVALID", "is no state of a placement")),
    }
}

/// A refusal of a placement that is told: about a field of it, or about how things stand.
pub(crate) fn refused(refusal: &Refusal) -> OpError {
    match field_of(refusal) {
        "" => OpError::precondition(refusal.reason(), refusal.to_string()),
        field => OpError::invalid(format!("placement.{field}"), refusal.reason(), refusal.to_string()),
    }
}

/// The error that a placement names a grant of somebody or something else.
pub(crate) fn mismatch(grant: &Grant) -> OpError {
    OpError::invalid("placement.grant_id", "GRANT_MISMATCH", mismatched(grant))
}

/// What is wrong with naming that grant.
fn mismatched(grant: &Grant) -> String {
    let Grant { grant_id, service, person_id, .. } = grant;
    format!(
        "grant {grant_id} is for {service} to person {person_id}: correct the person, the service or the grant"
    )
}

/// A placement as it is told.
pub(crate) fn write(placement: &Placement, info: &Info) -> pb::Placement {
    let mut told = message(placement);
    if !info.stands() {
        told.state = pb::placement::State::Withdrawn.into();
    }
    told.set_info(Some(info));
    told
}

/// What a placement that stands says.
pub(crate) fn message(placement: &Placement) -> pb::Placement {
    use pb::placement::{Beside as B, State};
    let state = match placement.state {
        PlacementState::Ordered => State::Ordered,
        PlacementState::Started { .. } => State::Started,
        PlacementState::NoShow { .. } => State::NoShow,
        PlacementState::Ended { .. } => State::Ended,
    };
    let beside = match placement.beside {
        Beside::Alone => B::Unspecified,
        Beside::Switch => B::Switch,
        Beside::Trial { .. } => B::Trial,
        Beside::Exception { .. } => B::Exception,
    };
    pb::Placement {
        placement_id: placement.placement_id.to_string(),
        grant_id: placement.grant_id.to_string(),
        person_id: placement.person_id.to_string(),
        service: placement.service.into(),
        unit_id: placement.unit_id.to_string(),
        state: state.into(),
        ordered_start: Some(date(placement.ordered_start)),
        actual_start: placement.state.actual_start().map(date),
        notice_date: placement.state.notice().map(date),
        end_date: placement.state.end().map(date),
        beside: beside.into(),
        beside_reason: placement.beside.reason().to_owned(),
        info: None,
    }
}
