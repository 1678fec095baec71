//! Imports: all or nothing, every error told, upserts by id, and nothing twice.

use futures_util::stream;
use niva_names::{ServiceKey, stockholm};
use niva_proto::assessment::v1 as pb;
use niva_proto::common::v1::{self as common, job};
use niva_testing::on_both_databases;
use niva_testing::requests;
use pb::create_import_request::Record;
use pb::level_decision::Kind;

use crate::rig::{Rig, date, hours, level, living, reason, scope, told};

pub(crate) fn person(id: &str) -> Record {
    Record::Person(living(id, "Farsta"))
}

pub(crate) fn grant(id: &str, person: &str, service: ServiceKey) -> Record {
    Record::Grant(granted(id, person, service))
}

fn granted(id: &str, person: &str, service: ServiceKey) -> pb::Grant {
    pb::Grant {
        scopes: vec![scope(date(2023, 1, 1), hours("10")), scope(date(2024, 1, 1), hours("25"))],
        ..requests::assessment::grant(
            id,
            person,
            service,
            "Bromma",
            Some(common::DateInterval { first: date(2023, 1, 1), last: None }),
        )
    }
}

pub(crate) fn measured(id: &str, person: &str, service: ServiceKey, points: i32) -> Record {
    Record::Measurement(total(id, person, service, points))
}

fn total(id: &str, person: &str, service: ServiceKey, points: i32) -> pb::Measurement {
    pb::Measurement {
        measurement_id: id.into(),
        total: Some(points),
        ..requests::assessment::visit(person, service, date(2024, 1, 10))
    }
}

/// The level that a measurement's points give, under its id.
pub(crate) fn decided(id: &str, person: &str, service: ServiceKey) -> Record {
    Record::LevelDecision(pb::LevelDecision {
        kind: Kind::Measured.into(),
        level: None,
        measurement_id: id.into(),
        ..decision(id, person, service, 0)
    })
}

fn stated(id: &str, person: &str, service: ServiceKey, value: i32) -> Record {
    Record::LevelDecision(decision(id, person, service, value))
}

fn decision(id: &str, person: &str, service: ServiceKey, value: i32) -> pb::LevelDecision {
    pb::LevelDecision {
        kind: Kind::Stated.into(),
        ..requests::assessment::level_decision(id, person, service, value, date(2024, 2, 1))
    }
}

pub(crate) fn messages(request_id: &str, records: Vec<Record>) -> Vec<pb::CreateImportRequest> {
    let first = |i, text: &str| if i == 0 { text.to_owned() } else { String::new() };
    let message = |(i, record)| pb::CreateImportRequest {
        request_id: first(i, request_id),
        reason: first(i, "the nightly copy"),
        origin: format!("city.csv:{}", i + 2),
        record: Some(record),
        ..Default::default()
    };
    records.into_iter().enumerate().map(message).collect()
}

impl Rig {
    /// An import that takes effect.
    pub(crate) async fn import(&self, messages: Vec<pb::CreateImportRequest>) -> common::Import {
        let import = self.try_import(messages).await.unwrap();
        assert_eq!((import.job.as_ref().unwrap().state(), import.refused), (job::State::Done, 0));
        import
    }

    async fn try_import(
        &self,
        messages: Vec<pb::CreateImportRequest>,
    ) -> Result<common::Import, tonic::Status> {
        let answer = self.client.clone().imports.create_import(stream::iter(messages)).await?;
        Ok(answer.into_inner().import.unwrap())
    }

    /// What is wrong with an import that has no effect: record, field, reason.
    pub(crate) async fn errors(&self, messages: Vec<pb::CreateImportRequest>) -> Vec<(i64, String, String)> {
        let before = self.state().await;
        let import = self.try_import(messages).await.unwrap();
        assert_eq!(import.job.unwrap().state(), job::State::Failed);
        assert_eq!(self.state().await, before, "a failed import changed something");
        let request = pb::ListImportErrorsRequest {
            import_id: import.import_id,
            page_size: 1_000,
            ..Default::default()
        };
        let errors =
            self.client.clone().imports.list_import_errors(request).await.unwrap().into_inner().errors;
        assert!(
            errors
                .iter()
                .all(|e| e.origin == format!("city.csv:{}", e.record + 2) && !e.description.is_empty())
        );
        errors.into_iter().map(|e| (e.record, e.field, e.reason)).collect()
    }
}

fn counts(import: &common::Import) -> (i64, i64, i64) {
    (import.created, import.corrected, import.unchanged)
}

fn small_city() -> Vec<Record> {
    vec![
        // In any order.
        decided("m1", "p1", stockholm::DAILY_ACTIVITIES_LSS),
        measured("m1", "p1", stockholm::DAILY_ACTIVITIES_LSS, 42),
        grant("g1", "p1", stockholm::DAILY_ACTIVITIES_LSS),
        person("p1"),
        person("p2"),
        grant("g2", "p2", stockholm::GROUP_HOUSING_LSS),
        stated("m2", "p2", stockholm::GROUP_HOUSING_LSS, 3),
        grant("g3", "p2", stockholm::SUPPORTED_HOUSING),
        measured("m3", "p2", stockholm::SUPPORTED_HOUSING, 38),
        decided("m3", "p2", stockholm::SUPPORTED_HOUSING),
    ]
}

on_both_databases! {
    async fn a_city_is_imported_once(db: &TestDb) {
        let rig = Rig::new(db).await;
        let import = rig.import(messages("i", small_city())).await;
        assert_eq!((counts(&import), import.records), ((10, 0, 0), 10));
        let state = rig.state().await;
        assert_eq!(rig.import(messages("i", small_city())).await, import, "the same request");
        assert_eq!(rig.state().await, state, "imported twice");
        // Another request with the same content changes nothing either.
        assert_eq!(counts(&rig.import(messages("j", small_city())).await), (0, 0, 10));
        assert_eq!(rig.state().await, state, "imported again");

        let mut client = rig.client.clone();
        let decisions = client.level_decisions.list_level_decisions(pb::ListLevelDecisionsRequest::default()).await.unwrap().into_inner();
        let seen: Vec<_> = decisions.level_decisions.iter().map(|d| {
            (d.decision_number, d.person_id.as_str(), d.level.unwrap().value, d.points, d.kind().as_str_name(), d.scale_id.as_str())
        }).collect();
        assert_eq!(seen, [
            (1, "p1", 4, Some(42), "KIND_MEASURED", "daily-activities-2024"),
            (2, "p2", 3, None, "KIND_STATED", "group-housing-lss"),
            (3, "p2", 3, Some(38), "KIND_MEASURED", "supported-housing-2010"),
        ]);
        let get = pb::GetMeasurementRequest { measurement_id: "m1".into(), as_of: None };
        let measurement = client.measurements.get_measurement(get).await.unwrap().into_inner().measurement.unwrap();
        assert_eq!((measurement.state(), measurement.points), (pb::measurement::State::Decided, 42));
        let get = pb::GetGrantRequest { grant_id: "g1".into(), as_of: None };
        let grant = client.grants.get_grant(get).await.unwrap().into_inner().grant.unwrap();
        assert_eq!((grant.scopes.len(), grant.valid.unwrap().last), (2, None));
        assert_eq!(told(grant.info), (1, true, "the nightly copy".into(), "importer".into()));
        let get = pb::GetImportRequest { import_id: import.import_id.clone() };
        assert_eq!(client.imports.get_import(get).await.unwrap().into_inner().import, Some(import));
    }

    async fn changed_records_are_corrections(db: &TestDb) {
        let rig = Rig::new(db).await;
        rig.import(messages("i", small_city())).await;
        let changed = vec![
            Record::Person(living("p1", "Järva")),
            Record::Grant(pb::Grant { district: "Järva".into(), ..granted("g1", "p1", stockholm::DAILY_ACTIVITIES_LSS) }),
            // Ended, and renewed by one that follows, told in the other order.
            grant("g4", "p2", stockholm::GROUP_HOUSING_LSS),
            grant("g2", "p2", stockholm::GROUP_HOUSING_LSS),
            // Other points: the level follows.
            measured("m1", "p1", stockholm::DAILY_ACTIVITIES_LSS, 60),
            decided("m1", "p1", stockholm::DAILY_ACTIVITIES_LSS),
            stated("m2", "p2", stockholm::GROUP_HOUSING_LSS, 4),
            measured("m3", "p2", stockholm::SUPPORTED_HOUSING, 38),
        ];
        let days = |first, last| Some(common::DateInterval { first, last });
        let mut changed = changed;
        let Record::Grant(g4) = &mut changed[2] else { panic!() };
        (g4.valid, g4.scopes) = (days(date(2024, 7, 1), None), Vec::new());
        let Record::Grant(g2) = &mut changed[3] else { panic!() };
        g2.valid = days(date(2023, 1, 1), date(2024, 6, 30));
        let import = rig.import(messages("j", changed)).await;
        assert_eq!(counts(&import), (1, 5, 2));
        let get = pb::GetLevelDecisionRequest { level_decision_id: "m1".into(), as_of: None };
        let followed = rig.client.clone().level_decisions.get_level_decision(get).await.unwrap().into_inner().level_decision.unwrap();
        assert_eq!((followed.level, followed.points, followed.decision_number), (level(5), Some(60), 1));
        assert_eq!(told(followed.info), (2, true, "the nightly copy".into(), "importer".into()));
    }

    async fn a_rehearsed_import_is_counted_and_not_kept(db: &TestDb) {
        let rig = Rig::new(db).await;
        let state = rig.state().await;
        let mut rehearsal = messages("i", small_city());
        rehearsal[0].validate_only = true;
        assert_eq!(counts(&rig.import(rehearsal).await), (10, 0, 0));
        assert_eq!(rig.state().await, state);
        rig.import(messages("i", small_city())).await;
    }

    async fn a_request_id_is_good_for_one_import(db: &TestDb) {
        let rig = Rig::new(db).await;
        rig.import(messages("i", small_city())).await;
        let state = rig.state().await;
        let mut other = small_city();
        other.push(person("p3"));
        assert_eq!(reason(&rig.try_import(messages("i", other)).await.unwrap_err()), "REQUEST_ID_REUSED");
        let mut twice = messages("j", small_city());
        twice[3].request_id = "j".into();
        assert_eq!(reason(&rig.try_import(twice).await.unwrap_err()), "REQUEST_ID_REPEATED");
        assert_eq!(reason(&rig.try_import(Vec::new()).await.unwrap_err()), "FIELD_REQUIRED");
        let long = messages("k", vec![person(&"x".repeat(70_000))]);
        assert_eq!(reason(&rig.try_import(long).await.unwrap_err()), "IMPORT_TOO_LARGE");
        assert_eq!(reason(&rig.try_import(messages("", vec![person("p3")])).await.unwrap_err()), "FIELD_REQUIRED");
        assert_eq!(rig.state().await, state);
    }

    async fn with_any_error_nothing_is_imported_and_all_are_told(db: &TestDb) {
        let rig = Rig::new(db).await;
        rig.import(messages("before", vec![person("old"), grant("old", "old", stockholm::SUPPORTED_HOUSING), measured("old", "old", stockholm::SUPPORTED_HOUSING, 0), decided("old", "old", stockholm::SUPPORTED_HOUSING)])).await;
        let good = granted("g4", "p1", stockholm::OCCUPATION);
        let mut bad = small_city();
        bad.extend([
            /* 10 */ person("p1"),
            Record::Person(living("p4", "Gotland")),
            Record::Grant(pb::Grant { person_id: "p1".into(), ..granted("old", "old", stockholm::SUPPORTED_HOUSING) }),
            grant("g5", "nobody", stockholm::SUPPORTED_HOUSING),
            Record::Grant(pb::Grant { valid: Some(common::DateInterval { first: date(2024, 2, 2), last: date(2024, 2, 1) }), scopes: vec![], ..good.clone() }),
            /* 15 */ Record::Grant(pb::Grant { grant_id: "g6".into(), scopes: vec![scope(date(2022, 1, 1), hours("10.5")), scope(None, hours("41"))], ..good.clone() }),
            Record::Grant(pb::Grant { grant_id: "g7".into(), scopes: vec![scope(date(2023, 1, 1), hours("10")), scope(date(2023, 1, 1), hours("20"))], ..good }),
            grant("g8", "p2", stockholm::SUPPORTED_HOUSING),
            measured("m6", "p2", stockholm::SUPPORTED_HOUSING, 13),
            decided("m6", "p2", stockholm::SUPPORTED_HOUSING),
            /* 20 */ measured("m7", "old", stockholm::STUDY_CIRCLE, 2),
            measured("m8", "p2", stockholm::GROUP_HOUSING_LSS, 2),
            decided("m8", "p2", stockholm::GROUP_HOUSING_LSS),
            stated("m9", "p2", stockholm::GROUP_HOUSING_LSS, 19),
            decided("m10", "p2", stockholm::GROUP_HOUSING_LSS),
            /* 25 */ Record::Measurement(pb::Measurement { visit_date: date(2024, 3, 19), ..total("m12", "p2", stockholm::GROUP_HOUSING_LSS, 2) }),
            // A person with an error of its own is no unknown person, a measurement with one no unknown measurement.
            grant("g9", "p4", stockholm::SUPPORTED_HOUSING),
            decided("m12", "p2", stockholm::GROUP_HOUSING_LSS),
            Record::LevelDecision(pb::LevelDecision { level: None, ..decision("s", "p2", stockholm::GROUP_HOUSING_LSS, 0) }),
            Record::Measurement(pb::Measurement { total: None, ..total("m13", "p2", stockholm::GROUP_HOUSING_LSS, 2) }),
        ]);
        let mut bad = messages("bad", bad);
        bad.push(pb::CreateImportRequest { origin: "city.csv:32".into(), ..Default::default() });
        let told = rig.errors(bad).await;
        let expected = [
            (10, "person", "ID_TAKEN"),
            (11, "person.residences[0].district", "DISTRICT_UNKNOWN"),
            (12, "grant.person_id", "SUBJECT_FIXED"),
            (13, "grant.person_id", "PERSON_UNKNOWN"),
            (14, "grant.valid.last", "END_BEFORE_START"),
            (15, "grant.scopes[0].scope.hours_per_week", "HOURS_NOT_WHOLE"),
            (15, "grant.scopes[0].valid_from", "OUTSIDE_GRANT"),
            (15, "grant.scopes[1].scope.hours_per_week", "HOURS_OUT_OF_RANGE"),
            (15, "grant.scopes[1].valid_from", "FIELD_REQUIRED"),
            (16, "grant.scopes", "SCOPE_TWICE"),
            (7, "grant.valid", "PERIOD_OVERLAPS"),
            (17, "grant.valid", "PERIOD_OVERLAPS"),
            (19, "level_decision.measurement_id", "POINTS_WITHOUT_LEVEL"),
            (20, "measurement.service", "NO_GRANT"),
            (22, "level_decision.measurement_id", "NO_SCALE"),
            (23, "level_decision.level", "LEVEL_UNKNOWN"),
            (24, "level_decision.measurement_id", "MEASUREMENT_UNKNOWN"),
            (25, "measurement.visit_date", "VISIT_IN_FUTURE"),
            (28, "level_decision.level", "FIELD_REQUIRED"),
            (29, "measurement.follow_up_date", "FIELD_REQUIRED"),
            (30, "record", "FIELD_REQUIRED"),
        ];
        let mut expected: Vec<_> = expected.into_iter().map(|(n, field, reason)| (n, field.to_owned(), reason.to_owned())).collect();
        let mut told = told;
        told.sort();
        expected.sort();
        assert_eq!(told, expected);
    }

    async fn an_import_without_a_reason_corrects_nothing(db: &TestDb) {
        let rig = Rig::new(db).await;
        rig.import(messages("i", small_city())).await;
        let mut moved = messages("j", vec![Record::Person(living("p1", "Järva"))]);
        moved[0].reason = String::new();
        assert_eq!(rig.errors(moved).await, [(0, "person".into(), "REASON_MISSING".into())]);
    }

    async fn what_is_withdrawn_stays_withdrawn(db: &TestDb) {
        let rig = Rig::new(db).await;
        rig.import(messages("i", vec![person("p"), grant("g", "p", stockholm::OCCUPATION)])).await;
        let gone = pb::WithdrawGrantRequest { request_id: "w".into(), expected_revision: 1, reason: "x".into(), grant_id: "g".into(), ..Default::default() };
        rig.client.clone().grants.withdraw_grant(gone).await.unwrap();
        let again = messages("j", vec![person("p"), grant("g", "p", stockholm::OCCUPATION)]);
        assert_eq!(rig.errors(again).await, [(1, "grant".into(), "FACT_WITHDRAWN".into())]);
    }

    async fn ten_thousand_records_are_one_transaction(db: &TestDb) {
        let rig = Rig::new(db).await;
        let service = stockholm::DAILY_ACTIVITIES_LSS;
        let records = (0..2_500).flat_map(|i| {
            let (p, g, m) = (format!("p{i:05}"), format!("g{i:05}"), format!("m{i:05}"));
            [person(&p), grant(&g, &p, service), measured(&m, &p, service, i % 111), decided(&m, &p, service)]
        }).collect();
        let import = rig.import(messages("big", records)).await;
        assert_eq!(counts(&import), (10_000, 0, 0));
        assert_eq!((rig.count("level_decision").await, rig.count("feed_event").await, rig.count("fact_revision").await), (2_500, 7_500, 10_000));
    }
}
