//! What a person may ask for: all that is known of them, and to be forgotten.

use niva_access::{Caller, Role};
use niva_names::stockholm;
use niva_proto::assessment::v1 as pb;
use niva_proto::assessment::v1::export_person_data_response::Fact as Exported;
use niva_proto::audit::v1::{Clients as Holds, LiftLegalHoldRequest, PlaceLegalHoldRequest};
use niva_proto::common::v1::AuditRecord;
use niva_testing::on_both_databases;

use super::{correct, erase, exported, find, get, known, record, replace, withdraw};
use crate::rig::{Rig, day, identity, invented_number, officer_of, reason, refused, told, with_purpose};

on_both_databases! {
    async fn an_identity_is_erased_when_nothing_holds_it_any_more(db: &TestDb) {
        let rig = Rig::new(db).await;
        let number = invented_number(980);
        known(&rig, "p", &number).await;
        refused!(rig, identities.erase_person_identity(erase("e", 2)), FailedPrecondition, "REVISION_NOT_NEWEST");
        refused!(rig, identities.erase_person_identity(pb::ErasePersonIdentityRequest { person_id: "q".into(), ..erase("e", 1) }), NotFound, "NOT_FOUND");
        rig.grant("g", "p", stockholm::OCCUPATION).await;
        refused!(rig, identities.erase_person_identity(erase("e", 1)), FailedPrecondition, "PERSON_IN_USE");
        // The grant ends with 2024: five years later the identity may go.
        rig.clock.advance_to(day(2029, 12, 31));
        let status = refused!(rig, identities.erase_person_identity(erase("e", 1)), FailedPrecondition, "RETENTION_HOLDS");
        assert!(status.message().contains("before 2030-01-01, by the rule last_grant"), "{status}");
        rig.clock.advance_to(day(2030, 1, 1));
        // What is kept for a lawsuit is who it is about too.
        let mut auditor = Holds::new(rig.channel(Caller::new("revisor", [Role::Auditor]))).legal_holds;
        let hold = |request_id: &str| (request_id.to_owned(), "a lawsuit".to_owned());
        let (request_id, reason) = hold("h1");
        let place = PlaceLegalHoldRequest { request_id, reason, person_id: "p".into(), ..Default::default() };
        let held = auditor.place_legal_hold(place).await.unwrap().into_inner().legal_hold.unwrap();
        let status = refused!(rig, identities.erase_person_identity(erase("e", 1)), FailedPrecondition, "RETENTION_HOLDS");
        assert!(status.message().contains("legal hold"), "{status}");
        let (request_id, reason) = hold("h2");
        let lift = LiftLegalHoldRequest { request_id, reason, legal_hold_id: held.legal_hold_id, validate_only: false };
        auditor.lift_legal_hold(lift).await.unwrap();
        let key = "identity WHERE data_key IS NOT NULL";
        assert_eq!((rig.count(key).await, rig.count("person_number").await), (1, 1));
        let answer = rig.client.clone().identities.erase_person_identity(erase("e", 1)).await.unwrap().into_inner().identity.unwrap();
        assert_eq!(told(answer.info), (2, false, String::new(), "case_officer".into()));
        assert_eq!((rig.count(key).await, rig.count("person_number").await), (0, 0));
        rig.client.clone().identities.erase_person_identity(erase("e", 1)).await.unwrap();
        // Nobody reads, changes or finds it; the number is free; what else was told stays.
        refused!(rig, identities.find_person(find(&number)), NotFound, "NOT_FOUND");
        refused!(rig, identities.get_person_identity(get("p")), FailedPrecondition, "IDENTITY_ERASED");
        let list = pb::ListPersonIdentityRevisionsRequest { person_id: "p".into(), ..Default::default() };
        refused!(rig, identities.list_person_identity_revisions(list), FailedPrecondition, "IDENTITY_ERASED");
        refused!(rig, identities.erase_person_identity(erase("again", 2)), FailedPrecondition, "IDENTITY_ERASED");
        refused!(rig, identities.correct_person_identity(correct(2, "x", identity("p", &number))), FailedPrecondition, "IDENTITY_ERASED");
        refused!(rig, identities.withdraw_person_identity(withdraw(2, "x")), FailedPrecondition, "IDENTITY_ERASED");
        refused!(rig, identities.replace_person_number(replace("x", &invented_number(981))), FailedPrecondition, "IDENTITY_ERASED");
        refused!(rig, identities.record_person_identity(record("x", identity("p", &number))), FailedPrecondition, "IDENTITY_ERASED");
        rig.client.clone().persons.get_person(pb::GetPersonRequest { person_id: "p".into(), as_of: None }).await.unwrap();
        known(&rig, "comes-again", &number).await;
        assert_eq!(exported(&rig.client, "p").await.unwrap(), ["person 1", "grant 1"]);
    }

    async fn a_person_is_told_who_asked_for_what_of_them_and_nothing_of_others(db: &TestDb) {
        let rig = Rig::new(db).await;
        for id in ["p", "q", "other"] {
            rig.person(id).await;
        }
        let merge = niva_testing::requests::assessment::merge_persons("q", "p");
        rig.client.clone().merges.merge_persons(merge).await.unwrap();
        let list = with_purpose(pb::ListPersonsRequest::default(), "review/of-another");
        rig.client.clone().persons.list_persons(list).await.unwrap();
        let mut auditor = Holds::new(rig.channel(Caller::new("revisor", [Role::Auditor]))).legal_holds;
        let (request_id, reason) = ("h".to_owned(), "a lawsuit".to_owned());
        let hold = PlaceLegalHoldRequest { request_id, reason, person_id: "p".into(), ..Default::default() };
        auditor.place_legal_hold(hold).await.unwrap();
        let request = pb::ExportPersonDataRequest { person_id: "q".into() };
        let mut stream = rig.client.clone().exports.export_person_data(request).await.unwrap().into_inner();
        let mut calls = Vec::new();
        while let Some(message) = stream.message().await.unwrap() {
            if let Some(Exported::AuditRecord(record)) = message.fact {
                calls.push(record);
            }
        }
        let brief = |record: &AuditRecord| format!("{} {}", record.method.rsplit('/').next().unwrap(), record.person_ids.join(" "));
        let all: Vec<String> = calls.iter().map(brief).collect();
        assert_eq!(all, ["RecordPerson p", "RecordPerson q", "MergePersons p q", "ListPersons p"]);
        assert!(calls.iter().all(|call| call.subject == "ada" && call.purpose.is_empty() && call.left_out == 0));
        // The auditor finds the same by either id, and more.
        for person in ["p", "q"] {
            let mut auditor = rig.client_of(Caller::new("revisor", [Role::Auditor]));
            let list = pb::ListAuditRecordsRequest { person_id: person.into(), ..Default::default() };
            let found = auditor.audit.list_audit_records(list).await.unwrap().into_inner().audit_records;
            assert!(found.len() >= 6 && found[3].purpose == "review/of-another", "{found:?}");
        }
    }

    async fn a_person_is_given_all_that_is_known_of_them(db: &TestDb) {
        let rig = Rig::new(db).await;
        let decision = rig.decided("p", stockholm::SUPPORTED_HOUSING).await;
        let request = record("i", pb::PersonIdentity { is_protected: true, ..identity("p", &invented_number(980)) });
        rig.client.clone().identities.record_person_identity(request).await.unwrap();
        known(&rig, "q", &invented_number(981)).await;
        let all = exported(&rig.client, "p").await.unwrap();
        assert_eq!(all.iter().filter(|fact| fact.starts_with("measurement")).count(), 13, "started, and twelve scores");
        let others: Vec<_> = all.iter().filter(|fact| !fact.starts_with("measurement")).map(String::as_str).collect();
        assert_eq!(others, ["person 1", "identity withheld 1", "grant 1", "level_decision 1"]);
        assert_eq!(decision.person_id, "p");
        let caller = Caller { sees_protected: true, ..officer_of("olga", &[Role::CaseOfficer], "Farsta") };
        let ask = with_purpose(pb::ExportPersonDataRequest { person_id: "p".into() }, "request/17");
        let mut stream = rig.client_of(caller).exports.export_person_data(ask).await.unwrap().into_inner();
        let mut shown = Vec::new();
        while let Some(message) = stream.message().await.unwrap() {
            shown.extend(message.fact);
        }
        let names = shown.iter().filter(|fact| matches!(fact, Exported::Identity(identity) if identity.family_name == "Figur"));
        assert_eq!(names.count(), 1);
        let other = rig.client_of(officer_of("olle", &[Role::CaseOfficer], "Bromma"));
        assert_eq!(reason(&exported(&other, "p").await.unwrap_err()), "NOT_FOUND");
        assert_eq!(reason(&exported(&other, "nobody").await.unwrap_err()), "NOT_FOUND");
        let mut auditor = rig.client_of(Caller::new("revisor", [Role::Auditor]));
        let method = "/niva.assessment.v1.ExportService/ExportPersonData".to_owned();
        let records = pb::ListAuditRecordsRequest { person_id: "p".into(), method, ..Default::default() };
        let records = auditor.audit.list_audit_records(records).await.unwrap().into_inner().audit_records;
        let brief: Vec<_> = records.iter().map(|record| (record.subject.as_str(), record.status.as_str())).collect();
        assert_eq!(brief, [("ada", "OK"), ("olga", "OK"), ("olle", "NOT_FOUND")]);
    }
}
