//! Every refusal that the contract names, and that nothing has changed after it.

use niva_kit::on_both_databases;
use niva_names::stockholm;
use niva_proto::assessment::v1 as pb;
use niva_proto::common::v1 as common;
use tonic::Code;

use crate::rig::{Rig, date, decide_request, grant_request, hours, measurement_request, reason, wrong};

/// Calls, and expects a refusal by code and reason that leaves everything as it was.
macro_rules! refused {
    ($rig:ident, $resource:ident.$rpc:ident($request:expr), $code:ident, $reason:literal) => {{
        let before = $rig.state().await;
        let status = $rig.client.clone().$resource.$rpc($request).await.unwrap_err();
        assert_eq!((status.code(), reason(&status).as_str()), (Code::$code, $reason), "{status}");
        assert_eq!($rig.state().await, before, "changed by a refused call: {status}");
        status
    }};
}

fn person(request_id: &str, person_id: &str, district: &str) -> pb::RegisterPersonRequest {
    pb::RegisterPersonRequest {
        request_id: request_id.into(),
        person_id: person_id.into(),
        district: district.into(),
    }
}

fn scope(grant: &str, first: Option<common::Date>, scope: common::GrantScope) -> pb::ChangeGrantScopeRequest {
    pb::ChangeGrantScopeRequest {
        request_id: "c".into(),
        grant_id: grant.into(),
        valid_from: first,
        scope: Some(scope),
    }
}

fn score(measurement: &str, item: &str, score: i32) -> pb::RecordScoreRequest {
    pb::RecordScoreRequest {
        request_id: "s".into(),
        measurement_id: measurement.into(),
        item_key: item.into(),
        score,
    }
}

on_both_databases! {
    async fn persons(db: &TestDb) {
        let rig = Rig::new(db).await;
        rig.person("p").await;
        let status = refused!(rig, persons.register_person(person("r", "q", "Norrmalm")), InvalidArgument, "DISTRICT_NOT_VALID");
        assert!(status.message().contains("Norra innerstaden"), "says what could be given: {status}");
        refused!(rig, persons.register_person(person("r", "p", "Farsta")), AlreadyExists, "ID_TAKEN");
        refused!(rig, persons.register_person(person("", "q", "Farsta")), InvalidArgument, "FIELD_REQUIRED");
        refused!(rig, persons.register_person(person("r", "a\nb", "Farsta")), InvalidArgument, "ID_INVALID");
        refused!(rig, persons.get_person(pb::GetPersonRequest { person_id: "x".into() }), NotFound, "NOT_FOUND");
        refused!(rig, persons.get_person(pb::GetPersonRequest::default()), InvalidArgument, "FIELD_REQUIRED");
    }

    async fn grants(db: &TestDb) {
        let rig = Rig::new(db).await;
        rig.person("p").await;
        rig.grant("g", "p", stockholm::DAILY_ACTIVITIES_LSS).await;
        let new = || grant_request("h", "p", stockholm::DAILY_ACTIVITIES_LSS);
        let valid = |first, last| Some(common::DateInterval { first, last });

        refused!(rig, grants.record_grant(pb::RecordGrantRequest { person_id: "x".into(), ..new() }), FailedPrecondition, "PERSON_UNKNOWN");
        refused!(rig, grants.record_grant(pb::RecordGrantRequest { grant_id: "g".into(), ..new() }), AlreadyExists, "ID_TAKEN");
        refused!(rig, grants.record_grant(pb::RecordGrantRequest { district: "Gotland".into(), ..new() }), InvalidArgument, "DISTRICT_UNKNOWN");
        let backwards = valid(date(2024, 2, 1), date(2024, 1, 31));
        refused!(rig, grants.record_grant(pb::RecordGrantRequest { valid: backwards, ..new() }), InvalidArgument, "END_BEFORE_START");
        for text in ["10.5", "10,5", "ten"] {
            refused!(rig, grants.record_grant(pb::RecordGrantRequest { scope: Some(hours(text)), ..new() }), InvalidArgument, "HOURS_NOT_WHOLE");
        }
        for text in ["0", "41", "-1"] {
            refused!(rig, grants.record_grant(pb::RecordGrantRequest { scope: Some(hours(text)), ..new() }), InvalidArgument, "HOURS_OUT_OF_RANGE");
        }
        let fourth = common::GrantScope { time_interval: 4, ..Default::default() };
        refused!(rig, grants.record_grant(pb::RecordGrantRequest { scope: Some(fourth), ..new() }), InvalidArgument, "TIME_INTERVAL_OUT_OF_RANGE");
        let no_day = valid(date(2023, 2, 29), None);
        refused!(rig, grants.record_grant(pb::RecordGrantRequest { valid: no_day, ..new() }), InvalidArgument, "DATE_INVALID");
        refused!(rig, grants.record_grant(pb::RecordGrantRequest { service: "daily_activities".into(), ..new() }), InvalidArgument, "SERVICE_UNKNOWN");

        // All that is wrong, at once.
        let status = refused!(rig, grants.record_grant(pb::RecordGrantRequest {
            request_id: "r".into(),
            district: "Gotland".into(),
            valid: backwards,
            scope: Some(common::GrantScope { extent: 9, hours_per_week: "10.5".into(), time_interval: -1, ..Default::default() }),
            ..Default::default()
        }), InvalidArgument, "FIELD_REQUIRED");
        let expected = [
            ("person_id", "FIELD_REQUIRED"),
            ("service", "FIELD_REQUIRED"),
            ("district", "DISTRICT_UNKNOWN"),
            ("valid.last", "END_BEFORE_START"),
            ("scope.extent", "EXTENT_UNKNOWN"),
            ("scope.hours_per_week", "HOURS_NOT_WHOLE"),
            ("scope.time_interval", "TIME_INTERVAL_OUT_OF_RANGE"),
        ];
        assert_eq!(wrong(&status), expected.map(|(field, reason)| (field.to_owned(), reason.to_owned())));
    }

    async fn changes_of_grants(db: &TestDb) {
        let rig = Rig::new(db).await;
        rig.person("p").await;
        rig.grant("g", "p", stockholm::DAILY_ACTIVITIES_LSS).await;
        refused!(rig, grants.get_grant(pb::GetGrantRequest { grant_id: "x".into() }), NotFound, "NOT_FOUND");
        refused!(rig, grants.change_grant_scope(scope("x", date(2024, 2, 1), hours("10"))), NotFound, "NOT_FOUND");
        for outside in [date(2023, 12, 31), date(2025, 1, 1)] {
            refused!(rig, grants.change_grant_scope(scope("g", outside, hours("10"))), InvalidArgument, "OUTSIDE_GRANT");
        }
        refused!(rig, grants.change_grant_scope(scope("g", date(2024, 2, 1), hours("24.5"))), InvalidArgument, "HOURS_NOT_WHOLE");
        refused!(rig, grants.change_grant_scope(scope("g", date(2024, 2, 1), hours("60"))), InvalidArgument, "HOURS_OUT_OF_RANGE");
        refused!(rig, grants.change_grant_scope(scope("g", None, hours("60"))), InvalidArgument, "FIELD_REQUIRED");
        let end = |grant: &str, last| pb::EndGrantRequest { request_id: "e".into(), grant_id: grant.into(), last };
        refused!(rig, grants.end_grant(end("x", date(2024, 2, 1))), NotFound, "NOT_FOUND");
        refused!(rig, grants.end_grant(end("g", date(2023, 12, 31))), InvalidArgument, "END_BEFORE_START");
        refused!(rig, grants.end_grant(end("g", None)), InvalidArgument, "FIELD_REQUIRED");
    }

    async fn measurements(db: &TestDb) {
        let rig = Rig::new(db).await;
        let id = rig.measurement("p", stockholm::SUPPORTED_HOUSING).await;
        rig.grant("lss", "p", stockholm::GROUP_HOUSING_LSS).await;
        let start = |person: &str, service| measurement_request("n", person, service);
        let ok = || start("p", stockholm::SUPPORTED_HOUSING);
        refused!(rig, measurements.start_measurement(start("x", stockholm::SUPPORTED_HOUSING)), FailedPrecondition, "PERSON_UNKNOWN");
        refused!(rig, measurements.start_measurement(start("p", stockholm::OCCUPATION)), FailedPrecondition, "NO_GRANT");
        refused!(rig, measurements.start_measurement(start("p", stockholm::GROUP_HOUSING_LSS)), FailedPrecondition, "NO_INSTRUMENT");
        refused!(rig, measurements.start_measurement(pb::StartMeasurementRequest { visit_date: date(2024, 3, 19), ..ok() }), InvalidArgument, "VISIT_IN_FUTURE");
        refused!(rig, measurements.start_measurement(pb::StartMeasurementRequest { follow_up_date: date(2024, 3, 19), ..ok() }), InvalidArgument, "FOLLOW_UP_AFTER_VISIT");
        refused!(rig, measurements.start_measurement(pb::StartMeasurementRequest { follow_up_date: None, ..ok() }), InvalidArgument, "FIELD_REQUIRED");

        refused!(rig, measurements.get_measurement(pb::GetMeasurementRequest { measurement_id: "x".into() }), NotFound, "NOT_FOUND");
        refused!(rig, measurements.record_score(score("x", "planning", 2)), NotFound, "NOT_FOUND");
        refused!(rig, measurements.record_score(score(&id, "mobility", 2)), InvalidArgument, "ITEM_UNKNOWN");
        for points in [-2, 3, 8, 100_000] {
            refused!(rig, measurements.record_score(score(&id, "planning", points)), InvalidArgument, "SCORE_NOT_ALLOWED");
        }

        refused!(rig, level_decisions.decide_level(decide_request("d", "x")), NotFound, "NOT_FOUND");
        let status = refused!(rig, level_decisions.decide_level(decide_request("d", &id)), FailedPrecondition, "ITEMS_MISSING");
        assert_eq!(niva_kit::error::metadata(&status, "items").unwrap().split(',').count(), 12);
        rig.score_all(&id, 1).await;
        let early = pb::DecideLevelRequest { valid_from: date(1999, 1, 1), ..decide_request("d", &id) };
        refused!(rig, level_decisions.decide_level(early), FailedPrecondition, "NO_SCALE");
        rig.client.clone().level_decisions.decide_level(decide_request("d", &id)).await.unwrap();
        refused!(rig, level_decisions.decide_level(decide_request("d2", &id)), FailedPrecondition, "MEASUREMENT_DECIDED");
        refused!(rig, measurements.record_score(score(&id, "planning", 2)), FailedPrecondition, "MEASUREMENT_DECIDED");
    }

    /// Occupation has had no levels since July 2019: it can be measured, but decides nothing.
    async fn a_service_without_a_scale_has_no_level_to_decide(db: &TestDb) {
        let rig = Rig::new(db).await;
        let id = rig.measurement("p", stockholm::OCCUPATION).await;
        let complete = rig.score_all(&id, 1).await;
        assert_eq!((complete.level, complete.missing_items.len()), (None, 0));
        refused!(rig, level_decisions.decide_level(decide_request("d", &id)), FailedPrecondition, "NO_SCALE");
    }

    /// The model of another year may hold other totals than the newest instrument gives.
    async fn points_without_a_level_decide_nothing(db: &TestDb) {
        let rig = Rig::new(db).await;
        let id = rig.measurement("p", stockholm::SUPPORTED_HOUSING).await;
        rig.score_all(&id, 1).await;
        // No shipped instrument can give such a total: write one past the service.
        use sea_orm::ConnectionTrait;
        rig.db.conn().execute_unprepared("UPDATE measurement_score SET score = 3 WHERE item_key = 'planning'").await.unwrap();
        refused!(rig, level_decisions.decide_level(decide_request("d", &id)), FailedPrecondition, "POINTS_WITHOUT_LEVEL");
    }

    async fn examples_decide_nothing_unless_allowed(db: &TestDb) {
        let rig = Rig::with_examples(db, false).await;
        let id = rig.measurement("p", stockholm::SUPPORTED_HOUSING).await;
        rig.score_all(&id, 1).await;
        refused!(rig, level_decisions.decide_level(decide_request("d", &id)), FailedPrecondition, "EXAMPLE_INSTRUMENT");
    }
}
