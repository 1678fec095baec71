//! What assessment is told.

use niva_names::ServiceKey;
use niva_proto::assessment::v1::{
    Application, Clients, DecideLevelRequest, GetMeasurementRequest, Grant, Instrument, ItemScore,
    LevelDecision, ListInstrumentsRequest, Measurement, MergePersonsRequest, Person,
    RecordApplicationRequest, RecordGrantRequest, RecordLevelDecisionRequest, RecordMeasurementRequest,
    RecordPersonRequest, RecordScoreRequest, ScopePeriod, WithdrawPersonMergeRequest,
};
use niva_proto::common::v1::{DateInterval, GrantScope};
use niva_rpc::client::Channel;

use super::{Day, recorded};
use crate::values::{level, new_request};

recorded! {
    record_person: RecordPersonRequest { person: Person },
    record_application: RecordApplicationRequest { application: Application },
    record_grant: RecordGrantRequest { grant: Grant },
    record_measurement: RecordMeasurementRequest { measurement: Measurement },
    record_level_decision: RecordLevelDecisionRequest { level_decision: LevelDecision },
}

/// A grant without a scope.
#[must_use]
pub fn grant(
    id: &str,
    person: &str,
    service: ServiceKey,
    district: &str,
    valid: Option<DateInterval>,
) -> Grant {
    Grant {
        grant_id: id.to_owned(),
        person_id: person.to_owned(),
        service: service.into(),
        district: district.to_owned(),
        valid,
        ..Grant::default()
    }
}

/// A scope from a day on.
pub fn scope(valid_from: impl Day, scope: GrantScope) -> ScopePeriod {
    ScopePeriod { valid_from: valid_from.field(), scope: Some(scope) }
}

/// A measurement at a visit.
pub fn visit(person: &str, service: ServiceKey, visit_date: impl Day) -> Measurement {
    Measurement {
        person_id: person.to_owned(),
        service: service.into(),
        visit_date: visit_date.field(),
        ..Measurement::default()
    }
}

/// A level of a person from a day on; of no kind, which the contract takes for a stated one.
pub fn level_decision(
    id: &str,
    person: &str,
    service: ServiceKey,
    value: i32,
    valid_from: impl Day,
) -> LevelDecision {
    LevelDecision {
        level_decision_id: id.to_owned(),
        person_id: person.to_owned(),
        service: service.into(),
        level: level(value),
        valid_from: valid_from.field(),
        ..LevelDecision::default()
    }
}

/// Scores an item.
#[must_use]
pub fn record_score(measurement: &str, item: &str, score: i32) -> RecordScoreRequest {
    RecordScoreRequest {
        request_id: new_request(),
        measurement_id: measurement.to_owned(),
        score: Some(ItemScore { item_key: item.to_owned(), score }),
        ..RecordScoreRequest::default()
    }
}

/// Decides the level that a measurement gives, which is expected.
#[must_use]
pub fn decide_level(measurement: &str, expected: i32) -> DecideLevelRequest {
    DecideLevelRequest {
        request_id: new_request(),
        measurement_id: measurement.to_owned(),
        expected_level: level(expected),
        ..DecideLevelRequest::default()
    }
}

/// Scores every item of a measurement, each with one of its allowed scores: the measurement as it then is, and its instrument.
///
/// # Panics
/// When a call fails.
pub async fn score_all(
    client: &Clients<Channel>,
    measurement: &str,
    pick: impl Fn(&[i32]) -> i32,
) -> (Measurement, Instrument) {
    let mut client = client.clone();
    let ask = GetMeasurementRequest { measurement_id: measurement.to_owned(), as_of: None };
    let found = client.measurements.get_measurement(ask).await.expect("a measurement").into_inner();
    let mut now = found.measurement.expect("a measurement");
    let all = client.instruments.list_instruments(ListInstrumentsRequest::default()).await;
    let mut all = all.expect("instruments").into_inner().instruments.into_iter();
    let instrument = all.find(|i| i.instrument_id == now.instrument_id).expect("its instrument");
    for item in &instrument.items {
        let request = record_score(measurement, &item.item_key, pick(&item.allowed_scores));
        let scored = client.measurements.record_score(request).await.expect("a score").into_inner();
        now = scored.measurement.expect("a measurement");
    }
    (now, instrument)
}

/// Merges a record into another, both as they were first told.
#[must_use]
pub fn merge_persons(from: &str, into: &str) -> MergePersonsRequest {
    MergePersonsRequest {
        request_id: new_request(),
        from_person_id: from.to_owned(),
        expected_from_revision: 1,
        into_person_id: into.to_owned(),
        expected_into_revision: 1,
        reason: "two records of one person".to_owned(),
        ..MergePersonsRequest::default()
    }
}

/// Withdraws a merge as it was told.
#[must_use]
pub fn withdraw_person_merge(id: &str) -> WithdrawPersonMergeRequest {
    WithdrawPersonMergeRequest {
        request_id: new_request(),
        expected_revision: 1,
        reason: "two people after all".to_owned(),
        person_merge_id: id.to_owned(),
        ..WithdrawPersonMergeRequest::default()
    }
}
