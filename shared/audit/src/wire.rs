//! Records in the contract's words.

use std::collections::BTreeMap;

use niva_names::{PersonId, PlacementId};
use niva_proto::common::v1 as pb;
use niva_proto::facts::timestamp;

use crate::chain::Kept;

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
