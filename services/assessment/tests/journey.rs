//! A grant, a measurement item by item, a level; and the same calls again.

use niva_names::stockholm;
use niva_proto::assessment::v1 as pb;
use niva_testing::on_both_databases;

use crate::rig::{
    Rig, date, decide_request, grant_of, hours, level, measurement_request, person_request, reason, record,
    scope, score_request,
};

on_both_databases! {
    async fn a_level_is_measured_item_by_item(db: &TestDb) {
        let rig = Rig::new(db).await;
        let mut client = rig.client.clone();
        rig.person("p1").await;
        rig.grant("g1", "p1", stockholm::DAILY_ACTIVITIES_LSS).await;
        let start = measurement_request("m", "p1", stockholm::DAILY_ACTIVITIES_LSS);
        let open = client.measurements.record_measurement(start).await.unwrap().into_inner().measurement.unwrap();
        assert_eq!(open.state(), pb::measurement::State::Open);
        assert_eq!((open.points, open.missing_items.len(), open.by_visit.as_ref().unwrap().level), (0, 7, None));
        let by = open.by_visit.unwrap();
        assert_eq!((by.points_to_higher_level, by.points_to_lower_level), (Some(16), None));

        // The running total, its distances and the points by area follow each score; no level while items are missing.
        let mut seen = Vec::new();
        for (n, (item, score)) in [
            ("mobility", 8), ("communication", 4), ("social_interaction", 8), ("personal_care", 4),
            ("work_and_occupation", 12), ("pedagogical_method", 7), ("mobility", 4),
            ("medical_care_and_mental_health", 3),
        ].into_iter().enumerate() {
            let request = score_request(&format!("s{n}"), &open.measurement_id, item, score);
            let now = client.measurements.record_score(request).await.unwrap().into_inner().measurement.unwrap();
            let by = now.by_visit.unwrap();
            seen.push((now.points, now.missing_items.len(), by.points_to_higher_level, by.points_to_lower_level, by.level));
        }
        assert_eq!(seen, [
            (8, 6, Some(8), None, None),
            (12, 5, Some(4), None, None),
            (20, 4, Some(6), Some(5), None),
            (24, 3, Some(2), Some(9), None),
            (36, 2, Some(5), Some(11), None),
            (43, 1, Some(13), Some(3), None),
            (39, 1, Some(2), Some(14), None),
            (42, 0, Some(14), Some(2), level(4)),
        ]);
        let decided = client.level_decisions.decide_level(decide_request("d", &open.measurement_id, 4)).await.unwrap().into_inner();
        let (decision, measurement) = (decided.level_decision.unwrap(), decided.measurement.unwrap());
        assert_eq!((decision.level, decision.points, decision.decision_number), (level(4), Some(42), 1));
        assert_eq!(decision.valid_from, date(2024, 4, 1), "the first day of the next month");
        assert_eq!((decision.kind(), decision.scale_id.as_str()), (pb::level_decision::Kind::Measured, "daily-activities-2024"));
        assert_eq!(measurement.state(), pb::measurement::State::Decided);
        assert_eq!(measurement.areas.iter().map(|a| a.points).sum::<i32>(), 42);
        assert_eq!(measurement.areas[0], pb::AreaScore { area: "mobility".into(), points: 4, max_points: 16 });
        let ask = pb::GetMeasurementRequest { measurement_id: open.measurement_id.clone(), as_of: None };
        assert_eq!(client.measurements.get_measurement(ask).await.unwrap().into_inner().measurement.unwrap(), measurement);
    }

    async fn the_scale_is_the_one_in_force_when_the_level_takes_effect(db: &TestDb) {
        let rig = Rig::new(db).await;
        let id = rig.measurement("p", stockholm::DAILY_ACTIVITIES_LSS).await;
        let measured = rig.score_all(&id, 2).await;
        assert_eq!((measured.points, measured.by_visit.unwrap().level), (54, level(4)));
        let request = pb::DecideLevelRequest { valid_from: date(2025, 1, 1), ..decide_request("d", &id, 3) };
        let decision = rig.client.clone().level_decisions.decide_level(request).await.unwrap().into_inner().level_decision.unwrap();
        assert_eq!((decision.level, decision.scale_id.as_str()), (level(3), "daily-activities-2025"));
    }

    async fn every_change_repeated_gives_the_same_answer_and_does_nothing_twice(db: &TestDb) {
        let rig = Rig::new(db).await;
        let mut client = rig.client.clone();
        macro_rules! twice {
            ($resource:ident.$rpc:ident($request:expr)) => {{
                let request = $request;
                let first = client.$resource.$rpc(request.clone()).await.unwrap().into_inner();
                let state = rig.state().await;
                assert_eq!(client.$resource.$rpc(request).await.unwrap().into_inner(), first);
                assert_eq!(rig.state().await, state, stringify!($rpc));
                first
            }};
        }
        // Made ids are part of the answer: the repeated call must not make others.
        let person = twice!(persons.record_person(person_request("r1", "", "Järva"))).person.unwrap().person_id;
        let grant = twice!(grants.record_grant(record("r2", grant_of("", &person, stockholm::SUPPORTED_HOUSING)))).grant.unwrap();
        let changed = twice!(grants.change_grant_scope(pb::ChangeGrantScopeRequest {
            request_id: "r3".into(), grant_id: grant.grant_id.clone(), scope: Some(scope(date(2024, 2, 1), hours("30"))), ..Default::default()
        })).grant.unwrap();
        assert_eq!((changed.info.unwrap().revision, changed.scopes.len()), (2, 2));
        let ended = twice!(grants.end_grant(pb::EndGrantRequest {
            request_id: "r4".into(), grant_id: grant.grant_id.clone(), last: date(2024, 6, 30), ..Default::default()
        })).grant.unwrap();
        assert_eq!((ended.info.unwrap().revision, ended.valid.unwrap().last), (3, date(2024, 6, 30)));
        let id = twice!(measurements.record_measurement(measurement_request("r5", &person, stockholm::SUPPORTED_HOUSING)))
            .measurement.unwrap().measurement_id;
        twice!(measurements.record_score(score_request("r6", &id, "planning", 6)));
        rig.score_all(&id, 1).await;
        let decided = twice!(level_decisions.decide_level(decide_request("r7", &id, 2)));
        assert_eq!(decided.measurement.unwrap().points, 24);

        // The day moves on: the repeated call still gives the first answer.
        rig.clock.advance_to(crate::rig::day(2024, 6, 1));
        let again = client.level_decisions.decide_level(decide_request("r7", &id, 2)).await.unwrap().into_inner();
        assert_eq!(again.level_decision, decided.level_decision);
    }

    async fn a_request_id_is_good_for_one_content(db: &TestDb) {
        let rig = Rig::new(db).await;
        let mut client = rig.client.clone();
        rig.person("p").await;
        let state = rig.state().await;
        let other = person_request("record p", "p", "Järva");
        let status = client.persons.record_person(other).await.unwrap_err();
        assert_eq!((status.code(), reason(&status).as_str()), (tonic::Code::AlreadyExists, "REQUEST_ID_REUSED"));
        assert_eq!(rig.state().await, state);
    }

    async fn what_is_already_so_makes_no_event(db: &TestDb) {
        let rig = Rig::new(db).await;
        let mut client = rig.client.clone();
        rig.person("p").await;
        rig.grant("g", "p", stockholm::OCCUPATION).await;
        let (facts, events) = (rig.count("fact_revision").await, rig.count("feed_event").await);
        let end = pb::EndGrantRequest { request_id: "e".into(), grant_id: "g".into(), last: date(2024, 12, 31), ..Default::default() };
        let revision = |grant: Option<pb::Grant>| grant.unwrap().info.unwrap().revision;
        assert_eq!(revision(client.grants.end_grant(end).await.unwrap().into_inner().grant), 1);
        let same = pb::ChangeGrantScopeRequest {
            request_id: "c".into(), grant_id: "g".into(), scope: Some(scope(date(2024, 1, 1), hours("20"))), ..Default::default()
        };
        assert_eq!(revision(client.grants.change_grant_scope(same).await.unwrap().into_inner().grant), 1);
        assert_eq!((rig.count("fact_revision").await, rig.count("feed_event").await), (facts, events));
    }

    async fn of_two_who_decide_at_once_one_wins(db: &TestDb) {
        let rig = Rig::new(db).await;
        let id = rig.measurement("p", stockholm::HOUSING_WITH_SPECIAL_SERVICE).await;
        rig.score_all(&id, 3).await;
        let decide = |n: usize| {
            let (mut client, request) = (rig.client.clone(), decide_request(&format!("d{n}"), &id, 3));
            tokio::spawn(async move { client.level_decisions.decide_level(request).await })
        };
        let calls: Vec<_> = (0..8).map(decide).collect();
        let mut won = 0;
        for call in calls {
            match call.await.unwrap() {
                Ok(answer) => {
                    won += 1;
                    assert_eq!(answer.into_inner().level_decision.unwrap().level, level(3));
                }
                Err(status) => assert_eq!(reason(&status), "MEASUREMENT_DECIDED"),
            }
        }
        assert_eq!(won, 1);
        assert_eq!(rig.count("level_decision").await, 1);
    }
}
