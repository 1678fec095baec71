//! Level decisions: messages to commands and back.

use niva_assessment_domain::{LevelBasis, LevelDecision};
use niva_calendar::NaiveDate;
use niva_kit::wire::{read, write};
use niva_kit::{OpError, Violations};
use niva_proto::assessment::v1 as pb;

/// DecideLevel: the measurement, and the first day if one is given.
pub(super) fn new_decision(request: &pb::DecideLevelRequest) -> Result<(String, Option<NaiveDate>), OpError> {
    let mut v = Violations::new();
    let id = read::id(&mut v, "measurement_id", &request.measurement_id);
    let valid_from = read::optional_date(&mut v, "valid_from", request.valid_from);
    v.finish_with(id.zip(valid_from))
}

pub(crate) fn level_decision(decision: &LevelDecision) -> pb::LevelDecision {
    let (kind, points, measurement_id, scale_model_id) = match &decision.basis {
        LevelBasis::Measured { points, scale_model_id } => (
            pb::level_decision::Kind::Measured,
            Some(i32::from(*points)),
            decision.measurement_id.clone(),
            scale_model_id.clone(),
        ),
        LevelBasis::Stated => (pb::level_decision::Kind::Stated, None, String::new(), String::new()),
    };
    pb::LevelDecision {
        level_decision_id: decision.level_decision_id.clone(),
        person_id: decision.person_id.clone(),
        service: decision.service.into(),
        level: Some(write::level(decision.level)),
        points,
        valid_from: Some(write::date(decision.valid_from)),
        kind: kind.into(),
        measurement_id,
        scale_model_id,
        decision_number: decision.decision_number,
        decide_time: Some(write::timestamp(decision.decide_time)),
    }
}
