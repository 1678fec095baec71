//! Measurements as facts: abandoned, corrected, found; and the level that is shown is the level that will be decided.

use niva_names::{ServiceKey, stockholm};
use niva_proto::assessment::v1 as pb;
use niva_proto::common::v1 as common;
use niva_testing::on_both_databases;
use pb::measurement::State;

use crate::rig::{Rig, date, day, decide_request, level, measure, refused, score_request, told, visit};

const SERVICE: ServiceKey = stockholm::SUPPORTED_HOUSING;

fn withdraw(id: &str, revision: i64, reason: &str) -> pb::WithdrawMeasurementRequest {
    pb::WithdrawMeasurementRequest {
        request_id: format!("withdraw {id} {revision} {reason}"),
        expected_revision: revision,
        reason: reason.into(),
        measurement_id: id.into(),
        ..Default::default()
    }
}

fn correct(revision: i64, reason: &str, measurement: pb::Measurement) -> pb::CorrectMeasurementRequest {
    pb::CorrectMeasurementRequest {
        request_id: format!("correct {revision} {reason}"),
        expected_revision: revision,
        reason: reason.into(),
        measurement: Some(measurement),
        ..Default::default()
    }
}

/// A measurement of daily activities that was made elsewhere.
fn total(id: &str, points: i32) -> pb::Measurement {
    pb::Measurement {
        measurement_id: id.into(),
        follow_up_date: None,
        total: Some(points),
        ..visit("p", stockholm::DAILY_ACTIVITIES_LSS)
    }
}

/// Level, points to the next higher and above the next lower.
fn by(by: Option<pb::LevelByScale>) -> (String, Option<common::Level>, Option<i32>, Option<i32>) {
    let by = by.unwrap();
    (by.scale_id, by.level, by.points_to_higher_level, by.points_to_lower_level)
}

on_both_databases! {
    /// 60 points are level 5 by the scale of 2024 and level 4 by that of 2025.
    async fn both_scales_are_shown_and_the_expected_level_is_asked_for(db: &TestDb) {
        let rig = Rig::new(db).await;
        let mut client = rig.client.clone();
        rig.clock.advance_to(day(2024, 12, 20));
        rig.person("p").await;
        rig.grant("g", "p", stockholm::DAILY_ACTIVITIES_LSS).await;
        let measurement = pb::Measurement { visit_date: date(2024, 12, 10), ..total("m", 60) };
        let shown = client.measurements.record_measurement(measure("m", measurement)).await.unwrap().into_inner().measurement.unwrap();
        assert_eq!((shown.points, shown.state()), (60, State::Open));
        assert_eq!(by(shown.by_visit.clone()), ("daily-activities-2024".into(), level(5), Some(11), Some(5)));
        assert_eq!(by(shown.by_effect.clone()), ("daily-activities-2025".into(), level(4), Some(11), Some(5)));
        assert_eq!(shown.by_effect.unwrap().day, date(2025, 1, 1));
        let status = refused!(rig, level_decisions.decide_level(decide_request("d", "m", 5)), FailedPrecondition, "LEVEL_DIFFERS");
        assert_eq!(niva_rpc::metadata(&status, "level").as_deref(), Some("4"));
        assert_eq!(niva_rpc::metadata(&status, "scale_id").as_deref(), Some("daily-activities-2025"));
        refused!(rig, level_decisions.decide_level(pb::DecideLevelRequest { expected_level: None, ..decide_request("d", "m", 4) }), InvalidArgument, "FIELD_REQUIRED");
        // Another first day, another scale.
        let december = pb::DecideLevelRequest { valid_from: date(2024, 12, 10), ..decide_request("d", "m", 4) };
        refused!(rig, level_decisions.decide_level(december), FailedPrecondition, "LEVEL_DIFFERS");
        let decided = client.level_decisions.decide_level(decide_request("d", "m", 4)).await.unwrap().into_inner();
        let (decision, measurement) = (decided.level_decision.unwrap(), decided.measurement.unwrap());
        assert_eq!((decision.level, decision.valid_from, decision.scale_id.as_str()), (level(4), date(2025, 1, 1), "daily-activities-2025"));
        assert_eq!((decision.points_to_higher_level, decision.points_to_lower_level), (Some(11), Some(5)));
        assert_eq!((measurement.state(), by(measurement.by_effect).1), (State::Decided, level(4)));
        // The day moves on: what is decided is shown by its own day.
        rig.clock.advance_to(day(2025, 6, 1));
        let get = pb::GetMeasurementRequest { measurement_id: "m".into(), as_of: None };
        let later = client.measurements.get_measurement(get).await.unwrap().into_inner().measurement.unwrap();
        assert_eq!(later.by_effect.unwrap().day, date(2025, 1, 1));
    }

    async fn a_measurement_is_abandoned(db: &TestDb) {
        let rig = Rig::new(db).await;
        let mut client = rig.client.clone();
        let id = rig.measurement("p", SERVICE).await;
        let scored = client.measurements.record_score(score_request("s", &id, "planning", 6)).await.unwrap().into_inner().measurement.unwrap();
        assert_eq!(told(scored.info.clone()), (2, true, String::new(), "assessor".into()));
        refused!(rig, measurements.withdraw_measurement(withdraw(&id, 1, "x")), FailedPrecondition, "REVISION_NOT_NEWEST");
        refused!(rig, measurements.withdraw_measurement(withdraw(&id, 2, "")), InvalidArgument, "REASON_MISSING");
        rig.clock.advance_to(day(2024, 3, 19));
        let gone = client.measurements.withdraw_measurement(withdraw(&id, 2, "the person moved")).await.unwrap().into_inner().measurement.unwrap();
        assert_eq!(told(gone.info.clone()), (3, false, "the person moved".into(), "assessor".into()));
        refused!(rig, measurements.record_score(score_request("s2", &id, "planning", 2)), FailedPrecondition, "FACT_WITHDRAWN");
        refused!(rig, level_decisions.decide_level(decide_request("d", &id, 1)), FailedPrecondition, "FACT_WITHDRAWN");
        refused!(rig, measurements.withdraw_measurement(withdraw(&id, 3, "x")), FailedPrecondition, "FACT_WITHDRAWN");
        let get = |as_of| pb::GetMeasurementRequest { measurement_id: id.clone(), as_of };
        let then = scored.info.as_ref().unwrap().record_time;
        assert_eq!(client.measurements.get_measurement(get(then)).await.unwrap().into_inner().measurement, Some(scored));
        let list = pb::ListMeasurementRevisionsRequest { measurement_id: id.clone(), ..Default::default() };
        let all = client.measurements.list_measurement_revisions(list).await.unwrap().into_inner().measurements;
        assert_eq!(all.iter().map(|m| (m.points, m.info.as_ref().unwrap().revision)).collect::<Vec<_>>(), [(0, 1), (6, 2), (6, 3)]);
        let tomorrow = rig.now() + chrono::Duration::days(1);
        refused!(rig, measurements.get_measurement(get(Some(prost_types::Timestamp { seconds: tomorrow.timestamp(), nanos: 0 }))), InvalidArgument, "AS_OF_IN_FUTURE");
    }

    async fn a_decided_score_is_corrected_after_its_decision_is_withdrawn(db: &TestDb) {
        let rig = Rig::new(db).await;
        let mut client = rig.client.clone();
        let decision = rig.decided("p", SERVICE).await;
        let id = decision.measurement_id.clone();
        assert_eq!((decision.points, decision.level), (Some(24), level(2)));
        let get = || pb::GetMeasurementRequest { measurement_id: id.clone(), as_of: None };
        let mut measurement = client.measurements.get_measurement(get()).await.unwrap().into_inner().measurement.unwrap();
        let revision = measurement.info.as_ref().unwrap().revision;
        measurement.scores.iter_mut().for_each(|score| score.score = 6);
        let status = refused!(rig, measurements.correct_measurement(correct(revision, "x", measurement.clone())), FailedPrecondition, "MEASUREMENT_DECIDED");
        assert_eq!(niva_rpc::metadata(&status, "level_decision_id"), Some(decision.level_decision_id.clone()));
        refused!(rig, measurements.withdraw_measurement(withdraw(&id, revision, "x")), FailedPrecondition, "MEASUREMENT_DECIDED");
        let gone = pb::WithdrawLevelDecisionRequest { request_id: "w".into(), expected_revision: 1, reason: "wrong scores".into(), level_decision_id: decision.level_decision_id, ..Default::default() };
        client.level_decisions.withdraw_level_decision(gone).await.unwrap();
        assert_eq!(client.measurements.get_measurement(get()).await.unwrap().into_inner().measurement.unwrap().state(), State::Open);
        let corrected = client.measurements.correct_measurement(correct(revision, "wrong scores", measurement)).await.unwrap().into_inner().measurement.unwrap();
        assert_eq!((corrected.points, by(corrected.by_effect).1), (72, level(3)));
        let again = client.level_decisions.decide_level(decide_request("again", &id, 3)).await.unwrap().into_inner().level_decision.unwrap();
        assert_eq!((again.points, again.level, again.decision_number), (Some(72), level(3), 2));
    }

    async fn what_a_measurement_cannot_say(db: &TestDb) {
        let rig = Rig::new(db).await;
        let id = rig.measurement("p", SERVICE).await;
        rig.person("q").await;
        let fine = || pb::Measurement { measurement_id: id.clone(), ..visit("p", SERVICE) };
        let scores = |scores: &[(&str, i32)]| scores.iter().map(|(item, score)| pb::ItemScore { item_key: (*item).into(), score: *score }).collect();
        let with = |given: &[(&str, i32)]| correct(1, "x", pb::Measurement { scores: scores(given), ..fine() });
        refused!(rig, measurements.correct_measurement(with(&[("chess", 2)])), InvalidArgument, "ITEM_UNKNOWN");
        refused!(rig, measurements.correct_measurement(with(&[("planning", 3)])), InvalidArgument, "SCORE_NOT_ALLOWED");
        refused!(rig, measurements.correct_measurement(with(&[("planning", 2), ("planning", 2)])), InvalidArgument, "ITEM_TWICE");
        refused!(rig, measurements.correct_measurement(correct(1, "", fine())), InvalidArgument, "REASON_MISSING");
        refused!(rig, measurements.correct_measurement(correct(2, "x", fine())), FailedPrecondition, "REVISION_NOT_NEWEST");
        refused!(rig, measurements.correct_measurement(correct(1, "x", pb::Measurement { person_id: "q".into(), ..fine() })), InvalidArgument, "SUBJECT_FIXED");
        refused!(rig, measurements.correct_measurement(correct(1, "x", pb::Measurement { visit_date: date(2024, 3, 19), ..fine() })), InvalidArgument, "VISIT_IN_FUTURE");
        refused!(rig, measurements.correct_measurement(correct(1, "x", pb::Measurement { total: Some(2), ..fine() })), InvalidArgument, "SCORES_OR_TOTAL");
        refused!(rig, measurements.correct_measurement(correct(1, "x", pb::Measurement { total: Some(-1), follow_up_date: None, ..fine() })), InvalidArgument, "FIELD_INVALID");
        // Only the total is known: there is nothing to score.
        rig.grant("lss", "p", stockholm::DAILY_ACTIVITIES_LSS).await;
        rig.client.clone().measurements.record_measurement(measure("t", total("t", 42))).await.unwrap();
        refused!(rig, measurements.record_score(score_request("s", "t", "mobility", 4)), FailedPrecondition, "NOT_SCORED");
    }

    async fn measurements_are_found_by_state_and_visit(db: &TestDb) {
        let rig = Rig::new(db).await;
        rig.decided("p", SERVICE).await;
        let open = rig.measurement("q", stockholm::OCCUPATION).await;
        let found = |request: pb::ListMeasurementsRequest| {
            let mut client = rig.client.clone();
            async move {
                let found = client.measurements.list_measurements(request).await.unwrap().into_inner().measurements;
                found.iter().map(|m| (m.person_id.clone(), m.state())).collect::<Vec<_>>()
            }
        };
        let all = pb::ListMeasurementsRequest::default;
        assert_eq!(found(pb::ListMeasurementsRequest { state: State::Decided.into(), ..all() }).await, [("p".into(), State::Decided)]);
        assert_eq!(found(pb::ListMeasurementsRequest { state: State::Open.into(), ..all() }).await, [("q".into(), State::Open)]);
        let visited = |first, last| Some(common::DateInterval { first, last });
        assert_eq!(found(pb::ListMeasurementsRequest { visited: visited(date(2024, 3, 19), None), ..all() }).await.len(), 0);
        assert_eq!(found(pb::ListMeasurementsRequest { visited: visited(date(2024, 3, 1), date(2024, 3, 18)), ..all() }).await.len(), 2);
        assert_eq!(found(pb::ListMeasurementsRequest { service: stockholm::OCCUPATION.into(), ..all() }).await.len(), 1);
        rig.client.clone().measurements.withdraw_measurement(withdraw(&open, 1, "x")).await.unwrap();
        assert_eq!(found(all()).await.len(), 1);
        assert_eq!(found(pb::ListMeasurementsRequest { include_withdrawn: true, ..all() }).await.len(), 2);
    }
}
