//! `FactInfo` and what it says.

use chrono::{DateTime, Utc};
use niva_facts::{Author, Info, State, Telling};
use prost_types::Timestamp;

use crate::common::v1 as pb;

/// What a `FactInfo` says; `None` when it is incomplete.
#[must_use]
pub fn read(info: &pb::FactInfo) -> Option<Info> {
    let state = match info.state() {
        pb::fact_info::State::Stands => State::Stands,
        pb::fact_info::State::Withdrawn => State::Withdrawn,
        pb::fact_info::State::Unspecified => return None,
    };
    let at = info.record_time.as_ref()?;
    let author = info.author.clone().unwrap_or_default();
    Some(Info {
        fact_id: info.fact_id.as_str().into(),
        revision: info.revision,
        state,
        told: Telling {
            author: Author { subject: author.subject, role: author.role },
            recorded_at: DateTime::from_timestamp(at.seconds, u32::try_from(at.nanos).ok()?)?,
            reason: info.reason.clone(),
        },
    })
}

/// A `FactInfo` that says this.
#[must_use]
pub fn write(info: &Info) -> pb::FactInfo {
    let Info { fact_id, revision, state, told } = info;
    pb::FactInfo {
        fact_id: fact_id.into(),
        revision: *revision,
        state: match state {
            State::Stands => pb::fact_info::State::Stands,
            State::Withdrawn => pb::fact_info::State::Withdrawn,
        }
        .into(),
        record_time: Some(timestamp(told.recorded_at)),
        author: Some(author(&told.author)),
        reason: told.reason.clone(),
    }
}

/// Who told.
#[must_use]
pub fn author(author: &Author) -> pb::Author {
    pb::Author { subject: author.subject.clone(), role: author.role.clone() }
}

/// An instant.
#[must_use]
pub fn timestamp(at: DateTime<Utc>) -> Timestamp {
    Timestamp {
        seconds: at.timestamp(),
        nanos: i32::try_from(at.timestamp_subsec_nanos()).unwrap_or_default(),
    }
}
