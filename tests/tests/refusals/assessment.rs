//! Persons, grants, measurements.

use niva_journeys::{
    values::{between, day, from, hours, new_request},
    world::{Role, World},
};
use niva_names::stockholm;
use niva_proto::assessment::v1::{
    Grant, ImportAssessmentRequest, ImportedMeasurement, Person, RecordGrantRequest, RecordScoreRequest,
    RegisterPersonRequest, StartMeasurementRequest, import_assessment_request::Record,
};
use tonic::Code;

use super::{SERVICE, assert_refused};

pub(super) async fn grants(world: &World) {
    let mut client = world.assessment(Role::CaseOfficer);
    let fine = RecordGrantRequest {
        person_id: "person".to_owned(),
        service: stockholm::DAILY_ACTIVITIES_LSS.into(),
        district: "Farsta".to_owned(),
        valid: from("2024-03-01"),
        ..RecordGrantRequest::default()
    };
    let refused: [(&str, RecordGrantRequest, &[&str]); 6] = [
        (
            "end before start",
            RecordGrantRequest { valid: between("2024-03-02", "2024-03-01"), ..fine.clone() },
            &["END_BEFORE_START"],
        ),
        (
            "10.5 hours",
            RecordGrantRequest { scope: Some(hours("10.5")), ..fine.clone() },
            &["HOURS_NOT_WHOLE"],
        ),
        (
            "24.5 hours",
            RecordGrantRequest { scope: Some(hours("24.5")), ..fine.clone() },
            &["HOURS_NOT_WHOLE"],
        ),
        (
            "41 hours",
            RecordGrantRequest { scope: Some(hours("41")), ..fine.clone() },
            &["HOURS_OUT_OF_RANGE"],
        ),
        (
            "unknown district",
            RecordGrantRequest { district: "Atlantis".to_owned(), ..fine.clone() },
            &["DISTRICT_UNKNOWN"],
        ),
        (
            "three at once",
            RecordGrantRequest {
                district: "Atlantis".to_owned(),
                valid: between("2024-03-02", "2024-03-01"),
                scope: Some(hours("10.5")),
                ..fine.clone()
            },
            &["DISTRICT_UNKNOWN", "END_BEFORE_START", "HOURS_NOT_WHOLE"],
        ),
    ];
    for (what, request, reasons) in refused {
        let request = RecordGrantRequest { request_id: new_request(), ..request };
        assert_refused(what, client.grants.record_grant(request).await, Code::InvalidArgument, reasons);
    }
    let nameless = client.grants.record_grant(fine.clone()).await;
    assert_eq!(nameless.expect_err("no request_id").code(), Code::InvalidArgument);
    let stranger =
        RecordGrantRequest { request_id: new_request(), person_id: "nobody".to_owned(), ..fine.clone() };
    let answer = client.grants.record_grant(stranger).await.unwrap_err();
    assert_eq!(niva_kit::error::reason(&answer).as_deref(), Some("PERSON_UNKNOWN"));
    let reused = RegisterPersonRequest {
        request_id: "register-person".to_owned(),
        person_id: "another".to_owned(),
        district: "Farsta".to_owned(),
    };
    assert_refused(
        "request id reused",
        client.persons.register_person(reused).await,
        Code::AlreadyExists,
        &["REQUEST_ID_REUSED"],
    );
}

pub(super) async fn measurements(world: &World) {
    let mut client = world.assessment(Role::Assessor);
    let start = |visit: &str, follow_up: &str| StartMeasurementRequest {
        request_id: new_request(),
        person_id: "person".to_owned(),
        service: SERVICE.into(),
        visit_date: day(visit),
        follow_up_date: day(follow_up),
    };
    let answer = client.measurements.start_measurement(start("2024-03-06", "2024-03-01")).await.unwrap_err();
    assert_eq!(niva_kit::error::reason(&answer).as_deref(), Some("VISIT_IN_FUTURE"));
    let answer = client.measurements.start_measurement(start("2024-03-04", "2024-03-05")).await.unwrap_err();
    assert_eq!(niva_kit::error::reason(&answer).as_deref(), Some("FOLLOW_UP_AFTER_VISIT"));
    let request = RecordScoreRequest {
        request_id: new_request(),
        measurement_id: "none".to_owned(),
        ..Default::default()
    };
    assert!(matches!(
        client.measurements.record_score(request).await.unwrap_err().code(),
        Code::NotFound | Code::InvalidArgument
    ));
}

/// 13 points: the scale of supported housing has 0–12 and 14–36. The import is refused as a whole, each record with its
/// place in the file.
pub(super) async fn imports(world: &World) {
    let record = |request_id: &str, origin: &str, record: Record| ImportAssessmentRequest {
        request_id: request_id.to_owned(),
        origin: origin.to_owned(),
        record: Some(record),
    };
    let measured = |points| ImportedMeasurement {
        measurement_id: format!("imported-{points}"),
        person_id: "imported".to_owned(),
        service: SERVICE.into(),
        visit_date: day("2024-02-01"),
        points: Some(points),
        stated_level: None,
        valid_from: day("2024-03-01"),
    };
    let grant = Grant {
        grant_id: "imported-grant".to_owned(),
        person_id: "imported".to_owned(),
        service: SERVICE.into(),
        district: "Atlantis".to_owned(),
        valid: from("2024-03-01"),
        ..Grant::default()
    };
    let records = vec![
        record(
            &new_request(),
            "persons.csv:2",
            Record::Person(Person {
                person_id: "imported".to_owned(),
                district: "Farsta".to_owned(),
                create_time: None,
            }),
        ),
        record("", "grants.csv:2", Record::Grant(grant)),
        record("", "measurements.csv:2", Record::Measurement(measured(12))),
        record("", "measurements.csv:3", Record::Measurement(measured(13))),
    ];
    let mut client = world.assessment(Role::Service);
    let refused = client.imports.import_assessment(tokio_stream::iter(records)).await.unwrap_err();
    let told = niva_kit::error::violations(&refused);
    let all: String = told.iter().map(|(field, description)| format!("{field} {description}\n")).collect();
    assert_eq!(refused.code(), Code::InvalidArgument, "{refused:?}");
    for origin in ["grants.csv:2", "measurements.csv:3"] {
        assert!(all.contains(origin), "{origin} is not told: {all}");
    }
    assert!(!all.contains("measurements.csv:2"), "{all}");
    for reason in ["DISTRICT_UNKNOWN", "POINTS_WITHOUT_LEVEL"] {
        assert!(niva_kit::error::reasons(&refused).iter().any(|r| r == reason), "{refused:?}");
    }
}
