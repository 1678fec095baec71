//! Records and holds in the contract's words.

use std::collections::BTreeMap;

use niva_names::{PersonId, PlacementId};
use niva_proto::audit::v1::LegalHold;
use niva_proto::common::v1 as pb;
use niva_proto::facts::timestamp;

use crate::chain::{HoldStep, Kept};

/// A record; `persons`: whose placements are.
pub(crate) fn record(
    Kept { position, record }: Kept,
    persons: &BTreeMap<PlacementId, PersonId>,
) -> pb::AuditRecord {
    let mut about = record.about.persons;
    about.extend(record.about.placements.iter().filter_map(|id| persons.get(id.as_str())).map(String::from));
    pb::AuditRecord {
        number: position,
        record_time: Some(timestamp(record.time)),
        subject: record.subject,
        role: record.role,
        scope: record.scope,
        method: record.method,
        purpose: record.purpose,
        status: record.code,
        reason: record.reason,
        trace_id: record.trace_id,
        calls: record.calls,
        person_ids: about.into_iter().collect(),
        placement_ids: record.about.placements.into_iter().collect(),
        left_out: record.about.left_out,
    }
}

/// A hold, by the steps that placed it and lifted it.
pub(crate) fn hold(placed: &HoldStep, lifted: Option<&HoldStep>) -> LegalHold {
    let author = |step: &HoldStep| {
        let niva_facts::Author { subject, role } = step.author.clone();
        pb::Author { subject, role }
    };
    LegalHold {
        legal_hold_id: placed.id.to_string(),
        person_id: placed.keeps.person_id.as_ref().map(ToString::to_string).unwrap_or_default(),
        since: placed.keeps.since.map(timestamp),
        until: placed.keeps.until.map(timestamp),
        reason: placed.reason.clone(),
        placed_by: Some(author(placed)),
        place_time: Some(timestamp(placed.recorded_at)),
        lift_reason: lifted.map(|step| step.reason.clone()).unwrap_or_default(),
        lifted_by: lifted.map(author),
        lift_time: lifted.map(|step| timestamp(step.recorded_at)),
    }
}
