//! Two records of one person: what stands in the way of a merge, what it does, and that it leaves no trace when it is withdrawn.

use chrono::NaiveDate;
use niva_access::{Caller, Role};
use niva_names::{ServiceKey, stockholm};
use niva_proto::assessment::v1 as pb;
use niva_proto::assessment::v1::MergeDifference as Difference;
use niva_testing::on_both_databases;
use niva_testing::requests::assessment::{
    level_decision, merge_persons, record_application, record_level_decision, withdraw_person_merge,
};
use tonic::Code;

use crate::import::{grant, messages, person};
use crate::rig::{
    Rig, date, day, days, decide_request, grant_of, grant_request, measurement_request, officer_of,
    person_request, reason, record, refused, told,
};

const HOUSING: ServiceKey = stockholm::SUPPORTED_HOUSING;

/// Merges, and answers the merge's id.
async fn merged(rig: &Rig, from: &str, into: &str) -> String {
    merge(rig, merge_persons(from, into)).await
}

async fn merge(rig: &Rig, request: pb::MergePersonsRequest) -> String {
    let answer = rig.client.clone().merges.merge_persons(request).await.unwrap().into_inner();
    assert!(answer.feed_position > 0);
    answer.person_merge.unwrap().person_merge_id
}

fn stated(id: &str, person: &str, value: i32, from: NaiveDate) -> pb::LevelDecision {
    let kind = pb::level_decision::Kind::Stated.into();
    pb::LevelDecision { kind, ..level_decision(id, person, HOUSING, value, from) }
}

async fn level(rig: &Rig, id: &str, person: &str, value: i32, from: (i32, u32, u32)) {
    let request = record_level_decision(stated(id, person, value, day(from.0, from.1, from.2)));
    rig.client.clone().level_decisions.record_level_decision(request).await.unwrap();
}

/// The level in force, as the client is told.
async fn in_force(rig: &Rig, person: &str, as_of: Option<prost_types::Timestamp>) -> Option<i32> {
    let (service, day) = (HOUSING.into(), date(2024, 6, 1));
    let request = pb::GetLevelInForceRequest { person_id: person.into(), service, day, as_of };
    let answer = rig.client.clone().level_decisions.get_level_in_force(request).await.ok()?.into_inner();
    Some(answer.level_decision?.level?.value)
}

/// Ids of the grants that a list by person answers.
async fn grants(rig: &Rig, person: &str) -> Vec<String> {
    let request = pb::ListGrantsRequest { person_id: person.into(), ..Default::default() };
    let found = rig.client.clone().grants.list_grants(request).await.unwrap().into_inner().grants;
    found.into_iter().map(|grant| grant.grant_id).collect()
}

async fn merged_into(rig: &Rig, person: &str) -> String {
    let request = pb::GetPersonRequest { person_id: person.into(), as_of: None };
    rig.client.clone().persons.get_person(request).await.unwrap().into_inner().merged_into_person_id
}

fn in_2023(id: &str, person: &str) -> pb::Grant {
    let valid = days(day(2023, 1, 1), Some(day(2023, 12, 31)));
    let scopes = Vec::new();
    pb::Grant { valid, scopes, ..grant_of(id, person, HOUSING) }
}

on_both_databases! {
    async fn two_records_are_one_person_until_the_merge_is_withdrawn(db: &TestDb) {
        let rig = Rig::new(db).await;
        let mut client = rig.client.clone();
        for id in ["a", "b", "c"] {
            rig.person(id).await;
        }
        client.grants.record_grant(record("old", in_2023("old", "a"))).await.unwrap();
        rig.grant("new", "b", HOUSING).await;
        level(&rig, "la", "a", 2, (2024, 1, 1)).await;
        assert_eq!((in_force(&rig, "a", None).await, in_force(&rig, "b", None).await), (Some(2), None));
        let before = prost_types::Timestamp { seconds: rig.now().timestamp(), nanos: 999_999_000 };
        rig.clock.advance_to(day(2024, 3, 20));
        // Whoever rehearses leaves nothing, and a request that is repeated is answered and done once.
        let request = merge_persons("a", "b");
        let state = rig.state().await;
        client.merges.merge_persons(pb::MergePersonsRequest { validate_only: true, ..request.clone() }).await.unwrap();
        assert_eq!(rig.state().await, state);
        let id = merge(&rig, request.clone()).await;
        assert_eq!(merge(&rig, request).await, id);
        // All that was told of either is the person's, by whichever id it is asked for.
        for person in ["a", "b"] {
            assert_eq!(grants(&rig, person).await, ["new", "old"]);
            assert_eq!(in_force(&rig, person, None).await, Some(2));
        }
        assert_eq!((merged_into(&rig, "a").await.as_str(), merged_into(&rig, "b").await.as_str()), ("b", ""));
        assert_eq!((in_force(&rig, "a", Some(before)).await, in_force(&rig, "b", Some(before)).await), (Some(2), None), "as was known then");
        let persons = client.persons.list_persons(pb::ListPersonsRequest::default()).await.unwrap().into_inner().persons;
        assert_eq!(persons.iter().map(|p| p.person_id.as_str()).collect::<Vec<_>>(), ["b", "c"]);
        let all = pb::ListPersonsRequest { include_withdrawn: true, ..Default::default() };
        assert_eq!(client.persons.list_persons(all).await.unwrap().into_inner().persons.len(), 3);
        // What stays may be merged further.
        let further = merged(&rig, "b", "c").await;
        assert_eq!((merged_into(&rig, "a").await, merged_into(&rig, "b").await), ("c".into(), "c".into()));
        assert_eq!(grants(&rig, "c").await, ["new", "old"]);
        client.merges.withdraw_person_merge(withdraw_person_merge(&further)).await.unwrap();
        assert_eq!(grants(&rig, "c").await, Vec::<String>::new());
        let withdrawn = client.merges.withdraw_person_merge(withdraw_person_merge(&id)).await.unwrap().into_inner();
        assert_eq!(told(withdrawn.person_merge.unwrap().info), (2, false, "two people after all".into(), "assessment_lead".into()));
        assert_eq!((grants(&rig, "a").await, grants(&rig, "b").await), (vec!["old".to_owned()], vec!["new".to_owned()]));
        assert_eq!((in_force(&rig, "a", None).await, in_force(&rig, "b", None).await), (Some(2), None));
        assert_eq!(rig.count("same_person").await, 0);
        // Each can be merged again, the other way round.
        merged(&rig, "b", "a").await;
        assert_eq!(merged_into(&rig, "b").await, "a");
    }

    async fn merges_are_read_and_listed(db: &TestDb) {
        let rig = Rig::new(db).await;
        let mut client = rig.client.clone();
        for id in ["a", "b", "c"] {
            rig.person(id).await;
        }
        let first = merged(&rig, "a", "b").await;
        let second = merged(&rig, "c", "b").await;
        client.merges.withdraw_person_merge(withdraw_person_merge(&second)).await.unwrap();
        let get = pb::GetPersonMergeRequest { person_merge_id: second.clone(), as_of: None };
        let got = client.merges.get_person_merge(get).await.unwrap().into_inner().person_merge.unwrap();
        assert_eq!((got.from_person_id.as_str(), got.into_person_id.as_str(), got.info.unwrap().revision), ("c", "b", 2));
        let list = |person: &str, include_withdrawn| pb::ListPersonMergesRequest { person_id: person.into(), include_withdrawn, page_size: 1, ..Default::default() };
        for (person, withdrawn, ids) in [("a", false, vec![&first]), ("b", true, vec![&first, &second]), ("c", false, vec![]), ("", false, vec![&first])] {
            let (mut seen, mut token) = (Vec::new(), String::new());
            loop {
                let request = pb::ListPersonMergesRequest { page_token: token, ..list(person, withdrawn) };
                let page = client.merges.list_person_merges(request).await.unwrap().into_inner();
                seen.extend(page.person_merges.into_iter().map(|merge| merge.person_merge_id));
                if page.next_page_token.is_empty() { break; }
                token = page.next_page_token;
            }
            let mut ids: Vec<String> = ids.into_iter().cloned().collect();
            ids.sort();
            assert_eq!(seen, ids, "{person}");
        }
        let revisions = pb::ListPersonMergeRevisionsRequest { person_merge_id: second, ..Default::default() };
        let revisions = client.merges.list_person_merge_revisions(revisions).await.unwrap().into_inner().person_merges;
        assert_eq!(revisions.into_iter().map(|merge| told(merge.info)).map(|told| (told.0, told.1)).collect::<Vec<_>>(), [(1, true), (2, false)]);
        let future = Some(prost_types::Timestamp { seconds: rig.now().timestamp() + 60, nanos: 0 });
        refused!(rig, merges.get_person_merge(pb::GetPersonMergeRequest { person_merge_id: first, as_of: future }), InvalidArgument, "AS_OF_IN_FUTURE");
        refused!(rig, merges.get_person_merge(pb::GetPersonMergeRequest { person_merge_id: "no".into(), as_of: None }), NotFound, "NOT_FOUND");
        refused!(rig, merges.list_person_merge_revisions(pb::ListPersonMergeRevisionsRequest { person_merge_id: "no".into(), ..Default::default() }), NotFound, "NOT_FOUND");
    }

    async fn what_stands_in_the_way_of_a_merge(db: &TestDb) {
        let rig = Rig::new(db).await;
        let mut client = rig.client.clone();
        for id in ["a", "b", "c"] {
            rig.person(id).await;
        }
        refused!(rig, merges.merge_persons(merge_persons("a", "a")), InvalidArgument, "MERGE_OF_ONE");
        refused!(rig, merges.merge_persons(merge_persons("a", "nobody")), FailedPrecondition, "PERSON_UNKNOWN");
        refused!(rig, merges.merge_persons(merge_persons("nobody", "a")), FailedPrecondition, "PERSON_UNKNOWN");
        refused!(rig, merges.merge_persons(merge_persons("", "")), InvalidArgument, "FIELD_REQUIRED");
        refused!(rig, merges.merge_persons(pb::MergePersonsRequest { reason: " ".into(), ..merge_persons("a", "b") }), InvalidArgument, "REASON_MISSING");
        for accepted in [0, 99] {
            let request = pb::MergePersonsRequest { accepted_differences: vec![accepted], ..merge_persons("a", "b") };
            refused!(rig, merges.merge_persons(request), InvalidArgument, "FIELD_INVALID");
        }
        for request in [
            pb::MergePersonsRequest { expected_from_revision: 2, ..merge_persons("a", "b") },
            pb::MergePersonsRequest { expected_into_revision: 0, ..merge_persons("a", "b") },
        ] {
            refused!(rig, merges.merge_persons(request), FailedPrecondition, "REVISION_NOT_NEWEST");
        }
        let id = merged(&rig, "a", "b").await;
        // One that went is merged nowhere else, nothing is merged into it, and so there is no circle.
        for (from, into) in [("a", "c"), ("c", "a"), ("b", "a"), ("a", "b")] {
            let status = refused!(rig, merges.merge_persons(merge_persons(from, into)), FailedPrecondition, "PERSON_MERGED");
            assert!(status.message().contains("person b"), "{status}");
        }
        refused!(rig, merges.merge_persons(pb::MergePersonsRequest { person_merge_id: id.clone(), ..merge_persons("a", "b") }), AlreadyExists, "ID_TAKEN");
        refused!(rig, merges.withdraw_person_merge(withdraw_person_merge("no")), NotFound, "NOT_FOUND");
        refused!(rig, merges.withdraw_person_merge(pb::WithdrawPersonMergeRequest { reason: String::new(), ..withdraw_person_merge(&id) }), InvalidArgument, "REASON_MISSING");
        refused!(rig, merges.withdraw_person_merge(pb::WithdrawPersonMergeRequest { expected_revision: 2, ..withdraw_person_merge(&id) }), FailedPrecondition, "REVISION_NOT_NEWEST");
        client.merges.withdraw_person_merge(withdraw_person_merge(&id)).await.unwrap();
        refused!(rig, merges.withdraw_person_merge(withdraw_person_merge(&id)), FailedPrecondition, "FACT_WITHDRAWN");
    }

    async fn records_that_differ_are_merged_when_it_is_accepted(db: &TestDb) {
        let rig = Rig::new(db).await;
        let mut client = rig.client.clone();
        rig.person("a").await;
        client.persons.record_person(person_request("b", "b", "Bromma")).await.unwrap();
        client.persons.record_death(pb::RecordDeathRequest { request_id: "d".into(), person_id: "a".into(), death_date: date(2024, 3, 15), ..Default::default() }).await.unwrap();
        let group = pb::LssGroupPeriod { valid_from: date(2024, 1, 1), group: 1 };
        client.persons.assign_lss_group(pb::AssignLssGroupRequest { request_id: "1".into(), person_id: "a".into(), lss_group: Some(group), ..Default::default() }).await.unwrap();
        client.persons.assign_lss_group(pb::AssignLssGroupRequest { request_id: "2".into(), person_id: "b".into(), lss_group: Some(pb::LssGroupPeriod { group: 2, ..group }), ..Default::default() }).await.unwrap();
        rig.grant("ga", "a", HOUSING).await;
        rig.grant("gb", "b", HOUSING).await;
        level(&rig, "la", "a", 2, (2024, 1, 1)).await;
        level(&rig, "lb", "b", 3, (2024, 2, 1)).await;
        let asked = |accepted: &[Difference]| {
            let accepted_differences = accepted.iter().map(|known| (*known).into()).collect();
            pb::MergePersonsRequest { expected_from_revision: 3, expected_into_revision: 2, accepted_differences, ..merge_persons("a", "b") }
        };
        let all = [Difference::Residence, Difference::LssGroup, Difference::Death, Difference::Grants, Difference::Levels];
        for (accepted, missing) in [
            (&all[..0], "MERGE_DIFFERENCE_RESIDENCE,MERGE_DIFFERENCE_LSS_GROUP,MERGE_DIFFERENCE_DEATH,MERGE_DIFFERENCE_GRANTS,MERGE_DIFFERENCE_LEVELS"),
            (&all[..4], "MERGE_DIFFERENCE_LEVELS"),
        ] {
            let status = refused!(rig, merges.merge_persons(asked(accepted)), FailedPrecondition, "MERGE_DIFFERS");
            assert!(status.message().contains(&format!("({missing})")), "{status}");
        }
        merge(&rig, asked(&all)).await;
        // The levels follow each other, and the death of the record that went counts for nothing: grants begin.
        assert_eq!(in_force(&rig, "b", None).await, Some(3));
        client.grants.end_grant(pb::EndGrantRequest { request_id: "e".into(), grant_id: "ga".into(), last: date(2024, 6, 30), ..Default::default() }).await.unwrap();
        // A new one has no day in common with one of either record.
        refused!(rig, grants.record_grant(grant_request("gc", "b", HOUSING)), FailedPrecondition, "PERIOD_OVERLAPS");
    }

    async fn nothing_new_is_told_of_a_record_that_went(db: &TestDb) {
        let rig = Rig::new(db).await;
        let mut client = rig.client.clone();
        let measurement = rig.measurement("a", HOUSING).await;
        rig.person("b").await;
        let id = merged(&rig, "a", "b").await;
        let status = refused!(rig, grants.record_grant(grant_request("g", "a", stockholm::OCCUPATION)), FailedPrecondition, "PERSON_MERGED");
        assert!(status.message().contains("person b"), "{status}");
        refused!(rig, measurements.record_measurement(measurement_request("m", "a", HOUSING)), FailedPrecondition, "PERSON_MERGED");
        refused!(rig, level_decisions.record_level_decision(record_level_decision(stated("l", "a", 1, day(2024, 4, 1)))), FailedPrecondition, "PERSON_MERGED");
        let application = pb::Application { application_id: "x".into(), person_id: "a".into(), service: HOUSING.into(), district: "Farsta".into(), apply_date: date(2024, 3, 1), ..Default::default() };
        refused!(rig, applications.record_application(record_application(application)), FailedPrecondition, "PERSON_MERGED");
        let residence = Some(pb::ResidencePeriod { valid_from: date(2024, 3, 1), district: "Bromma".into() });
        refused!(rig, persons.move_person(pb::MovePersonRequest { request_id: "m".into(), person_id: "a".into(), residence, ..Default::default() }), FailedPrecondition, "PERSON_MERGED");
        let lss_group = Some(pb::LssGroupPeriod { valid_from: date(2024, 3, 1), group: 1 });
        refused!(rig, persons.assign_lss_group(pb::AssignLssGroupRequest { request_id: "m".into(), person_id: "a".into(), lss_group, ..Default::default() }), FailedPrecondition, "PERSON_MERGED");
        refused!(rig, persons.record_death(pb::RecordDeathRequest { request_id: "m".into(), person_id: "a".into(), death_date: date(2024, 3, 1), ..Default::default() }), FailedPrecondition, "PERSON_MERGED");
        let withdraw = |id: &str| pb::WithdrawPersonRequest { request_id: "w".into(), expected_revision: 1, reason: "x".into(), person_id: id.into(), ..Default::default() };
        refused!(rig, persons.withdraw_person(withdraw("a")), FailedPrecondition, "PERSON_MERGED");
        refused!(rig, persons.withdraw_person(withdraw("b")), FailedPrecondition, "PERSON_IN_USE");
        // What was told goes on: it is measured to its end, decided and ended, and what is new names the record that stays.
        let decided = rig.score_all(&measurement, 1).await.by_effect.unwrap().level.unwrap().value;
        client.level_decisions.decide_level(decide_request("d", &measurement, decided)).await.unwrap();
        assert_eq!(in_force(&rig, "b", None).await, Some(decided));
        client.measurements.record_measurement(measurement_request("mb", "b", HOUSING)).await.unwrap();
        let converted = pb::LevelDecision { kind: pb::level_decision::Kind::Conversion.into(), measurement_id: measurement, ..stated("l", "b", decided, day(2024, 5, 1)) };
        refused!(rig, level_decisions.record_level_decision(record_level_decision(converted)), FailedPrecondition, "SAME_SCALE");
        let corrected = pb::Grant { district: "Bromma".into(), ..grant_of("grant of a", "a", HOUSING) };
        let correct = pb::CorrectGrantRequest { request_id: "c".into(), expected_revision: 1, reason: "x".into(), grant: Some(corrected), ..Default::default() };
        client.grants.correct_grant(correct).await.unwrap();
        client.merges.withdraw_person_merge(withdraw_person_merge(&id)).await.unwrap();
        client.grants.record_grant(grant_request("g", "a", stockholm::OCCUPATION)).await.unwrap();
    }

    async fn an_import_tells_nothing_new_of_a_record_that_went(db: &TestDb) {
        let rig = Rig::new(db).await;
        let first = [person("a"), person("b"), grant("ga", "a", HOUSING)];
        rig.import(messages("first", first.to_vec())).await;
        merged(&rig, "a", "b").await;
        // The nightly sync of what is known changes nothing; what is new names the one that stays.
        let again = rig.import(messages("again", first.to_vec())).await;
        assert_eq!(again.unchanged, 3);
        let errors = rig.errors(messages("new", vec![grant("gn", "a", stockholm::OCCUPATION)])).await;
        assert_eq!(errors, [(0, "grant.person_id".into(), "PERSON_MERGED".into())]);
        rig.import(messages("right", vec![grant("gn", "b", stockholm::OCCUPATION)])).await;
    }

    async fn whoever_reaches_one_record_reaches_the_person(db: &TestDb) {
        let rig = Rig::new(db).await;
        let mut client = rig.client.clone();
        rig.person("a").await;
        client.persons.record_person(person_request("b", "b", "Bromma")).await.unwrap();
        rig.grant("ga", "a", HOUSING).await;
        let mut lead = rig.client_of(Caller::new("lena", [Role::AssessmentLead]));
        let mut officer = rig.client_of(officer_of("olle", &[Role::CaseOfficer], "Bromma"));
        let denied = officer.merges.merge_persons(merge_persons("a", "b")).await.unwrap_err();
        assert_eq!((denied.code(), reason(&denied).as_str()), (Code::PermissionDenied, "ROLE_MISSING"));
        let get = pb::GetGrantRequest { grant_id: "ga".into(), as_of: None };
        assert_eq!(officer.grants.get_grant(get.clone()).await.unwrap_err().code(), Code::NotFound);
        let accepted_differences = vec![Difference::Residence.into()];
        let merge = lead.merges.merge_persons(pb::MergePersonsRequest { accepted_differences, ..merge_persons("a", "b") }).await.unwrap();
        let id = merge.into_inner().person_merge.unwrap().person_merge_id;
        officer.grants.get_grant(get.clone()).await.unwrap();
        let read = pb::GetPersonMergeRequest { person_merge_id: id.clone(), as_of: None };
        officer.merges.get_person_merge(read.clone()).await.unwrap();
        // Somebody in neither district knows nothing of either, nor that they were merged.
        let mut other = rig.client_of(officer_of("ola", &[Role::CaseOfficer], "Skarpnäck"));
        for status in [
            other.merges.get_person_merge(read).await.unwrap_err(),
            other.grants.get_grant(get.clone()).await.unwrap_err(),
        ] {
            assert_eq!((status.code(), reason(&status).as_str()), (Code::NotFound, "NOT_FOUND"));
        }
        let unknown = other.persons.move_person(pb::MovePersonRequest { request_id: "m".into(), person_id: "a".into(), residence: Some(pb::ResidencePeriod { valid_from: None, district: "Skarpnäck".into() }), ..Default::default() }).await.unwrap_err();
        assert_eq!(reason(&unknown), "NOT_FOUND");
        assert_eq!(other.merges.list_person_merges(pb::ListPersonMergesRequest::default()).await.unwrap().into_inner().person_merges.len(), 0);
        lead.merges.withdraw_person_merge(withdraw_person_merge(&id)).await.unwrap();
        assert_eq!(officer.grants.get_grant(get).await.unwrap_err().code(), Code::NotFound);
    }
}
