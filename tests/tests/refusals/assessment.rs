//! Persons, grants, measurements.

use niva_journeys::{
    steps,
    values::{between, day, from, hours, new_request},
    world::{Role, World},
};
use niva_names::{ServiceKey, stockholm};
use niva_proto::{
    assessment::v1::{
        CreateImportRequest, Grant, LevelDecision, ListImportErrorsRequest, Measurement, RecordGrantRequest,
        RecordPersonRequest, RecordScoreRequest, ScopePeriod, create_import_request::Record, level_decision,
    },
    common::v1::job,
};
use niva_testing::requests;
use niva_testing::requests::assessment::{record_grant, record_measurement, record_person};
use tonic::Code;

use super::{SERVICE, assert_refused};

pub(super) async fn grants(world: &World) {
    let mut client = world.assessment(Role::CaseOfficer);
    let fine = Grant {
        person_id: "person".to_owned(),
        service: stockholm::DAILY_ACTIVITIES_LSS.into(),
        district: "Farsta".to_owned(),
        valid: from("2024-03-01"),
        ..Grant::default()
    };
    let scope = |text| {
        let scope = Some(hours(text));
        Grant { scopes: vec![ScopePeriod { valid_from: day("2024-03-01"), scope }], ..fine.clone() }
    };
    let refused: [(&str, Grant, &[&str]); 6] = [
        (
            "end before start",
            Grant { valid: between("2024-03-02", "2024-03-01"), ..fine.clone() },
            &["END_BEFORE_START"],
        ),
        ("10.5 hours", scope("10.5"), &["HOURS_NOT_WHOLE"]),
        ("24.5 hours", scope("24.5"), &["HOURS_NOT_WHOLE"]),
        ("41 hours", scope("41"), &["HOURS_OUT_OF_RANGE"]),
        (
            "unknown district",
            Grant { district: "Atlantis".to_owned(), ..fine.clone() },
            &["DISTRICT_UNKNOWN"],
        ),
        (
            "three at once",
            Grant {
                district: "Atlantis".to_owned(),
                valid: between("2024-03-02", "2024-03-01"),
                ..scope("10.5")
            },
            &["DISTRICT_UNKNOWN", "END_BEFORE_START", "HOURS_NOT_WHOLE"],
        ),
    ];
    let record = |request_id, grant| RecordGrantRequest { request_id, ..record_grant(grant) };
    for (what, grant, reasons) in refused {
        let request = record(new_request(), grant);
        assert_refused(what, client.grants.record_grant(request).await, Code::InvalidArgument, reasons);
    }
    let nameless = client.grants.record_grant(record(String::new(), fine.clone())).await;
    assert_eq!(nameless.expect_err("no request_id").code(), Code::InvalidArgument);
    let stranger = record(new_request(), Grant { person_id: "nobody".to_owned(), ..fine.clone() });
    let answer = client.grants.record_grant(stranger).await.unwrap_err();
    assert_eq!(niva_rpc::reason(&answer).as_deref(), Some("PERSON_UNKNOWN"));
    let reused = RecordPersonRequest {
        request_id: "record-person".to_owned(),
        ..record_person(steps::living("another", "Farsta"))
    };
    assert_refused(
        "request id reused",
        client.persons.record_person(reused).await,
        Code::AlreadyExists,
        &["REQUEST_ID_REUSED"],
    );
}

pub(super) async fn measurements(world: &World) {
    let mut client = world.assessment(Role::Assessor);
    let start = |visit: &str, follow_up: &str| {
        record_measurement(Measurement {
            follow_up_date: day(follow_up),
            ..requests::assessment::visit("person", SERVICE, day(visit))
        })
    };
    let answer = client.measurements.record_measurement(start("2024-03-06", "2024-03-01")).await.unwrap_err();
    assert_eq!(niva_rpc::reason(&answer).as_deref(), Some("VISIT_IN_FUTURE"));
    let answer = client.measurements.record_measurement(start("2024-03-04", "2024-03-05")).await.unwrap_err();
    assert_eq!(niva_rpc::reason(&answer).as_deref(), Some("FOLLOW_UP_AFTER_VISIT"));
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

/// 13 points: the scale of supported housing has 0–12 and 14–36. The import has no effect as a whole, each record is told
/// with its place in the file.
pub(super) async fn imports(world: &World) {
    let record = |request_id: &str, origin: &str, record: Record| CreateImportRequest {
        request_id: request_id.to_owned(),
        origin: origin.to_owned(),
        record: Some(record),
        ..Default::default()
    };
    let measured = |points| Measurement {
        measurement_id: format!("imported-{points}"),
        total: Some(points),
        ..requests::assessment::visit("imported", SERVICE, day("2024-02-01"))
    };
    let decided = |points| LevelDecision {
        level_decision_id: format!("imported-{points}"),
        person_id: "imported".to_owned(),
        service: SERVICE.into(),
        valid_from: day("2024-03-01"),
        kind: level_decision::Kind::Measured.into(),
        measurement_id: format!("imported-{points}"),
        ..Default::default()
    };
    let grant = |id: &str, district: &str, service: ServiceKey| {
        requests::assessment::grant(id, "imported", service, district, from("2024-03-01"))
    };
    let records = vec![
        record(&new_request(), "persons.csv:2", Record::Person(steps::living("imported", "Farsta"))),
        record("", "grants.csv:2", Record::Grant(grant("bad", "Atlantis", stockholm::OCCUPATION))),
        record("", "grants.csv:3", Record::Grant(grant("good", "Farsta", SERVICE))),
        record("", "measurements.csv:2", Record::Measurement(measured(12))),
        record("", "measurements.csv:2", Record::LevelDecision(decided(12))),
        record("", "measurements.csv:3", Record::Measurement(measured(13))),
        record("", "measurements.csv:3", Record::LevelDecision(decided(13))),
    ];
    let mut client = world.assessment(Role::Importer);
    let answer = client.imports.create_import(tokio_stream::iter(records)).await.unwrap().into_inner();
    let import = answer.import.unwrap();
    assert_eq!((import.job.unwrap().state(), import.refused), (job::State::Failed, 2));
    let request = ListImportErrorsRequest { import_id: import.import_id, ..Default::default() };
    let told = client.imports.list_import_errors(request).await.unwrap().into_inner().errors;
    let told: Vec<_> = told.iter().map(|e| (e.origin.as_str(), e.reason.as_str())).collect();
    let expected = [("grants.csv:2", "DISTRICT_UNKNOWN"), ("measurements.csv:3", "POINTS_WITHOUT_LEVEL")];
    assert_eq!(told, expected);
}
