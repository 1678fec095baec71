//! Level decisions of every kind: recorded, re-dated, withdrawn, and the one in force on a day.

use niva_names::{ServiceKey, stockholm};
use niva_proto::assessment::v1 as pb;
use niva_proto::common::v1 as common;
use niva_testing::on_both_databases;
use niva_testing::requests;
use niva_testing::requests::assessment::record_level_decision;
use pb::level_decision::Kind;

use crate::rig::{Rig, date, day, level, measure, reason, refused, told, visit};

const SERVICE: ServiceKey = stockholm::DAILY_ACTIVITIES_LSS;

fn decision(id: &str, kind: Kind, value: i32, valid_from: Option<common::Date>) -> pb::LevelDecision {
    let measured = matches!(kind, Kind::Measured | Kind::Conversion);
    pb::LevelDecision {
        kind: kind.into(),
        measurement_id: if measured { "m".into() } else { String::new() },
        ..requests::assessment::level_decision(id, "p", SERVICE, value, valid_from)
    }
}

fn record(decision: pb::LevelDecision) -> pb::RecordLevelDecisionRequest {
    let request_id = format!("record {}", decision.level_decision_id);
    pb::RecordLevelDecisionRequest { request_id, ..record_level_decision(decision) }
}

fn correct(revision: i64, reason: &str, decision: pb::LevelDecision) -> pb::CorrectLevelDecisionRequest {
    pb::CorrectLevelDecisionRequest {
        request_id: format!("correct {revision} {reason}"),
        expected_revision: revision,
        reason: reason.into(),
        level_decision: Some(decision),
        ..Default::default()
    }
}

fn withdraw(id: &str, revision: i64, reason: &str) -> pb::WithdrawLevelDecisionRequest {
    pb::WithdrawLevelDecisionRequest {
        request_id: format!("withdraw {id} {revision} {reason}"),
        expected_revision: revision,
        reason: reason.into(),
        level_decision_id: id.into(),
        ..Default::default()
    }
}

impl Rig {
    /// A person with a grant and a measurement `m` of 60 points, made elsewhere.
    async fn measured_elsewhere(&self) {
        self.person("p").await;
        let grant = pb::Grant {
            valid: Some(common::DateInterval { first: date(2024, 1, 1), last: None }),
            ..crate::rig::grant_of("g", "p", SERVICE)
        };
        self.client.clone().grants.record_grant(crate::rig::record("g", grant)).await.unwrap();
        let total = pb::Measurement {
            measurement_id: "m".into(),
            follow_up_date: None,
            total: Some(60),
            ..visit("p", SERVICE)
        };
        self.client.clone().measurements.record_measurement(measure("m", total)).await.unwrap();
    }

    async fn told_level(&self, decision: pb::LevelDecision) -> pb::LevelDecision {
        let answer = self.client.clone().level_decisions.record_level_decision(record(decision)).await;
        answer.unwrap().into_inner().level_decision.unwrap()
    }

    /// Id and level in force on a day, as known at a time; or the reason that there is none.
    async fn in_force(
        &self,
        day: Option<common::Date>,
        as_of: Option<prost_types::Timestamp>,
    ) -> Result<(String, i32), String> {
        let request =
            pb::GetLevelInForceRequest { person_id: "p".into(), service: SERVICE.into(), day, as_of };
        match self.client.clone().level_decisions.get_level_in_force(request).await {
            Ok(answer) => {
                let decision = answer.into_inner().level_decision.unwrap();
                Ok((decision.level_decision_id, decision.level.unwrap().value))
            }
            Err(status) => Err(reason(&status)),
        }
    }
}

on_both_databases! {
    /// A guess, the measured level, and the level of the scale of 2025: each of its own kind and scale.
    async fn every_kind_is_recorded_with_its_scale(db: &TestDb) {
        let rig = Rig::new(db).await;
        rig.measured_elsewhere().await;
        let preliminary = rig.told_level(decision("guess", Kind::Preliminary, 2, date(2024, 2, 1))).await;
        assert_eq!((preliminary.scale_id.as_str(), preliminary.measure_by, preliminary.points), ("daily-activities-2024", date(2024, 5, 1), None));
        let measured = rig.told_level(decision("measured", Kind::Measured, 5, date(2024, 4, 1))).await;
        assert_eq!((measured.points, measured.points_to_higher_level, measured.points_to_lower_level), (Some(60), Some(11), Some(5)));
        let converted = rig.told_level(decision("converted", Kind::Conversion, 4, date(2025, 1, 1))).await;
        assert_eq!((converted.scale_id.as_str(), converted.points, converted.measurement_id.as_str()), ("daily-activities-2025", Some(60), "m"));
        assert_eq!([preliminary.decision_number, measured.decision_number, converted.decision_number], [1, 2, 3]);
        for (on, expected) in [
            (date(2024, 1, 31), Err("NOT_FOUND".into())),
            (date(2024, 2, 1), Ok(("guess".into(), 2))),
            (date(2024, 3, 31), Ok(("guess".into(), 2))),
            (date(2024, 4, 1), Ok(("measured".into(), 5))),
            (date(2024, 12, 31), Ok(("measured".into(), 5))),
            (date(2025, 1, 1), Ok(("converted".into(), 4))),
        ] {
            assert_eq!(rig.in_force(on, None).await, expected, "{on:?}");
        }
    }

    async fn a_stated_level_has_the_scale_of_its_model(db: &TestDb) {
        let rig = Rig::new(db).await;
        rig.person("p").await;
        rig.grant("g", "p", stockholm::GROUP_HOUSING_LSS).await;
        let stated = |id: &str, value| pb::LevelDecision { service: stockholm::GROUP_HOUSING_LSS.into(), ..decision(id, Kind::Stated, value, date(2024, 4, 1)) };
        let told = rig.told_level(stated("s", 3)).await;
        assert_eq!((told.scale_id.as_str(), told.points, told.points_to_higher_level), ("group-housing-lss", None, None));
        refused!(rig, level_decisions.record_level_decision(record(stated("s2", 19))), InvalidArgument, "LEVEL_UNKNOWN");
    }

    async fn a_decision_is_redated_and_withdrawn(db: &TestDb) {
        let rig = Rig::new(db).await;
        let mut client = rig.client.clone();
        rig.measured_elsewhere().await;
        let first = rig.told_level(decision("d", Kind::Measured, 5, date(2024, 4, 1))).await;
        rig.clock.advance_to(day(2024, 3, 20));
        let redated = client.level_decisions.correct_level_decision(correct(1, "from the visit on", decision("d", Kind::Measured, 5, date(2024, 3, 1)))).await.unwrap().into_inner();
        assert!(redated.feed_position > 0);
        let redated = redated.level_decision.unwrap();
        assert_eq!(told(redated.info.clone()), (2, true, "from the visit on".into(), "assessor".into()));
        assert_eq!((redated.valid_from, redated.decision_number), (date(2024, 3, 1), first.decision_number));
        assert_eq!(rig.in_force(date(2024, 3, 1), None).await, Ok(("d".into(), 5)));
        let then = first.info.as_ref().unwrap().record_time;
        assert_eq!(rig.in_force(date(2024, 3, 1), then).await, Err("NOT_FOUND".into()), "as known then");
        // By the scale of 2025 the points are another level.
        refused!(rig, level_decisions.correct_level_decision(correct(2, "x", decision("d", Kind::Measured, 5, date(2025, 1, 1)))), FailedPrecondition, "LEVEL_DIFFERS");
        let gone = client.level_decisions.withdraw_level_decision(withdraw("d", 2, "decided for another")).await.unwrap().into_inner().level_decision.unwrap();
        assert_eq!(told(gone.info.clone()), (3, false, "decided for another".into(), "assessor".into()));
        assert_eq!(rig.in_force(date(2024, 4, 1), None).await, Err("NOT_FOUND".into()));
        assert_eq!(rig.in_force(date(2024, 4, 1), then).await, Ok(("d".into(), 5)), "as known then");
        let list = pb::ListLevelDecisionRevisionsRequest { level_decision_id: "d".into(), ..Default::default() };
        assert_eq!(client.level_decisions.list_level_decision_revisions(list).await.unwrap().into_inner().level_decisions, [first, redated, gone.clone()]);
        let get = pb::GetLevelDecisionRequest { level_decision_id: "d".into(), as_of: None };
        assert_eq!(client.level_decisions.get_level_decision(get).await.unwrap().into_inner().level_decision, Some(gone));
        refused!(rig, level_decisions.withdraw_level_decision(withdraw("d", 3, "x")), FailedPrecondition, "FACT_WITHDRAWN");
        refused!(rig, level_decisions.correct_level_decision(correct(3, "x", decision("d", Kind::Measured, 5, date(2024, 3, 1)))), FailedPrecondition, "FACT_WITHDRAWN");
    }

    async fn what_a_decision_cannot_say(db: &TestDb) {
        let rig = Rig::new(db).await;
        rig.measured_elsewhere().await;
        rig.person("q").await;
        let april = || date(2024, 4, 1);
        let fine = || decision("d", Kind::Measured, 5, april());
        refused!(rig, level_decisions.record_level_decision(record(pb::LevelDecision { level: level(4), ..fine() })), FailedPrecondition, "LEVEL_DIFFERS");
        refused!(rig, level_decisions.record_level_decision(record(pb::LevelDecision { level: None, ..fine() })), InvalidArgument, "FIELD_REQUIRED");
        refused!(rig, level_decisions.record_level_decision(record(pb::LevelDecision { kind: 0, ..fine() })), InvalidArgument, "FIELD_REQUIRED");
        refused!(rig, level_decisions.record_level_decision(record(pb::LevelDecision { measurement_id: String::new(), ..fine() })), InvalidArgument, "MEASUREMENT_NOT_NAMED");
        refused!(rig, level_decisions.record_level_decision(record(pb::LevelDecision { measurement_id: "m".into(), ..decision("d", Kind::Stated, 5, april()) })), InvalidArgument, "MEASUREMENT_NOT_NAMED");
        refused!(rig, level_decisions.record_level_decision(record(pb::LevelDecision { measurement_id: "x".into(), ..fine() })), FailedPrecondition, "MEASUREMENT_UNKNOWN");
        refused!(rig, level_decisions.record_level_decision(record(pb::LevelDecision { person_id: "q".into(), ..fine() })), FailedPrecondition, "MEASUREMENT_OF_OTHER");
        refused!(rig, level_decisions.record_level_decision(record(pb::LevelDecision { person_id: "x".into(), ..fine() })), FailedPrecondition, "PERSON_UNKNOWN");
        refused!(rig, level_decisions.record_level_decision(record(pb::LevelDecision { person_id: "q".into(), ..decision("d", Kind::Stated, 5, april()) })), FailedPrecondition, "NO_GRANT");
        refused!(rig, level_decisions.record_level_decision(record(decision("c", Kind::Conversion, 4, date(2025, 1, 1)))), FailedPrecondition, "SAME_SCALE");
        rig.told_level(fine()).await;
        refused!(rig, level_decisions.record_level_decision(record(pb::LevelDecision { level_decision_id: "e".into(), ..fine() })), FailedPrecondition, "MEASUREMENT_DECIDED");
        refused!(rig, level_decisions.record_level_decision(record(decision("c", Kind::Conversion, 5, date(2024, 5, 1)))), FailedPrecondition, "SAME_SCALE");
        refused!(rig, level_decisions.record_level_decision(record(decision("guess", Kind::Preliminary, 2, april()))), FailedPrecondition, "MEASURED_ALREADY");
        refused!(rig, level_decisions.record_level_decision(pb::RecordLevelDecisionRequest { request_id: "again".into(), ..record(decision("d", Kind::Stated, 5, april())) }), AlreadyExists, "ID_TAKEN");
        refused!(rig, level_decisions.correct_level_decision(correct(1, "", fine())), InvalidArgument, "REASON_MISSING");
        refused!(rig, level_decisions.correct_level_decision(correct(2, "x", fine())), FailedPrecondition, "REVISION_NOT_NEWEST");
        refused!(rig, level_decisions.correct_level_decision(correct(1, "x", decision("d", Kind::Stated, 5, april()))), InvalidArgument, "SUBJECT_FIXED");
        refused!(rig, level_decisions.correct_level_decision(correct(1, "x", pb::LevelDecision { person_id: "q".into(), ..fine() })), InvalidArgument, "SUBJECT_FIXED");
        let tomorrow = rig.now() + chrono::Duration::days(1);
        let as_of = Some(prost_types::Timestamp { seconds: tomorrow.timestamp(), nanos: 0 });
        assert_eq!(rig.in_force(april(), as_of).await, Err("AS_OF_IN_FUTURE".into()));
    }

    async fn decisions_are_found_by_kind_and_first_day(db: &TestDb) {
        let rig = Rig::new(db).await;
        rig.measured_elsewhere().await;
        rig.told_level(decision("guess", Kind::Preliminary, 2, date(2024, 2, 1))).await;
        rig.told_level(decision("measured", Kind::Measured, 5, date(2024, 4, 1))).await;
        let found = |request: pb::ListLevelDecisionsRequest| {
            let mut client = rig.client.clone();
            async move {
                let found = client.level_decisions.list_level_decisions(request).await.unwrap().into_inner().level_decisions;
                found.into_iter().map(|d| d.level_decision_id).collect::<Vec<_>>()
            }
        };
        let all = pb::ListLevelDecisionsRequest::default;
        let days = Some(common::DateInterval { first: date(2024, 3, 1), last: date(2024, 4, 1) });
        assert_eq!(found(all()).await, ["guess", "measured"]);
        assert_eq!(found(pb::ListLevelDecisionsRequest { kind: Kind::Preliminary.into(), ..all() }).await, ["guess"]);
        assert_eq!(found(pb::ListLevelDecisionsRequest { valid_from: days, ..all() }).await, ["measured"]);
        rig.client.clone().level_decisions.withdraw_level_decision(withdraw("guess", 1, "x")).await.unwrap();
        assert_eq!(found(all()).await, ["measured"]);
        assert_eq!(found(pb::ListLevelDecisionsRequest { include_withdrawn: true, ..all() }).await, ["guess", "measured"]);
    }
}
