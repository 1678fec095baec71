//! Refusals of what is recorded, and that nothing has changed after them.

use niva_names::stockholm;
use niva_proto::assessment::v1 as pb;
use niva_proto::common::v1 as common;
use niva_testing::on_both_databases;

use crate::rig::{
    Rig, date, decide_request, grant_of, grant_request, hours, level, measure, measurement_request,
    person_request, record, refused, scope, score_request, visit, wrong,
};

on_both_databases! {
    async fn persons(db: &TestDb) {
        let rig = Rig::new(db).await;
        rig.person("p").await;
        let status = refused!(rig, persons.record_person(person_request("r", "q", "Gotland")), InvalidArgument, "DISTRICT_UNKNOWN");
        assert!(status.message().contains("Norra innerstaden"), "says what could be given: {status}");
        refused!(rig, persons.record_person(person_request("r", "p", "Farsta")), AlreadyExists, "ID_TAKEN");
        let moved = |district: &str| pb::MovePersonRequest {
            request_id: "m".into(), person_id: "p".into(),
            residence: Some(pb::ResidencePeriod { valid_from: date(2024, 3, 1), district: district.into() }), ..Default::default()
        };
        refused!(rig, persons.move_person(moved("Norrmalm")), InvalidArgument, "DISTRICT_NOT_VALID");
        refused!(rig, persons.move_person(moved("Gotland")), InvalidArgument, "DISTRICT_UNKNOWN");
        refused!(rig, persons.record_person(person_request("", "q", "Farsta")), InvalidArgument, "FIELD_REQUIRED");
        refused!(rig, persons.record_person(person_request("r", "a\nb", "Farsta")), InvalidArgument, "ID_INVALID");
        refused!(rig, persons.get_person(pb::GetPersonRequest { person_id: "x".into(), as_of: None }), NotFound, "NOT_FOUND");
        refused!(rig, persons.get_person(pb::GetPersonRequest::default()), InvalidArgument, "FIELD_REQUIRED");
    }

    async fn grants(db: &TestDb) {
        let rig = Rig::new(db).await;
        rig.person("p").await;
        rig.grant("g", "p", stockholm::DAILY_ACTIVITIES_LSS).await;
        let fine = || grant_of("h", "p", stockholm::OCCUPATION);
        refused!(rig, grants.record_grant(record("r", pb::Grant { person_id: "x".into(), ..fine() })), FailedPrecondition, "PERSON_UNKNOWN");
        refused!(rig, grants.record_grant(pb::RecordGrantRequest { request_id: "r".into(), ..grant_request("g", "p", stockholm::OCCUPATION) }), AlreadyExists, "ID_TAKEN");
        let bad = pb::Grant {
            service: String::new(), district: "Gotland".into(), person_id: String::new(), scopes: vec![scope(date(2024, 1, 1), hours("10.5"))],
            valid: Some(common::DateInterval { first: date(2024, 3, 2), last: date(2024, 3, 1) }), ..fine()
        };
        let status = refused!(rig, grants.record_grant(record("r", bad)), InvalidArgument, "FIELD_REQUIRED");
        let expected = [
            ("grant.person_id", "FIELD_REQUIRED"), ("grant.service", "FIELD_REQUIRED"), ("grant.district", "DISTRICT_UNKNOWN"),
            ("grant.valid.last", "END_BEFORE_START"), ("grant.scopes[0].scope.hours_per_week", "HOURS_NOT_WHOLE"),
        ];
        assert_eq!(wrong(&status), expected.map(|(field, reason)| (field.to_owned(), reason.to_owned())));
        let hours_of = |text: &str| record("r", pb::Grant { scopes: vec![scope(date(2024, 1, 1), hours(text))], ..fine() });
        for text in ["10.5", "24.5", "ten"] {
            refused!(rig, grants.record_grant(hours_of(text)), InvalidArgument, "HOURS_NOT_WHOLE");
        }
        for text in ["0", "41", "60", "-1"] {
            refused!(rig, grants.record_grant(hours_of(text)), InvalidArgument, "HOURS_OUT_OF_RANGE");
        }
        let interval = common::GrantScope { time_interval: 4, ..Default::default() };
        let fourth = pb::Grant { scopes: vec![scope(date(2024, 1, 1), interval)], ..fine() };
        refused!(rig, grants.record_grant(record("r", fourth)), InvalidArgument, "TIME_INTERVAL_OUT_OF_RANGE");
        let many = common::GrantScope { sessions_per_week: 21, ..Default::default() };
        let often = pb::Grant { scopes: vec![scope(date(2024, 1, 1), many.clone())], ..fine() };
        refused!(rig, grants.record_grant(record("r", often.clone())), InvalidArgument, "SESSIONS_OUT_OF_RANGE");
        let often = pb::CorrectGrantRequest {
            request_id: "c".into(), expected_revision: 1, reason: "misread".into(), grant: Some(pb::Grant { grant_id: "g".into(), ..often }), ..Default::default()
        };
        refused!(rig, grants.correct_grant(often), InvalidArgument, "SESSIONS_OUT_OF_RANGE");
        refused!(rig, grants.record_grant(record("r", pb::Grant { valid: None, ..fine() })), InvalidArgument, "FIELD_REQUIRED");
        // A board of other days, and a service of no day.
        let status = refused!(rig, grants.record_grant(record("r", pb::Grant { district: "Norrmalm".into(), ..fine() })), InvalidArgument, "DISTRICT_NOT_VALID");
        assert!(status.message().contains("Norra innerstaden"), "names its successor: {status}");
        refused!(rig, grants.record_grant(record("r", pb::Grant { service: "skydiving".into(), ..fine() })), InvalidArgument, "SERVICE_UNKNOWN");
        refused!(rig, grants.list_grants(pb::ListGrantsRequest { service: "skydiving".into(), ..Default::default() }), InvalidArgument, "SERVICE_UNKNOWN");
        refused!(rig, grants.record_grant(pb::RecordGrantRequest { request_id: "r".into(), ..Default::default() }), InvalidArgument, "FIELD_REQUIRED");

        let change = |grant: &str, first, hours| pb::ChangeGrantScopeRequest {
            request_id: "c".into(), grant_id: grant.into(), scope: Some(scope(first, hours)), ..Default::default()
        };
        refused!(rig, grants.change_grant_scope(change("x", date(2024, 2, 1), hours("10"))), NotFound, "NOT_FOUND");
        refused!(rig, grants.change_grant_scope(change("g", date(2025, 1, 1), hours("10"))), InvalidArgument, "OUTSIDE_GRANT");
        refused!(rig, grants.change_grant_scope(change("g", date(2024, 2, 1), hours("24.5"))), InvalidArgument, "HOURS_NOT_WHOLE");
        refused!(rig, grants.change_grant_scope(change("g", date(2024, 2, 1), many)), InvalidArgument, "SESSIONS_OUT_OF_RANGE");
        refused!(rig, grants.change_grant_scope(change("g", date(2024, 2, 30), hours("10"))), InvalidArgument, "DATE_INVALID");
        refused!(rig, grants.change_grant_scope(change("g", None, hours("60"))), InvalidArgument, "FIELD_REQUIRED");
        let end = |grant: &str, last| pb::EndGrantRequest { request_id: "e".into(), grant_id: grant.into(), last, ..Default::default() };
        refused!(rig, grants.end_grant(end("x", date(2024, 2, 1))), NotFound, "NOT_FOUND");
        refused!(rig, grants.end_grant(end("g", date(2023, 12, 31))), InvalidArgument, "END_BEFORE_START");
        refused!(rig, grants.end_grant(end("g", None)), InvalidArgument, "FIELD_REQUIRED");
    }

    async fn measurements(db: &TestDb) {
        let rig = Rig::new(db).await;
        let id = rig.measurement("p", stockholm::SUPPORTED_HOUSING).await;
        rig.grant("lss", "p", stockholm::GROUP_HOUSING_LSS).await;
        let start = |person: &str, service| measurement_request("n", person, service);
        let ok = || visit("p", stockholm::SUPPORTED_HOUSING);
        refused!(rig, measurements.record_measurement(start("x", stockholm::SUPPORTED_HOUSING)), FailedPrecondition, "PERSON_UNKNOWN");
        refused!(rig, measurements.record_measurement(start("p", stockholm::OCCUPATION)), FailedPrecondition, "NO_GRANT");
        refused!(rig, measurements.record_measurement(start("p", stockholm::GROUP_HOUSING_LSS)), FailedPrecondition, "NO_INSTRUMENT");
        refused!(rig, measurements.record_measurement(measure("n", pb::Measurement { visit_date: date(2024, 3, 19), ..ok() })), InvalidArgument, "VISIT_IN_FUTURE");
        refused!(rig, measurements.record_measurement(measure("n", pb::Measurement { follow_up_date: date(2024, 3, 19), ..ok() })), InvalidArgument, "FOLLOW_UP_AFTER_VISIT");
        refused!(rig, measurements.record_measurement(measure("n", pb::Measurement { follow_up_date: None, ..ok() })), InvalidArgument, "FIELD_REQUIRED");
        refused!(rig, measurements.record_measurement(measure("n", pb::Measurement { measurement_id: id.clone(), ..ok() })), AlreadyExists, "ID_TAKEN");

        refused!(rig, measurements.get_measurement(pb::GetMeasurementRequest { measurement_id: "x".into(), as_of: None }), NotFound, "NOT_FOUND");
        refused!(rig, measurements.record_score(score_request("s", "x", "planning", 2)), NotFound, "NOT_FOUND");
        refused!(rig, measurements.record_score(score_request("s", &id, "mobility", 2)), InvalidArgument, "ITEM_UNKNOWN");
        for points in [-2, 3, 8, 100_000] {
            refused!(rig, measurements.record_score(score_request("s", &id, "planning", points)), InvalidArgument, "SCORE_NOT_ALLOWED");
        }

        refused!(rig, level_decisions.decide_level(decide_request("d", "x", 2)), NotFound, "NOT_FOUND");
        let status = refused!(rig, level_decisions.decide_level(decide_request("d", &id, 2)), FailedPrecondition, "ITEMS_MISSING");
        assert_eq!(niva_rpc::metadata(&status, "items").unwrap().split(',').count(), 12);
        rig.score_all(&id, 1).await;
        let early = pb::DecideLevelRequest { valid_from: date(1999, 1, 1), ..decide_request("d", &id, 2) };
        refused!(rig, level_decisions.decide_level(early), FailedPrecondition, "NO_SCALE");
        rig.client.clone().level_decisions.decide_level(decide_request("d", &id, 2)).await.unwrap();
        refused!(rig, level_decisions.decide_level(decide_request("d2", &id, 2)), FailedPrecondition, "MEASUREMENT_DECIDED");
        refused!(rig, measurements.record_score(score_request("s", &id, "planning", 2)), FailedPrecondition, "MEASUREMENT_DECIDED");
    }

    /// Occupation has had no levels since July 2019: it can be measured, but decides nothing.
    async fn a_service_without_a_scale_has_no_level_to_decide(db: &TestDb) {
        let rig = Rig::new(db).await;
        let id = rig.measurement("p", stockholm::OCCUPATION).await;
        let complete = rig.score_all(&id, 1).await;
        assert_eq!((complete.by_visit, complete.by_effect, complete.missing_items.len()), (None, None, 0));
        refused!(rig, level_decisions.decide_level(decide_request("d", &id, 1)), FailedPrecondition, "NO_SCALE");
    }

    /// 13 points: the scale of supported housing has 0–12 and 14–36.
    async fn points_without_a_level_decide_nothing(db: &TestDb) {
        let rig = Rig::new(db).await;
        rig.person("p").await;
        rig.grant("g", "p", stockholm::SUPPORTED_HOUSING).await;
        let total = pb::Measurement { measurement_id: "m".into(), follow_up_date: None, total: Some(13), ..visit("p", stockholm::SUPPORTED_HOUSING) };
        let shown = rig.client.clone().measurements.record_measurement(measure("m", total)).await.unwrap().into_inner().measurement.unwrap();
        assert_eq!(shown.by_effect.unwrap().level, None);
        refused!(rig, level_decisions.decide_level(decide_request("d", "m", 2)), FailedPrecondition, "POINTS_WITHOUT_LEVEL");
    }

    async fn examples_decide_nothing_unless_allowed(db: &TestDb) {
        let rig = Rig::with_examples(db, false).await;
        let id = rig.measurement("p", stockholm::SUPPORTED_HOUSING).await;
        let shown = rig.score_all(&id, 1).await;
        assert_eq!(shown.by_effect.unwrap().level, level(2));
        refused!(rig, level_decisions.decide_level(decide_request("d", &id, 2)), FailedPrecondition, "EXAMPLE_INSTRUMENT");
    }
}
