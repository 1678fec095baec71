//! Imports: all or nothing, every error at once, and nothing twice.

use futures_util::stream;
use niva_kit::on_both_databases;
use niva_names::{ServiceKey, stockholm};
use niva_proto::assessment::v1 as pb;
use niva_proto::common::v1 as common;
use pb::import_assessment_request::Record;

use crate::rig::{Rig, date, hours, reason, wrong};

pub(crate) fn person(id: &str) -> Record {
    Record::Person(pb::Person { person_id: id.into(), district: "Farsta".into(), create_time: None })
}

pub(crate) fn grant(id: &str, person: &str, service: ServiceKey) -> Record {
    Record::Grant(pb::Grant {
        grant_id: id.into(),
        person_id: person.into(),
        service: service.into(),
        district: "Bromma".into(),
        valid: Some(common::DateInterval { first: date(2023, 1, 1), last: None }),
        scopes: vec![
            pb::ScopePeriod { valid_from: date(2023, 1, 1), scope: Some(hours("10")) },
            pb::ScopePeriod { valid_from: date(2024, 1, 1), scope: Some(hours("25")) },
        ],
        revision: 77,
    })
}

pub(crate) fn measured(id: &str, person: &str, service: ServiceKey, points: i32) -> Record {
    Record::Measurement(imported(id, person, service, Some(points), None))
}

fn imported(
    id: &str,
    person: &str,
    service: ServiceKey,
    points: Option<i32>,
    level: Option<i32>,
) -> pb::ImportedMeasurement {
    pb::ImportedMeasurement {
        measurement_id: id.into(),
        person_id: person.into(),
        service: service.into(),
        visit_date: date(2024, 1, 10),
        points,
        stated_level: level.map(|value| common::Level { value }),
        valid_from: date(2024, 2, 1),
    }
}

pub(crate) fn messages(request_id: &str, records: Vec<Record>) -> Vec<pb::ImportAssessmentRequest> {
    let message = |(i, record)| pb::ImportAssessmentRequest {
        request_id: if i == 0 { request_id.to_owned() } else { String::new() },
        origin: format!("city.csv:{}", i + 2),
        record: Some(record),
    };
    records.into_iter().enumerate().map(message).collect()
}

impl Rig {
    pub(crate) async fn import(
        &self,
        messages: Vec<pb::ImportAssessmentRequest>,
    ) -> Result<pb::ImportAssessmentResponse, tonic::Status> {
        self.client
            .clone()
            .imports
            .import_assessment(stream::iter(messages))
            .await
            .map(tonic::Response::into_inner)
    }
}

fn small_city() -> Vec<Record> {
    use niva_names::stockholm::{DAILY_ACTIVITIES_LSS, GROUP_HOUSING_LSS, SUPPORTED_HOUSING};
    vec![
        // In any order.
        measured("m1", "p1", DAILY_ACTIVITIES_LSS, 42),
        grant("g1", "p1", DAILY_ACTIVITIES_LSS),
        person("p1"),
        person("p2"),
        grant("g2", "p2", GROUP_HOUSING_LSS),
        Record::Measurement(imported("m2", "p2", GROUP_HOUSING_LSS, None, Some(3))),
        grant("g3", "p2", SUPPORTED_HOUSING),
        measured("m3", "p2", SUPPORTED_HOUSING, 38),
    ]
}

on_both_databases! {
    async fn a_city_is_imported_once(db: &TestDb) {
        let rig = Rig::new(db).await;
        let answer = rig.import(messages("i", small_city())).await.unwrap();
        assert_eq!(answer, pb::ImportAssessmentResponse { persons: 2, grants: 3, measurements: 3 });
        let state = rig.state().await;
        assert_eq!(rig.import(messages("i", small_city())).await.unwrap(), answer);
        assert_eq!(rig.state().await, state, "imported twice");

        let mut client = rig.client.clone();
        let decisions = client.level_decisions.list_level_decisions(pb::ListLevelDecisionsRequest::default()).await.unwrap().into_inner();
        let seen: Vec<_> = decisions.level_decisions.iter().map(|d| {
            (d.decision_number, d.person_id.as_str(), d.level.unwrap().value, d.points, d.kind().as_str_name(), d.scale_model_id.as_str())
        }).collect();
        assert_eq!(seen, [
            (1, "p1", 4, Some(42), "KIND_MEASURED", "daily-activities-2024"),
            (2, "p2", 3, None, "KIND_STATED", ""),
            (3, "p2", 3, Some(38), "KIND_MEASURED", "socialpsychiatry-2010"),
        ]);
        assert_eq!(decisions.level_decisions[0].level_decision_id, "ec9f974b9e1fcda59f7eec1200e4d0bc", "the same on any machine");
        let stated = client.measurements.get_measurement(pb::GetMeasurementRequest { measurement_id: "m2".into() }).await.unwrap();
        let stated = stated.into_inner().measurement.unwrap();
        assert_eq!((stated.state(), stated.points, stated.level.unwrap().value), (pb::measurement::State::Decided, 0, 3));
        let grant = client.grants.get_grant(pb::GetGrantRequest { grant_id: "g1".into() }).await.unwrap().into_inner().grant.unwrap();
        assert_eq!((grant.revision, grant.scopes.len(), grant.valid.unwrap().last), (1, 2, None));
    }

    async fn a_request_id_is_good_for_one_import(db: &TestDb) {
        let rig = Rig::new(db).await;
        rig.import(messages("i", small_city())).await.unwrap();
        let state = rig.state().await;
        let mut other = small_city();
        other.push(person("p3"));
        assert_eq!(reason(&rig.import(messages("i", other)).await.unwrap_err()), "REQUEST_ID_REUSED");
        let mut twice = messages("j", small_city());
        twice[3].request_id = "j".into();
        assert_eq!(reason(&rig.import(twice).await.unwrap_err()), "REQUEST_ID_REPEATED");
        assert_eq!(reason(&rig.import(Vec::new()).await.unwrap_err()), "FIELD_REQUIRED");
        assert_eq!(reason(&rig.import(messages("", vec![person("p3")])).await.unwrap_err()), "FIELD_REQUIRED");
        assert_eq!(rig.state().await, state);
    }

    async fn with_any_error_nothing_is_imported_and_all_are_told(db: &TestDb) {
        use niva_names::stockholm::{DAILY_ACTIVITIES_LSS, GROUP_HOUSING_LSS, STUDY_CIRCLE, SUPPORTED_HOUSING};
        let rig = Rig::new(db).await;
        rig.import(messages("before", vec![person("old"), grant("old", "old", SUPPORTED_HOUSING), measured("old", "old", SUPPORTED_HOUSING, 0)])).await.unwrap();
        let state = rig.state().await;
        let mut bad = small_city();
        let Record::Grant(good) = grant("g4", "p1", SUPPORTED_HOUSING) else { panic!() };
        bad.extend([
            /* 8 */ person("old"),
            person("p1"),
            /* 10 */ Record::Person(pb::Person { person_id: "p4".into(), district: "Gotland".into(), create_time: None }),
            grant("old", "p1", SUPPORTED_HOUSING),
            grant("g5", "nobody", SUPPORTED_HOUSING),
            Record::Grant(pb::Grant { valid: Some(common::DateInterval { first: date(2024, 2, 2), last: date(2024, 2, 1) }), scopes: vec![], ..good.clone() }),
            Record::Grant(pb::Grant { grant_id: "g6".into(), scopes: vec![
                pb::ScopePeriod { valid_from: date(2022, 1, 1), scope: Some(hours("10.5")) },
                pb::ScopePeriod { valid_from: None, scope: Some(hours("41")) },
            ], ..good }),
            /* 15 */ measured("old", "old", SUPPORTED_HOUSING, 14),
            measured("m5", "p1", DAILY_ACTIVITIES_LSS, 111),
            measured("m6", "p2", SUPPORTED_HOUSING, 13),
            measured("m7", "old", STUDY_CIRCLE, 2),
            measured("m8", "p2", GROUP_HOUSING_LSS, 2),
            /* 20 */ Record::Measurement(imported("m9", "p2", GROUP_HOUSING_LSS, None, Some(19))),
            Record::Measurement(imported("m10", "p2", GROUP_HOUSING_LSS, Some(1), Some(1))),
            Record::Measurement(imported("m11", "p2", GROUP_HOUSING_LSS, None, None)),
            Record::Measurement(pb::ImportedMeasurement { visit_date: date(2024, 3, 19), ..imported("m12", "p2", GROUP_HOUSING_LSS, None, Some(1)) }),
            // A person with an error of its own is no unknown person.
            grant("g7", "p4", SUPPORTED_HOUSING),
        ]);
        let mut bad = messages("bad", bad);
        bad.push(pb::ImportAssessmentRequest { origin: "city.csv:99".into(), ..Default::default() });
        let status = rig.import(bad).await.unwrap_err();
        let expected = [
            ("records[8].person.person_id", "ID_TAKEN"),
            ("records[9].person.person_id", "ID_TAKEN"),
            ("records[10].person.district", "DISTRICT_UNKNOWN"),
            ("records[11].grant.grant_id", "ID_TAKEN"),
            ("records[12].grant.person_id", "PERSON_UNKNOWN"),
            ("records[13].grant.valid.last", "END_BEFORE_START"),
            ("records[14].grant.scopes[0].valid_from", "OUTSIDE_GRANT"),
            ("records[14].grant.scopes[0].scope.hours_per_week", "HOURS_NOT_WHOLE"),
            ("records[14].grant.scopes[1].valid_from", "FIELD_REQUIRED"),
            ("records[14].grant.scopes[1].scope.hours_per_week", "HOURS_OUT_OF_RANGE"),
            ("records[15].measurement.measurement_id", "ID_TAKEN"),
            ("records[16].measurement.points", "POINTS_WITHOUT_LEVEL"),
            ("records[17].measurement.points", "POINTS_WITHOUT_LEVEL"),
            ("records[18].measurement.service", "NO_GRANT"),
            ("records[18].measurement.points", "NO_SCALE"),
            ("records[19].measurement.points", "NO_SCALE"),
            ("records[20].measurement.stated_level", "LEVEL_UNKNOWN"),
            ("records[21].measurement.points", "POINTS_OR_LEVEL"),
            ("records[22].measurement.points", "POINTS_OR_LEVEL"),
            ("records[23].measurement.visit_date", "VISIT_IN_FUTURE"),
            ("records[25].record", "FIELD_REQUIRED"),
        ];
        assert_eq!(wrong(&status), expected.map(|(field, reason)| (field.to_owned(), reason.to_owned())));
        let told = niva_kit::error::violations(&status);
        assert_eq!(told[5].1, "city.csv:15: the last day 2024-02-01 is before the first day 2024-02-02: correct one of them");
        assert!(told[20].1.starts_with("city.csv:99: "));
        assert_eq!(rig.state().await, state);
    }

    async fn two_scopes_from_one_day_are_refused(db: &TestDb) {
        let rig = Rig::new(db).await;
        let Record::Grant(good) = grant("g1", "p1", stockholm::SUPPORTED_HOUSING) else { panic!() };
        let first = good.valid.unwrap().first;
        let scope = |n| pb::ScopePeriod { valid_from: first, scope: Some(hours(n)) };
        let twice = Record::Grant(pb::Grant { scopes: vec![scope("10"), scope("20")], ..good });
        let status = rig.import(messages("twice", vec![person("p1"), twice])).await.unwrap_err();
        assert_eq!(wrong(&status), [("records[1].grant.scopes".to_owned(), "SCOPE_TWICE".to_owned())]);
        assert_eq!(rig.state().await.iter().sum::<i64>(), 0);
    }

    async fn very_many_errors_are_counted(db: &TestDb) {
        let rig = Rig::new(db).await;
        let records = (0..10_000).map(|i| grant(&format!("g{i}"), &format!("nobody-{i}"), stockholm::OCCUPATION)).collect();
        let status = rig.import(messages("many", records)).await.unwrap_err();
        let told = niva_kit::error::violations(&status);
        assert!(told.len() > 300, "{} {status:?}", told.len());
        let (field, words) = told.last().unwrap();
        assert_eq!(field, "");
        assert!(words.starts_with(&format!("{} more errors", 10_001 - told.len())), "{words}");
        assert_eq!(rig.state().await.iter().sum::<i64>(), 0);
    }

    async fn ten_thousand_records_are_one_transaction(db: &TestDb) {
        let rig = Rig::new(db).await;
        let records = (0..10_000 / 4).flat_map(|i| {
            let (p, g, m) = (format!("p{i:05}"), format!("g{i:05}"), format!("m{i:05}"));
            [person(&p), grant(&g, &p, stockholm::DAILY_ACTIVITIES_LSS),
             measured(&m, &p, stockholm::DAILY_ACTIVITIES_LSS, i % 111),
             measured(&format!("{m}b"), &p, stockholm::DAILY_ACTIVITIES_LSS, i % 111)]
        }).collect();
        let answer = rig.import(messages("big", records)).await.unwrap();
        assert_eq!(answer, pb::ImportAssessmentResponse { persons: 2_500, grants: 2_500, measurements: 5_000 });
        let state = rig.state().await;
        assert_eq!((state[4], state[6], state[7]), (5_000, 7_500, 5_000));
    }
}
